"""Ingest: a file of Microsoft's comes in, is checked as a whole, and is laid out by customer.

Two steps: ``accept`` keeps the bytes and returns at once; ``ingest`` works from a queue and may be called any number of
times. A file counts from the moment it is recorded, and counts whole; one that cannot be read, or repeats another, is
recorded as refused with the reason: a repetition is only told, anything else keeps the month from approval until
somebody withdraws or replaces the file.

A file is read once: hashed, checked and split by customer in the same pass. One that Microsoft delivered counts from
the moment its delivery does (``deliveries``), and is no repetition of what the delivery brought before; an uploaded
file that repeats a delivered one is refused.

Not here: which prices apply (that is the run's business).
"""

import gzip
import io
import logging
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import BinaryIO, cast

from shared.application.messages import IngestMessage
from shared.application.services import Services
from shared.domain.errors import ChangedError, InvalidError, NotFoundError, SourceFileError
from shared.domain.issues import Issue, IssueCode, Severity
from shared.domain.periods import BillingPeriod
from shared.domain.source_files import FileRead, Opened, SourceFiles, outside_period
from shared.domain.source_lines import Family
from shared.storage.names import INGEST_QUEUE
from shared.storage.repositories.deliveries import FILE_PREFIX, Delivery
from shared.storage.repositories.source_files import Bundle, DocumentRecord, SourceFileRecord

logger = logging.getLogger(__name__)
NAME_CHARACTERS_MAX = 150
ISSUES_KEPT_MAX = 500


def accept_source_file(
    services: Services, period: BillingPeriod, name: str, content: bytes | BinaryIO | None
) -> IngestMessage:
    """Keep a file and ask for its ingest; without *content* the file is expected to lie in the store already.

    Raises:
        InvalidError: the name is no plain file name.
        NotFoundError: no content was given and none is there.
    """
    is_plain = (
        name.isprintable()
        and not set(name) & set('/\\:*?"<>|')
        and not name.startswith(".")
        and not name.endswith((".", " "))
    )
    if not name or len(name) > NAME_CHARACTERS_MAX or not is_plain:
        raise InvalidError(
            f"name: {name[:40]!r} is no plain file name of at most {NAME_CHARACTERS_MAX} characters, such as recon.csv"
        )
    if name.startswith(FILE_PREFIX):
        raise InvalidError(f"name: {name[:40]!r} begins with {FILE_PREFIX}, as only files from Microsoft do; rename it")
    if content is not None:
        services.sources.put(period, name, content)
    elif services.sources.file(period, name) is None:
        raise NotFoundError(f"name: there is no file {name} for {period}; send it as the body of the request")
    services.sources.readmit(period, name)
    message = IngestMessage(str(period), name)
    services.queues.send(INGEST_QUEUE, message.body())
    return message


def ingest(services: Services, message: IngestMessage) -> SourceFileRecord | None:
    """Read, check and lay out one uploaded file; return what is recorded of it, or None where it was withdrawn.

    Raises:
        NotFoundError: the file is not there (any more).
        ConflictError: the file was replaced while it was read; the message comes again.
    """
    period = BillingPeriod.parse(message.period)
    row = services.sources.row(period, message.name)
    upload = _upload(services, period, message.name)
    if row is not None and row.is_withdrawn and row.content_hash == upload.content_hash():
        logger.info("ingest %s %s: was withdrawn", period, message.name)
        return None
    others = services.sources.records(period)
    known = next((record for record in others if record.name == message.name), None)
    if known is not None and known.refused_for is None and known.content_hash == upload.content_hash():
        logger.info("ingest %s %s: nothing to do", period, message.name)
        return refuse_repetitions(services, period, known)
    record = _read_and_lay_out(services, period, upload, [other for other in others if other.name != message.name])
    services.sources.record(period, record, row)
    record = refuse_repetitions(services, period, record)
    _told(period, record)
    return record


def ingest_delivered(
    services: Services,
    delivery: Delivery,
    name: str,
    source: Opened | None = None,
    kept: Callable[[], object] = lambda: None,
) -> SourceFileRecord:
    """Read, check and lay out a part of a delivery; it counts when the delivery does.

    It is read from *source* while it is being put into the store, which *kept* waits for; else from the store.

    Raises:
        SourceFileError: the file is damaged or cut off; nothing was recorded.
        ConflictError: somebody else records it.
    """
    period, row = delivery.period, services.sources.row(delivery.period, name)
    upload = _upload(services, period, name) if source is None else _Upload(source)
    try:
        record = _laid_out(services, period, upload, [], kept)
    except SourceFileError:
        if not _is_hollow(upload.source):
            raise
        read = FileRead(name=name, content_hash=upload.content_hash(), family=_family(delivery))
        services.sources.put_extracts(period, (name, read.content_hash), Bundle(io.BytesIO(), {}))
        record = _record(name, read, 0, None)
    record = replace(record, delivery=delivery.row)
    services.sources.record(period, record, row, version=delivery.version)
    _told(period, record)
    return record


def _family(delivery: Delivery) -> Family:
    return Family.DAILY_USAGE if delivery.family == "usage" else Family.NEW_COMMERCE


def _is_hollow(source: Opened) -> bool:
    """Whether it is a whole gzip file without a byte in it, as a part of an export may be."""
    try:
        with source.open() as packed, gzip.open(packed) as stream:
            return stream.read(1) == b""
    except (OSError, EOFError, zlib.error):
        return False


