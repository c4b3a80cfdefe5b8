"""Who calls, and whether the call is open to them.

Not here: how tokens are had (``identity``), what a customer's tenant lets its partner do (``calls``).
"""

import time

from local.partner_center.answers import Answer, Asked, Call, Caller, Host, RefusedError
from local.partner_center.faults import FaultKind
from local.partner_center.identity.issuing import Access, issued
from local.partner_center.switches import switches
from local.partner_center.world import World

NOBODY = Caller(tenant_id="", is_app_only=False)


class TokenRefusedError(Exception):
    """Raised where a token is missing, unknown or over; the answer is 401, without a body except Graph's."""


def caller(world: World, call: Call, asked_path: str, authorization: str) -> Caller:
    """Return who makes this call.

    Raises:
        TokenRefusedError: there is no token, or it is not (any longer) one.
        RefusedError: the token does not open this call.
    """
    if call.host is Host.OPEN:
        return NOBODY
    if world.faults.faults and world.faults.strike(FaultKind.ACCESS_TOKEN_REFUSED, asked_path, call.method):
        raise TokenRefusedError
    access = _access(world, authorization)
    _check_audience(call, access)
    if access.is_app_only and call.needs_user:
        raise RefusedError(403, 900329, "This API does not support application-only access tokens.")
    if not access.is_app_only and call.needs_app:
        raise RefusedError(403, 900308, "This API takes application-only access tokens.")
    if call.host is not Host.GRAPH:
        _check_partner(world, call, asked_path, access)
    return Caller(tenant_id=access.tenant_id, is_app_only=access.is_app_only, user=access.user, has_mfa=access.has_mfa)


def token_refused(host: Host) -> Answer:
    """Return the 401 of *host*."""
    headers = {"WWW-Authenticate": 'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common"'}
    if host is not Host.GRAPH:
        return Answer(status=401, headers=headers)
    error = {"code": "InvalidAuthenticationToken", "message": "Access token is empty, unknown or has expired."}
    return Answer(status=401, json={"error": error}, headers=headers)


def mfa_headers(asked: Asked) -> dict[str, str]:
    """Return the answer to a caller that asks whether its token carries the MFA claim."""
    if asked.headers.get("validatemfa", "").lower() != "true" or asked.caller.is_app_only or not asked.caller.user:
        return {}
    return {"isMfaCompliant": str(asked.caller.has_mfa).lower()}


def _access(world: World, authorization: str) -> Access:
    scheme, _, token = authorization.partition(" ")
    access = issued(world).access.get(token.strip())
    if scheme.lower() != "bearer" or access is None or access.expires_at <= time.time():
        raise TokenRefusedError
    return access


def _check_audience(call: Call, access: Access) -> None:
    if access.audience == call.host.value:
        return
    if call.host is Host.GRAPH:
        raise RefusedError(401, "InvalidAuthenticationToken", "Access token validation failure. Invalid audience.")
    text = f"The token is for {access.audience}, and this API needs one for {call.host.value}."
    raise RefusedError(401, 900420, text)


def _check_partner(world: World, call: Call, asked_path: str, access: Access) -> None:
    if access.tenant_id != world.partner.tenant_id:
        raise RefusedError(401, 400, "Access denied: the token is for another tenant than the partner's.")
    if access.is_app_only:
        return
    is_without = not access.has_mfa and switches(world).enforces_mfa
    if is_without or world.faults.strike(FaultKind.MFA_REQUIRED, asked_path, call.method):
        raise RefusedError(401, 900421, "Multi-factor authentication is required to call this API.")
