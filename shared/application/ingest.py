"""Ingest: a file of Microsoft's comes in, is checked as a whole, and is laid out by customer.

Two steps: ``accept`` keeps the bytes and returns at once; ``ingest`` works from a queue and may be called any number of
times. A file counts from the moment it is recorded, and counts whole; one that cannot be read, or repeats another, is
recorded as refused with the reason: a repetition is only told, anything else keeps the month from approval until
somebody withdraws or replaces the file.

Not here: which prices apply (that is the run's business).
"""

import logging
import tempfile
from collections.abc import Sequence
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
from shared.storage.repositories.source_files import DocumentRecord, SourceFileRecord

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
    upload = _upload(services, period, message.name)
    row = services.sources.row(period, message.name)
    if row is not None and row.is_withdrawn and row.content_hash == upload.content_hash:
        logger.info("ingest %s %s: was withdrawn", period, message.name)
        return None
    others = services.sources.records(period)
    known = next((record for record in others if record.name == message.name), None)
    if known is not None and known.content_hash == upload.content_hash and known.refused_for is None:
        logger.info("ingest %s %s: nothing to do", period, message.name)
        return _refuse_later(services, period, known)
    record = _read_and_lay_out(services, period, upload, others)
    services.sources.record(period, record, row)
    record = _refuse_later(services, period, record)
    logger.info(
        "ingest %s %s: %s rows of %s customers, %s issues, %s",
        period,
        message.name,
        record.row_count,
        record.customer_count,
        len(record.issues),
        record.refused_for.code if record.refused_for else "counts",
    )
    return record


@dataclass(frozen=True, slots=True)
class _Upload:
    """A file as delivered; *version* tells whether it was replaced since it was hashed."""

    source: Opened
    version: str
    content_hash: str

    @property
    def file(self) -> tuple[str, str]:
        return self.source.name, self.content_hash


def _upload(services: Services, period: BillingPeriod, name: str) -> _Upload:
    version = services.sources.version(period, name)
    source = services.sources.file(period, name)
    if source is None:
        raise NotFoundError(f"source file {name} of {period} is not in the store")
    return _Upload(source, version, _content_hash(source))


def _read_and_lay_out(
    services: Services, period: BillingPeriod, upload: _Upload, others: Sequence[SourceFileRecord]
) -> SourceFileRecord:
    name, content_hash = upload.file
    try:
        read = _only(services.formats.read_source(upload.source, keeps_lines=False), name)
        read.content_hash = content_hash
        repeats = _repeats(read, [other for other in others if other.name != name])
        if repeats is not None:
            return _record(upload, read, 0, repeats)
        read.issues.extend(_counting([other for other in others if other.name != name]).alike(read))
        return _record(upload, read, _lay_out(services, period, upload), outside_period(read, period))
    except SourceFileError as error:
        nothing = FileRead(name=name, content_hash=content_hash, family=Family.NEW_COMMERCE)
        return _record(upload, nothing, 0, _unreadable(name, error))


def _lay_out(services: Services, period: BillingPeriod, upload: _Upload) -> int:
    with services.formats.split_source(upload.source) as extracts:
        if services.sources.version(period, upload.source.name) != upload.version:
            raise ChangedError(f"source file {upload.source.name} of {period} was replaced while it was read")
        customers = extracts.customers()
        for customer_id in customers:
            with tempfile.TemporaryFile() as part:
                extracts.write(customer_id, cast("BinaryIO", part))
                part.seek(0)
                services.sources.put_extract(period, customer_id, upload.file, cast("BinaryIO", part))
    return len(customers)


def _refuse_later(services: Services, period: BillingPeriod, record: SourceFileRecord) -> SourceFileRecord:
    """Return *record*, refused where it and a file that was read at the same time repeat each other.

    Neither of the two saw the other before it was recorded; whoever sees both refuses the later one by name.
    """
    if record.refused_for is not None:
        return record
    for other in services.sources.records(period):
        if other.name == record.name or other.refused_for is not None:
            continue
        first, later = sorted((record, other), key=lambda each: each.name)
        repeats = _repeats(later.as_read(), [first])
        row = services.sources.row(period, later.name)
        if repeats is None or row is None or row.is_withdrawn or row.content_hash != later.content_hash:
            continue
        refused = replace(later, issues=(*later.issues, repeats), refused_for=repeats)
        services.sources.record(period, refused, row)
        if later is record:
            return refused
    return record


def _only(reads: Sequence[FileRead], name: str) -> FileRead:
    if len(reads) != 1:
        raise SourceFileError(f"{name}: holds {len(reads)} files. Upload them one by one.")
    return reads[0]


def _repeats(read: FileRead, others: Sequence[SourceFileRecord]) -> Issue | None:
    return _counting(others).repeated(read)


def _counting(others: Sequence[SourceFileRecord]) -> SourceFiles:
    counting = SourceFiles()
    counting.reads = [other.as_read() for other in others if other.refused_for is None]
    return counting


def _record(upload: _Upload, read: FileRead, customer_count: int, refused_for: Issue | None) -> SourceFileRecord:
    name, content_hash = upload.file
    is_refused = refused_for is not None and refused_for.code is not IssueCode.PERIOD_OUTSIDE
    worst_first = sorted(read.issues, key=lambda issue: (bool(issue.customer_id), not issue.is_blocking))
    issues = [*worst_first[:ISSUES_KEPT_MAX], *([refused_for] if refused_for is not None else [])]
    return SourceFileRecord(
        name=name,
        content_hash=content_hash,
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


def _content_hash(source: Opened) -> str:
    digest = sha256()
    with source.open() as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
