"""Export a run: each customer's files, and the reseller's own over all customers.

A file is written when its content is new, and never twice. A parked customer gets no file, because what it shows
would be incomplete. The reseller's files belong to chunk 0.

Not here: what stands in the files (``shared/documents``).
"""

import logging
from collections.abc import Iterator, Sequence
from datetime import timedelta

from shared.application.messages import ChunkMessage
from shared.application.runs import current_run, finish_chunk
from shared.application.services import Document, Services
from shared.domain.invoices import Invoice
from shared.domain.issues import Issue
from shared.domain.keys import digest
from shared.domain.periods import BillingPeriod
from shared.storage.repositories.exports import Export
from shared.storage.repositories.runs import CustomerOutcome, Run, RunState

logger = logging.getLogger(__name__)
RESELLER = "reseller"
LAYOUT_VERSION = "1"
"""Counted up when the same invoice would make another file; files are then written anew."""


def export_chunk(services: Services, message: ChunkMessage) -> int:
    """Write the files of a chunk of customers; return how many files are new.

    Raises:
        OperationalError: the store was in the way; the message comes again.
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
    if outcome.is_parked:
        services.exports.withdraw(run.period, outcome.customer_id)
        return 0
    written = 0
    customer = (outcome.customer_id, outcome.customer_name)
    for invoice in services.invoices.of_period(outcome.customer_id, run.period):
        content_hash = digest(LAYOUT_VERSION, services.reseller_name, *_shown(invoice))
        documents = None
        for kind in ("csv", "xlsx"):
            export = _export(run, customer, invoice.key.currency, kind, content_hash)
            if services.exports.exists(export):
                continue
            documents = documents or services.formats.customer_documents(
                invoice, reseller_name=services.reseller_name, run_id=run.id
            )
            written += _put(services, export, documents)
    return written


def _export_reseller(services: Services, run: Run, outcomes: Sequence[CustomerOutcome]) -> int:
    def invoices() -> Iterator[Invoice]:
        for outcome in outcomes:
            yield from services.invoices.of_period(outcome.customer_id, run.period)

    without_invoice = (issue for outcome in outcomes if not outcome.invoices for issue in outcome.issues)
    issues: list[Issue] = [*run.issues, *without_invoice]
    shown = (text for invoice in invoices() for text in _shown(invoice))
    said = (str(issue) for outcome in outcomes for issue in outcome.issues)
    content_hash = digest(LAYOUT_VERSION, services.reseller_name, *shown, *said, *map(str, run.issues))
    wanted = [_export(run, (RESELLER, services.reseller_name), "ALL", kind, content_hash) for kind in ("csv", "xlsx")]
    missing = [export for export in wanted if not services.exports.exists(export)]
    if not missing:
        return 0
    documents = services.formats.reseller_documents(
        invoices, reseller_name=services.reseller_name, run_id=run.id, issues=issues
    )
    return sum(_put(services, export, documents) for export in missing)


def _shown(invoice: Invoice) -> tuple[str, ...]:
    return invoice.customer_id, invoice.key.render(), invoice.content_hash, invoice.state.value, invoice.number


def _export(run: Run, scope: tuple[str, str], currency: str, kind: str, content_hash: str) -> Export:
    return Export(
        period=run.period,
        scope=scope[0],
        label=scope[1],
        currency=currency,
        format=kind,
        file_name="",
        content_hash=content_hash,
    )


def _put(services: Services, export: Export, documents: Sequence[Document]) -> int:
    document = next(document for document in documents if document.format == export.format)
    named = Export(
        period=export.period,
        scope=export.scope,
        label=export.label,
        currency=export.currency,
        format=export.format,
        file_name=document.file_name,
        content_hash=export.content_hash,
    )
    services.exports.put(named, document.content)
    return 1
