"""A billing run, from its start to its approval: each step may be called twice, late, or by two workers at once.

::

    start -> chunks of customers -> advance -> exports -> ready -> approve -> advance -> exports -> approved

A run is made from inputs (files and terms, by content). Started again from the same inputs it only resumes what is
missing; from other inputs it begins anew, and invoices whose content stays the same are left as they are. Messages of
overtaken inputs are ignored.

Not here: one customer's bill (``bill_chunk``), files (``export_run``).
"""

import logging
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

from shared.application.invoice_totals import invoice_totals, invoices_of, reads_by_invoice
from shared.application.messages import ChunkMessage, RunMessage
from shared.application.organisations import unmatched_of
from shared.application.services import Services
from shared.application.terms import load_control_totals, load_terms, terms_in_force
from shared.domain.errors import ConflictError, StateError
from shared.domain.invoices import InvoiceState, sums_by_currency
from shared.domain.issues import Issue
from shared.domain.keys import RunKey
from shared.domain.periods import BillingPeriod
from shared.domain.source_files import check_control_totals, with_invoice_totals
from shared.storage.names import BILLING_CHUNKS_QUEUE, BILLING_FINALISE_QUEUE, EXPORTS_QUEUE
from shared.storage.repositories.runs import Inputs, Run, RunState
from shared.storage.repositories.source_files import SourceFileRecord
from shared.storage.repositories.terms import TermsKind, TermsVersion

logger = logging.getLogger(__name__)
RULES_VERSION = "1"
"""Counted up when the same inputs would give other amounts; a run then begins anew."""
START_ATTEMPTS_MAX = 5
ISSUES_KEPT_MAX = 1000


def start_run(services: Services, period: BillingPeriod) -> tuple[Run, bool]:
    """Start the period's run, or resume it; return it and whether anything new began.

    Raises:
        StateError: there is no source file or no price list for the period, or its run is being approved right now.
        ConflictError: others changed the run all the time.
    """
    for _ in range(START_ATTEMPTS_MAX):
        inputs = _inputs(services, period)
        existing = services.runs.get(RunKey(period))
        if existing is not None and existing.inputs == inputs:
            resume_run(services, existing)
            return existing, False
        if existing is not None and existing.state in {RunState.APPROVING, RunState.PUBLISHING}:
            resume_run(services, existing)
            raise StateError(f"the run for {period} is being approved: wait until it is, then start it again")
        with suppress(ConflictError):  # another start, or a step of the run before, was faster: look again
            run = services.runs.save(_fresh(services, period, inputs, existing))
            logger.info("run %s: %s customers in %s chunks", run.id, len(run.customers), run.chunk_count)
            resume_run(services, run)
            return run, True
    raise ConflictError(f"the run for {period} is being changed by others: start it again")


def terms_of(services: Services, run: Run) -> tuple[TermsVersion, ...]:
    """Return the versions of billing terms that the run was started with."""
    return tuple(services.terms.version(TermsKind(kind), hash_, name) for kind, hash_, name in run.inputs.terms)


def resume_run(services: Services, run: Run) -> None:
    """Ask for everything that is still missing; asking for what is under way already does no harm."""
    if run.state.is_resting:
        return
    missing = [] if run.state is RunState.APPROVING else services.runs.missing_chunks(run)
    queue = BILLING_CHUNKS_QUEUE if run.state is RunState.BILLING else EXPORTS_QUEUE
    for number in missing:
        services.queues.send(queue, ChunkMessage(str(run.period), run.inputs.hash, number).body())
    if not missing:
        services.queues.send(BILLING_FINALISE_QUEUE, RunMessage(str(run.period), run.inputs.hash).body())


def finish_chunk(services: Services, run: Run, number: int) -> None:
    """Remember that a chunk is done at the run's stage; the last one asks for the next step."""
    services.runs.mark_chunk_done(run, run.state, number)
    if not services.runs.missing_chunks(run):
        services.queues.send(BILLING_FINALISE_QUEUE, RunMessage(str(run.period), run.inputs.hash).body())


def current_run(services: Services, message: RunMessage | ChunkMessage) -> Run | None:
    """Return the run that a message speaks of, or None where other inputs have overtaken it."""
    run = services.runs.get(message.key)
    return run if run is not None and run.inputs.hash == message.inputs else None


def advance_run(services: Services, message: RunMessage) -> Run | None:
    """Take the run to its next state if everything for it is there; return it where it moved."""
    run = current_run(services, message)
    if run is None or run.state.is_resting:
        return None
    if run.state is RunState.APPROVING:
        _number_invoices(services, run)
    elif services.runs.missing_chunks(run):
        return None
    with suppress(ConflictError):  # another worker advanced it
        moved = services.runs.save(_next(services, run))
        logger.info("run %s: %s", moved.id, moved.state)
        resume_run(services, moved)
        return moved
    return None


