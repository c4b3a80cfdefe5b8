"""A billing month survives the end of its process at any storage call, lost and doubled messages, and races.

A process that ends leaves the store as the writes before it made it, so a kill before each writing call covers every
point: between two writes nothing else can be seen.
"""

import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from local.demo.small_month import FOUR_CUSTOMERS, invoice_csv, price_list_csv
from shared.application.bill_chunk import bill_chunk
from shared.application.ingest import accept_source_file, ingest
from shared.application.messages import ChunkMessage, IngestMessage, RunMessage
from shared.application.runs import advance_run, approve_run, start_run, sweep_runs
from shared.application.terms import keep_terms
from shared.domain.errors import ProrataError, StateError
from shared.domain.keys import RunKey
from shared.domain.periods import BillingPeriod
from shared.storage.names import BILLING_CHUNKS_QUEUE, BILLING_FINALISE_QUEUE, QUEUES
from shared.storage.repositories.runs import RunState
from shared.storage.repositories.terms import TermsKind

Desk = Any  # what the conftest's fixtures give
OpenDesk = Callable[..., Desk]
OCTOBER = BillingPeriod(2026, 10)
STEPS = (
    "first file",
    "second file",
    "ingest",
    "terms",
    "start",
    "bill and export",
    "approve",
    "number and publish",
)
WRITES = ("put", "insert", "replace", "upsert", "delete", "transact", "send", "receive", "complete", "release")
ADATUM, CONTOSO, FABRIKAM, TAILSPIN = FOUR_CUSTOMERS


def lose_all_messages(desk: Desk) -> None:
    """Take everything from the queues and forget it."""
    for queue in QUEUES:
        while messages := desk.services.queues.receive(queue, limit=32):
            for message in messages:
                desk.services.queues.complete(message)


