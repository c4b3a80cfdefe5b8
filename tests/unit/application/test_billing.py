"""Billing and exporting chunks: trouble of one customer stays with that customer; what is repeated is nothing."""

import gzip
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from local.demo.small_month import FOUR_CUSTOMERS, PRICES
from shared.application.bill_chunk import bill_chunk
from shared.application.export_run import export_chunk
from shared.application.messages import ChunkMessage
from shared.application.runs import advance_run, approve_run, start_run
from shared.domain.errors import ChangedError, ConflictError, IntegrityError, InvalidError, StateError
from shared.domain.invoices import Invoice
from shared.domain.keys import RunKey
from shared.domain.periods import BillingPeriod
from shared.storage.repositories.codec import read_whole
from shared.storage.repositories.invoices import Invoices
from shared.storage.repositories.runs import Run, RunState, RunStore

Office = Any  # what the conftest's fixture gives
OCTOBER = BillingPeriod(2026, 10)
ADATUM, CONTOSO, _, _ = FOUR_CUSTOMERS


def chunk_message(run: Run, chunk: int = 0) -> ChunkMessage:
    """Return the message that asks for a chunk of the run."""
    return ChunkMessage(str(run.period), run.inputs.hash, chunk)


@pytest.mark.parametrize("error", [IntegrityError("two lines share one key"), InvalidError("no such blob")])
def test_a_customer_that_cannot_be_billed_is_parked_and_keeps_what_it_had(office: Office, error: Exception) -> None:
    """Everybody else is billed; no draft of before is emptied because of it."""
    office.upload()
    office.price()
    office.run()
    before = office.services.invoices.of_period(ADATUM.customer_id, OCTOBER)
    office.price((("CFQ7TTC0LH18", "13.00"), ("CFQ7TTC0LCHC", "21.00")))
    run, _ = start_run(office.services, OCTOBER)

    def read(source: Any, *arguments: Any) -> Any:
        if ADATUM.customer_id.encode() in gzip.decompress(read_whole(source.open())):
            raise error
        return office.services.formats.read_source(source, *arguments)

    bill_chunk(office.reading(read), chunk_message(run))
    parked, billed = office.services.runs.outcomes(run)

    assert (parked.is_parked, parked.invoices, parked.customer_id) == (True, (), ADATUM.customer_id)
    assert str(error) in parked.issues[0].message
    assert before == office.services.invoices.of_period(ADATUM.customer_id, OCTOBER)
    assert [str(sale) for sale in billed.sales] == ["63.00 EUR"]


def test_a_damaged_invoice_of_before_parks_its_customer(office: Office) -> None:
    """The store's own trouble with one customer does not stop the chunk either."""
    office.upload()
    office.price()
    office.run()
    [row] = office.stores.tables.query("invoices", ADATUM.customer_id)
    office.stores.blobs.put("charge-lines", row.values["blob"], b"damaged")
    office.price((("CFQ7TTC0LH18", "13.00"), PRICES[1]))
    office.run()

    run = office.services.runs.need(RunKey(OCTOBER))
    assert (run.state, run.parked_count) == (RunState.READY, 1)
    assert {CONTOSO.customer_id, "reseller"} == {export.scope for export in office.services.exports.of_period(OCTOBER)}
    approve_run(office.services, OCTOBER, "Ada")
    office.work()
    assert office.services.runs.need(RunKey(OCTOBER)).state is RunState.APPROVED


def test_a_run_bills_by_the_price_list_it_began_with(office: Office) -> None:
    """One that is replaced meanwhile counts from the next start on, and approval waits for it."""
    office.upload()
    office.price()
    start_run(office.services, OCTOBER)
    office.price((("CFQ7TTC0LH18", "13.00"), PRICES[1]))
    office.work()
    run = office.services.runs.need(RunKey(OCTOBER))

    assert [str(sale) for sale in run.sales] == ["180.00 EUR"]
    with pytest.raises(StateError, match="run again"):
        approve_run(office.services, OCTOBER, "Ada")
    office.run()
    assert [str(sale) for sale in office.services.runs.need(RunKey(OCTOBER)).sales] == ["190.00 EUR"]


def test_a_chunk_that_is_done_is_not_billed_again(office: Office) -> None:
    """Repeated, for another state, or for a run that nobody started: nothing is made."""
    office.upload()
    office.price()
    run, _ = start_run(office.services, OCTOBER)

    assert [2, 0] == [bill_chunk(office.services, chunk_message(run)) for _ in range(2)]
    assert export_chunk(office.services, chunk_message(run)) == 0
    office.work()
    assert bill_chunk(office.services, chunk_message(run)) == 0
    assert export_chunk(office.services, chunk_message(run)) == 0
    assert bill_chunk(office.services, ChunkMessage("2026-09", run.inputs.hash, 0)) == 0


