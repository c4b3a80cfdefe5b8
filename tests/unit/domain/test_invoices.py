"""Invoices: one for each currency, totals of rounded lines, and revisions that say what changed."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from shared.domain.charging import ChargeLine
from shared.domain.errors import IntegrityError
from shared.domain.invoices import (
    ChangeKind,
    Invoice,
    InvoiceState,
    empty_invoice,
    line_changes,
    line_hash,
    make_invoices,
    revise,
)
from shared.domain.issues import Issue, IssueCode, Severity
from shared.domain.money import Money
from shared.domain.periods import BillingPeriod
from shared.domain.prices.adjustments import Step, StepKind
from shared.domain.source_lines import Origin, SourceLine

MakeLine = Callable[..., SourceLine]
Charged = Callable[..., ChargeLine]
OCTOBER = BillingPeriod(2026, 10)
BLOCKING = Issue(code=IssueCode.PRICE_MISSING, severity=Severity.BLOCKING, message="No price.", cure="Add one.")


def _invoice(*lines: ChargeLine, issues: tuple[Issue, ...] = ()) -> Invoice:
    (made,) = make_invoices(lines[0].customer_id, "Contoso", OCTOBER, lines, issues)
    return made


@pytest.fixture
def lines(licence: MakeLine, charged: Charged) -> list[ChargeLine]:
    """Three charge lines of one customer: two charges and a credit."""
    return [
        charged(licence(), "8.415", key="nce-b-1"),
        charged(licence(cost=Money(Decimal("-84.10"), "EUR")), "8.415", key="nce-a-1"),
        charged(licence(subscription_name="aaa", quantity=Decimal(1)), "0.005", key="nce-c-1"),
    ]


def test_a_draft_totals_its_rounded_lines_in_reading_order(lines: list[ChargeLine]) -> None:
    """By subscription name, credits before charges; the total is a sum of what is shown."""
    invoice = _invoice(*lines)

    assert ["nce-c-1", "nce-a-1", "nce-b-1"] == [line.key for line in invoice.lines]
    assert Money(Decimal("0.01"), "EUR") == invoice.total
    assert ("2026-10_EUR_invoice_r001", InvoiceState.DRAFT, "") == (invoice.key.render(), invoice.state, invoice.number)
    assert not invoice.is_parked
    assert _invoice(*lines, issues=(BLOCKING,)).is_parked


def test_a_customer_gets_one_invoice_for_each_currency(lines: list[ChargeLine]) -> None:
    """Ordered by currency; without lines there is none."""
    dollars = replace(lines[0], key="usd", amount=Money(Decimal(7), "USD"))
    invoices = make_invoices(lines[0].customer_id.upper(), "Contoso", OCTOBER, [dollars, *lines])

    assert ["0.01 EUR", "7.00 USD"] == [str(invoice.total) for invoice in invoices]
    assert [] == make_invoices("c", "Contoso", OCTOBER, [])


def test_a_line_of_another_customer_is_refused(lines: list[ChargeLine]) -> None:
    """It stops the invoice; nobody pays for somebody else."""
    with pytest.raises(IntegrityError, match=r"belongs to customer .*, not to fabrikam"):
        make_invoices("fabrikam", "Fabrikam", OCTOBER, lines)


def test_two_lines_with_one_key_are_refused(lines: list[ChargeLine]) -> None:
    """One row would be billed twice."""
    with pytest.raises(IntegrityError, match="share one key"):
        _invoice(lines[0], replace(lines[1], key=lines[0].key))


def test_margin_is_sale_less_cost_unless_currencies_differ(lines: list[ChargeLine]) -> None:
    """Cost stays unrounded, one sum for each currency."""
    own = _invoice(lines[0])
    mixed = _invoice(lines[0], replace(lines[1], cost=Money(Decimal("1.5"), "USD")))

    assert Money(Decimal("0.05"), "EUR") == own.margin
    assert [Money(Decimal("84.10"), "EUR"), Money(Decimal("1.50"), "USD")] == list(mixed.costs)
    assert mixed.margin is None


def test_the_same_input_is_the_same_invoice(lines: list[ChargeLine]) -> None:
    """In any order of lines; a final one stays as it is, a draft takes over the new run's issues."""
    first, again = _invoice(*lines), _invoice(*reversed(lines), issues=(BLOCKING,))
    final = replace(first, state=InvoiceState.FINAL, number="2026-0001")
    superseded = replace(first, state=InvoiceState.SUPERSEDED)

    assert first.content_hash == again.content_hash
    assert final is revise(final, again)
    assert replace(first, issues=(BLOCKING,)) == revise(superseded, again)


def test_other_input_is_the_next_revision_and_says_what_changed(lines: list[ChargeLine]) -> None:
    """Added, removed and changed lines with both amounts; a number that was used stays with its document."""
    dearer = replace(lines[0], amount=Money(Decimal("85.00"), "EUR"))
    added = replace(lines[2], key="nce-d-1", sku_name="", product_name="Backup")
    draft = _invoice(dearer, lines[1], added)
    reserved = replace(_invoice(*lines), number="2026-0007")
    second = revise(reserved, draft)
    after_final = revise(replace(reserved, state=InvoiceState.FINAL), draft)

    assert (2, "2026-0007") == (second.key.revision, second.number)
    assert (2, "", InvoiceState.DRAFT) == (after_final.key.revision, after_final.number, after_final.state)
    assert [
        (ChangeKind.CHANGED, "nce-b-1", "84.15 EUR", "85.00 EUR"),
        (ChangeKind.REMOVED, "nce-c-1", "0.01 EUR", "None"),
        (ChangeKind.ADDED, "nce-d-1", "None", "0.01 EUR"),
    ] == [(each.kind, each.key, str(each.before), str(each.after)) for each in second.changes]
    assert "Backup" == second.changes[2].description
    assert () == line_changes(draft.lines, draft.lines)


def test_an_invoice_that_became_empty_is_a_revision_without_lines(lines: list[ChargeLine]) -> None:
    """The customer owed something before and owes nothing now."""
    previous = _invoice(*lines)
    revised = revise(previous, empty_invoice(previous))

    assert ((), "0.00 EUR", 2) == (revised.lines, str(revised.total), revised.key.revision)
    assert {ChangeKind.REMOVED} == {change.kind for change in revised.changes}


def test_the_content_of_a_line_is_what_a_reader_sees_and_its_cost(lines: list[ChargeLine]) -> None:
    """Not where the row stood, so that the same rows from another file change nothing."""
    line = lines[0]
    unpriced = replace(line, unit_price=None)

    assert line_hash(line) == line_hash(replace(line, origin=Origin(file="other.csv", line=9)))
    for changed in (
        unpriced,
        replace(line, friendly_name="Head office"),
        replace(line, purchase_order="PO 7"),
        replace(line, cost=Money(Decimal("84.11"), "EUR")),
        replace(line, charge=None),
        replace(line, explanation=replace(line.explanation, steps=(Step(kind=StepKind.OFFER, name="Autumn"),))),
    ):
        assert line_hash(line) != line_hash(changed)


def test_a_correction_says_what_is_left_to_settle(licence: MakeLine, charged: Charged) -> None:
    """The total less what the final invoice before it asked for; without one, the total."""
    [invoice] = make_invoices(licence().customer_id, "Contoso", OCTOBER, [charged(licence())])
    correction = replace(invoice, replaces="2026-10-00001", already_invoiced=Money(Decimal(130), "EUR"))

    assert invoice.total == invoice.to_settle
    assert Money(Decimal("-30.00"), "EUR") == correction.to_settle
