"""The connection to Microsoft as it is kept: who consented, the refresh token, how it went, and logins under way.

Invariants: a refresh token lies in the secrets under its consent's id, never in a table; an older one never replaces a
newer one, and the token of one consent never that of another; a login is used up once. A row is written only where it
changes, so that a sync that finds all as it was leaves all as it is.

Not here: what a state means (``shared/domain/connection``), tokens in use (``shared/partner_center/tokens``).
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from shared.domain.connection import ConnectionState
from shared.domain.consent import USE_NOTED_EVERY, ApiUse, Consent, RefreshToken, Source, Standing
from shared.domain.errors import AlreadyExistsError, ChangedError, IntegrityError
from shared.storage.ports import Scalar, Secrets, Tables

TABLE: Final = "connection"
_NOW: Final = "now"
_LOGINS: Final = "logins"
_USES: Final = "uses"
_CONSENT: Final = "consent"
_STANDING: Final = "standing"
_STORING: Final = "storing"
STORING_S_MAX: Final = 30
"""How long one worker may take to store a token before another stops waiting for it."""

_encoder = msgspec.json.Encoder(order="deterministic")


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A login that was begun: what the answer has to fit. *flow* is the token library's own, with the code verifier."""

    id: str
    flow: Mapping[str, Any] = field(repr=False)
    browser: str = field(repr=False)
    expires_at: datetime
    is_used: bool = False


