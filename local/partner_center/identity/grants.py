"""The token endpoint, in both versions: what is handed in, and the tokens that come out.

Version 1 writes its numbers as strings. Every redemption gives a new refresh token; the old one stays good.

Not here: sign-in pages (``consent``, ``devices``), signatures (``signing``).
"""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from local.partner_center.answers import Answer, Asked, Call, Host
from local.partner_center.entities import Json
from local.partner_center.faults import FaultKind
from local.partner_center.identity.applications import check_credential, known_application
from local.partner_center.identity.issuing import (
    ACCESS_S,
    Access,
    Refresh,
    issue_access,
    issue_identity,
    issue_refresh,
    issued,
)
from local.partner_center.identity.refused import NO_STORE, SignInError
from local.partner_center.identity.requests import ABOUT_USER, audience_of, form, required, scopes, tenant_of
from local.partner_center.identity.sign_ins import sign_ins
from local.partner_center.identity.signing import encoded
from local.partner_center.switches import switches
from local.partner_center.world import World

_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_DEVICE_GRANTS = {_DEVICE_GRANT, "device_code"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Granted:
    """The access that is given, and what goes with it."""

    access: Access
    has_refresh: bool = False
    is_public: bool = False
    has_identity: bool = False
    nonce: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """A form that came to the token endpoint of a tenant."""

    asked: Asked
    fields: Mapping[str, str]
    tenant_id: str
    client_id: str

    @property
    def world(self) -> World:
        return self.asked.world


def answer_token(asked: Asked) -> Answer:
    """Answer the token endpoint; the address says which version."""
    fields = form(asked)
    try:
        tenant_id = tenant_of(asked)
        grant = _grant(required(fields, "grant_type"))
        client_id = known_application(asked.world, fields, tenant_id)
        request = _Request(asked=asked, fields=fields, tenant_id=tenant_id, client_id=client_id)
        granted = grant(request)
    except SignInError as error:
        return error.answer(asked.now, asked.headers.get("client-request-id", ""))
    return Answer(json=_tokens(request, granted), headers=dict(NO_STORE))


def _by_code(request: _Request) -> _Granted:
    check_credential(request.world, request.fields, request.asked.url_path)
    code = sign_ins(request.world).codes.get(required(request.fields, "code"))
    if code is None or code.client_id != request.client_id:
        raise SignInError(70000, "code")
    if code.is_redeemed:
        raise SignInError(54005)
    if code.expires_at <= request.asked.now:
        raise SignInError(70008)
    if code.redirect_uri != request.fields.get("redirect_uri", ""):
        raise SignInError(500112, request.fields.get("redirect_uri", ""))
    if code.challenge and code.challenge not in _challenges(request.fields.get("code_verifier", "")):
        raise SignInError(501481)
    code.is_redeemed = True
    is_named = bool(request.fields.get("scope") or request.fields.get("resource"))
    audience = audience_of(request.fields, request.tenant_id) if is_named else code.audience
    access = _access(request, audience, request.world.partner.admin_name, has_mfa=code.has_mfa)
    has_identity = "openid" in f"{code.scope} {request.fields.get('scope', '')}".split()
    return _Granted(access=access, has_refresh=True, has_identity=has_identity, nonce=code.nonce)


def _by_refresh(request: _Request) -> _Granted:
    refresh = issued(request.world).refresh.get(required(request.fields, "refresh_token"))
    if refresh is None or not refresh.is_public:
        check_credential(request.world, request.fields, request.asked.url_path)
    _strike(request)
    if refresh is None or refresh.client_id != request.client_id:
        raise SignInError(70000, "refresh_token")
    if refresh.expires_at <= request.asked.now:
        raise SignInError(700082)
    audience = audience_of(request.fields, request.tenant_id)
    _check_consent(request)
    access = _access(request, audience, refresh.user, has_mfa=refresh.has_mfa)
    has_identity = "openid" in scopes(request.fields)
    return _Granted(access=access, has_refresh=True, is_public=refresh.is_public, has_identity=has_identity)


def _for_application(request: _Request) -> _Granted:
    check_credential(request.world, request.fields, request.asked.url_path)
    for scope in scopes(request.fields):
        if not request.fields.get("resource") and not scope.lower().endswith("/.default"):
            raise SignInError(1002012, scope)
    if not request.fields.get("resource"):
        required(request.fields, "scope")
    audience = audience_of(request.fields, request.tenant_id)
    _check_consent(request)
    return _Granted(access=_access(request, audience, "", has_mfa=False))


def _by_device(request: _Request) -> _Granted:
    name = request.fields.get("device_code") or required(request.fields, "code")
    device = sign_ins(request.world).devices.get(name)
    if device is None or device.tenant_id != request.tenant_id:
        raise SignInError(70000, "device_code")
    if device.expires_at <= request.asked.now:
        raise SignInError(70020)
    device.polls += 1
    if device.is_declined:
        raise SignInError(65004)
    if device.polls == 1 or not (device.is_approved or switches(request.world).signs_in_at_once):
        raise SignInError(70016)
    del sign_ins(request.world).devices[name]
    has_mfa = switches(request.world).has_mfa
    access = _access(request, device.audience, request.world.partner.admin_name, has_mfa=has_mfa)
    return _Granted(access=access, has_refresh=True, is_public=True, has_identity="openid" in device.scope.split())


_GRANTS: dict[str, Callable[[_Request], _Granted]] = {
    "authorization_code": _by_code,
    "refresh_token": _by_refresh,
    "client_credentials": _for_application,
    **dict.fromkeys(_DEVICE_GRANTS, _by_device),
}


def _grant(name: str) -> Callable[[_Request], _Granted]:
    if name not in _GRANTS:
        raise SignInError(70003, name)
    return _GRANTS[name]


def _access(request: _Request, audience: str, user: str, *, has_mfa: bool) -> Access:
    return Access(
        audience=audience,
        tenant_id=request.tenant_id,
        client_id=request.client_id,
        user=user,
        has_mfa=has_mfa,
        expires_at=int(time.time()) + ACCESS_S,
    )


def _strike(request: _Request) -> None:
    """Act out the faults of refresh tokens."""
    faults, path = request.world.faults, request.asked.url_path
    if not faults.faults:
        return
    for kind, code in ((FaultKind.TOKEN_EXPIRED, 700082), (FaultKind.TOKEN_REVOKED, 50173)):
        if faults.strike(kind, path, "POST"):
            raise SignInError(code)
    if faults.strike(FaultKind.CONSENT_MISSING, path, "POST"):
        raise SignInError(65001, request.client_id)
    is_meant = any(each.kind is FaultKind.MFA_REQUIRED and "oauth2" in each.path for each in faults.faults)
    if is_meant and faults.strike(FaultKind.MFA_REQUIRED, path, "POST"):
        raise SignInError(50076, request.fields.get("resource") or request.fields.get("scope", ""))


def _check_consent(request: _Request) -> None:
    """Refuse applications that nobody consented to, in the partner's tenant or in a customer's."""
    world = request.world
    if request.tenant_id == world.partner.tenant_id:
        has_consent = switches(world).has_admin_consent
    else:
        consents = world.customers[request.tenant_id].consents
        has_consent = request.client_id.lower() in {each.lower() for each in consents}
    if not has_consent:
        raise SignInError(65001, request.client_id)


def _challenges(verifier: str) -> set[str]:
    return {verifier, encoded(hashlib.sha256(verifier.encode()).digest())} if verifier else set()


def _tokens(request: _Request, granted: _Granted) -> Json:
    access, world = granted.access, request.world
    tokens: Json = {
        "token_type": "Bearer",
        "scope": None if access.is_app_only else _scope(request, access),
        "expires_in": ACCESS_S - 1,
        "ext_expires_in": ACCESS_S - 1,
        "access_token": issue_access(world, access),
    }
    if granted.has_refresh:
        refresh = Refresh(
            client_id=access.client_id,
            tenant_id=access.tenant_id,
            user=access.user,
            has_mfa=access.has_mfa,
            is_public=granted.is_public,
            expires_at=request.asked.now,
        )
        tokens["refresh_token"] = issue_refresh(world, refresh)
    if granted.has_identity:
        tokens["id_token"] = issue_identity(world, access, nonce=granted.nonce, base_url=request.asked.base_url)
    if request.fields.get("client_info") and not access.is_app_only:
        who = {"uid": world.partner.admin_id, "utid": world.partner.tenant_id}
        tokens["client_info"] = encoded(msgspec.json.encode(who))
    return tokens if "/v2.0/" in request.asked.url_path.lower() else _version_1(tokens, access)


def _scope(request: _Request, access: Access) -> str:
    """Return what was granted: by its usual names and as it was asked for, so that a library finds it in its cache."""
    usual = (f"{access.audience}/user_impersonation", f"{access.audience}/.default")
    asked_for = (each for each in scopes(request.fields) if each.lower() not in ABOUT_USER)
    return " ".join(dict.fromkeys((*usual, *asked_for)))


def _version_1(tokens: Json, access: Access) -> Json:
    more = {
        "expires_on": access.expires_at,
        "not_before": access.expires_at - ACCESS_S,
        "resource": access.audience,
        "scope": None if access.is_app_only else "user_impersonation",
    }
    return {name: str(value) if isinstance(value, int) else value for name, value in (tokens | more).items()}


CALLS = tuple(
    Call(method="POST", path=f"/{{tenant}}/oauth2/{version}token", handler=answer_token, host=Host.OPEN)
    for version in ("v2.0/", "")
)