def refuse_uploads(services: Services, period: BillingPeriod, delivered: Iterable[SourceFileRecord]) -> None:
    """Let uploaded files that hold what Microsoft *delivered* count no longer; a person is told to withdraw them.

    The delivered ones are looked at one by one, and not at all where nobody uploaded anything: there may be hundreds.
    """
    uploads = [upload for upload in services.sources.uploads(period) if upload.refused_for is None]
    parts = iter(delivered)
    while uploads and (part := next(parts, None)) is not None:
        counting = _counting([part])
        for upload in list(uploads):
            repeats, row = counting.repeated(upload.as_read()), services.sources.row(period, upload.name)
            if repeats is not None and row is not None and not row.is_withdrawn:
                refused = replace(upload, issues=(*upload.issues, repeats), refused_for=repeats)
                services.sources.record(period, refused, row)
                logger.info("ingest %s %s: refused, Microsoft delivered it", period, upload.name)
                uploads.remove(upload)


def _told(period: BillingPeriod, record: SourceFileRecord) -> None:
    logger.info(
        "ingest %s %s: %s rows of %s customers, %s issues, %s",
        period,
        record.name,
        record.row_count,
        record.customer_count,
        len(record.issues),
        record.refused_for.code if record.refused_for else "counts",
    )


@dataclass(frozen=True, slots=True)
class _Upload:
    """A file as it lies in the store; *version* tells whether it was replaced since ("": it cannot be)."""

    source: Opened
    version: str = ""

    def content_hash(self) -> str:
        """Return the hash of the content: one pass over it."""
        digest = sha256()
        with self.source.open() as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
        return digest.hexdigest()


def _upload(services: Services, period: BillingPeriod, name: str) -> _Upload:
    version = services.sources.version(period, name)
    source = services.sources.file(period, name)
    if source is None:
        raise NotFoundError(f"source file {name} of {period} is not in the store")
    return _Upload(source, version)


def _read_and_lay_out(
    services: Services, period: BillingPeriod, upload: _Upload, others: Sequence[SourceFileRecord]
) -> SourceFileRecord:
    try:
        return _laid_out(services, period, upload, others)
    except SourceFileError as error:
        content_hash, name = upload.content_hash(), upload.source.name
        nothing = FileRead(name=name, content_hash=content_hash, family=Family.NEW_COMMERCE)
        return _record(name, nothing, 0, _unreadable(name, error))


def _laid_out(
    services: Services,
    period: BillingPeriod,
    upload: _Upload,
    others: Sequence[SourceFileRecord],
    kept: Callable[[], object] = lambda: None,
) -> SourceFileRecord:
    """Read the file, keep its extracts unless it repeats one of the *others*, and return what is to be recorded."""
    counting = _counting(others)
    with services.formats.lay_out_source(upload.source) as laid_out:
        read, name = laid_out.read, upload.source.name
        kept()
        if upload.version and services.sources.version(period, name) != upload.version:
            raise ChangedError(f"source file {name} of {period} was replaced while it was read")
        repeats = counting.repeated(read)
        if repeats is not None:
            return _record(name, read, 0, repeats)
        read.issues.extend(counting.alike(read))
        content, ranges = laid_out.bundle()
        services.sources.put_extracts(period, (name, read.content_hash), Bundle(content, ranges))
        return _record(name, read, len(ranges), outside_period(read, period))


def refuse_repetitions(services: Services, period: BillingPeriod, record: SourceFileRecord) -> SourceFileRecord:
    """Return *record*, refused where it and a file that was read at the same time repeat each other.

    Neither of the two saw the other before it was recorded; whoever sees both refuses the later one by name, and an
    uploaded one rather than what Microsoft delivered.
    """
    if record.refused_for is not None:
        return record
    for other in services.sources.records(period):
        if other.name == record.name or other.refused_for is not None or (other.delivery and record.delivery):
            continue
        first, later = sorted((record, other), key=lambda each: (not each.delivery, each.name))
        repeats = _counting([first]).repeated(later.as_read())
        row = services.sources.row(period, later.name)
        if repeats is None or row is None or row.is_withdrawn or row.content_hash != later.content_hash:
            continue
        refused = replace(later, issues=(*later.issues, repeats), refused_for=repeats)
        services.sources.record(period, refused, row)
        if later is record:
            return refused
    return record


def _counting(others: Sequence[SourceFileRecord]) -> SourceFiles:
    counting = SourceFiles()
    counting.reads = [other.as_read() for other in others if other.refused_for is None]
    return counting


def _record(name: str, read: FileRead, customer_count: int, refused_for: Issue | None) -> SourceFileRecord:
    is_refused = refused_for is not None and refused_for.code is not IssueCode.PERIOD_OUTSIDE
    worst_first = sorted(read.issues, key=lambda issue: (bool(issue.customer_id), not issue.is_blocking))
    issues = [*worst_first[:ISSUES_KEPT_MAX], *([refused_for] if refused_for is not None else [])]
    return SourceFileRecord(
        name=name,
        content_hash=read.content_hash,
        family=read.family,
        row_count=read.row_count,
        customer_count=customer_count,
        documents=tuple(DocumentRecord(key=key, sum=read.documents[key]) for key in sorted(read.documents)),
        issues=tuple(issues),
        fingerprints=tuple(sorted(read.fingerprints)),
        refused_for=replace(cast("Issue", refused_for), file=name) if is_refused else None,
    )


def _unreadable(name: str, error: SourceFileError) -> Issue:
    return Issue(
        code=IssueCode.FILE_DAMAGED,
        severity=Severity.BLOCKING,
        message=str(error),
        cure="Nothing of it was counted. Upload the right file under the same name.",
        file=name,
    )
