"""What both stores promise of invoices: revisions that say what changed, finals that stay, numbers without gaps."""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.charging import charge
from shared.domain.errors import ChangedError, ConflictError, IntegrityError, NotFoundError, StateError
from shared.domain.invoices import ChangeKind, Invoice, InvoiceState, empty_invoice, make_invoices
from shared.domain.issues import Issue, IssueCode, Severity
from shared.domain.money import Money
from shared.domain.periods import BillingPeriod, Period
from shared.domain.prices import PriceBook, PriceEntry, PriceKeys, PriceMethod
from shared.domain.source_lines import Family, Origin, SourceLine
from shared.storage.ports import Blobs, Tables
from shared.storage.repositories.invoices import COUNTERS, TABLE, Invoices

OCTOBER = BillingPeriod(2026, 10)
SERIES = "2026-10"
AT_COST = PriceBook([PriceEntry(scope="", keys=PriceKeys(), method=PriceMethod.MARKUP_ON_COST, value=Decimal(0))])
ISSUE = Issue(code=IssueCode.SALE_BELOW_COST, severity=Severity.WARNING, message="m", cure="c")


def draft(*amounts: int, customer: str = "a", currency: str = "EUR") -> Invoice:
    """Return a draft with one line for each amount, the first for subscription 0."""
    lines = []
    for number, amount in enumerate(amounts):
        source = SourceLine(
            family=Family.NEW_COMMERCE,
            origin=Origin(file="recon.csv", line=number + 2),
            customer_id=customer,
            customer_name=customer.title(),
            charge_type="cycleCharge",
            quantity=Decimal(1),
            cost=Money(Decimal(amount), currency),
            subscription_id=f"sub-{number}",
            charge=Period.inclusive(date(2026, 10, 1), date(2026, 10, 31)),
            billing_frequency="Monthly",
            unit_price=Decimal(amount),
            effective_unit_price=Decimal(amount),
        )
        line = charge(source, AT_COST, key=f"key-{number}").line
        assert line is not None
        lines.append(line)
    if not lines:
        return empty_invoice(draft(1, customer=customer, currency=currency))
    return make_invoices(customer, customer.title(), OCTOBER, lines)[0]


@pytest.fixture
def invoices(own_tables: Tables, own_blobs: Blobs) -> Invoices:
    """An empty store of invoices."""
    return Invoices(own_tables, own_blobs)


def states(tables: Tables, customer: str = "a") -> list[tuple[str, str]]:
    """Return revision and state of each row, in order."""
    return [(row.row[-4:], str(row.values["state"])) for row in tables.query(TABLE, customer)]


def test_the_same_content_again_is_nothing(invoices: Invoices, own_tables: Tables) -> None:
    """Not even the ETag of the row moves."""
    first, is_new = invoices.keep(draft(10, 20))
    etags = [row.etag for row in own_tables.query(TABLE, "a")]
    again, is_news = invoices.keep(draft(10, 20))

    assert (is_new, is_news) == (True, False)
    assert first == again == invoices.latest("a", OCTOBER, "EUR")
    assert etags == [row.etag for row in own_tables.query(TABLE, "a")]


def test_other_content_is_a_revision_that_says_what_changed(invoices: Invoices, own_tables: Tables) -> None:
    """The draft before it is superseded and stays readable by its row."""
    invoices.keep(draft(10, 20))
    revised, is_new = invoices.keep(draft(10, 25, 30))

    assert (is_new, revised.key.revision) == (True, 2)
    assert [(change.key, change.kind) for change in revised.changes] == [
        ("key-1", ChangeKind.CHANGED),
        ("key-2", ChangeKind.ADDED),
    ]
    assert [("r001", "superseded"), ("r002", "draft")] == states(own_tables)
    assert invoices.of_period("a", OCTOBER) == [revised]


def test_content_that_comes_back_is_another_revision_of_a_draft(invoices: Invoices, own_tables: Tables) -> None:
    """There and back again: three revisions, the last with the content of the first."""
    kept = [invoices.keep(draft(amount))[0] for amount in (10, 11, 10)]

    assert [1, 2, 3] == [invoice.key.revision for invoice in kept]
    assert kept[0].content_hash == kept[2].content_hash
    assert [("r001", "superseded"), ("r002", "superseded"), ("r003", "draft")] == states(own_tables)


