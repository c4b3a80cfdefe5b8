"""Access tokens, each for one API, from the one refresh token of the consent: MSAL asks, this remembers.

Invariants: an access token is used until five minutes before it ends, and only one thread of a process fetches a new
one; a newer refresh token is stored before the access token that came with it is given out; no token stands in a log,
an error or a ``repr``. What one customer's tenant refuses says nothing of the connection.

MSAL remembers a refusal of the token service for a minute, so each request gets an application object of its own; and
its cache of tokens logs what it is given, so it gets one that takes nothing.

Not here: signing in (``sign_in``), where tokens are kept (``repositories/connection``), calls (``transport``).
"""

import logging
import re
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

import msal

from shared.domain.connection import ConnectionState, cure_of, is_of_one_tenant, numbers_in, token_state
from shared.domain.consent import RefreshToken, Standing
from shared.domain.errors import InvalidError, MicrosoftRefusedError, NotConnectedError, OperationalError
from shared.partner_center.credentials import AppCredentials
from shared.partner_center.hosts import Audience, Hosts
from shared.partner_center.login_transport import LoginTransport

logger = logging.getLogger(__name__)
ENDS_EARLY: Final = timedelta(minutes=5)
KEPT_MAX: Final = 256
"""Access tokens kept in a process: a few kilobytes each, and a customer's tenant is rarely asked for twice."""

RECENT: Final = timedelta(minutes=5)
DAY_S: Final = 24 * 60 * 60
_LOCK_COUNT: Final = 16
_WORD: Final = re.compile(r"[^A-Za-z0-9_.-]")
_TENANT: Final = re.compile(r"[A-Za-z0-9.-]{1,100}")


class RefreshTokens(Protocol):
    """Where the refresh token and the state of the connection are kept."""

    def refresh_token(self) -> RefreshToken | None:
        """Return the newest one of the consent in force."""
        ...

    def keep_refresh_token(self, token: RefreshToken) -> bool:
        """Store it where it is newer."""
        ...

    def note_standing(self, consent_id: str, standing: Standing) -> None:
        """Write down how it stands where that changed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenKey:
    """What an access token is for; *tenant_id* "" is the partner's own."""

    audience: Audience
    tenant_id: str = ""
    is_app_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """An access token and when it ends."""

    value: str = field(repr=False)
    ends_at: datetime


class _NoCache(msal.TokenCache):  # type: ignore[misc]  # the library is untyped
    """Remembers nothing: tokens are kept here, and the library's own cache writes codes into the log."""

    def add(self, event: dict[str, Any], now: float | None = None) -> None:
        """Take nothing."""


