"""From bytes to what is asked, and from an answer to bytes: JSON with exact numbers, headers, byte order marks.

Not here: routes, tokens, faults, sockets (``answering``, ``server``).
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from email.utils import format_datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs

import msgspec

from local.partner_center.answers import Answer, Host, RefusedError, without_nulls

BOM = b"\xef\xbb\xbf"
CONTROLS = "/simulator"
_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_READABLE = ("json", "x-www-form-urlencoded", "multipart/", "octet-stream", "application/pdf")
_TELLING = {Host.PARTNER_CENTER, Host.PARTNER_API}


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came in; header names are lower case."""

    method: str
    url_path: str
    query_string: str
    headers: Mapping[str, str]
    raw: bytes
    base_url: str

    @property
    def request_id(self) -> str:
        """The caller's id of this call, or ""."""
        return self.headers.get("ms-requestid") or self.headers.get("client-request-id", "")

    def query(self) -> dict[str, list[str]]:
        """Return the query with names in lower case."""
        if not self.query_string:
            return {}
        pairs = parse_qs(self.query_string, keep_blank_values=True)
        return {name.lower(): values for name, values in pairs.items()}

    def check_acceptable(self) -> None:
        """Return unless the caller takes nothing but XML or pages.

        Raises:
            RefusedError: that is all it takes (406).
        """
        accept = self.headers.get("accept", "").lower()
        if accept and ("xml" in accept or "text/html" in accept) and "json" not in accept and "*/*" not in accept:
            raise RefusedError(406, 406, f"Nothing here can be answered as {accept}.")

    def body(self) -> Any:
        """Return the JSON that was sent, keys beginning in lower case; None where something else or nothing was sent.

        The simulator's own controls read JSON whatever it is called: that is what command lines send.

        Raises:
            RefusedError: of a kind nobody reads (415), or JSON that cannot be read (400).
        """
        kind = self.headers.get("content-type", "").lower()
        if not self.raw:
            return None
        if self.url_path.lower().startswith(CONTROLS):
            return self._json_if_any()
        if kind and not any(readable in kind for readable in _READABLE):
            raise RefusedError(415, 415, f"The content type {kind.partition(';')[0]} is not supported.")
        if kind and "json" not in kind:
            return None
        try:
            return _camel(_DECODER.decode(self.raw.removeprefix(BOM)))
        except msgspec.DecodeError as error:
            raise RefusedError(400, 800002, f"The input is not valid JSON: {error}.") from error

    def _json_if_any(self) -> Any:
        try:
            return _camel(_DECODER.decode(self.raw.removeprefix(BOM)))
        except msgspec.DecodeError:
            return None


def _camel(value: Any) -> Any:
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: _camel(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_camel(each) for each in value]
    return value


def content_of(answer: Answer, *, with_bom: bool, with_nulls: bool) -> bytes:
    """Return the bytes of an answer; Partner Center leaves nulls out, Graph does not."""
    if answer.content is not None:
        return answer.content
    if answer.json is None:
        return b""
    content = _ENCODER.encode(answer.json if with_nulls else without_nulls(answer.json))
    return BOM + content if with_bom else content


def has_bom(url: str, host: Host, share: int) -> bool:
    """Return whether the answer at *url* begins with a byte order mark: always the same for the same address."""
    return host in _TELLING and share > 0 and zlib.crc32(url.encode()) % share == 0


def telling_headers(host: Host, received: Received, request_id: str, correlation_id: str) -> dict[str, str]:
    """Return the headers by which *host* says which call this was."""
    if host is Host.GRAPH:
        return {"request-id": request_id, "client-request-id": received.request_id or request_id}
    if host not in _TELLING:
        return {}
    return {
        "MS-RequestId": request_id,
        "MS-CorrelationId": correlation_id,
        "MS-CV": f"{request_id.replace('-', '')[:16]}.0",
        "MS-ServerId": "101112616",
        "Request-Context": "appId=cid-v1:03ce8ca8-8373-4021-8f25-d5dd45c7b12f",
    }


@lru_cache(maxsize=4)
def http_date(at: datetime) -> str:
    """Return an instant as HTTP writes it."""
    return format_datetime(at, usegmt=True)