def test_issues_of_a_new_run_replace_those_of_the_same_draft(invoices: Invoices) -> None:
    """They are no content: the revision stays."""
    invoices.keep(draft(10))
    told, is_new = invoices.keep(replace(draft(10), issues=(ISSUE,)))

    assert (is_new, told.key.revision, told.issues) == (True, 1, (ISSUE,))
    assert invoices.latest("a", OCTOBER, "EUR") == told


def test_currencies_customers_and_periods_are_kept_apart(invoices: Invoices) -> None:
    """The customer's id counts without regard to case."""
    for one in (draft(10), draft(20, currency="USD"), draft(30, customer="ab")):
        invoices.keep(one)

    assert ["EUR", "USD"] == [invoice.key.currency for invoice in invoices.of_period("A", OCTOBER)]
    assert invoices.of_period("a", OCTOBER.previous) == []
    assert invoices.latest("a", OCTOBER, "CHF") is None


def test_a_preview_is_what_keeping_makes(invoices: Invoices, own_tables: Tables) -> None:
    """And writes nothing."""
    for one in (draft(10), draft(10), draft(11), replace(draft(11), issues=(ISSUE,)), draft()):
        before = states(own_tables)
        preview = invoices.preview(one)
        assert before == states(own_tables)
        assert preview == invoices.keep(one)[0]


def test_a_final_invoice_never_changes(invoices: Invoices, own_tables: Tables) -> None:
    """Same content is nothing; other content is a new draft without number, which tells the change to the final one."""
    kept, _ = invoices.keep(draft(10))
    final = invoices.finalise(kept, SERIES)
    row = own_tables.get(TABLE, "a", final.key.render())
    assert (final.state, final.number) == (InvoiceState.FINAL, "2026-10-00001")
    assert invoices.keep(replace(draft(10), issues=(ISSUE,))) == (final, False)

    for amount in (11, 12):
        revised, _ = invoices.keep(draft(amount))
    assert (revised.key.revision, revised.number, revised.state) == (3, "", InvoiceState.DRAFT)
    assert [(change.before, change.after) for change in revised.changes] == [
        (Money(Decimal(10), "EUR"), Money(Decimal(12), "EUR"))
    ]
    assert invoices.finalise(final, SERIES) == final
    assert invoices.finalise(kept, SERIES) == final
    assert row == own_tables.get(TABLE, "a", final.key.render())


def test_content_that_was_final_already_gets_no_second_number(invoices: Invoices, own_tables: Tables) -> None:
    """A correction that is taken back before approval leaves the final invoice standing."""
    final = invoices.finalise(invoices.keep(draft(10))[0], SERIES)
    invoices.keep(draft(11))

    assert invoices.keep(draft(10)) == (final, True)
    assert invoices.keep(draft(10)) == (final, False)
    assert invoices.of_period("a", OCTOBER) == [final]
    assert [("r001", "final"), ("r002", "superseded")] == states(own_tables)

    back, _ = invoices.keep(draft(11))
    assert (back.key.revision, back.state) == (2, InvoiceState.DRAFT)
    assert [back] == invoices.of_period("a", OCTOBER)


def test_an_empty_draft_takes_back_a_final_invoice_and_else_nothing(invoices: Invoices) -> None:
    """Void is what asks for nothing and takes nothing back."""
    invoices.keep(draft(10))
    void, _ = invoices.keep(draft())
    assert invoices.is_void(void)
    assert not invoices.is_void(draft(10))

    invoices.finalise(invoices.keep(draft(10))[0], SERIES)
    takes_back, _ = invoices.keep(draft())
    assert not invoices.is_void(takes_back)