class MsalTokens:
    """``Tokens`` on MSAL; one for each process, shared by its threads."""

    def __init__(
        self,
        app: AppCredentials,
        hosts: Hosts,
        store: RefreshTokens,
        clock: Callable[[], datetime],
        transport: LoginTransport | None = None,
    ) -> None:
        self.app, self._store, self._clock = app, store, clock
        self._transport = transport or LoginTransport(hosts.login)
        self._kept: OrderedDict[TokenKey, AccessToken] = OrderedDict()
        self._recent: tuple[RefreshToken, datetime] | None = None
        self._guard = threading.Lock()
        self._fetching = tuple(threading.Lock() for _ in range(_LOCK_COUNT))

    def token(self, audience: Audience, *, tenant_id: str = "", is_app_only: bool = False) -> str:
        """Return an access token; *tenant_id* names a customer's tenant, "" is the partner's own.

        Raises:
            NotConnectedError: the token service refuses us; the state says why, the message how to cure it.
            MicrosoftRefusedError: a customer's tenant refuses; the connection as such is well.
            MicrosoftUnavailableError: the token service does not answer.
        """
        key = self._key(audience, tenant_id, is_app_only=is_app_only)
        with self._fetching[hash(key) % _LOCK_COUNT]:
            kept = self._usable(key)
            if kept is None:
                kept = self._fetched(key)
                self._keep(key, kept)
            return kept.value

    def forget(self, audience: Audience, *, tenant_id: str = "", is_app_only: bool = False) -> None:
        """Drop a token that an API refused, so that the next call fetches a new one."""
        with self._guard:
            self._kept.pop(self._key(audience, tenant_id, is_app_only=is_app_only), None)

    def forget_all(self) -> None:
        """Drop every access token: the consent changed."""
        with self._guard:
            self._kept.clear()
            self._recent = None

    def endings(self) -> dict[TokenKey, datetime]:
        """Return when the tokens of this process end."""
        with self._guard:
            return {key: kept.ends_at for key, kept in self._kept.items()}

    def application(self, tenant_id: str = "") -> msal.ConfidentialClientApplication:
        """Return a new application object of MSAL's for a tenant.

        Raises:
            NotConnectedError: a setting is missing, or the certificate cannot be read.
            InvalidError: the tenant is no tenant id.
        """
        credential = self.app.for_msal()
        tenant = tenant_id or self.app.tenant_id
        if not _TENANT.fullmatch(tenant):
            raise InvalidError(f"tenant {tenant[:60]!r}: is neither an id nor a domain")
        return msal.ConfidentialClientApplication(
            self.app.client_id,
            client_credential=credential,
            authority=f"{self._transport.authority}/{tenant}",
            http_client=self._transport,
            token_cache=_NoCache(),
            instance_discovery=False,
        )

    def login_address(self, url: str) -> str:
        """Return where the token library's *url* really is."""
        return self._transport.address(url)

    def _key(self, audience: Audience, tenant_id: str, *, is_app_only: bool) -> TokenKey:
        is_own = tenant_id.lower() == self.app.tenant_id.lower()
        return TokenKey(audience=audience, tenant_id="" if is_own else tenant_id.lower(), is_app_only=is_app_only)

    def _usable(self, key: TokenKey) -> AccessToken | None:
        with self._guard:
            kept = self._kept.get(key)
        return kept if kept is not None and self._clock() < kept.ends_at - ENDS_EARLY else None

    def _keep(self, key: TokenKey, token: AccessToken) -> None:
        with self._guard:
            self._kept[key] = token
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT_MAX:
                oldest = next((one for one in self._kept if one.tenant_id), next(iter(self._kept)))
                del self._kept[oldest]

    def _fetched(self, key: TokenKey) -> AccessToken:
        return self._for_app(key) if key.is_app_only else self._for_user(key)

    def _for_app(self, key: TokenKey) -> AccessToken:
        asked_at = self._clock()
        answer = self.application(key.tenant_id).acquire_token_for_client([f"{key.audience}/.default"])
        if "access_token" not in answer:
            raise self._refused(key, answer, consent_id=None)
        return _access(answer, asked_at)

    def _for_user(self, key: TokenKey) -> AccessToken:
        application = self.application(key.tenant_id)
        kept = self._refresh_token(key)
        asked_at = self._clock()
        answer = application.acquire_token_by_refresh_token(kept.value, [f"{key.audience}/.default"])
        if "access_token" not in answer:
            raise self._refused(key, answer, consent_id=kept.consent_id)
        if not key.tenant_id:
            self._keep_newer(kept, str(answer.get("refresh_token") or ""))
            standing = Standing(state=ConnectionState.CONNECTED, since=self._clock())
            self._store.note_standing(kept.consent_id, standing)
        return _access(answer, asked_at)

    def _refresh_token(self, key: TokenKey) -> RefreshToken:
        """Return the refresh token; one that was read lately will do for a customer's tenant: there are thousands."""
        now = self._clock()
        with self._guard:
            recent = self._recent
        if key.tenant_id and recent is not None and timedelta(0) <= now - recent[1] < RECENT:
            return recent[0]
        kept = self._store.refresh_token()
        if kept is None:
            state = ConnectionState.NOT_CONNECTED
            raise NotConnectedError(cure_of(state), state=state)
        with self._guard:
            self._recent = (kept, now)
        return kept

    def _keep_newer(self, kept: RefreshToken, value: str) -> None:
        """Store the newer refresh token; where that fails the old one still works, and the next redemption tries."""
        if not value or value == kept.value:
            return
        newer = RefreshToken(consent_id=kept.consent_id, value=value, obtained_at=self._clock())
        try:
            self._store.keep_refresh_token(newer)
        except OperationalError as error:
            logger.warning("the newer refresh token was not stored: %s", error)

    def _refused(
        self, key: TokenKey, answer: dict[str, Any], *, consent_id: str | None
    ) -> NotConnectedError | MicrosoftRefusedError:
        state, code, message = refusal(answer, key.audience)
        logger.warning("no token for %s in %s: %s (%s)", key.audience, key.tenant_id or "our tenant", state, code)
        if key.tenant_id and is_of_one_tenant(state):
            return MicrosoftRefusedError(
                f"tenant {key.tenant_id}: gives us no token ({code}): {message}; consent to the app there, and ask for "
                "a delegated admin relationship",
                status=403,
                code=code,
            )
        if consent_id is not None:
            self._store.note_standing(consent_id, Standing(state=state, since=self._clock(), code=code))
        return NotConnectedError(f"{message} ({code})", state=state)


def refusal(answer: dict[str, Any], audience: str = "") -> tuple[ConnectionState, str, str]:
    """Return the state, the code and the cure that a refusal of the token service stands for; none of its text."""
    numbers = [int(number) for number in answer.get("error_codes") or () if str(number).isdecimal()]
    word = str(answer.get("error") or "")
    numbers = numbers or list(numbers_in(str(answer.get("error_description") or "")))
    state = token_state(word, numbers, suberror=str(answer.get("suberror") or ""))
    code = f"AADSTS{numbers[0]}" if numbers else _WORD.sub("?", word[:40]) or "no code"
    return state, code, cure_of(state, resource=audience)


def _access(answer: dict[str, Any], asked_at: datetime) -> AccessToken:
    lasts = str(answer.get("expires_in"))
    lasts_s = min(int(lasts), DAY_S) if lasts.isdecimal() else 0
    return AccessToken(value=str(answer["access_token"]), ends_at=asked_at + timedelta(seconds=lasts_s))
