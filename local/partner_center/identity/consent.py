"""The authorization endpoint: the page on which an administrator signs in, and the way back to the application.

With ``signs_in_at_once`` the way back is taken without a page; otherwise the page shows what can be pressed. A refusal
goes back to the application as an error, except where the application or its address is not known: that is shown.

Not here: redeeming the code (``grants``), device codes (``devices``).
"""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from urllib.parse import urlencode, urlsplit, urlunsplit

from local.partner_center.answers import Answer, Asked, Call, Host
from local.partner_center.faults import FaultKind
from local.partner_center.identity.applications import known_application
from local.partner_center.identity.issuing import ACCESS_S, Access, issue_identity
from local.partner_center.identity.refused import NO_STORE, SignInError
from local.partner_center.identity.requests import audience_of, form, required, tenant_of
from local.partner_center.identity.sign_ins import CODE_LASTS, Code, sign_ins
from local.partner_center.switches import switches

_TYPES = {"code", "id_token", "code id_token", "id_token code"}
_CHOICES = {"continue": "Accept", "without-mfa": "Accept without a second factor", "cancel": "Cancel"}
_PAGE = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class _Way:
    """The way back to the application."""

    redirect_uri: str
    mode: str
    fields: dict[str, str] = field(default_factory=dict)


def answer_authorize(asked: Asked) -> Answer:
    """Answer the browser: a page, or the way back."""
    fields = form(asked)
    try:
        tenant_id = tenant_of(asked)
        known_application(asked.world, fields, tenant_id)
        way = _way(fields)
    except SignInError as error:
        return Answer(status=400, content=_document("Sorry", escape(str(error))), content_type=_PAGE)
    try:
        if not _chosen(asked, fields):
            return _choices(asked, fields)
        return _back(way, _signed_in(asked, fields, tenant_id))
    except SignInError as error:
        return _back(way, _refused(asked, fields, error))


def answer_admin_consent(asked: Asked) -> Answer:
    """Answer the browser of an administrator who consents for the whole tenant."""
    fields = form(asked)
    try:
        tenant_id = tenant_of(asked)
        known_application(asked.world, fields, tenant_id)
        way = _Way(required(fields, "redirect_uri"), "query")
    except SignInError as error:
        return Answer(status=400, content=_document("Sorry", escape(str(error))), content_type=_PAGE)
    if asked.world.faults.strike(FaultKind.USER_CONSENT_FORBIDDEN, asked.url_path, asked.method):
        return _back(way, _refused(asked, fields, SignInError(90094)))
    switches(asked.world).has_admin_consent = True
    return _back(way, {"admin_consent": "True", "tenant": tenant_id, "state": fields.get("state", "")})


def _way(fields: Mapping[str, str]) -> _Way:
    """Return the way back.

    Raises:
        SignInError: the address is missing, or one that nobody may be sent to.
    """
    redirect_uri = required(fields, "redirect_uri")
    parts = urlsplit(redirect_uri)
    is_here = parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1"}
    if not (is_here or parts.scheme == "https") or parts.fragment:
        raise SignInError(50011, redirect_uri, fields["client_id"])
    with_identity = "id_token" in fields.get("response_type", "")
    return _Way(redirect_uri, fields.get("response_mode") or ("fragment" if with_identity else "query"))


def _chosen(asked: Asked, fields: Mapping[str, str]) -> str:
    return fields.get("choice") or ("continue" if switches(asked.world).signs_in_at_once else "")


def _choices(asked: Asked, fields: Mapping[str, str]) -> Answer:
    """Return the page with its buttons; nobody sees one with ``prompt=none``."""
    if fields.get("prompt") == "none":
        raise SignInError(50058)
    links = "".join(
        f'<p><a href="?{escape(urlencode({**fields, "choice": choice}))}">{text}</a></p>'
        for choice, text in _CHOICES.items()
    )
    partner = asked.world.partner
    text = f"<p>{escape(partner.admin_name)} of {escape(partner.name)} signs in.</p>{links}"
    return Answer(content=_document("Simulated sign-in", text), content_type=_PAGE)


