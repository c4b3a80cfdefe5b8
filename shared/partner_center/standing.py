"""What the sign-in is worth: the roles of the account, its second factor, and one cheap call to each API.

The roles are read from Graph: Partner Center's own are groups of the partner's directory with fixed names. Whether the
sign-in had a second factor is told by Partner Center in a header, where a call asks for it.

Not here: signing in (``sign_in``), what a person is told (``shared/application``).
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final

from shared.domain.connection import ConnectionState
from shared.domain.consent import Probe, Roles, roles_in
from shared.domain.errors import NotConnectedError, ProrataError
from shared.partner_center.addresses import own_path
from shared.partner_center.answers import Answer, json_of
from shared.partner_center.hosts import Audience
from shared.partner_center.request import Request
from shared.partner_center.retry_after import instant
from shared.partner_center.transport import Transport

MEMBERSHIPS: Final = "/v1.0/me/transitiveMemberOf"
_PAGES_MAX: Final = 50
_MFA: Final = {"ValidateMfa": "true"}
_ASKED: Final = {
    Audience.PARTNER_CENTER: "/v1/customers?size=1",
    Audience.PARTNER_API: "/v1.0/sales/fxrates(Month='{month}')/$value",
    Audience.GRAPH: f"{MEMBERSHIPS}?$top=1",
}
_EXPECTED: Final = {Audience.PARTNER_API: frozenset({404})}
"""A month without exchange rates is an answer as well: the API knew who asked."""


def roles_of(transport: Transport) -> Roles:
    """Return the roles of the account that consented; where they may not be read, that."""
    try:
        members = list(_members(transport))
    except ProrataError as error:
        return Roles(unchecked=str(error))
    return roles_in(
        (str(one.get("displayName")) for one in members if str(one.get("@odata.type")).endswith(".group")),
        (str(one.get("roleTemplateId")) for one in members if one.get("roleTemplateId")),
    )


def probe(transport: Transport, audience: Audience, clock: Callable[[], datetime]) -> Probe:
    """Make one cheap call to an API and say what it brought."""
    path = _ASKED[audience].format(month=f"{clock():%Y%m}")
    headers = _MFA if audience is Audience.PARTNER_CENTER else {}
    request = Request(
        method="GET", path=path, audience=audience, headers=headers, expects=_EXPECTED.get(audience, frozenset())
    )
    try:
        answer = transport.operation().ask(request)
    except NotConnectedError as error:
        state = ConnectionState(error.state)
        has_mfa = False if state is ConnectionState.MFA_REQUIRED else None
        return Probe(api=audience, problem=str(error), state=state, has_mfa=has_mfa)
    except ProrataError as error:
        return Probe(api=audience, problem=str(error))
    return Probe(api=audience, has_mfa=_has_mfa(answer), clock_skew_s=_skew_s(answer, clock()))


def _members(transport: Transport) -> Iterator[dict[str, Any]]:
    operation, path = transport.operation(), f"{MEMBERSHIPS}?$top=100"
    for _ in range(_PAGES_MAX):
        body = json_of(operation.ask(Request(method="GET", path=path, audience=Audience.GRAPH)).content)
        page = body if isinstance(body, dict) else {}
        found = page.get("value")
        yield from (one for one in (found if isinstance(found, list) else ()) if isinstance(one, dict))
        if not page.get("@odata.nextLink"):
            return
        path = own_path(transport.hosts, Audience.GRAPH, str(page["@odata.nextLink"]))


def _has_mfa(answer: Answer) -> bool | None:
    return {"true": True, "false": False}.get(answer.headers.get("ismfacompliant", "").strip().lower())


def _skew_s(answer: Answer, now: datetime) -> int | None:
    theirs = instant(answer.headers.get("date", ""))
    return None if theirs is None else int((now - theirs).total_seconds())
