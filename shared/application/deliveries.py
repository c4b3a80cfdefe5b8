"""Deliveries: one of Microsoft's exports is asked for, waited for, taken in part by part, and counts as a whole.

::

    ask -> requested -> (polls) -> ready -> each part: fetch, keep, ingest -> complete

Every step is a message on one queue and may come twice, late or after a crash: it looks at the delivery's row first.
Nobody waits in a worker: an export that is not ready is looked at again by a message with a delay. A delivery that is
complete is asked for again by later nights; an answer with the same ETag writes nothing, another one is a new version,
whose files count together from the one write that completes it.

What opens a part expires and is a secret, so it is kept nowhere: each part asks the operation for its manifest anew.

Not here: which deliveries are wanted (``billing_sync``), reading files (``ingest``).
"""

import gzip
import logging
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import BinaryIO, cast

from shared.application.ingest import ingest_delivered, refuse_uploads
from shared.application.messages import DeliveryMessage
from shared.application.services import Services
from shared.domain.errors import (
    AlreadyExistsError,
    ChangedError,
    IntegrityError,
    InvalidError,
    MicrosoftBusyError,
    MicrosoftUnavailableError,
    NotConnectedError,
    NotFoundError,
    SourceFileError,
    ThrottledError,
)
from shared.domain.periods import BillingPeriod
from shared.domain.snapshots.deliveries import ExportFailed, ExportRunning, Manifest
from shared.storage.names import DELIVERIES_QUEUE
from shared.storage.repositories.deliveries import LEGACY, Delivery, DeliveryState

logger = logging.getLogger(__name__)
ASK, LOOK, PART = "ask", "look", "part"
BILLED_CONTENT = "/billing_line_items"
"""What of a legacy invoice has prices; the other contents are the usage behind them, day by day."""
POLLS_MAX = 720
"""With the ten seconds that Microsoft mostly asks for: two hours."""
ATTEMPTS_MAX = 6
ASKED_AGAIN_MAX = 3
DELAY_S_MAX = 900
FIRST_LOOK_S = 2
"""An export that is small is ready by then; any other says itself when to look again."""
FIRST_DELAY_S = 30
RACE_S = 1
_ONE_AT_A_TIME = Lock()
"""A process reads one part at a time: two would take twice the memory, and no less time."""


def send(services: Services, message: DeliveryMessage, delay_s: int = 0) -> None:
    """Put a step on the queue, visible after *delay_s* seconds."""
    services.queues.send(DELIVERIES_QUEUE, message.body(), delay_s=delay_s)


def try_later(services: Services, message: DeliveryMessage, why: str) -> bool:
    """Put a step back onto the queue, with a growing delay; False where it was tried often enough."""
    if message.attempt >= ATTEMPTS_MAX:
        return False
    logger.info("delivery %s %s: %s later, %s", message.period, _named(message), message.step, why)
    send(services, replace(message, attempt=message.attempt + 1), min(FIRST_DELAY_S << message.attempt, DELAY_S_MAX))
    return True


def work_off(services: Services, message: DeliveryMessage) -> None:
    """Do one step of a delivery.

    What Microsoft's side hinders is tried again later, with growing delays, and ends in the delivery's note. Where
    another worker was faster the step looks at the row anew.

    Raises:
        OperationalError, ConflictError: the store was in the way, or others again and again; the message comes again.
    """
    try:
        _do_step(services, message)
    except ChangedError:
        if message.attempt >= ATTEMPTS_MAX:
            raise
        logger.info("delivery %s %s: another worker was faster, looking again", message.period, _named(message))
        send(services, replace(message, attempt=message.attempt + 1), RACE_S)


def _do_step(services: Services, message: DeliveryMessage) -> None:
    steps: dict[str, Callable[[Services, DeliveryMessage], None]] = {ASK: _ask, LOOK: _look, PART: _take_part}
    try:
        steps[message.step](services, message)
    except ThrottledError as error:
        send(services, message, min(max(error.retry_after_s, 1), DELAY_S_MAX * 4))
    except (MicrosoftUnavailableError, MicrosoftBusyError, SourceFileError) as error:
        _later(services, message, str(error))
    except NotConnectedError as error:
        logger.warning("delivery %s %s: %s; tried again by the next sync", message.period, _named(message), error)
    except (InvalidError, IntegrityError) as error:
        _give_up(services, message, str(error))


def delivery_of(services: Services, message: DeliveryMessage) -> Delivery:
    """Return the delivery that a message to ask speaks of, as it stands, or a new one."""
    fresh = Delivery(
        period=BillingPeriod.parse(message.period),
        kind=message.kind,
        currency=message.currency,
        invoice_id=message.invoice_id,
    )
    return services.deliveries.get(fresh.period, fresh.row) or fresh


