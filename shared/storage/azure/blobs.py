"""Blobs in Azure Blob Storage.

Invariants: a blob changes with one request (a single put, or the commit of blocks that only this writer knows), so that
a reader sees the old or the new one; reading is bound to the ETag it began with; at most a few blocks are in memory.

Not here: the limits (see ``limits``) and how links are signed (see ``links``).
"""

import contextlib
import io
import itertools
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, BinaryIO, Final

from azure.core import MatchConditions
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import (
    BlobBlock,
    BlobClient,
    BlobProperties,
    BlobServiceClient,
    ContentSettings,
)

from shared.domain.errors import AlreadyExistsError, BusyError, ChangedError
from shared.storage import limits
from shared.storage.azure.clients import AzureAccount, gone_is_changed, translated, with_home
from shared.storage.azure.links import LinkSigner
from shared.storage.ports import BlobInfo

BLOCK_BYTES: Final = 4 * 1024 * 1024
READ_BYTES: Final = 1024 * 1024
PAGE_BLOBS: Final = 1000


class AzureBlobs:
    """The port ``Blobs`` on Azure Blob Storage. *signer* makes the links; without it one is made for *service*."""

    def __init__(self, service: BlobServiceClient, signer: LinkSigner | None = None) -> None:
        self._service = service
        self._signer = signer or LinkSigner(service)

    @classmethod
    def connect(cls, account: AzureAccount) -> "AzureBlobs":
        """Return the blobs of *account*; nothing is sent yet.

        Raises:
            InvalidError: the account names neither a connection string nor a URL.
        """
        options = {
            **account.options(),
            "max_single_get_size": READ_BYTES,
            "max_chunk_get_size": READ_BYTES,
            "max_single_put_size": BLOCK_BYTES,
        }
        if account.connection_string:
            return cls(BlobServiceClient.from_connection_string(account.connection_string, **options))
        return cls(BlobServiceClient(account.url("blob"), credential=account.credential(), **options))

    def put(
        self,
        container: str,
        name: str,
        content: bytes | BinaryIO,
        *,
        content_type: str = "application/octet-stream",
        metadata: Mapping[str, str] | None = None,
        if_absent: bool = False,
    ) -> BlobInfo:
        """Write the blob whole and describe it; a stream is read in blocks.

        Raises:
            AlreadyExistsError: *if_absent* was asked for and the blob is there.
            LimitError: a name or header is not allowed; nothing was sent.
            BusyError: another writer put the same blob meanwhile; the blob is that writer's.
            StorageUnavailableError: no answer, or access was refused.
        """
        client = self._blob(container, name)
        headers = limits.checked_metadata(content_type, metadata)
        settings: dict[str, Any] = {
            "content_settings": ContentSettings(content_type=content_type),
            "metadata": headers,
        }
        if if_absent:
            settings["match_condition"] = MatchConditions.IfMissing
        step = f"put of blob {name!r} into {container}"
        make_home = self._service.get_container_client(container).create_container
        try:
            etag, size = _upload(client, content, settings, make_home, step)
        except (ChangedError, BusyError) as error:
            if not if_absent:
                raise
            raise AlreadyExistsError(f"{step}: is there already; it was written before") from error
        return BlobInfo(name, size, etag, content_type, headers)

    def open(self, container: str, name: str, *, offset: int = 0, length: int | None = None) -> BinaryIO:
        """Return a stream over the content (or *length* bytes of it from *offset* on), in pieces of 1 MiB.

        Raises:
            NotFoundError: no such blob.
            ChangedError: (while reading) the blob was replaced or removed since it was opened.
            StorageUnavailableError: no answer, or access was refused.
        """
        client = self._blob(container, name)
        with translated(f"open of blob {name!r} in {container}"):
            whole = not offset and length is None  # a range from 0 on would be another request for an empty blob
            pieces = client.download_blob(None if whole else offset, length, max_concurrency=1).chunks()
        return io.BufferedReader(_Pieces(pieces, f"read of blob {name!r} in {container}"), READ_BYTES)

    def info(self, container: str, name: str) -> BlobInfo | None:
        """Describe the blob, or return None where there is none.

        Raises:
            StorageUnavailableError: no answer, or access was refused.
        """
        client = self._blob(container, name)
        with translated(f"look at blob {name!r} in {container}"):
            try:
                return _info(client.get_blob_properties())
            except ResourceNotFoundError:
                return None

    def list(self, container: str, prefix: str = "") -> Iterator[BlobInfo]:
        """Yield the blobs whose name starts with *prefix*, in name order, page by page.

        Raises:
            LimitError: the container or prefix is not allowed (at the first blob).
            StorageUnavailableError: no answer, or access was refused.
        """
        limits.check_container(container)
        limits.check_blob_prefix(prefix)
        client = self._service.get_container_client(container)
        pages = client.list_blobs(
            name_starts_with=prefix or None, include=["metadata"], results_per_page=PAGE_BLOBS
        ).by_page()
        for page in _pages(pages, f"list of blobs in {container}"):
            yield from page

    def delete(self, container: str, name: str) -> None:
        """Remove the blob; a missing one is no error.

        Raises:
            StorageUnavailableError: no answer, or access was refused.
        """
        client = self._blob(container, name)
        with translated(f"delete of blob {name!r} in {container}"), contextlib.suppress(ResourceNotFoundError):
            client.delete_blob()

    def link(self, container: str, name: str, *, expires_at: datetime, filename: str) -> str:
        """Return a URL that downloads this one blob as *filename*, read-only, until *expires_at* (aware, UTC).

        Raises:
            LimitError: a name is not allowed, or *expires_at* is past, over 6 days away or without a time zone.
            StorageUnavailableError: the key to sign with was refused, or no answer.
        """
        client = self._blob(container, name)
        return self._signer.sign(client, expires_at, filename)

    def _blob(self, container: str, name: str) -> BlobClient:
        limits.check_container(container)
        limits.check_blob(name)
        return self._service.get_blob_client(container, name)


