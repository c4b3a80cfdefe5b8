"""Proration: the share of a full charge cycle's price that a line's service days owe.

The share is ``days / cycle days``, both counted inclusively by calendar date in UTC, exactly as Microsoft prorates
its own line; it stays a pair of integers until the one rounding of the amount. New-commerce charges always run to the
end of a charge cycle, so the cycle is found from the line's end; legacy segments may stop anywhere, so it is found from
the line's start.

Sources: Microsoft Partner Center documentation, "How are one-time and recurring charges calculated" and "Common billing
scenarios, monthly / annual".

Not here: which price applies (``prices``), amounts (``charging``), what Microsoft should have billed.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from shared.domain.errors import PeriodError
from shared.domain.money import Money, exact_product, exact_sum
from shared.domain.periods import Period, add_months, cycle_containing, months_between
from shared.domain.source_lines import Family, Service, SourceLine, service_of

_PLAN_MONTHS = {
    "monthly": 1,
    "annual": 12,
    "annually": 12,
    "yearly": 12,
    "triennial": 36,
}
_TERM_MONTHS = (
    (("one-month", "1-month", "1 month", "p1m"), 1),
    (("one-year", "1-year", "1 year", "p1y"), 12),
    (("three-year", "3-year", "3 year", "p3y"), 36),
    (("five-year", "5-year", "5 year", "p5y"), 60),
)
_TERM_NAMES = {1: "P1M", 12: "P1Y", 36: "P3Y", 60: "P5Y"}
_PLAN_NAMES = {1: "Monthly", 12: "Annual", 36: "Triennial", 60: "Quinquennial"}


DAYS_OFF_MAX = 7


@dataclass(frozen=True, slots=True)
class Proration:
    """How much of its charge cycle a line covers: *days* of *cycle_days*, and how the cycle was found.

    A line that is not prorated has one day of one. Lines worked out from a history may count something else than days
    (*counted*: months, seconds, parts).
    """

    days: int = 1
    cycle_days: int = 1
    cycle: Period | None = None
    basis: str = "not prorated"
    counted: str = "days"

    @property
    def is_whole(self) -> bool:
        """Whether the full price is owed."""
        return self.days == self.cycle_days


WHOLE = Proration()


def term_name(line: SourceLine) -> str:
    """Return the commitment as the price sheet writes it (``P1M``, ``P1Y``, ``P3Y``), or "" if unknown.

    The subscription's dates decide; Microsoft's text where they make no natural term, or a shorter one than it names (a
    first term cut short to end with another subscription's).
    """
    return _TERM_NAMES.get(_term_months(line) or 0, "")


def plan_name(line: SourceLine) -> str:
    """Return the billing plan as the price sheet writes it (``Monthly``, ``Annual``, ``Triennial``), or ""."""
    service = service_of(line)
    if service is Service.MARKETPLACE:
        return _PLAN_NAMES.get(_PLAN_MONTHS.get(line.billing_frequency.casefold(), 0), "")
    return _PLAN_NAMES.get(_plan_months(line) or 0, "") if service.is_prorated else ""


def proration_of(line: SourceLine) -> Proration | None:
    """Return the share of a cycle that *line* covers, or None where its cycle cannot be told.

    Usage, marketplace purchases and perpetual software are not prorated: their amount is price times quantity.
    """
    if not service_of(line).is_prorated or line.kind.is_adjustment:
        return WHOLE
    months = _plan_months(line)
    if months is None or line.charge is None:
        return None
    try:
        cycle, basis = _cycle(line, line.charge, months)
    except PeriodError:  # the cycle would leave the calendar
        return None
    if line.charge in cycle:
        return Proration(line.charge.days, cycle.days, cycle, basis)
    if _is_charged_whole(line, line.charge.days, months):
        return Proration(line.charge.days, line.charge.days, line.charge, "Microsoft charged the whole price")
    return None


def price_date(line: SourceLine, proration: Proration) -> date | None:
    """Return the day whose price applies: the first day of the charge cycle, but not before the subscription began.

    One price a cycle: a correction inside the cycle is priced as the charge it corrects, so a credit can never be
    worth more than what was charged. None where the line has no date at all.
    """
    if proration.cycle is not None:
        start = proration.cycle.start
        return max(start, line.term.start) if line.term and line.term.start in proration.cycle else start
    if line.charge is not None:
        return line.charge.start
    return line.ordered_on


def shares_differ(line: SourceLine, proration: Proration) -> bool:
    """Whether Microsoft's own effective unit price implies another share of the cycle than the dates do.

    Only told for lines without discounts, whose effective price is nothing but prorated, and only beyond the last digit
    that Microsoft prints of it (documents show two decimals, files up to eighteen).
    """
    service = service_of(line)
    if line.family is not Family.NEW_COMMERCE or not (service.is_prorated or service is Service.MARKETPLACE):
        return False
    if not line.unit_price or line.effective_unit_price is None or line.adjustments or line.promotion_id:
        return False
    printed = line.effective_unit_price.copy_abs()
    last_digit = Decimal(1).scaleb(int(printed.as_tuple().exponent))  # a finite number's exponent is an int
    ours = exact_product(line.unit_price.copy_abs(), Decimal(proration.days))
    theirs = exact_product(printed, Decimal(proration.cycle_days))
    difference = exact_sum((ours, theirs.copy_negate())).copy_abs()
    return difference > exact_product(last_digit, Decimal(proration.cycle_days))


def prorate(full: Money, service: Period, full_period: Period) -> Money:
    """Return the part of *full* that *service* owes of *full_period*, multiplied first and rounded once, half up."""
    return full.scaled(service.days, full_period.days)


def _months_named(text: str) -> int | None:
    if not text:
        return None
    lowered = text.casefold()
    return next((months for words, months in _TERM_MONTHS if any(word in lowered for word in words)), None)


def _plan_months(line: SourceLine) -> int | None:
    """The length of a charge cycle: the billing frequency, else one payment for the term, else Microsoft's text."""
    named = _PLAN_MONTHS.get(line.billing_frequency.casefold())
    if named is not None:
        return named
    if line.charge is not None and line.term is not None and line.charge == line.term:
        return _term_months(line)
    return _unnamed_plan_months(line)


def _term_months(line: SourceLine) -> int | None:
    natural = months_between(line.term.start, line.term.end) if line.term else None
    named = _months_named(line.term_and_billing_cycle)
    return max(natural, named) if natural and named else natural or named


def _is_charged_whole(line: SourceLine, days: int, months: int) -> bool:
    """Whether Microsoft's effective price is the list price: a whole cycle, of a length that is off by some days.

    Documents show such cycles where a subscription was bought late in a month.
    """
    price, listed = line.effective_unit_price, line.unit_price
    if price is None or listed is None or days > 31 * months + DAYS_OFF_MAX:
        return False
    return price.copy_abs() == listed.copy_abs()


def _unnamed_plan_months(line: SourceLine) -> int | None:
    text = line.term_and_billing_cycle.casefold()
    if "monthly" in text and "yearly" not in text:
        return 1
    if line.charge is None:
        return _months_named(text)
    natural = months_between(line.charge.start, line.charge.end)
    if natural in _PLAN_NAMES:
        return natural
    if line.charge.days <= 31:
        return 1
    return 12 if line.charge.days <= 366 else 36


def _cycle(line: SourceLine, charge: Period, months: int) -> tuple[Period, str]:
    if line.family is Family.LEGACY_LICENCE:
        return _legacy_cycle(line, charge, months)
    return _new_commerce_cycle(line, charge, months)


def _new_commerce_cycle(line: SourceLine, charge: Period, months: int) -> tuple[Period, str]:
    term = line.term
    if term is not None and charge == term and months_between(term.start, term.end) == months:
        return term, "one payment for the term"
    if term is not None and charge in term and months_between(term.start, term.end) is not None:
        anchored = cycle_containing(charge.last_day, term.start, months)
        if anchored.end == charge.end and charge in anchored:
            return anchored, "cycle counted from the start of the term"
    backwards = Period(add_months(charge.end, -months), charge.end)
    return backwards, "cycle counted back from the end of the charge"


def _legacy_cycle(line: SourceLine, charge: Period, months: int) -> tuple[Period, str]:
    anchor = line.term.start if line.term is not None else charge.start
    cycle = cycle_containing(charge.start, anchor, months)
    if charge in cycle:
        return cycle, "cycle counted from the start of the subscription"
    return cycle_containing(charge.start, charge.start, months), "cycle counted from the start of the charge"
