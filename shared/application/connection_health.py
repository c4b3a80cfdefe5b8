"""How the connection is: its state, the cure, the account, the token's age, and when each API last worked.

The client tells about each call (``note_outcome``); what is written down of it is little and at most hourly, so that a
sync that finds all as it was writes nothing.

Not here: signing in (``connect``), live checks (``prorata doctor``).
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from shared.application.connect import check_account
from shared.application.services import Services
from shared.domain.connection import ConnectionState, cure_of, refusal_state
from shared.domain.consent import ApiUse, Consent, RefreshToken, Source, Standing, TokenEnd
from shared.domain.errors import IntegrityError, InvalidError, NotConnectedError, OperationalError
from shared.storage.repositories.connection import ConnectionStore

logger = logging.getLogger(__name__)
DAYS_LEFT_MIN: Final = 14
"""Weekly redemption keeps 83 days or more; below this, something stopped redeeming."""

_OF_THE_SIGN_IN: Final = frozenset(
    {ConnectionState.MFA_REQUIRED, ConnectionState.CONDITIONAL_ACCESS, ConnectionState.WRONG_AUDIENCE}
)
"""What an API's refusal says of the whole connection; a missing role may concern one call only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Everything a person needs to see of the connection. *problem* says why the refresh token cannot be read."""

    state: ConnectionState
    code: str
    since: datetime | None
    consent: Consent | None
    token: RefreshToken | None
    uses: tuple[ApiUse, ...]
    endings: tuple[TokenEnd, ...]
    missing_settings: tuple[str, ...]
    problem: str
    now: datetime

    @property
    def next_action(self) -> str:
        """What a person has to do now; "" for nothing."""
        if self.problem:
            return self.problem
        if self.state is ConnectionState.NOT_CONFIGURED:
            return f"not set: {', '.join(self.missing_settings)}; {cure_of(self.state)}"
        if self.state is not ConnectionState.CONNECTED:
            return f"{cure_of(self.state)}{self._roles_note()}"
        if self.consent is not None and self.consent.has_mfa is False:
            return cure_of(ConnectionState.MFA_REQUIRED)
        if self.token is not None and self.token.days_left(self.now) < DAYS_LEFT_MIN:
            return "the refresh token was not redeemed for long: check that the timer redeem_refresh_token runs"
        return ""

    def _roles_note(self) -> str:
        if self.state is ConnectionState.ROLE_MISSING and self.consent is not None:
            return f" (it {self.consent.roles.sentence()})"
        return ""


def connection_health(services: Services) -> Health:
    """Return how the connection is, from what is written down; Microsoft is not asked."""
    store, now = services.connection, services.clock()
    consent, standing, problem = store.consent(), store.standing(), ""
    token: RefreshToken | None = None
    try:
        token = store.refresh_token()
    except (IntegrityError, InvalidError, OperationalError) as error:
        problem = str(error)
    sign_in = services.sign_in()
    missing = tuple(sign_in.missing_settings())
    state = _state(consent, token, standing, now, is_configured=not missing, is_readable=not problem)
    is_noted = standing is not None and standing.state is state
    return Health(
        state=state,
        code=standing.code if standing is not None and is_noted else "",
        since=standing.since if standing is not None and is_noted else None,
        consent=consent,
        token=token,
        uses=tuple(store.uses()),
        endings=tuple(each for each in sign_in.endings() if each.ends_at > now),
        missing_settings=missing,
        problem=problem,
        now=now,
    )


def redeem(services: Services) -> Health:
    """Use the refresh token, so that Microsoft keeps it for another 90 days, and look at the account again.

    Raises:
        NotConnectedError: the token service refuses; the state is written down.
        MicrosoftUnavailableError: it does not answer. Try again later.
    """
    services.sign_in().redeem()
    consent = services.connection.consent()
    if consent is not None:
        try:
            check_account(services, consent)
        except NotConnectedError as error:
            logger.warning("the account could not be checked: %s", error.state)
    return connection_health(services)