class ConnectionStore:
    """The one connection of an installation."""

    def __init__(self, tables: Tables, secrets: Secrets) -> None:
        self._tables, self._secrets = tables, secrets
        self._uses: dict[str, ApiUse] = {}
        self._proved: dict[str, datetime] = {}

    def consent(self) -> Consent | None:
        """Return the consent in force, or None where nobody gave one."""
        row = self._tables.get(TABLE, _NOW, _CONSENT)
        return None if row is None else _decoded(str(row.values["body"]))

    def put_consent(self, consent: Consent, token: RefreshToken) -> None:
        """Let a new consent take the place of the one before, whose token is forgotten."""
        before = self.consent()
        self._forget_replaced()
        self._secrets.put(_secret(consent.id), _sealed(token))
        replaces = before.id if before is not None and before.id != consent.id else ""
        self._tables.upsert(TABLE, _NOW, _CONSENT, {**_body(consent), "replaces": replaces})
        self._put_standing(consent.id, Standing(state=ConnectionState.CONNECTED, since=consent.consented_at))
        if before is not None and before.id != consent.id:
            self._secrets.delete(_secret(before.id))

    def update_consent(self, consent: Consent) -> bool:
        """Keep what was found out about the account; return False where that consent is no longer in force."""
        row = self._tables.get(TABLE, _NOW, _CONSENT)
        if row is None or _decoded(str(row.values["body"])).id != consent.id:
            return False
        with suppress(ChangedError):
            self._tables.replace(TABLE, _NOW, _CONSENT, {**row.values, **_body(consent)}, row.etag)
            return True
        return False

    def forget(self) -> bool:
        """Forget consent and token; return False where there was none. Microsoft is not told."""
        consent = self.consent()
        if consent is None:
            return False
        self._forget_replaced()
        self._secrets.delete(_secret(consent.id))
        for partition, row in [(_NOW, _CONSENT), (_NOW, _STANDING), *((_USES, use.api) for use in self.uses())]:
            self._tables.delete(TABLE, partition, row)
        self._uses.clear()
        self._proved.clear()
        return True

    def refresh_token(self) -> RefreshToken | None:
        """Return the newest refresh token of the consent in force, or None where there is none.

        Raises:
            IntegrityError: the secret cannot be read back.
        """
        consent = self.consent()
        return None if consent is None else self._token_of(consent.id)

    def keep_refresh_token(self, token: RefreshToken) -> bool:
        """Store *token* where it is newer; return False where it is not, or where another worker is storing one now.

        What that worker stores is as good: tokens redeemed at once are seconds apart, and Microsoft keeps old ones.
        """
        claim = self._claim(token.obtained_at)
        if claim is None:
            return False
        try:
            return self._store(token)
        finally:
            with suppress(ChangedError):  # it took too long, and another worker claims now
                self._tables.delete(TABLE, _NOW, _STORING, claim)

    def standing(self) -> Standing | None:
        """Return how it stood when it was last asked, or None where nobody asked since the consent in force."""
        row, consent = self._tables.get(TABLE, _NOW, _STANDING), self.consent()
        if row is None or row.values["consent_id"] != (consent.id if consent else ""):
            return None
        state, code = str(row.values["state"]), str(row.values["code"])
        since, noted_by = _instant(row.values["since"]), Source(str(row.values["noted_by"]))
        api = str(row.values.get("api", ""))
        return Standing(state=ConnectionState(state), since=since, code=code, noted_by=noted_by, api=api)

    def note_standing(self, consent_id: str, standing: Standing) -> None:
        """Write down how it stands where that changed; of a consent that is no longer in force nothing is noted."""
        before = self.standing()
        if before is not None and not before.is_changed_by(standing):
            return
        consent = self.consent()
        if (consent.id if consent else "") == consent_id:
            self._put_standing(consent_id, standing)

    def uses(self) -> list[ApiUse]:
        """Return when each API last worked and last refused, by name."""
        return [_use(row.row, row.values) for row in self._tables.query(TABLE, _USES)]

    def note_success(self, api: str, at: datetime) -> bool:
        """Write down that an API worked, at most once an hour; return whether it was written."""
        before = self._use_of(api)
        return self._put_use(before, before.with_success(at))

    def note_refusal(self, api: str, at: datetime, refusal: str) -> bool:
        """Write down that an API refused, the same refusal at most once an hour; return whether it was written."""
        before = self._use_of(api)
        return self._put_use(before, before.with_refusal(at, refusal))

    def proves_sign_in(self, api: str, at: datetime) -> bool:
        """Whether a success of the sign-in at an API says something new: the first after a refusal, and each hour."""
        proved_at = self._proved.get(api)
        if proved_at is not None and at - proved_at < USE_NOTED_EVERY:
            return False
        self._proved[api] = at
        return True

    def disproves_sign_in(self, api: str) -> bool:
        """Whether a refusal of the sign-in at an API says something new: the first after a success."""
        return self._proved.pop(api, None) is not None

    def put_login(self, login: Login, now: datetime) -> None:
        """Remember a login that begins, and forget those that ended."""
        consent = self.consent()
        self._forget_replaced()
        for row in list(self._tables.query(TABLE, _LOGINS)):
            if _instant(row.values["expires_at"]) <= now:
                if row.values["is_used"] and (consent is None or consent.id != row.row):
                    self._secrets.delete(_secret(row.row))  # a process ended between token and consent
                self._tables.delete(TABLE, _LOGINS, row.row)
        values: dict[str, Scalar] = {
            "flow": json.dumps(dict(login.flow), sort_keys=True),
            "browser": login.browser,
            "expires_at": login.expires_at,
            "is_used": False,
        }
        self._tables.insert(TABLE, _LOGINS, login.id, values)

    def use_login(self, login_id: str) -> Login | None:
        """Return the login and use it up, or None where there is none (any more) or it was used before."""
        row = self._tables.get(TABLE, _LOGINS, login_id)
        if row is None or row.values["is_used"]:
            return None
        try:
            self._tables.replace(TABLE, _LOGINS, login_id, {**row.values, "is_used": True}, row.etag)
        except ChangedError:
            return None
        return Login(
            id=login_id,
            flow=json.loads(str(row.values["flow"])),
            browser=str(row.values["browser"]),
            expires_at=_instant(row.values["expires_at"]),
            is_used=True,
        )

    def _forget_replaced(self) -> None:
        """Forget the token of the consent before this one, in case the process ended before it could."""
        row = self._tables.get(TABLE, _NOW, _CONSENT)
        if row is not None and row.values.get("replaces"):
            self._secrets.delete(_secret(str(row.values["replaces"])))

    def _put_standing(self, consent_id: str, standing: Standing) -> None:
        values: dict[str, Scalar] = {
            "consent_id": consent_id,
            "state": standing.state.value,
            "since": standing.since,
            "code": standing.code,
            "noted_by": standing.noted_by.value,
            "api": standing.api,
        }
        self._tables.upsert(TABLE, _NOW, _STANDING, values)

    def _token_of(self, consent_id: str) -> RefreshToken | None:
        sealed = self._secrets.get(_secret(consent_id))
        return None if sealed is None else _opened(consent_id, sealed)

    def _store(self, token: RefreshToken) -> bool:
        kept = self._token_of(token.consent_id)
        if kept is None or kept.obtained_at > token.obtained_at:
            return False
        self._secrets.put(_secret(token.consent_id), _sealed(token))
        consent = self.consent()
        if consent is None or consent.id != token.consent_id:
            self._secrets.delete(_secret(token.consent_id))  # forgotten or replaced meanwhile
            return False
        return True

    def _claim(self, now: datetime) -> str | None:
        """Return the ETag of our claim to store a token, or None where another worker holds one."""
        values = {"until": now + timedelta(seconds=STORING_S_MAX)}
        with suppress(AlreadyExistsError):
            return self._tables.insert(TABLE, _NOW, _STORING, values)
        row = self._tables.get(TABLE, _NOW, _STORING)
        if row is None or _instant(row.values["until"]) > now:
            return None
        with suppress(ChangedError):
            return self._tables.replace(TABLE, _NOW, _STORING, values, row.etag)
        return None

    def _use_of(self, api: str) -> ApiUse:
        if api not in self._uses:
            row = self._tables.get(TABLE, _USES, api)
            self._uses[api] = ApiUse(api=api) if row is None else _use(api, row.values)
        return self._uses[api]

    def _put_use(self, before: ApiUse, after: ApiUse) -> bool:
        if after is before:
            return False
        values: dict[str, Scalar] = {"refusal": after.refusal}
        values |= {"worked_at": after.worked_at} if after.worked_at else {}
        values |= {"refused_at": after.refused_at} if after.refused_at else {}
        self._tables.upsert(TABLE, _USES, after.api, values)
        self._uses[after.api] = after
        return True


