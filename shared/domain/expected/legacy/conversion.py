"""Conversions: monthly to yearly billing and back, another term, another product.

The unused days of what stands are given back, the day of the change included; the term restarts on that day at the
price that is listed then, and promotions end. Changes of quantity before it in the same cycle are made first, under a
charge type of their own. The names of the two charge types look swapped in Microsoft's example; they are kept as they
are printed.

Sources: Microsoft Partner Center documentation, "Change billing frequency" and "Common billing scenarios: annual".

Not here: another plan from the renewal on (``advance``).
"""

from decimal import Decimal

from shared.domain.expected.legacy import free_period, rules
from shared.domain.expected.legacy.advance import begin_term, lock_prices
from shared.domain.expected.legacy.changes import settle_changes
from shared.domain.expected.legacy.charges import give_back, invoice_from
from shared.domain.expected.legacy.running import Kind, Running
from shared.domain.expected.legacy.terms import LegacyTerm, months_of
from shared.domain.subscriptions.events import Event, Quantity


def convert(run: Running, event: Event, quantity: Quantity) -> None:
    """Give the rest of what stands back and begin a new term with what *run* now says about plan, term and product."""
    day = event.on
    free_period.end(run, day)
    settle_changes(run, day, rules.CONVERT_INSTANCE_PRORATE)
    standing, run.standing = run.standing, []
    cause, invoice = (event, day, run.quantity, quantity), invoice_from(run, day)
    for each in standing:
        give_back(run, each, day, Kind(rules.CONVERT_AWAY, rules.CONVERT_CREDIT), cause, invoice)
    run.quantity = quantity
    run.percent_off = Decimal(0)
    run.free_cycle_from = None
    run.has_free_period = False
    lock_prices(run, day)
    term = LegacyTerm(day, 0, *months_of(run.term_name, run.plan))
    begin_term(run, term, event, Kind(rules.CONVERT_TO, rules.CONVERT_CHARGE))
