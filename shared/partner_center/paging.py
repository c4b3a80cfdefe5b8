"""Collections page by page: Partner Center's links with headers, offsets where there are no links, Graph's links.

Invariants: a next page is asked for at its own API only; pages that go round in circles end in an error; how many items
there are is counted, never taken from ``totalCount``, which is the number in one page.

Not here: what the items are (``wire``).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Final, TypeVar
from urllib.parse import urlencode

import msgspec

from shared.domain.errors import MicrosoftUnavailableError
from shared.partner_center.addresses import own_path
from shared.partner_center.answers import Answer, scrubbed, unreadable, without_bom
from shared.partner_center.request import Request
from shared.partner_center.transport import Operation
from shared.partner_center.wire.collections import GraphPage, Link, Page

PAGES_MAX: Final = 100_000
_CONTINUATION = re.compile(r"ms-[a-z-]{1,60}", re.IGNORECASE)
_IDS = frozenset({"ms-requestid", "ms-correlationid"})
R = TypeVar("R")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Unread:
    """Why something could not be read."""

    why: str


def decoded(answer: Answer, request: Request, decode: Callable[[bytes], T]) -> T:
    """Return the body as *decode* reads it.

    Raises:
        MicrosoftUnavailableError: it is something else, such as a gateway's page.
    """
    found = _tried(decode, without_bom(answer.content))
    if isinstance(found, _Unread):
        raise unreadable(answer, request.step, found.why)
    return found


def read_items(
    found: Iterable[Sequence[msgspec.Raw]], request: Request, read: Callable[[msgspec.Raw], T]
) -> Iterator[T]:
    """Yield the items of pages as *read* reads each.

    Raises:
        MicrosoftUnavailableError: an item is something else. None is left out, for it would seem to be gone.
    """
    for page in found:
        for item in page:
            value = _tried(read, item)
            if isinstance(value, _Unread):
                raise MicrosoftUnavailableError(
                    f"{request.step.name}: an item cannot be read: {scrubbed(value.why)}. Try again later"
                )
            yield value


def _tried(read: Callable[[R], T], content: R) -> T | _Unread:
    """Return what *read* makes of *content*. Its exceptions end here: some carry the content, which may be secret."""
    try:
        return read(content)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        return _Unread(str(error))


def with_query(path: str, *pairs: tuple[str, str]) -> str:
    """Return *path* with a query; pairs without a value are left out."""
    query = urlencode([(name, value) for name, value in pairs if value])
    return f"{path}?{query}" if query else path


def pages(operation: Operation, first: Request) -> Iterator[Sequence[msgspec.Raw]]:
    """Yield the items of a Partner Center collection, page by page, as they are on the wire."""
    seen: set[tuple[object, ...]] = set()
    request: Request | None = first
    while request is not None:
        _check_new(seen, request)
        page = decoded(operation.ask(request), request, _decode_page)
        yield page.items or ()
        following = page.links.next if page.links else None
        request = _followed(operation, first, following) if following and following.uri else None


def pages_by_offset(operation: Operation, first: Request, *, size: int) -> Iterator[Sequence[msgspec.Raw]]:
    """Yield the items of a collection that may have links or none: without them, offsets count on.

    A page that repeats the one before it means that offsets are ignored: it is dropped, and that is the end. One that
    repeats an earlier one is an error, as pages in circles are.
    """
    offset: int = 0
    seen: dict[bytes, int] = {}
    while True:
        count, last = 0, 0
        for items in pages(operation, replace(first, path=_at_offset(first.path, offset, size))):
            page, number = _digest(items), len(seen)
            if page in seen and seen[page] == number - 1:
                return
            if page in seen:
                raise _in_circles(first, number)
            seen[page] = number
            yield items
            count, last = count + 1, len(items)
        if count > 1 or last < size:
            return
        offset += last


def graph_pages(operation: Operation, first: Request) -> Iterator[Sequence[msgspec.Raw]]:
    """Yield the items of a Graph collection, page by page, as they are on the wire."""
    seen: set[tuple[object, ...]] = set()
    request: Request | None = first
    while request is not None:
        _check_new(seen, request)
        page = decoded(operation.ask(request), request, _decode_graph_page)
        yield page.value or ()
        hosts = operation.transport.hosts
        request = replace(first, path=own_path(hosts, first.audience, page.next)) if page.next else None


def _followed(operation: Operation, first: Request, link: Link) -> Request:
    """Return the request that *link* describes; of its headers only those that carry on, never an address or token."""
    uri = link.uri if link.uri.startswith(("/", "http")) else f"/{link.uri}"
    path = own_path(operation.transport.hosts, first.audience, uri)
    headers = {
        each.key: each.value
        for each in link.headers or ()
        if _CONTINUATION.fullmatch(each.key) and each.key.lower() not in _IDS
    }
    return replace(first, path=path if path.startswith("/v1/") else f"/v1{path}", headers={**first.headers, **headers})


def _check_new(seen: set[tuple[object, ...]], request: Request) -> None:
    page = (request.path, *sorted(request.headers.items()))
    if page in seen or len(seen) >= PAGES_MAX:
        raise _in_circles(request, len(seen))
    seen.add(page)


def _in_circles(request: Request, count: int) -> MicrosoftUnavailableError:
    return MicrosoftUnavailableError(
        f"{request.step.name}: page {count + 1} was answered before; Microsoft's pages go round in circles. Try again "
        "later"
    )


def _digest(items: Sequence[msgspec.Raw]) -> bytes:
    """Return what tells one page from another."""
    content = blake2b(digest_size=16)
    for item in items:
        content.update(bytes(item))
        content.update(b"\n")
    return content.digest()


def _at_offset(path: str, offset: int, size: int) -> str:
    return f"{path}{'&' if '?' in path else '?'}{urlencode({'size': size, 'offset': offset})}"


def _decode_page(content: bytes) -> Page:
    return _PAGE.decode(content)


def _decode_graph_page(content: bytes) -> GraphPage:
    return _GRAPH_PAGE.decode(content)


_PAGE: Final[msgspec.json.Decoder[Page]] = msgspec.json.Decoder(Page)
_GRAPH_PAGE: Final[msgspec.json.Decoder[GraphPage]] = msgspec.json.Decoder(GraphPage)