def _secret(consent_id: str) -> str:
    return f"refresh-token-{consent_id}"


def _sealed(token: RefreshToken) -> str:
    return json.dumps({"token": token.value, "obtained_at": token.obtained_at.isoformat()})


def _opened(consent_id: str, sealed: str) -> RefreshToken:
    try:
        content = json.loads(sealed)
        obtained_at = datetime.fromisoformat(content["obtained_at"])
        return RefreshToken(consent_id=consent_id, value=str(content["token"]), obtained_at=obtained_at)
    except (ValueError, KeyError, TypeError):
        raise IntegrityError(
            f"secret {_secret(consent_id)}: holds no refresh token; connect anew"
        ) from None  # the cause may quote the secret


def _decoded(body: str) -> Consent:
    try:
        return msgspec.json.decode(body, type=Consent)
    except msgspec.DecodeError as error:
        raise IntegrityError(f"the stored consent cannot be read back ({error}); connect anew") from error


def _body(consent: Consent) -> dict[str, Scalar]:
    return {"body": _encoder.encode(consent).decode()}


def _use(api: str, values: Mapping[str, Scalar]) -> ApiUse:
    worked, refused = values.get("worked_at"), values.get("refused_at")
    return ApiUse(
        api=api,
        worked_at=worked if isinstance(worked, datetime) else None,
        refused_at=refused if isinstance(refused, datetime) else None,
        refusal=str(values["refusal"]),
    )


def _instant(value: Scalar) -> datetime:
    if not isinstance(value, datetime):
        raise IntegrityError(f"the stored connection holds {type(value).__name__} where an instant belongs")
    return value