def sweep_deliveries(services: Services, periods: list[BillingPeriod]) -> int:
    """Look again at each delivery of the months that is under way; return how many those were."""
    under_way = [
        each for period in periods for each in services.deliveries.of_period(period) if not each.state.is_resting
    ]
    for delivery in under_way:
        send(services, _look_at(delivery))
    return len(under_way)


def _look_at(delivery: Delivery) -> DeliveryMessage:
    return DeliveryMessage(step=LOOK, period=str(delivery.period), row=delivery.row)


def _ask(services: Services, message: DeliveryMessage) -> None:
    """Ask for an export unless it is under way; the row of one that is at rest changes when the answer does."""
    delivery = delivery_of(services, message)
    if delivery.row_etag and not delivery.state.is_resting:
        send(services, _look_at(delivery))
        return
    if delivery.kind == LEGACY:
        _ask_legacy(services, delivery)
        return
    span = "" if delivery.is_billed else span_of(delivery.period, BillingPeriod.of(services.clock().date()))
    if not delivery.is_billed and not span:
        return  # its month went by while the message waited
    operation = services.microsoft().request_export(delivery.request(span))
    if delivery.row_etag:
        send(services, replace(_look_at(delivery), operation=operation, span=span), FIRST_LOOK_S)
        return
    _save_requested(services, delivery, operation, span)
    send(services, _look_at(delivery), FIRST_LOOK_S)


def _save_requested(services: Services, delivery: Delivery, operation: str, span: str) -> None:
    asked = replace(delivery, state=DeliveryState.REQUESTED, operation=operation, span=span, asked_at=services.clock())
    try:
        services.deliveries.save(asked)
    except AlreadyExistsError:  # another worker asked at the same moment: its export will do
        logger.info("delivery %s %s: asked for twice", delivery.period, delivery.row)
    else:
        logger.info("delivery %s %s: requested", delivery.period, delivery.row)


def _ask_legacy(services: Services, delivery: Delivery) -> None:
    """Take in a legacy invoice, once: it has no export and never changes."""
    if delivery.counting:
        return
    invoices = services.microsoft_invoices.all(delivery.period)
    contents = next((invoice.contents for invoice in invoices if invoice.id == delivery.invoice_id), ())
    billed = tuple(content for content in contents if content.casefold().endswith(BILLED_CONTENT))
    answered = delivery.answered(manifest_id="", etag="legacy", parts=billed)
    _take_in(services, services.deliveries.save(replace(answered, asked_at=services.clock())))


def _left_out(services: Services, delivery: Delivery) -> str:
    """Return what of a legacy invoice is not read: day by day usage without prices, whose amounts others carry."""
    invoices = services.microsoft_invoices.all(delivery.period)
    contents = next((invoice.contents for invoice in invoices if invoice.id == delivery.invoice_id), ())
    names = [content for content in contents if content not in delivery.parts]
    if not names:
        return ""
    return (
        f"Not read: {', '.join(names)}. These lines carry no price; what they cost is in the billed lines, and the "
        "invoice's total proves that it is all there."
    )


def _look(services: Services, message: DeliveryMessage) -> None:
    delivery = services.deliveries.get(BillingPeriod.parse(message.period), message.row)
    if delivery is None:
        return
    if delivery.state is DeliveryState.READY:
        _take_in(services, delivery)
        return
    if delivery.state is DeliveryState.REQUESTED:
        asked = delivery
    elif message.operation:
        asked = replace(delivery, operation=message.operation, span=message.span)
    else:
        _after_completion(services, delivery)
        return
    try:
        state = services.microsoft().export_state(asked.operation)
    except (NotFoundError, SourceFileError) as error:
        _ask_again(services, asked, message, str(error))
        return
    match state:
        case ExportRunning(retry_after_s):
            _poll_again(services, asked, message, retry_after_s)
        case ExportFailed():
            _failed(services, asked, state)
        case Manifest():
            _offered(services, asked, message, state)


def _poll_again(services: Services, asked: Delivery, message: DeliveryMessage, retry_after_s: int) -> None:
    if message.polls >= POLLS_MAX:
        _rest(services, asked, DeliveryState.FAILED, f"Microsoft did not finish the export in {POLLS_MAX} looks.")
        return
    send(services, replace(message, polls=message.polls + 1), min(max(retry_after_s, 1), DELAY_S_MAX))