def test_files_that_are_there_are_not_written_again(office: Office) -> None:
    """A chunk that comes twice while files are written writes them once."""
    office.upload()
    office.price()
    run, _ = start_run(office.services, OCTOBER)
    bill_chunk(office.services, chunk_message(run))
    advance_run(office.services, office.run_message(run))

    assert [6, 0] == [export_chunk(office.services, chunk_message(run)) for _ in range(2)]


class Refusing:
    """A store of runs in which somebody else is always faster; *faster* is what they do."""

    def __init__(self, runs: RunStore) -> None:
        self._runs = runs

    def __getattr__(self, name: str) -> Any:
        """Return the store's method."""
        return getattr(self._runs, name)

    def save(self, run: Run) -> Run:
        """Refuse."""
        raise ChangedError(run.id)


def test_a_step_that_somebody_else_took_is_left_to_them(office: Office) -> None:
    """Advancing is nothing then; a start tries again, and says so when it never succeeds."""
    office.upload()
    office.price()
    run, _ = start_run(office.services, OCTOBER)
    bill_chunk(office.services, chunk_message(run))
    late = replace(office.services, runs=Refusing(office.services.runs))

    assert advance_run(late, office.run_message(run)) is None
    office.price((("CFQ7TTC0LH18", "13.00"), PRICES[1]))
    with pytest.raises(ConflictError, match="start it again"):
        start_run(late, OCTOBER)
    assert advance_run(office.services, office.run_message(run)) is not None


def test_nothing_is_advanced_that_is_not_complete(office: Office) -> None:
    """A message before its time, or after the run rests, changes nothing."""
    office.upload()
    office.price()
    run, _ = start_run(office.services, OCTOBER)
    assert advance_run(office.services, office.run_message(run)) is None
    with pytest.raises(StateError, match="is billing, not ready"):
        approve_run(office.services, OCTOBER, "Ada")
    office.work()

    assert advance_run(office.services, office.run_message(run)) is None


def test_a_currency_that_is_billed_no_more_shows_no_file(office: Office) -> None:
    """The draft is emptied, its files are withdrawn, and it gets no number."""
    dollars = replace(ADATUM, currency="USD", product="CFQ7TTC0LCHC")
    prices = ((ADATUM.product, "12.00"),)
    office.upload(licences=(ADATUM,))
    office.upload_more("dollars.csv", (dollars,))
    office.price_in("USD", "CFQ7TTC0LCHC", prices)
    office.run()
    shown: Sequence[Any] = office.services.exports.of_period(OCTOBER)
    assert {"EUR", "USD", "ALL"} == {export.currency for export in shown}

    office.services.sources.withdraw(OCTOBER, "dollars.csv")
    office.run()
    approve_run(office.services, OCTOBER, "Ada")
    office.work()

    assert {"EUR", "ALL"} == {export.currency for export in office.services.exports.of_period(OCTOBER)}
    standing = office.services.invoices.of_period(ADATUM.customer_id, OCTOBER)
    assert [("EUR", "2026-10-00001"), ("USD", "")] == [(each.key.currency, each.number) for each in standing]


class SlowInvoices:
    """Invoices whose first reading is followed by *meanwhile* before the reader goes on."""

    def __init__(self, invoices: Invoices, meanwhile: Callable[[], None]) -> None:
        self._invoices, self._meanwhile = invoices, [meanwhile]

    def __getattr__(self, name: str) -> Any:
        """Return the store's method."""
        return getattr(self._invoices, name)

    def of_period(self, customer_id: str, period: BillingPeriod) -> list[Invoice]:
        """Read, then let everybody else be faster."""
        found = self._invoices.of_period(customer_id, period)
        if self._meanwhile:
            self._meanwhile.pop()()
        return found


def test_a_slow_writer_of_drafts_does_not_put_them_over_the_final_files(office: Office) -> None:
    """It read the draft, then the month was approved and published: its write is refused."""
    office.upload()
    office.price()
    run, _ = start_run(office.services, OCTOBER)
    bill_chunk(office.services, chunk_message(run))
    advance_run(office.services, office.run_message(run))

    def publish() -> None:
        office.work()
        approve_run(office.services, OCTOBER, "Ada")
        office.work()

    slow = replace(office.services, invoices=SlowInvoices(office.services.invoices, publish))
    with pytest.raises(ConflictError):
        export_chunk(slow, chunk_message(run))
    run = office.services.runs.need(RunKey(OCTOBER))
    before = office.services.exports.of_period(OCTOBER)

    assert run.state is RunState.APPROVED
    office.services.runs.save(replace(run, state=RunState.PUBLISHING))  # what is shown is what publishing would write
    export_chunk(office.services, chunk_message(run))
    assert before == office.services.exports.of_period(OCTOBER)
