"""What both stores promise of runs and exports: guarded states, work kept by start, files shown once written."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from shared.domain.errors import AlreadyExistsError, ChangedError, ConflictError, NotFoundError
from shared.domain.issues import Issue, IssueCode, Severity
from shared.domain.keys import RunKey
from shared.domain.money import Money
from shared.domain.periods import BillingPeriod
from shared.domain.usage_detail import Coverage
from shared.storage.ports import Blobs, Tables
from shared.storage.repositories.exports import Export, ExportStore
from shared.storage.repositories.runs import CustomerOutcome, Inputs, Run, RunState, RunStore

OCTOBER = BillingPeriod(2026, 10)
INPUTS = Inputs(files=(("a.csv", "1" * 64),), terms=(("price-list", "2" * 64, "p.csv"),), rules="1")
RUN = Run(key=RunKey(OCTOBER), inputs=INPUTS, state=RunState.BILLING, customers=("a", "b", "c", "d", "e"), chunk_size=2)
ISSUE = Issue(code=IssueCode.PRICE_MISSING, severity=Severity.BLOCKING, message="m", cure="c", customer_id="a")
OUTCOME = CustomerOutcome(
    customer_id="a",
    customer_name="Adatum",
    invoices=("2026-10_EUR_invoice_r001",),
    sales=(Money(Decimal("12.10"), "EUR"),),
    costs=(Money(Decimal("8.4100"), "EUR"), Money(Decimal("1E-7"), "USD")),
    issues=(ISSUE,),
    coverage=(
        Coverage(
            invoice_number="G1",
            customer_id="a",
            subscription_id="s",
            currency="EUR",
            invoice_lines=1,
            invoice_cost=Decimal("1.10"),
            daily_cost=Decimal("1.1000"),
            rounding_max=Decimal("0.02"),
        ),
    ),
)


@pytest.fixture
def runs(own_tables: Tables, own_blobs: Blobs) -> RunStore:
    """An empty store of runs."""
    return RunStore(own_tables, own_blobs)


@pytest.fixture
def exports(own_tables: Tables, own_blobs: Blobs) -> ExportStore:
    """An empty store of exports."""
    return ExportStore(own_tables, own_blobs)


def export(scope: str = "a", content_hash: str = "h1", file_name: str = "one.csv") -> Export:
    """Return a finished file."""
    return Export(
        period=OCTOBER,
        scope=scope,
        label="Adatum",
        currency="EUR",
        format="csv",
        file_name=file_name,
        content_hash=content_hash,
    )


def test_a_run_is_written_once_and_then_only_over_the_state_that_was_read(runs: RunStore) -> None:
    """The ETag guards each next state; who is late learns so, and what is read is what was written last."""
    first = runs.save(RUN)
    with pytest.raises(AlreadyExistsError):
        runs.save(RUN)
    second = runs.save(replace(first, state=RunState.EXPORTING))
    with pytest.raises(ChangedError):
        runs.save(replace(first, state=RunState.READY))

    assert second == runs.get(RUN.key)
    assert runs.need(RUN.key).etag == second.etag
    assert [second] == runs.all()


def test_a_late_write_leaves_the_run_as_it_is(runs: RunStore) -> None:
    """Its blob is written before the guarded row is refused: the row still speaks of the state before."""
    saved = runs.save(RUN)
    moved = runs.save(replace(saved, state=RunState.EXPORTING))
    with pytest.raises(ChangedError):
        runs.save(replace(saved, state=RunState.EXPORTING, parked_count=9))

    assert moved == runs.get(RUN.key)
    assert runs.save(replace(moved, state=RunState.READY)).state is RunState.READY


def test_a_run_that_was_never_started_is_not_there(runs: RunStore) -> None:
    """The message says how to start one."""
    assert runs.get(RUN.key) is None
    assert runs.all() == []
    with pytest.raises(NotFoundError, match="POST /api/billing-runs"):
        runs.need(RUN.key)


def test_chunks_are_done_by_stage_and_by_start(runs: RunStore) -> None:
    """What one stage or start has done says nothing of another, not even of one from the same inputs."""
    exporting, again = replace(RUN, state=RunState.EXPORTING), replace(RUN, start_number=2)
    for number in (0, 2, 2):
        runs.mark_chunk_done(RUN, RunState.BILLING, number)
    runs.mark_chunk_done(exporting, RunState.EXPORTING, 1)

    assert [("a", "b"), ("c", "d"), ("e",)] == [RUN.chunk(number) for number in range(RUN.chunk_count)]
    assert [[1], [0, 2], [0, 1, 2]] == [runs.missing_chunks(run) for run in (RUN, exporting, again)]


def test_a_run_without_customers_has_one_empty_chunk(runs: RunStore) -> None:
    """So that it ends like any other."""
    empty = replace(RUN, customers=())

    assert (empty.chunk_count, empty.chunk(0), runs.missing_chunks(empty)) == (1, (), [0])


def test_outcomes_are_kept_by_start_and_read_back_digit_for_digit(runs: RunStore) -> None:
    """Written again they replace what was there; another start has its own."""
    runs.keep_outcome(RUN, replace(OUTCOME, customer_name="before"))
    runs.keep_outcome(RUN, OUTCOME)
    runs.keep_outcome(RUN, replace(OUTCOME, customer_id="b", issues=()))

    found = runs.outcomes(RUN)
    assert OUTCOME == found[0]
    assert [True, False] == [outcome.is_parked for outcome in found]
    assert [str(cost.amount) for cost in found[0].costs] == ["8.4100", "1E-7"]
    assert runs.outcomes(replace(RUN, start_number=2)) == []


def test_inputs_are_told_apart_by_everything_in_them() -> None:
    """Another file, price list, rule or refused file is another run."""
    others = [
        INPUTS,
        replace(INPUTS, files=()),
        replace(INPUTS, terms=()),
        replace(INPUTS, rules="2"),
        replace(INPUTS, refused=(("b.csv", "3" * 64),)),
    ]

    assert len({inputs.hash for inputs in others}) == 5


def test_an_export_is_shown_when_its_row_is_written(exports: ExportStore, own_blobs: Blobs) -> None:
    """The blob alone shows nothing; a newer file takes the place of the one before."""
    own_blobs.put("exports", export().blob, b"half done")
    assert exports.of_period(OCTOBER) == []

    exports.put(export(), b"one", None)
    shown = exports.of_scope(OCTOBER, "a")
    exports.put(export(content_hash="h2", file_name="two.csv"), b"two", shown["EUR", "csv"])

    assert ["two.csv"] == [each.file_name for each in exports.of_period(OCTOBER)]
    assert exports.of_scope(OCTOBER, "a")["EUR", "csv"].content_hash == "h2"
    assert exports.of_period(BillingPeriod(2026, 11)) == []


def test_a_slow_writer_does_not_put_an_older_file_back(exports: ExportStore) -> None:
    """Each write and withdrawal is guarded by what was shown when the writer looked."""
    exports.put(export(), b"one", None)
    with pytest.raises(ConflictError):
        exports.put(export(content_hash="h0"), b"nought", None)
    seen = exports.of_scope(OCTOBER, "a")["EUR", "csv"]
    exports.put(export(content_hash="h2", file_name="two.csv"), b"two", seen)
    with pytest.raises(ConflictError):
        exports.put(export(content_hash="h1"), b"one", seen)
    with pytest.raises(ConflictError):
        exports.withdraw(OCTOBER, seen)

    assert ["two.csv"] == [each.file_name for each in exports.of_period(OCTOBER)]


def test_withdrawing_shows_no_file_of_that_scope_only(exports: ExportStore) -> None:
    """A scope whose name begins like another's is left alone."""
    for scope in ("a", "a_b", "ab"):
        exports.put(export(scope), b"one", None)
    for shown in exports.of_scope(OCTOBER, "a").values():
        exports.withdraw(OCTOBER, shown)

    assert ["a_b", "ab"] == sorted(each.scope for each in exports.of_period(OCTOBER))


def test_a_link_opens_the_file(exports: ExportStore) -> None:
    """It is a URL that names the file to offer."""
    exports.put(export(), b"one", None)
    link = exports.link(export(), datetime.now(UTC) + timedelta(hours=1))

    assert link.startswith("http")
    assert "one.csv" in link