def _signed_in(asked: Asked, fields: Mapping[str, str], tenant_id: str) -> dict[str, str]:
    """Return what the application gets back.

    Raises:
        SignInError: it gets an error back.
    """
    kinds = required(fields, "response_type")
    if kinds not in _TYPES:
        raise SignInError(70005, kinds)
    if "id_token" in kinds:
        required(fields, "nonce")
    if not fields.get("resource"):
        required(fields, "scope" if "/v2.0/" in asked.url_path.lower() or "code" not in kinds else "client_id")
    audience = audience_of(fields, tenant_id)
    has_mfa = _agree(asked, fields)
    back = {"state": fields["state"]} if "state" in fields else {}
    if "code" in kinds.split():
        back["code"] = _code(asked, fields, tenant_id, audience=audience, has_mfa=has_mfa)
    if "id_token" in kinds:
        access = Access(
            audience=audience,
            tenant_id=tenant_id,
            client_id=asked.world.partner.client_id,
            user=asked.world.partner.admin_name,
            has_mfa=has_mfa,
            expires_at=int(time.time()) + ACCESS_S,
        )
        back["id_token"] = issue_identity(asked.world, access, nonce=fields["nonce"], base_url=asked.base_url)
    return back | {"session_state": asked.world.partner.admin_id}


def _agree(asked: Asked, fields: Mapping[str, str]) -> bool:
    """Let the administrator agree, and return whether a second factor was given."""
    world, choice = asked.world, _chosen(asked, fields)
    if choice == "cancel":
        raise SignInError(65004)
    if world.faults.strike(FaultKind.USER_CONSENT_FORBIDDEN, asked.url_path, asked.method):
        raise SignInError(90094)
    is_missing = world.faults.strike(FaultKind.CONSENT_MISSING, asked.url_path, asked.method) is not None
    if fields.get("prompt") == "none" and (is_missing or not switches(world).has_admin_consent):
        raise SignInError(65001, world.partner.client_id)
    switches(world).has_admin_consent = True
    return switches(world).has_mfa and choice != "without-mfa"


def _code(asked: Asked, fields: Mapping[str, str], tenant_id: str, *, audience: str, has_mfa: bool) -> str:
    code = f"1.AXs{secrets.token_urlsafe(90)}"
    sign_ins(asked.world).codes[code] = Code(
        client_id=asked.world.partner.client_id,
        tenant_id=tenant_id,
        redirect_uri=fields["redirect_uri"],
        audience=audience,
        scope=fields.get("scope", ""),
        nonce=fields.get("nonce", ""),
        challenge=fields.get("code_challenge", ""),
        has_mfa=has_mfa,
        expires_at=asked.now + CODE_LASTS,
    )
    return code


def _refused(asked: Asked, fields: Mapping[str, str], error: SignInError) -> dict[str, str]:
    body = error.body(asked.now)
    name = "consent_required" if error.code == 65001 else error.error
    back = {"error": name, "error_description": body["error_description"], "error_uri": body["error_uri"]}
    if error.code == 65004:
        back["error_subcode"] = "cancel"
    return back | ({"state": fields["state"]} if "state" in fields else {})


def _back(way: _Way, fields: dict[str, str]) -> Answer:
    if way.mode == "form_post":
        return Answer(content=_form(way.redirect_uri, fields), content_type=_PAGE, headers=dict(NO_STORE))
    parts, text = urlsplit(way.redirect_uri), urlencode(fields)
    query = f"{parts.query}&{text}".lstrip("&")
    to = parts._replace(fragment=text) if way.mode == "fragment" else parts._replace(query=query)
    return Answer(status=302, headers={"Location": urlunsplit(to), **NO_STORE})


def _form(redirect_uri: str, fields: Mapping[str, str]) -> bytes:
    inputs = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}"/>' for name, value in fields.items()
    )
    form_text = (
        f'<form method="POST" name="hiddenform" action="{escape(redirect_uri)}">{inputs}'
        '<noscript><p>Script is off. Press Submit to go on.</p><input type="submit" value="Submit"/></noscript></form>'
        "<script>window.setTimeout(function(){document.forms[0].submit();}, 0);</script>"
    )
    return _document("Working...", form_text)


def _document(title: str, body: str) -> bytes:
    page = f"<!DOCTYPE html><html><head><meta charset='utf-8'><title>{title}</title></head><body><h1>{title}</h1>"
    return f"{page}{body}</body></html>".encode()


CALLS = tuple(
    Call(method=method, path=path, handler=handler, host=Host.OPEN)
    for method in ("GET", "POST")
    for path, handler in (
        ("/{tenant}/oauth2/v2.0/authorize", answer_authorize),
        ("/{tenant}/oauth2/authorize", answer_authorize),
        ("/{tenant}/v2.0/adminconsent", answer_admin_consent),
        ("/{tenant}/adminconsent", answer_admin_consent),
    )
)
