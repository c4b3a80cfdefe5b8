"""Export a run: each customer's files, and the reseller's own over all customers.

A file is written when its content is new, and never twice. A parked customer gets no file, because what it shows
would be incomplete. The reseller's files belong to chunk 0.

Not here: what stands in the files (``shared/documents``).
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from shared.application.messages import ChunkMessage
from shared.application.runs import current_run, finish_chunk
from shared.application.services import Document, Services
from shared.domain.errors import ChangedError
from shared.domain.invoices import Invoice, InvoiceState
from shared.domain.issues import Issue
from shared.domain.keys import InvoiceKey, digest
from shared.domain.periods import BillingPeriod
from shared.storage.repositories.exports import Export, ExportRow
from shared.storage.repositories.runs import CustomerOutcome, Run, RunState

logger = logging.getLogger(__name__)
RESELLER = "reseller"
ALL_CURRENCIES = "ALL"
KINDS = ("csv", "xlsx")
LAYOUT_VERSION = "1"
"""Counted up when the same invoice would make another file; files are then written anew."""


def export_chunk(services: Services, message: ChunkMessage) -> int:
    """Write the files of a chunk of customers; return how many files are new.

    Raises:
        OperationalError: the store was in the way; the message comes again.
        ConflictError: another worker writes the same files; the message comes again.
    """
    run = current_run(services, message)
    if run is None or run.state not in {RunState.EXPORTING, RunState.PUBLISHING}:
        return 0
    written = 0
    chunk = set(run.chunk(message.chunk))
    outcomes = services.runs.outcomes(run)
    for outcome in outcomes:
        if outcome.customer_id in chunk:
            written += _export_customer(services, run, outcome)
    if message.chunk == 0:
        written += _export_reseller(services, run, outcomes)
    finish_chunk(services, run, message.chunk)
    logger.info("run %s: chunk %s, %s files written", run.id, message.chunk, written)
    return written


def exports_with_links(services: Services, period: BillingPeriod) -> list[tuple[Export, str]]:
    """Return the period's files, the reseller's first, each with a link that expires as the settings say."""
    expires_at = services.clock() + timedelta(hours=services.link_hours)
    exports = sorted(
        services.exports.of_period(period),
        key=lambda export: (export.scope != RESELLER, export.label.casefold(), export.currency, export.format),
    )
    return [(export, services.exports.link(export, expires_at)) for export in exports]


def _export_customer(services: Services, run: Run, outcome: CustomerOutcome) -> int:
    shown = services.exports.of_scope(run.period, outcome.customer_id)
    invoices = [] if outcome.is_parked else _invoices(services, run, outcome)
    wanted = [(_customer_export(run, services, invoice, kind), invoice) for invoice in invoices for kind in KINDS]
    for place in sorted(shown.keys() - {export.place for export, _ in wanted}):
        if place[1] in KINDS:  # the files of final invoices stay
            services.exports.withdraw(run.period, shown[place])
    written = 0
    made: dict[InvoiceKey, Sequence[Document]] = {}
    for export, invoice in wanted:
        before = shown.get(export.place)
        if before is not None and before.content_hash == export.content_hash:
            continue
        if invoice.key not in made:
            made[invoice.key] = services.formats.customer_documents(
                invoice, reseller_name=services.reseller_name, run_id=run.id
            )
        _check_stage(services, run)
        _put(services, export, made[invoice.key], before)
        written += 1
    return written


def _check_stage(services: Services, run: Run) -> None:
    """Keep a slow worker from showing drafts after the final files were written.

    Raises:
        ChangedError: the run has moved on since this worker read it; the message comes again and finds that out.
    """
    now = services.runs.need(run.key)
    if (now.state, now.start_number) != (run.state, run.start_number):
        raise ChangedError(f"the run for {run.period} moved on to {now.state}: files of {run.state} are not written")


def _customer_export(run: Run, services: Services, invoice: Invoice, kind: str) -> Export:
    content_hash = digest(LAYOUT_VERSION, services.reseller_name, *_shown(invoice))
    export = _export(run, (invoice.customer_id, invoice.customer_name), (invoice.key.currency, kind), content_hash)
    is_final = invoice.state is InvoiceState.FINAL
    return replace(export, final_revision=invoice.key.revision) if is_final else export


def _export_reseller(services: Services, run: Run, outcomes: Sequence[CustomerOutcome]) -> int:
    def invoices() -> Iterator[Invoice]:
        for outcome in outcomes:
            yield from _invoices(services, run, outcome)

    shown = services.exports.of_scope(run.period, RESELLER)
    without_invoice = (issue for outcome in outcomes if not outcome.invoices for issue in outcome.issues)
    issues: list[Issue] = [*run.issues, *without_invoice]
    told = (text for invoice in invoices() for text in _shown(invoice))
    said = (str(issue) for outcome in outcomes for issue in outcome.issues)
    content_hash = digest(LAYOUT_VERSION, services.reseller_name, *told, *said, *map(str, run.issues))
    before = {kind: shown.get((ALL_CURRENCIES, kind)) for kind in KINDS}
    missing = [kind for kind, row in before.items() if row is None or row.content_hash != content_hash]
    if not missing:
        return 0
    documents = services.formats.reseller_documents(
        invoices, reseller_name=services.reseller_name, run_id=run.id, issues=issues
    )
    for kind in missing:
        export = _export(run, (RESELLER, services.reseller_name), (ALL_CURRENCIES, kind), content_hash)
        _put(services, export, documents, before[kind])
    return len(missing)


def _invoices(services: Services, run: Run, outcome: CustomerOutcome) -> list[Invoice]:
    """Return what stands for the customer, less a draft that asks for nothing and takes nothing back.

    Of a customer that could not be billed at all nothing is shown: what stands is of an earlier run, or unreadable.
    """
    if outcome.is_parked and not outcome.invoices:
        return []
    standing = services.invoices.of_period(outcome.customer_id, run.period)
    return [invoice for invoice in standing if not services.invoices.is_void(invoice)]


def _shown(invoice: Invoice) -> tuple[str, ...]:
    return invoice.customer_id, invoice.key.render(), invoice.content_hash, invoice.state.value, invoice.number


def _export(run: Run, scope: tuple[str, str], kind: tuple[str, str], content_hash: str) -> Export:
    return Export(
        period=run.period,
        scope=scope[0],
        label=scope[1],
        currency=kind[0],
        format=kind[1],
        file_name="",
        content_hash=content_hash,
    )


def _put(services: Services, export: Export, documents: Sequence[Document], before: ExportRow | None) -> None:
    document = next(document for document in documents if document.format == export.format)
    services.exports.put(replace(export, file_name=document.file_name), document.content, before)