def test_a_superseded_draft_cannot_become_final(invoices: Invoices, own_tables: Tables) -> None:
    """Who read it before has to look again."""
    before, _ = invoices.keep(draft(10))
    invoices.keep(draft(11))
    with pytest.raises(ChangedError):
        invoices.finalise(before, SERIES)
    with pytest.raises(ChangedError):
        invoices.finalise(replace(before, content_hash="other"), SERIES)
    with pytest.raises(NotFoundError, match="run first"):
        invoices.finalise(draft(10, customer="nobody"), SERIES)

    assert own_tables.get(COUNTERS, "invoice-number", SERIES) is None


def test_a_start_that_was_overtaken_writes_nothing(invoices: Invoices) -> None:
    """Not over other content, and not over the same: a later start has looked at it."""
    invoices.keep(draft(10), start_number=1)
    kept, is_new = invoices.keep(draft(10), start_number=2)
    assert not is_new
    for late in (draft(10), draft(11)):
        with pytest.raises(StateError, match="later start"):
            invoices.keep(late, start_number=1)

    assert invoices.latest("a", OCTOBER, "EUR") == kept


def in_parallel(calls: Sequence[Callable[[], Any]]) -> None:
    """Make all calls at once; what the store refuses to one of them, another did."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> None:
        barrier.wait()
        with suppress(ConflictError):
            call()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_workers_that_finalise_everything_at_once_give_each_number_once(invoices: Invoices) -> None:
    """Each invoice has one number, and the numbers have no gap."""
    names = [f"customer-{number}" for number in range(8)]
    kept = [invoices.keep(draft(10, customer=name))[0] for name in names]

    def finalise_all(order: Sequence[Invoice]) -> None:
        for invoice in order:
            with suppress(ConflictError):
                invoices.finalise(invoice, SERIES)

    in_parallel([lambda: finalise_all(kept), lambda: finalise_all(kept[::-1]), lambda: finalise_all(kept)])
    finalise_all(kept)

    final = [invoices.of_period(name, OCTOBER)[0] for name in names]
    assert [f"2026-10-{number:05d}" for number in range(1, 9)] == sorted(invoice.number for invoice in final)
    assert {InvoiceState.FINAL} == {invoice.state for invoice in final}


def test_a_worker_that_read_the_draft_before_it_became_final_changes_nothing(invoices: Invoices) -> None:
    """Its number is the one that was given, although the counter has moved on."""
    first, second = invoices.keep(draft(10))[0], invoices.keep(draft(10, customer="b"))[0]
    numbers = [invoices.finalise(each, SERIES).number for each in (first, second, first, second)]

    assert numbers == ["2026-10-00001", "2026-10-00002"] * 2


def test_workers_that_keep_the_same_draft_at_once_make_one_revision(invoices: Invoices, own_tables: Tables) -> None:
    """New, unchanged or changed."""
    for start_number, amount in ((1, 10), (2, 10), (3, 11)):
        in_parallel([lambda a=amount, s=start_number: invoices.keep(draft(a), start_number=s)] * 4)  # type: ignore[misc]  # a lambda's defaults bind the loop's values

    assert [("r001", "superseded"), ("r002", "draft")] == states(own_tables)


class Crashing:
    """Tables whose writes to one table end the process from the n-th on."""

    def __init__(self, tables: Tables, table: str, writes_left: int) -> None:
        self._tables, self._table, self._writes_left = tables, table, writes_left

    def __getattr__(self, name: str) -> Any:
        """Return the method; a write to the table may be the last."""
        method = getattr(self._tables, name)

        def call(table: str, *arguments: Any, **named: Any) -> Any:
            if table == self._table and name in {"insert", "replace"}:
                if not self._writes_left:
                    raise KeyboardInterrupt
                self._writes_left -= 1
            return method(table, *arguments, **named)

        return call


def test_a_crash_between_counter_and_row_loses_no_number(
    invoices: Invoices, own_tables: Tables, own_blobs: Blobs
) -> None:
    """The next taker settles it: the number belongs to the invoice that took it."""
    first, second = invoices.keep(draft(10))[0], invoices.keep(draft(10, customer="b"))[0]
    crashing: Any = Crashing(own_tables, TABLE, 0)
    with pytest.raises(KeyboardInterrupt):
        Invoices(crashing, own_blobs).finalise(first, SERIES)
    assert [InvoiceState.DRAFT, ""] == [*map(invoices.of_period("a", OCTOBER)[0].__getattribute__, ("state", "number"))]

    assert invoices.finalise(second, SERIES).number == "2026-10-00002"
    assert invoices.of_period("a", OCTOBER)[0].number == "2026-10-00001"
    assert invoices.finalise(first, SERIES).number == "2026-10-00001"


def test_a_number_that_was_taken_is_passed_on_to_the_next_revision(
    invoices: Invoices, own_tables: Tables, own_blobs: Blobs
) -> None:
    """Also where the process ends between superseding the draft and writing its successor."""
    first, second = invoices.keep(draft(10))[0], invoices.keep(draft(10, customer="b"))[0]
    crashing: Any = Crashing(own_tables, TABLE, 0)
    with pytest.raises(KeyboardInterrupt):
        Invoices(crashing, own_blobs).finalise(first, SERIES)
    invoices.finalise(second, SERIES)
    crashing = Crashing(own_tables, TABLE, 1)
    with pytest.raises(KeyboardInterrupt):
        Invoices(crashing, own_blobs).keep(draft(11))
    assert states(own_tables) == [("r001", "superseded")]
    assert invoices.of_period("a", OCTOBER) == []

    revised, _ = invoices.keep(draft(11))
    assert (revised.key.revision, revised.number) == (2, "2026-10-00001")
    assert invoices.finalise(revised, SERIES).number == "2026-10-00001"


def test_lines_that_are_not_those_of_the_row_are_not_billed(
    invoices: Invoices, own_tables: Tables, own_blobs: Blobs
) -> None:
    """A blob that was exchanged or damaged stops the books."""
    invoices.keep(draft(10))
    [row] = own_tables.query(TABLE, "a")
    other = Invoices(own_tables, own_blobs).keep(draft(99, customer="b"))[0]
    [other_row] = own_tables.query(TABLE, "b")
    own_tables.upsert(TABLE, "a", row.row, {**row.values, "blob": other_row.values["blob"]})
    with pytest.raises(IntegrityError, match="are not those its row speaks of"):
        invoices.of_period("a", OCTOBER)
    own_blobs.put("charge-lines", str(row.values["blob"]), b"\x1f\x8b\x08\x00damaged")
    own_tables.upsert(TABLE, "a", row.row, row.values)
    with pytest.raises(IntegrityError, match="cannot be read back"):
        invoices.keep(draft(10))
    assert invoices.latest("b", OCTOBER, "EUR") == other


class AlwaysLate:
    """Tables in which somebody else is faster at every guarded write to one table."""

    def __init__(self, tables: Tables, table: str) -> None:
        self._tables, self._table = tables, table

    def __getattr__(self, name: str) -> Any:
        """Return the method, or one that refuses."""
        method = getattr(self._tables, name)

        def call(table: str, *arguments: Any, **named: Any) -> Any:
            if table == self._table and name == "replace":
                raise ChangedError(table)
            return method(table, *arguments, **named)

        return call


def test_who_is_always_late_gives_up_and_has_changed_nothing(
    invoices: Invoices, own_tables: Tables, own_blobs: Blobs
) -> None:
    """Keeping, finalising, settling and counting each end after some attempts; the message comes again later."""
    first, second = invoices.keep(draft(10))[0], invoices.keep(draft(10, customer="b"))[0]
    rows: Any = AlwaysLate(own_tables, TABLE)
    late = Invoices(rows, own_blobs)
    for call in (
        lambda: late.keep(draft(11)),
        lambda: late.finalise(first, SERIES),
        lambda: late.finalise(second, SERIES),
    ):
        with pytest.raises(ChangedError, match="gain"):
            call()
    assert invoices.of_period("a", OCTOBER) == [first]

    counters: Any = AlwaysLate(own_tables, COUNTERS)
    with pytest.raises(ChangedError, match="too many at once"):
        Invoices(counters, own_blobs).finalise(second, SERIES)
    assert [invoices.finalise(each, SERIES).number for each in (second, first)] == ["2026-10-00002", "2026-10-00001"]