def _upload(
    client: BlobClient,
    content: bytes | BinaryIO,
    settings: dict[str, Any],
    make_home: Callable[[], object],
    step: str,
) -> tuple[str, int]:
    """Send *content*, return its ETag and size. What the stream raises passes through, and nothing is changed."""
    blocks = _blocks(io.BytesIO(content) if isinstance(content, bytes) else content)
    first = next(blocks, b"")
    if len(first) < BLOCK_BYTES:
        with translated(step):
            answer = with_home(
                lambda: client.upload_blob(first, length=len(first), overwrite=True, **settings), make_home
            )
        return _etag(answer["etag"]), len(first)
    size, staged = 0, []
    for block in itertools.chain([first], blocks):
        staged.append(_stage(client, block, make_home, step))
        size += len(block)
    with translated(step):
        answer = client.commit_block_list(staged, **settings)
    return _etag(str(answer["etag"])), size


def _stage(client: BlobClient, block: bytes, make_home: Callable[[], object], step: str) -> BlobBlock:
    """Send one block under a random name: names made from offsets would mix two writers of one blob."""
    block_id = uuid.uuid4().hex
    with translated(step):
        with_home(lambda: client.stage_block(block_id, block, length=len(block)), make_home)
    return BlobBlock(block_id=block_id)


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    """Yield full blocks and one shorter last one, however little the stream gives at a time."""
    block = bytearray()
    while piece := stream.read(BLOCK_BYTES - len(block)):
        block += piece
        if len(block) == BLOCK_BYTES:
            yield bytes(block)
            block.clear()
    if block:
        yield bytes(block)


class _Pieces(io.RawIOBase):
    """The pieces of a download as a stream."""

    def __init__(self, pieces: Iterator[bytes], step: str) -> None:
        super().__init__()
        self._pieces = pieces
        self._step = step
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """Return True: it is for reading only."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Fill *buffer* as far as the present piece goes; 0 is the end.

        Raises:
            ChangedError: the blob was replaced or removed since it was opened.
            StorageUnavailableError: no answer, or access was refused.
        """
        if not self._rest:
            with gone_is_changed(), translated(self._step):
                self._rest = memoryview(next(self._pieces, b""))
        target = memoryview(buffer)
        count = min(len(target), len(self._rest))
        target[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


def _pages(pages: Iterator[Iterator[BlobProperties]], step: str) -> Iterator[list[BlobInfo]]:
    while True:
        with translated(step):
            try:
                page = [_info(found) for found in next(pages)]
            except (StopIteration, ResourceNotFoundError):
                return  # the end, or no such container yet
        yield page


def _info(found: BlobProperties) -> BlobInfo:
    content_type = found.content_settings.content_type or "application/octet-stream"
    return BlobInfo(found.name, found.size, _etag(found.etag), content_type, dict(found.metadata or {}))


def _etag(etag: str) -> str:
    """Return the ETag without quotes: a listing has none, a header has."""
    return etag.strip('"')
