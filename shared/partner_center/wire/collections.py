"""Collections as they come: their items stay JSON until somebody knows what they are.

Not here: following the links (``paging``).
"""

import msgspec


class Header(msgspec.Struct, gc=False, frozen=True):
    """A header that a link wants."""

    key: str = ""
    value: str = ""


class Link(msgspec.Struct, frozen=True):
    """Where something is, relative and without the version."""

    uri: str = ""
    method: str | None = None
    headers: list[Header] | None = None


class PageLinks(msgspec.Struct, frozen=True):
    """The links of a page."""

    next: Link | None = None


class Page(msgspec.Struct, frozen=True):
    """A page of Partner Center's."""

    items: list[msgspec.Raw] | None = None
    links: PageLinks | None = None


class GraphPage(msgspec.Struct, frozen=True):
    """A page of Graph's."""

    value: list[msgspec.Raw] | None = None
    next: str | None = msgspec.field(default=None, name="@odata.nextLink")


class Attributes(msgspec.Struct, gc=False, frozen=True):
    """What Partner Center says about a resource itself."""

    etag: str | None = None