def numbers(desk: Desk) -> list[str]:
    """Return all numbers of final invoices, in order."""
    found = []
    for licence in desk.licences:
        rows = desk.services.invoices.of_period(licence.customer_id, OCTOBER)
        found += [invoice.number for invoice in rows if invoice.number]
    return sorted(found)


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_at_any_write_changes_nothing_in_the_end(
    open_desk: OpenDesk,
    fuse: Any,
    killed: type[BaseException],
    step: str,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """The step and all after it are done again, every message twice and shuffled: same rows, same bytes, no gaps."""
    undisturbed = open_desk()
    undisturbed.month()
    expected = undisturbed.kept()
    before = open_desk()
    for name in STEPS[: STEPS.index(step)]:
        before.steps()[name]()
    probe = open_desk(root=_copied(before, tmp_path / "probe"))
    probe.steps()[step]()
    points = [number for number, call in enumerate(probe.fuse.calls, 1) if call.rpartition(".")[2] in WRITES]
    for point in points:
        desk = open_desk(root=_copied(before, tmp_path / f"point-{point}"))
        desk.restart(fuse(at=point))
        with pytest.raises(killed):
            desk.steps()[step]()
        desk.restart(fuse())
        for name in STEPS[STEPS.index(step) :]:
            desk.steps()[name]()
            desk.work(times=2, seed=point)
            desk.sweep()

        assert expected == desk.kept(), f"killed before {probe.fuse.calls[point - 1]}, call {point} of {step}"
        desk.database.close()
    record_property("points", len(points))
    print(f"{step}: {len(points)} kills in {len(probe.fuse.calls)} storage calls")  # noqa: T201 - the figure is the report
    assert numbers(undisturbed) == ["2026-10-00001", "2026-10-00002", "2026-10-00003"]
    assert undisturbed.services.runs.need(RunKey(OCTOBER)).state is RunState.APPROVED


def _copied(desk: Desk, to: Path) -> Path:
    desk.database.close()
    if desk.root.exists():
        shutil.copytree(desk.root, to)
    return to


def test_the_sweeper_completes_a_run_whose_messages_were_all_lost(open_desk: OpenDesk) -> None:
    """Whatever state the run is in, the sweep asks again for what is missing."""
    undisturbed, desk = open_desk(), open_desk()
    undisturbed.month()
    for name in STEPS[:5]:
        desk.steps()[name]()
    lose_all_messages(desk)

    assert sweep_runs(desk.services) == 1
    desk.work()
    approve_run(desk.services, OCTOBER, "Ada")
    lose_all_messages(desk)
    assert sweep_runs(desk.services) == 1
    desk.work()
    assert undisturbed.kept() == desk.kept()
    assert sweep_runs(desk.services) == 0


def test_a_sweep_between_all_steps_does_no_harm(open_desk: OpenDesk) -> None:
    """Asking for what is under way already makes doubles, and doubles make nothing."""
    undisturbed, desk = open_desk(), open_desk()
    undisturbed.month()
    for step in desk.steps().values():
        step()
        sweep_runs(desk.services)
        sweep_runs(desk.services)
        desk.work(times=2, seed=3)

    assert undisturbed.kept() == desk.kept()


def in_parallel(*calls: Callable[[], Any]) -> list[BaseException]:
    """Make all calls at once, each on its own thread; return what Prorata raised."""
    barrier, errors = threading.Barrier(len(calls)), list[BaseException]()

    def run(call: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            call()
        except ProrataError as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


@pytest.mark.parametrize("attempt", range(5))
def test_workers_on_the_same_work_at_once_make_one_result(open_desk: OpenDesk, attempt: int) -> None:
    """Four workers take the same chunk, step and numbers: what fails comes again and finds it done."""
    undisturbed, desk = open_desk(), open_desk()
    undisturbed.month()
    for name in STEPS[:5]:
        desk.steps()[name]()
    inputs = desk.services.runs.need(RunKey(OCTOBER)).inputs.hash
    for chunk in (0, 1):
        message = ChunkMessage(str(OCTOBER), inputs, chunk)
        in_parallel(*[lambda message=message: bill_chunk(desk.services, message)] * 4)
    desk.work()
    desk.sweep()
    approve_run(desk.services, OCTOBER, "Ada")
    in_parallel(*[lambda: advance_run(desk.services, RunMessage(str(OCTOBER), inputs))] * 4)
    desk.work()
    desk.sweep()

    assert numbers(desk) == ["2026-10-00001", "2026-10-00002", "2026-10-00003"]
    assert undisturbed.kept() == desk.kept()


def test_messages_of_overtaken_inputs_are_ignored(open_desk: OpenDesk) -> None:
    """A new price list begins the run anew; what still comes for the old one writes nothing."""
    desk = open_desk()
    for name in STEPS[:5]:
        desk.steps()[name]()
    old = desk.services.runs.need(RunKey(OCTOBER))
    prices = (("CFQ7TTC0LH18", "13.00"), ("CFQ7TTC0LCHC", "20.00"), ("CFQ7TTC0MM8R", "9.00"))
    keep_terms(desk.services, TermsKind.PRICE_LIST, OCTOBER, "prices.csv", price_list_csv(prices))
    start_run(desk.services, OCTOBER)
    desk.work()
    before = desk.kept()
    for queue, message in (
        (BILLING_CHUNKS_QUEUE, ChunkMessage(str(OCTOBER), old.inputs.hash, 0)),
        (BILLING_FINALISE_QUEUE, RunMessage(str(OCTOBER), old.inputs.hash)),
    ):
        desk.services.queues.send(queue, message.body())
    desk.work()

    assert before == desk.kept()


def test_a_worker_that_was_overtaken_in_the_middle_writes_nothing_over_the_new_run(open_desk: OpenDesk) -> None:
    """It began with the old prices and is slow; the new run billed the customer meanwhile, and stays right."""
    desk = open_desk()
    for name in STEPS[:5]:
        desk.steps()[name]()
    old = desk.services.runs.need(RunKey(OCTOBER))
    price = {"Adatum": "13.00"}

    def overtake(*_: object) -> list[Any]:
        prices = (("CFQ7TTC0LH18", price["Adatum"]), ("CFQ7TTC0LCHC", "20.00"))
        keep_terms(desk.services, TermsKind.PRICE_LIST, OCTOBER, "prices.csv", price_list_csv(prices))
        start_run(desk.services, OCTOBER)
        desk.work()
        return []

    class Slow:
        """Reads a customer's extract slowly: a whole new run happens before the first row is there."""

        def __init__(self) -> None:
            self.is_first = True

        def __call__(self, *arguments: Any, **named: Any) -> Any:
            if self.is_first:
                self.is_first = False
                overtake()
            return desk.services.formats.read_source(*arguments, **named)

    slow = replace(desk.services, formats=replace(desk.services.formats, read_source=Slow()))
    with pytest.raises(StateError, match="later start"):
        bill_chunk(slow, ChunkMessage(str(OCTOBER), old.inputs.hash, 0))

    [invoice] = desk.services.invoices.of_period(ADATUM.customer_id, OCTOBER)
    assert str(invoice.total) == "130.00 EUR"
    approve_run(desk.services, OCTOBER, "Ada")
    desk.work()
    assert numbers(desk) == ["2026-10-00001", "2026-10-00002", "2026-10-00003"]


def test_a_run_is_not_started_anew_while_it_is_approved(open_desk: OpenDesk) -> None:
    """Half the numbers are given: other inputs wait until all are, and then make new revisions."""
    desk = open_desk()
    for name in STEPS[:7]:
        desk.steps()[name]()
    desk.upload("second.csv", (FABRIKAM, replace(TAILSPIN, seats=8)), "G000000002")
    for message in desk.services.queues.receive("ingest"):
        desk.deliver("ingest", message.body)
    with pytest.raises(StateError, match="is being approved"):
        start_run(desk.services, OCTOBER)
    desk.work()

    assert numbers(desk) == ["2026-10-00001", "2026-10-00002", "2026-10-00003"]
    assert start_run(desk.services, OCTOBER)[1]
    desk.work()
    [invoice] = desk.services.invoices.of_period(TAILSPIN.customer_id, OCTOBER)
    assert (invoice.key.revision, str(invoice.total)) == (2, "96.00 EUR")


def test_a_withdrawn_file_does_not_come_back_with_a_late_message(open_desk: OpenDesk) -> None:
    """Its message is delivered again after the file was withdrawn; only uploading it again lets it count."""
    desk = open_desk()
    desk.upload("first.csv", FOUR_CUSTOMERS[:2], "G000000001")
    desk.work()
    desk.services.sources.withdraw(OCTOBER, "first.csv")
    late = ingest(desk.services, IngestMessage(str(OCTOBER), "first.csv"))

    assert late is None
    assert desk.services.sources.records(OCTOBER) == []
    desk.upload("first.csv", FOUR_CUSTOMERS[:2], "G000000001")
    desk.work()
    assert [record.name for record in desk.services.sources.records(OCTOBER)] == ["first.csv"]


def test_one_file_under_three_names_read_at_once_counts_once(open_desk: OpenDesk) -> None:
    """No worker sees the others' files in time; in the end exactly one counts, whoever has to try again."""
    desk = open_desk()
    content = invoice_csv(str(OCTOBER), (ADATUM,))
    names = ("a.csv", "b.csv", "c.csv")
    for name in names:
        accept_source_file(desk.services, OCTOBER, name, content)
    lose_all_messages(desk)
    laying_out, together = desk.services.formats.lay_out_source, threading.Barrier(len(names))

    def lay_out(source: Any) -> Any:
        together.wait()
        return laying_out(source)

    at_once = replace(desk.services, formats=replace(desk.services.formats, lay_out_source=lay_out))
    failed: list[str] = []

    def ingest_once(name: str) -> None:
        try:
            ingest(at_once, IngestMessage(str(OCTOBER), name))
        except ProrataError:
            failed.append(name)

    in_parallel(*[lambda name=name: ingest_once(name) for name in names])
    for name in failed:
        ingest(desk.services, IngestMessage(str(OCTOBER), name))

    records = desk.services.sources.records(OCTOBER)
    assert [False, True, True] == [record.refused_for is not None for record in records]


def test_a_file_replaced_while_it_is_read_is_read_again(open_desk: OpenDesk) -> None:
    """The slow reader of the old content records nothing; the new content counts."""
    desk = open_desk()
    desk.upload("first.csv", (ADATUM, CONTOSO), "G000000001")
    laying_out = desk.services.formats.lay_out_source

    def slow(source: Any) -> Any:
        desk.upload("first.csv", (ADATUM,), "G000000001")
        return laying_out(source)

    services = replace(desk.services, formats=replace(desk.services.formats, lay_out_source=slow))
    with pytest.raises(ProrataError, match="was replaced while it was read"):
        ingest(services, IngestMessage(str(OCTOBER), "first.csv"))
    desk.work()

    [record] = desk.services.sources.records(OCTOBER)
    assert (record.row_count, record.customer_count) == (1, 1)