def note_outcome(
    store: ConnectionStore, api: str, *, status: int, code: str, at: datetime, is_app_only: bool = False
) -> None:
    """Write down what a call to an API brought: *status* 0 is no answer, which says nothing of the connection.

    A success of the app alone says nothing of the sign-in. A store that fails here fails no call to Microsoft.
    """
    try:
        if 200 <= status < 300:
            store.note_success(api, at)
            if not is_app_only and store.proves_sign_in(api, at):
                _note(store, Standing(state=ConnectionState.CONNECTED, since=at, noted_by=Source.API, api=api))
        elif status in {401, 403}:
            _note_refusal(store, api, status, code, at)
    except OperationalError as error:
        logger.warning("what %s answered was not written down: %s", api, error)


def health_view(health: Health) -> dict[str, Any]:
    """Return the health as JSON; no token stands in it."""
    consent, token = health.consent, health.token
    return {
        "state": health.state,
        "code": health.code,
        "since": _text(health.since),
        "cure": "" if health.state is ConnectionState.CONNECTED else cure_of(health.state),
        "next_action": health.next_action,
        "identity": None if consent is None else _identity_view(consent),
        "roles": None if consent is None else _roles_view(consent),
        "has_mfa": None if consent is None else consent.has_mfa,
        "refresh_token": None if token is None else _token_view(token, health.now),
        "access_tokens": [_ending_view(each) for each in health.endings],
        "apis": [_use_view(use) for use in health.uses],
    }


def account_advice(consent: Consent) -> str:
    """Return a recommendation where the account looks like a person's own, "" otherwise."""
    if not consent.identity.looks_personal:
        return ""
    return (
        f"{consent.identity.user_name} looks like a person's own account: the connection ends when that person leaves "
        "or changes the password. Connect with a service account that has a second factor and the same roles."
    )


def _state(
    consent: Consent | None,
    token: RefreshToken | None,
    standing: Standing | None,
    now: datetime,
    *,
    is_configured: bool,
    is_readable: bool,
) -> ConnectionState:
    if not is_configured:
        return ConnectionState.NOT_CONFIGURED
    if consent is None:
        return ConnectionState.NOT_CONNECTED if standing is None else standing.state
    noted = ConnectionState.CONNECTED if standing is None else standing.state
    if token is None:
        return ConnectionState.NOT_CONNECTED if is_readable else ConnectionState.REFUSED
    if noted is ConnectionState.CONNECTED and token.days_left(now) == 0:
        return ConnectionState.TOKEN_EXPIRED
    return noted


def _note_refusal(store: ConnectionStore, api: str, status: int, code: str, at: datetime) -> None:
    is_news = store.note_refusal(api, at, f"HTTP {status} {code}".strip())
    state = refusal_state(code)
    if state in _OF_THE_SIGN_IN and (store.disproves_sign_in(api) or is_news):
        _note(store, Standing(state=state, since=at, code=code, noted_by=Source.API, api=api))


def _note(store: ConnectionStore, standing: Standing) -> None:
    consent = store.consent()
    if consent is not None:
        store.note_standing(consent.id, standing)


def _identity_view(consent: Consent) -> dict[str, Any]:
    identity = consent.identity
    return {
        "user_name": identity.user_name,
        "name": identity.name,
        "object_id": identity.object_id,
        "tenant_id": identity.tenant_id,
        "consented_at": consent.consented_at.isoformat(),
        "advice": account_advice(consent),
    }


def _roles_view(consent: Consent) -> dict[str, Any]:
    roles = consent.roles
    is_enough = None if roles.unchecked else not roles.missing
    return {"held": roles.held, "missing": roles.missing, "is_enough": is_enough, "says": roles.sentence()}


def _token_view(token: RefreshToken, now: datetime) -> dict[str, Any]:
    age = (now - token.obtained_at).days
    return {"obtained_at": token.obtained_at.isoformat(), "age_days": age, "days_left": token.days_left(now)}


def _ending_view(ending: TokenEnd) -> dict[str, Any]:
    return {
        "audience": ending.audience,
        "tenant_id": ending.tenant_id,
        "is_app_only": ending.is_app_only,
        "ends_at": ending.ends_at.isoformat(),
    }


def _use_view(use: ApiUse) -> dict[str, Any]:
    return {
        "api": use.api,
        "worked_at": _text(use.worked_at),
        "refused_at": _text(use.refused_at),
        "refusal": use.refusal,
    }


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
