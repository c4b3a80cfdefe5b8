"""Calls, what is asked, and what is answered: the frame in which every module of ``calls`` writes its handlers.

Handlers are plain functions ``(asked) -> Answer``; they run under the world's lock and raise ``RefusedError``
for an error answer. ``None`` values are left out of JSON, as Microsoft leaves them out.

Not here: HTTP, tokens, faults (``server``), the resources (``calls``).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from local.partner_center.entities import Customer, Json
from local.partner_center.world import World


class Host(Enum):
    """Whose call it is; decides the token's audience and the shape of errors."""

    PARTNER_CENTER = "https://api.partnercenter.microsoft.com"
    PARTNER_API = "https://api.partner.microsoft.com"
    GRAPH = "https://graph.microsoft.com"
    OPEN = ""  # no token: token service, blobs, the simulator's own controls


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls, out of the access token. *tenant_id* is the tenant the token is for."""

    tenant_id: str
    is_app_only: bool
    user: str = ""
    has_mfa: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request. *path* are the parts named in the route, *query* and *headers* have lower-case names.

    *body* is the JSON with keys whose first letter is made lower case at every level (Pascal case is accepted);
    *raw* are the bytes. *base_url* is how the caller reached us, for absolute addresses in answers.
    """

    world: World
    method: str
    url_path: str
    path: Mapping[str, str]
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: Any
    raw: bytes
    caller: Caller
    base_url: str

    @property
    def now(self) -> datetime:
        """The world's present instant."""
        return self.world.clock.now()

    def first(self, name: str, default: str = "") -> str:
        """Return the first value of a query parameter; names are matched in any case."""
        return self.query.get(name.lower(), [default])[0]

    def json(self) -> Json:
        """Return the body as an object.

        Raises:
            RefusedError: it is none (400).
        """
        if not isinstance(self.body, dict):
            raise RefusedError(400, 800002, "The input is not a valid JSON object.")
        return self.body

    def customer(self) -> Customer:
        """Return the customer named in the route as ``{customer_id}``.

        Raises:
            RefusedError: there is none (404), or it is no longer ours (403).
        """
        found = self.world.customers.get(self.path["customer_id"].lower())
        if found is None:
            raise RefusedError(404, 60003, "The specified tenant was not found.")
        if found.relationship == "none":
            raise RefusedError(403, 20002, "The partner has no commerce relationship with the customer.")
        return found


@dataclass(slots=True, kw_only=True)
class Answer:
    """Status, JSON (or bytes), and headers of its own. *status* 204 and an absent body go together."""

    status: int = 200
    json: Any = None
    content: bytes | None = None
    content_type: str = "application/json; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)


class RefusedError(Exception):
    """Raised by a handler to answer with an error; *host* of the call decides the shape of the body.

    *is_new_shape* gives Partner Center's newer body with ``errorName`` and ``isRetryable``.
    """

    def __init__(
        self,
        status: int,
        code: int | str,
        description: str,
        *,
        name: str = "",
        headers: Mapping[str, str] | None = None,
        data: Sequence[str] = (),
    ) -> None:
        super().__init__(description)
        self.status, self.code, self.description, self.name = status, code, description, name
        self.headers, self.data = dict(headers or {}), list(data)


Handler = Callable[[Asked], Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One documented call. *path* is Starlette's (``/v1/customers/{customer_id}``), matched without regard to case.

    *needs_user* refuses app-only tokens with 403 900329; *needs_app* refuses app+user ones. *is_repeatable* makes a
    repeated MS-RequestId answer with the stored result (POST of customers, carts, orders, ...).
    """

    method: str
    path: str
    handler: Handler
    host: Host = Host.PARTNER_CENTER
    needs_user: bool = False
    needs_app: bool = False
    is_repeatable: bool = False
    is_throttled: bool = False  # counts towards 500 requests a minute


def link(uri: str, method: str = "GET", headers: Iterable[tuple[str, str]] = ()) -> Json:
    """Return a Partner Center link; *uri* is relative and without ``/v1``."""
    return {"uri": uri, "method": method, "headers": [{"key": key, "value": value} for key, value in headers]}


def collection(items: Sequence[Any], own: str, *, following: Json | None = None, kind: str = "Collection") -> Json:
    """Return a Partner Center collection; ``totalCount`` is the number in this page."""
    links = {"self": link(own), **({"next": following} if following else {})}
    return {"totalCount": len(items), "items": list(items), "links": links, "attributes": {"objectType": kind}}


def without_nulls(value: Any) -> Any:
    """Return *value* without None at any level of objects."""
    if isinstance(value, dict):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [without_nulls(each) for each in value]
    return value


def instant(at: datetime | None, digits: int = 7) -> str | None:
    """Return an instant as Microsoft writes it, with up to seven digits of a second."""
    if at is None:
        return None
    fraction = f"{at.microsecond:06d}0"[:digits].rstrip("0")
    return f"{at:%Y-%m-%dT%H:%M:%S}{'.' + fraction if fraction else ''}Z"