def _failed(services: Services, asked: Delivery, failed: ExportFailed) -> None:
    if failed.is_empty:
        _rest(services, asked, DeliveryState.EMPTY, "Microsoft has no data for it (yet); it is asked for again.")
    else:
        _rest(services, asked, DeliveryState.FAILED, f"Microsoft: {failed.code} {failed.message}")


def _rest(services: Services, delivery: Delivery, state: DeliveryState, note: str) -> None:
    """Let the delivery rest without anything new; nothing is written where it rests so already."""
    before = services.deliveries.get(delivery.period, delivery.row)
    resting = delivery.resting(state, note)
    if resting == before:
        return
    services.deliveries.save(resting)
    logger.info("delivery %s %s: %s, %s", delivery.period, delivery.row, resting.state, note)


def _offered(services: Services, asked: Delivery, message: DeliveryMessage, manifest: Manifest) -> None:
    if manifest.part_count != len(manifest.parts):
        found = f"the manifest names {len(manifest.parts)} of {manifest.part_count} parts"
        _ask_again(services, asked, message, found)
        return
    if not _is_for_its_month(asked, manifest):
        made_on = f"on {manifest.created_at:%Y-%m-%d} by Microsoft's clock, in another month than it was asked for"
        _ask_again(services, asked, message, f"the export was made {made_on}; compare the clocks (prorata doctor)")
        return
    if asked.counting and manifest.etag == asked.counting_etag:
        if asked.note or asked.state is not DeliveryState.COMPLETE:
            services.deliveries.save(replace(asked.resting(DeliveryState.COMPLETE, ""), version=asked.counting))
        logger.info("delivery %s %s: unchanged", asked.period, asked.row)
        return
    ready = asked.answered(manifest_id=manifest.id, etag=manifest.etag, parts=manifest.parts)
    ready = services.deliveries.save(ready)
    logger.info("delivery %s %s: %s parts", ready.period, ready.row, len(ready.parts))
    _take_in(services, ready)


def _is_for_its_month(asked: Delivery, manifest: Manifest) -> bool:
    """Whether "current" and "last" meant the delivery's month when Microsoft made the export."""
    made_in = BillingPeriod.of(manifest.created_at.date())
    return asked.is_billed or asked.period == (made_in if asked.span == "current" else made_in.previous)


def _ask_again(services: Services, asked: Delivery, message: DeliveryMessage, why: str) -> None:
    """Ask for the same export anew, a few times; for its month, whatever that is called by now."""
    if asked.attempts >= ASKED_AGAIN_MAX or message.attempt >= ATTEMPTS_MAX:
        _rest(services, asked, DeliveryState.FAILED, f"Given up for now: {why}.")
        return
    logger.info("delivery %s %s: asked for again, %s", asked.period, asked.row, why)
    span = "" if asked.is_billed else span_of(asked.period, BillingPeriod.of(services.clock().date()))
    if not asked.is_billed and not span:
        _rest(services, asked, DeliveryState.FAILED, "Its month is over, and Microsoft exports unbilled data no more.")
        return
    operation = services.microsoft().request_export(asked.request(span))
    if asked.state.is_resting:
        again = replace(message, operation=operation, span=span, attempt=message.attempt + 1, polls=0)
        send(services, again, FIRST_DELAY_S)
        return
    requested = replace(
        asked, state=DeliveryState.REQUESTED, operation=operation, span=span, attempts=asked.attempts + 1
    )
    services.deliveries.save(requested)
    send(services, _look_at(requested), FIRST_LOOK_S)


def span_of(period: BillingPeriod, current: BillingPeriod) -> str:
    """Return what Microsoft calls the month of unbilled data: "current", "last", or "" for one it has no more."""
    return {current: "current", current.previous: "last"}.get(period, "")


def _take_in(services: Services, delivery: Delivery) -> None:
    """Ask for every part that is not there yet, or complete the delivery."""
    there = services.sources.delivered(delivery.period, delivery.file_prefix)
    missing = [index for index in range(len(delivery.parts)) if delivery.file_name(index) not in there]
    for index in missing:
        part = replace(_look_at(delivery), step=PART, version=delivery.version, part=index)
        send(services, part)
    if not missing:
        _complete(services, delivery)


def _take_part(services: Services, message: DeliveryMessage) -> None:
    delivery = services.deliveries.get(BillingPeriod.parse(message.period), message.row)
    if delivery is None or delivery.state is not DeliveryState.READY or delivery.version != message.version:
        return  # overtaken, or complete
    name = delivery.file_name(message.part)
    if services.sources.row(delivery.period, name) is None:
        try:
            if services.sources.file(delivery.period, name) is not None:
                with _ONE_AT_A_TIME:
                    ingest_delivered(services, delivery, name)
            elif not _fetch(services, delivery, message):
                return
        except SourceFileError:
            services.sources.discard(delivery.period, name)  # it is fetched again
            raise
        except AlreadyExistsError:
            logger.info("delivery %s %s: part %s was taken in twice", delivery.period, delivery.row, message.part)
    there = services.sources.delivered(delivery.period, delivery.file_prefix)
    if len(there) == len(delivery.parts):
        _complete(services, delivery)