def approve_run(services: Services, period: BillingPeriod, approved_by: str) -> tuple[Run, bool]:
    """Let the run's invoices become final, except those of parked customers; return it and whether that is news.

    Raises:
        NotFoundError: no run was started.
        StateError: the run is not ready, its inputs have changed, or an issue blocks all of it.
        ChangedError: somebody else took the run on at the same moment.
    """
    run = services.runs.need(RunKey(period))
    if run.state in {RunState.APPROVING, RunState.PUBLISHING, RunState.APPROVED}:
        resume_run(services, run)
        return run, False
    if run.state is not RunState.READY:
        raise StateError(f"the run for {period} is {run.state}, not ready: wait until it is, then approve")
    if run.inputs != _inputs(services, period):
        raise StateError(f"files or prices for {period} changed since the run: run again, look at it, then approve")
    if run.blocking_issues:
        shown = " ".join(str(issue) for issue in run.blocking_issues[:3])
        raise StateError(f"{len(run.blocking_issues)} issues block the run for {period}: {shown}")
    approving = services.runs.save(replace(run, state=RunState.APPROVING, approved_by=approved_by[:200]))
    logger.info("run %s: approved", approving.id)
    resume_run(services, approving)
    return approving, True


def sweep_runs(services: Services) -> int:
    """Ask again for whatever unfinished runs are missing; return how many runs that were."""
    unfinished = [run for run in services.runs.all() if not run.state.is_resting]
    for run in unfinished:
        resume_run(services, run)
    return len(unfinished)


def _fresh(services: Services, period: BillingPeriod, inputs: Inputs, existing: Run | None) -> Run:
    return Run(
        key=RunKey(period),
        inputs=inputs,
        state=RunState.BILLING,
        customers=tuple(services.sources.customers(period)),
        chunk_size=services.chunk_customers,
        start_number=existing.start_number + 1 if existing is not None else 1,
        etag=existing.etag if existing is not None else "",
    )


def _inputs(services: Services, period: BillingPeriod) -> Inputs:
    records = services.sources.records(period)
    counting = [record for record in records if record.refused_for is None]
    blocking = [record for record in records if record.refused_for is not None and record.refused_for.is_blocking]
    if not counting:
        raise StateError(f"there is no source file of Microsoft's for {period}: upload the reconciliation files first")
    versions = terms_in_force(services, period)
    load_terms(services, period, versions)
    return Inputs(
        files=tuple((record.name, record.content_hash) for record in counting),
        terms=tuple((version.kind.value, version.content_hash, version.file.name) for version in versions),
        rules=RULES_VERSION,
        refused=tuple((record.name, record.content_hash) for record in blocking),
        unmatched=unmatched_of(services, period),
        invoices=invoices_of(services, period),
    )


def _next(services: Services, run: Run) -> Run:
    match run.state:
        case RunState.BILLING:
            return _summed_up(services, run)
        case RunState.EXPORTING:
            return replace(run, state=RunState.READY)
        case RunState.APPROVING:
            return replace(run, state=RunState.PUBLISHING)
        case _:
            return replace(run, state=RunState.APPROVED)


def _summed_up(services: Services, run: Run) -> Run:
    outcomes = services.runs.outcomes(run)
    records = services.sources.records(run.period)
    counting = [record for record in records if (record.name, record.content_hash) in run.inputs.files]
    stated = load_control_totals(services, terms_of(services, run))
    controls = with_invoice_totals(stated, invoice_totals(services, run.period))
    issues = [
        *_file_issues(records),
        *check_control_totals(reads_by_invoice(services, run.period, counting), controls),
    ]
    issues.sort(key=lambda issue: not issue.is_blocking)  # what blocks is never cut off
    return replace(
        run,
        state=RunState.EXPORTING,
        issues=tuple(issues[:ISSUES_KEPT_MAX]),
        sales=sums_by_currency(sale for outcome in outcomes for sale in outcome.sales),
        costs=sums_by_currency(cost for outcome in outcomes for cost in outcome.costs),
        parked_count=sum(outcome.is_parked for outcome in outcomes),
    )


def _file_issues(records: Iterable[SourceFileRecord]) -> list[Issue]:
    """Return what concerns no single customer: customers' own issues stand on their outcomes."""
    return [issue for record in records for issue in record.issues if not issue.customer_id]


def _number_invoices(services: Services, run: Run) -> None:
    """Make the invoices of all customers that are not parked final, in customer order.

    One without lines that takes nothing back stays a draft: nobody is sent a number for nothing.
    """
    for outcome in services.runs.outcomes(run):
        if outcome.is_parked:
            continue
        for invoice in services.invoices.of_period(outcome.customer_id, run.period):
            if invoice.state is InvoiceState.DRAFT and not services.invoices.is_void(invoice):
                services.invoices.finalise(invoice, str(run.period))
