"""Parts of exports: handed out block by block, from an address that is a secret.

Invariants: the host is checked before a connection is made; no token is sent and no redirect followed; the length that
was promised is checked at the end of the stream; neither address nor signature is in an error, log or ``repr``.

Not here: what is in a part (``source_files``); it is handed out as it is, packed.
"""

import io
import logging
import uuid
from typing import Any, BinaryIO, Final, cast

import requests

from shared.domain.errors import (
    LimitError,
    MicrosoftNotFoundError,
    MicrosoftRefusedError,
    MicrosoftUnavailableError,
    ProrataError,
)
from shared.domain.snapshots.deliveries import Manifest
from shared.partner_center.addresses import part_address
from shared.partner_center.answers import RETRIED_STATUSES
from shared.partner_center.deadline import answered_within
from shared.partner_center.exchange import HTTP_FAILURES, Silence, silence_of
from shared.partner_center.transport import Transport

BUFFER_BYTES: Final = 1 << 20
PART_BYTES_MAX: Final = 4 << 30
_EXPIRED: Final = frozenset({403, 404, 410})
_logger = logging.getLogger(__name__)


def open_part(transport: Transport, manifest: Manifest, part: str) -> BinaryIO:
    """Return the part as it is, block by block; the caller closes it.

    Raises:
        ForgedError: the host is not allowed, or the part's name is no name. Nothing was asked.
        MicrosoftNotFoundError: the address expired or was withdrawn. Ask for the export again.
        MicrosoftUnavailableError: no answer, or (while reading) it broke off.
    """
    address = part_address(transport.hosts, manifest.root, part, manifest.token)
    tries = 0
    while True:
        tries += 1
        found = _asked(transport, address)
        if isinstance(found, requests.Response) and found.status_code == 200:
            _logger.info("part %s of %s: opened, %d tries", part, manifest.id, tries)
            return io.BufferedReader(_Part(found, part), BUFFER_BYTES)
        error, can_help = _failure(found, part)
        if not can_help or tries >= transport.waiting.tries_max:
            _logger.warning("part %s of %s: not opened, %d tries", part, manifest.id, tries)
            raise error
        grown = transport.waiting.pause_s * 2.0 ** (tries - 1)
        transport.pace.sleep(transport.pace.chance() * min(transport.waiting.pause_s_max, grown))


def _asked(transport: Transport, address: str) -> requests.Response | Silence:
    """Ask for *address*. The HTTP library's exceptions end here: their texts hold it."""
    try:
        with answered_within(transport.waiting.part_s):
            return transport.session.get(
                address,
                headers={"Accept": "*/*", "Accept-Encoding": "identity", "x-ms-client-request-id": str(uuid.uuid4())},
                timeout=(transport.waiting.connect_s, transport.waiting.read_s),
                allow_redirects=False,
                auth=_no_auth,
                stream=True,
            )
    except (*HTTP_FAILURES, ValueError) as error:
        return silence_of(error)


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Take away whatever a session was given to prove itself with: the address alone is the proof here."""
    request.headers.pop("Authorization", None)
    return request


def _failure(found: requests.Response | Silence, part: str) -> tuple[ProrataError, bool]:
    """Return what went wrong, and whether another try can help."""
    name = f"part {part}"
    if isinstance(found, Silence):
        return MicrosoftUnavailableError(f"{name}: {found.why}. Try again later"), found.can_help
    found.close()
    status = found.status_code
    if status in _EXPIRED:
        message = f"{name}: HTTP {status}: its address expired or was withdrawn. Ask for the export again"
        return MicrosoftNotFoundError(message, status=status), False
    if status in RETRIED_STATUSES or status == 429:
        return MicrosoftUnavailableError(f"{name}: HTTP {status}: the storage failed. Try again later"), True
    message = f"{name}: HTTP {status}: the storage does not hand it out. Ask for the export again"
    return MicrosoftRefusedError(message, status=status), False


class _Part(io.RawIOBase):
    """The body of a response as a stream that knows how long it has to be."""

    def __init__(self, response: requests.Response, part: str) -> None:
        super().__init__()
        self._response, self._part, self._count = response, part, 0
        told = response.headers.get("Content-Length", "")
        self._length = int(told) if told.isascii() and told.isdigit() else None

    def readable(self) -> bool:
        """Whether this can be read: always."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Fill *buffer* with what comes next and return how much that was; 0 is the end.

        Raises:
            MicrosoftUnavailableError: it broke off, or ended early.
            LimitError: it is larger than any part.
        """
        view = memoryview(buffer)
        block = self._block(len(view))
        is_short = block == b"" and self._length is not None and self._count < self._length
        if block is None or is_short:
            raise MicrosoftUnavailableError(
                f"part {self._part}: broke off after {self._count} of {self._length or 'unknown'} bytes. Read it again"
            )
        view[: len(block)] = block
        self._count += len(block)
        if self._count > PART_BYTES_MAX:
            raise LimitError(
                f"part {self._part}: has over {PART_BYTES_MAX >> 30} GiB, which no part has. It is not read"
            )
        return len(block)

    def _block(self, size: int) -> bytes | None:
        """Return what comes next; None where the connection failed."""
        try:
            return cast("bytes", self._response.raw.read(size, decode_content=False))
        except (*HTTP_FAILURES, ValueError):
            return None

    def close(self) -> None:
        """Let go of the connection."""
        if not self.closed:
            self._response.close()
        super().close()