def _fetch(services: Services, delivery: Delivery, message: DeliveryMessage) -> bool:
    """Take a part in as Microsoft delivers it; False where the export has to be waited or asked for again."""
    part = delivery.parts[message.part]
    with tempfile.NamedTemporaryFile() as target:
        if delivery.kind == LEGACY:
            _fetch_legacy(services, delivery, part, cast("BinaryIO", target))
        elif not _fetch_export(services, delivery, message, cast("BinaryIO", target)):
            return False
        target.flush()
        _keep_and_ingest(services, delivery, _Fetched(delivery.file_name(message.part), Path(target.name)))
    return True


def _fetch_export(services: Services, delivery: Delivery, message: DeliveryMessage, target: BinaryIO) -> bool:
    microsoft = services.microsoft()
    try:
        state = microsoft.export_state(delivery.operation)
        if not isinstance(state, Manifest) or state.etag != delivery.etag:
            _ask_again(services, delivery, message, "the export is not the one that it was")
            return False
        with microsoft.open_part(state, delivery.parts[message.part]) as stream:
            shutil.copyfileobj(stream, target, 1 << 20)
    except NotFoundError:
        _ask_again(services, delivery, message, "the address of its parts expired")
        return False
    return True


def _fetch_legacy(services: Services, delivery: Delivery, content: str, target: BinaryIO) -> None:
    """Write the lines of a legacy invoice as JSON lines, as the reader of legacy files takes them."""
    with gzip.GzipFile(fileobj=target, mode="wb", compresslevel=6, mtime=0) as packed:
        for line in services.microsoft().legacy_lines(delivery.invoice_id, content):
            packed.write(line.replace(b"\r", b" ").replace(b"\n", b" ") + b"\n")  # blanks between values only


@dataclass(frozen=True, slots=True)
class _Fetched:
    """A part on this machine, whole."""

    name: str
    path: Path

    def open(self) -> BinaryIO:
        """Return its content."""
        return self.path.open("rb")


def _keep_and_ingest(services: Services, delivery: Delivery, fetched: _Fetched) -> None:
    """Put a part into the store and, while the store writes, read it; it is recorded when both are done."""
    with _ONE_AT_A_TIME, ThreadPoolExecutor(1, "keep") as thread, fetched.open() as stream:
        kept = thread.submit(services.sources.put, delivery.period, fetched.name, stream)
        ingest_delivered(services, delivery, fetched.name, fetched, kept.result)


def _complete(services: Services, delivery: Delivery) -> None:
    """Let the version count: one write, after which no file of the version before does."""
    records = services.sources.delivered_records(delivery.period, delivery.file_prefix)
    row_count = sum(record.row_count for record in records)
    refuse_uploads(services, delivery.period, services.sources.delivered_records(delivery.period, delivery.file_prefix))
    note = _left_out(services, delivery) if delivery.kind == LEGACY else ""
    completed = services.deliveries.save(replace(delivery.completed(row_count), note=note))
    logger.info("delivery %s %s: complete, %s rows", completed.period, completed.row, completed.row_count)
    _after_completion(services, completed)


def _after_completion(services: Services, delivery: Delivery) -> None:
    """Look once more for an upload of the same that came while the delivery became complete."""
    if delivery.counting and delivery.version == delivery.counting:
        records = services.sources.delivered_records(delivery.period, delivery.file_prefix)
        refuse_uploads(services, delivery.period, records)


def _later(services: Services, message: DeliveryMessage, why: str) -> None:
    if not try_later(services, message, why):
        _give_up(services, message, why)


def _give_up(services: Services, message: DeliveryMessage, why: str) -> None:
    """Note on the delivery why it did not come in; a later night asks again."""
    period = BillingPeriod.parse(message.period)
    delivery = services.deliveries.get(period, message.row) if message.row else delivery_of(services, message)
    if delivery is not None and (message.step != PART or delivery.version == message.version):
        part = f"Part {message.part + 1}: " if message.step == PART else ""
        _rest(services, delivery, DeliveryState.FAILED, part + why)


def _named(message: DeliveryMessage) -> str:
    return message.row or f"{message.kind} {message.invoice_id or message.currency}"
