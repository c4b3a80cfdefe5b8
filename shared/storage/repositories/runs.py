"""Billing runs: their state under an ETag, which chunks are done, and what came out for each customer.

A run is one period and scope. Its *inputs* are a hash over everything it was made from; each start from other inputs
has a number of its own, and chunks and customers are kept under it, so that one start never mixes with another, not
even with an earlier one from the same inputs.

Not here: what a step does (``shared/application``).
"""

from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum

from shared.domain.errors import AlreadyExistsError, NotFoundError
from shared.domain.issues import Issue
from shared.domain.keys import RunKey, digest
from shared.domain.money import Money
from shared.domain.periods import BillingPeriod
from shared.domain.usage_detail import Coverage
from shared.storage.names import CHARGE_LINES_CONTAINER
from shared.storage.ports import Blobs, Tables
from shared.storage.repositories.codec import packed, read_whole, table_key, unpacked

RUNS, CHUNKS, CUSTOMERS = "runs", "runchunks", "runcustomers"
_PARTITION = "run"


class RunState(StrEnum):
    """Where a run is: billing -> exporting -> ready -> approving -> publishing -> approved."""

    BILLING = "billing"  # chunks of customers are being billed
    EXPORTING = "exporting"  # drafts are being written as files
    READY = "ready"  # waits for a person
    APPROVING = "approving"  # invoices are being numbered
    PUBLISHING = "publishing"  # final invoices are being written as files
    APPROVED = "approved"  # done; other inputs start it anew

    @property
    def is_resting(self) -> bool:
        """Whether nothing happens by itself any more."""
        return self in {RunState.READY, RunState.APPROVED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What a run is made from: files that count (name, hash), terms (kind, hash, name), and the rules' version.

    *refused* are the files (name, hash) that block the run: somebody has to withdraw or replace them. *unmatched* are
    customers whose tenant belongs to no organisation, *invoices* Microsoft's own (number, currency, total with tax).
    """

    files: tuple[tuple[str, str], ...]
    terms: tuple[tuple[str, str, str], ...]
    rules: str
    refused: tuple[tuple[str, str], ...] = ()
    unmatched: tuple[str, ...] = ()
    invoices: tuple[tuple[str, str, str], ...] = ()

    @property
    def hash(self) -> str:
        """16 hex digits that change with any input."""
        blocked = (*(("refused", *file) for file in self.refused), *(("unmatched", each) for each in self.unmatched))
        invoiced = (("invoice", *each) for each in self.invoices)
        entries = (*self.files, *self.terms, *blocked, *invoiced)
        return digest(self.rules, *(text for entry in entries for text in entry))


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerOutcome:
    """What a run made for one customer."""

    customer_id: str
    customer_name: str
    invoices: tuple[str, ...]
    sales: tuple[Money, ...]
    costs: tuple[Money, ...]
    issues: tuple[Issue, ...]
    coverage: tuple[Coverage, ...] = ()
    uncharged_costs: tuple[Money, ...] = ()

    @property
    def is_parked(self) -> bool:
        """Whether a blocking issue keeps this customer out of approval."""
        return any(issue.is_blocking for issue in self.issues)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One billing run. *start_number* counts its starts from other inputs; *etag* guards its next state."""

    key: RunKey
    inputs: Inputs
    state: RunState
    customers: tuple[str, ...]
    chunk_size: int
    issues: tuple[Issue, ...] = ()
    sales: tuple[Money, ...] = ()
    costs: tuple[Money, ...] = ()
    parked_count: int = 0
    approved_by: str = ""
    start_number: int = 1
    etag: str = field(default="", compare=False)

    @property
    def id(self) -> str:
        """The run and its inputs, for example ``2026-10_all_9f3c21ab00d1e2f3``."""
        return f"{self.key.render()}_{self.inputs.hash}"

    @property
    def work_id(self) -> str:
        """What the work of this start is kept under, for example ``2026-10_all_9f3c21ab00d1e2f3_1``."""
        return f"{self.id}_{self.start_number}"

    @property
    def period(self) -> BillingPeriod:
        """The month that is billed."""
        return self.key.period

    @property
    def chunk_count(self) -> int:
        """How many chunks of customers there are; at least one, so that an empty run ends too."""
        return max(1, -(-len(self.customers) // self.chunk_size))

    def chunk(self, number: int) -> tuple[str, ...]:
        """Return the customers of a chunk, counted from 0."""
        return self.customers[number * self.chunk_size : (number + 1) * self.chunk_size]

    @property
    def blocking_issues(self) -> tuple[Issue, ...]:
        """What keeps the whole run from approval."""
        return tuple(issue for issue in self.issues if issue.is_blocking and not issue.customer_id)


class RunStore:
    """All billing runs."""

    def __init__(self, tables: Tables, blobs: Blobs) -> None:
        self._tables, self._blobs = tables, blobs

    def get(self, key: RunKey) -> Run | None:
        """Return the run, or None where it was never started."""
        row = self._tables.get(RUNS, _PARTITION, key.render())
        if row is None:
            return None
        run = unpacked(read_whole(self._blobs.open(CHARGE_LINES_CONTAINER, str(row.values["blob"]))), Run)
        return replace(run, etag=row.etag)

    def need(self, key: RunKey) -> Run:
        """Return the run.

        Raises:
            NotFoundError: it was never started.
        """
        run = self.get(key)
        if run is None:
            raise NotFoundError(f"no billing run for {key.period}: start one with POST /api/billing-runs")
        return run

    def all(self) -> list[Run]:
        """Return every run, in period order."""
        keys = [row.values["period"] for row in self._tables.query(RUNS, _PARTITION)]
        runs = [self.get(RunKey(BillingPeriod.parse(str(period)))) for period in keys]
        return [run for run in runs if run is not None]

    def save(self, run: Run) -> Run:
        """Write the run, new or changed since it was read, and return it with its new ETag.

        Raises:
            AlreadyExistsError, ChangedError: somebody else was faster. Read it again.
        """
        content = packed(replace(run, etag=""))
        blob = f"runs/{run.id}_{digest(content.hex())}.json.gz"
        self._blobs.put(CHARGE_LINES_CONTAINER, blob, content, content_type="application/gzip")
        values = {"state": run.state.value, "period": str(run.period), "inputs": run.inputs.hash, "blob": blob}
        if run.etag:
            etag = self._tables.replace(RUNS, _PARTITION, run.key.render(), values, run.etag)
        else:
            etag = self._tables.insert(RUNS, _PARTITION, run.key.render(), values)
        return replace(run, etag=etag)

    def mark_chunk_done(self, run: Run, stage: RunState, number: int) -> None:
        """Remember that a chunk is done at that stage; marking it again is nothing."""
        with suppress(AlreadyExistsError):
            self._tables.insert(CHUNKS, run.work_id, f"{stage}_{number:06d}", {"done": True})

    def missing_chunks(self, run: Run) -> list[int]:
        """Return the chunks that are not done yet at the stage the run is in."""
        first, last = f"{run.state}_", f"{run.state}`"
        done = {row.row for row in self._tables.query(CHUNKS, run.work_id, row_from=first, row_before=last)}
        return [number for number in range(run.chunk_count) if f"{run.state}_{number:06d}" not in done]

    def keep_outcome(self, run: Run, outcome: CustomerOutcome) -> None:
        """Remember what came out for a customer."""
        key = table_key(outcome.customer_id)
        blob = f"runs/{run.work_id}/{key}.json.gz"
        self._blobs.put(CHARGE_LINES_CONTAINER, blob, packed(outcome), content_type="application/gzip")
        self._tables.upsert(CUSTOMERS, run.work_id, key, {"blob": blob, "is_parked": outcome.is_parked})

    def outcomes(self, run: Run) -> list[CustomerOutcome]:
        """Return what came out for every customer so far, in key order."""
        return [
            unpacked(read_whole(self._blobs.open(CHARGE_LINES_CONTAINER, str(row.values["blob"]))), CustomerOutcome)
            for row in self._tables.query(CUSTOMERS, run.work_id)
        ]
