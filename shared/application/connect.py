"""Connecting to Microsoft: a person signs in in a browser, and what comes back becomes the consent in force.

Invariants: an answer counts once, within 15 minutes, and only in the browser that began the login (a cookie holds what
the stored login holds the hash of), so that nobody can be made to finish somebody else's login. A login that fails
leaves a working connection as it was.

Not here: cookies and pages (``functions``), the token service (``shared/partner_center``), how the connection is
(``connection_health``).
"""

import hashlib
import hmac
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from shared.application.services import Services
from shared.domain.connection import ConnectionState, callback_state, cure_of, numbers_in
from shared.domain.consent import Consent, RefreshToken, Source, Standing
from shared.domain.errors import NotConnectedError
from shared.storage.repositories.connection import Login

logger = logging.getLogger(__name__)
LOGIN_LASTS: Final = timedelta(minutes=15)
CALLBACK: Final = "/api/connection/callback"
_PARTNER_CENTER: Final = "https://api.partnercenter.microsoft.com"


@dataclass(frozen=True, slots=True)
class LoginBegun:
    """Where the browser goes, and what it has to bring back as a cookie.

    *is_posted* says that the answer is posted from Microsoft's page, so that the cookie has to travel with that.
    """

    address: str = field(repr=False)
    browser: str = field(repr=False)
    is_posted: bool


def begin_login(services: Services) -> LoginBegun:
    """Begin a login.

    The answer is posted where we are on https: so the code stands in no address and in no log of addresses.

    Raises:
        NotConnectedError: a setting is missing, or the certificate cannot be read.
    """
    is_posted = services.base_url.startswith("https://")
    address, flow = services.sign_in().begin(redirect=f"{services.base_url}{CALLBACK}", is_posted=is_posted)
    browser, now = secrets.token_urlsafe(32), services.clock()
    login = Login(id=_login_id(str(flow["state"])), flow=flow, browser=_digest(browser), expires_at=now + LOGIN_LASTS)
    services.connection.put_login(login, now)
    logger.info("login begun")
    return LoginBegun(address=address, browser=browser, is_posted=is_posted)


def complete_login(services: Services, answer: Mapping[str, str], browser: str) -> Consent:
    """Take Microsoft's *answer* (``state``, and ``code`` or ``error``) and return the consent that is in force now.

    Raises:
        NotConnectedError: the answer is of no login of this browser, or Microsoft refuses; its state says which.
        MicrosoftUnavailableError: the token service does not answer. Begin anew.
    """
    login = _login(services, answer.get("state", ""), browser)
    try:
        consent = _consented(services, login, answer)
    except NotConnectedError as error:
        _note_failed(services, error)
        raise
    logger.info("consent given by %s", consent.identity.object_id)
    return check_account(services, consent)


def check_account(services: Services, consent: Consent) -> Consent:
    """Find out the roles and the second factor of the account that consented, and keep what was found."""
    sign_in = services.sign_in()
    roles = sign_in.roles()
    probe = next(each for each in sign_in.probes() if each.api == _PARTNER_CENTER)
    has_mfa = consent.has_mfa if probe.has_mfa is None else probe.has_mfa
    checked = replace(consent, roles=roles, has_mfa=has_mfa)
    if checked != consent:
        services.connection.update_consent(checked)
    if not probe.problem:
        _note(services, consent, ConnectionState.CONNECTED, Source.API, urlsplit(_PARTNER_CENTER).netloc)
    if not roles.unchecked:
        _note(services, consent, ConnectionState.ROLE_MISSING if roles.missing else ConnectionState.CONNECTED)
    return checked


def forget_connection(services: Services) -> bool:
    """Forget the consent and its token; return False where there was none.

    Access tokens that other workers hold end within the hour. To end them at once, revoke the sessions in Entra.
    """
    is_news = services.connection.forget()
    services.sign_in().changed()
    logger.info("connection forgotten: %s", is_news)
    return is_news


def _note(
    services: Services, consent: Consent, state: ConnectionState, source: Source = Source.ROLES, api: str = ""
) -> None:
    standing = Standing(state=state, since=services.clock(), noted_by=source, api=api)
    services.connection.note_standing(consent.id, standing)


def _login(services: Services, state: str, browser: str) -> Login:
    """Return the login that the answer belongs to, used up by this.

    Raises:
        NotConnectedError: there is none, it is too old, or another browser began it.
    """
    login = services.connection.use_login(_login_id(state)) if state else None
    is_ours = login is not None and hmac.compare_digest(login.browser, _digest(browser))
    if login is None or not is_ours or login.expires_at <= services.clock():
        logger.warning("an answer that belongs to no login was refused")
        mismatch = ConnectionState.LOGIN_MISMATCH
        raise NotConnectedError(cure_of(mismatch), state=mismatch)
    return login


def _consented(services: Services, login: Login, answer: Mapping[str, str]) -> Consent:
    if answer.get("error") or not answer.get("code"):
        raise _declined(answer)
    signed_in = services.sign_in().complete(login.flow, answer["code"])
    now = services.clock()
    consent = Consent(id=login.id, identity=signed_in.identity, consented_at=now)
    token = RefreshToken(consent_id=login.id, value=signed_in.refresh_token, obtained_at=now)
    services.connection.put_consent(consent, token)
    services.sign_in().changed()
    return consent


def _declined(answer: Mapping[str, str]) -> NotConnectedError:
    word, description = answer.get("error", ""), answer.get("error_description", "")
    state = callback_state(word, description) if word else ConnectionState.LOGIN_MISMATCH
    numbers = numbers_in(description)
    code = f" (AADSTS{numbers[0]})" if numbers else ""
    return NotConnectedError(f"{cure_of(state, resource=_PARTNER_CENTER)}{code}", state=state)


def _note_failed(services: Services, error: NotConnectedError) -> None:
    """Show why nobody is connected yet; what works goes on working."""
    logger.warning("login failed: %s", error.state)
    standing = Standing(state=ConnectionState(error.state), since=services.clock())
    services.connection.note_standing("", standing)


def _login_id(state: str) -> str:
    return _digest(state)[:32]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
