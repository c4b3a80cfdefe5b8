"""Who consented, with which roles, and what is known of the connection since: plain values and their rules.

Not here: what is wrong and how it is cured (``connection``), where it is kept (``repositories/connection``).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from shared.domain.connection import ConnectionState

REFRESH_TOKEN_DAYS: Final = 90
"""How long Microsoft keeps a refresh token that nobody redeems."""

USE_NOTED_EVERY: Final = timedelta(hours=1)
"""How often it is written down that an API worked: often enough for a person, too seldom to cost anything."""


class Source(StrEnum):
    """Who finds out how the connection stands."""

    TOKENS = "tokens"
    API = "api"
    ROLES = "roles"


class Role(StrEnum):
    """The roles that matter, as Partner Center names them."""

    ADMIN_AGENT = "Admin agent"
    SALES_AGENT = "Sales agent"
    HELPDESK_AGENT = "Helpdesk agent"
    BILLING_ADMIN = "Billing admin"
    GLOBAL_ADMIN = "Global administrator"


ROLE_BY_GROUP: Final = {
    "AdminAgents": Role.ADMIN_AGENT,
    "SalesAgents": Role.SALES_AGENT,
    "HelpdeskAgents": Role.HELPDESK_AGENT,
}
ROLE_BY_TEMPLATE: Final = {
    "b0f54661-2d74-4c50-afa3-1ec803f12efe": Role.BILLING_ADMIN,
    "62e90394-69f5-4237-9190-012177145e10": Role.GLOBAL_ADMIN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """What is known of the account's roles; *unchecked* says why nothing is, "" once they were read."""

    held: tuple[Role, ...] = ()
    unchecked: str = ""

    @property
    def missing(self) -> tuple[Role, ...]:
        """What to give the account; nothing while the roles are unknown."""
        held = set(self.held)
        if self.unchecked or Role.ADMIN_AGENT in held:
            return ()
        pair = {Role.BILLING_ADMIN, Role.SALES_AGENT}
        if not pair & held:
            return (Role.ADMIN_AGENT,)
        return tuple(sorted(pair - held))

    def sentence(self) -> str:
        """Say it to a person."""
        if self.unchecked:
            return f"the roles could not be checked: {self.unchecked}"
        if not self.missing:
            return f"has {', '.join(self.held)}"
        other = ", or Billing admin and Sales agent" if self.missing == (Role.ADMIN_AGENT,) else ""
        return f"lacks {' and '.join(self.missing)}{other}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The account that consented."""

    user_name: str
    object_id: str
    name: str
    tenant_id: str

    @property
    def looks_personal(self) -> bool:
        """A rule of thumb: the name before the @ is of the form first.last, and has no word of a service in it."""
        local = self.user_name.partition("@")[0].casefold()
        words = re.split(r"[._\-+]", local)
        return 2 <= len(words) <= 3 and all(word.isalpha() for word in words) and not _SERVICE_WORDS & set(words)


_SERVICE_WORDS: Final = frozenset(
    {"account", "accounts", "admin", "api", "app", "automation", "azure", "billing", "bot", "csp", "integration"}
    | {"noreply", "partner", "portal", "prorata", "robot", "service", "svc", "sync", "system"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One consent: who gave it and when, and what was found out about the account. *id* names its refresh token."""

    id: str
    identity: Identity
    consented_at: datetime
    roles: Roles = field(default_factory=lambda: Roles(unchecked="nobody asked yet"))
    has_mfa: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshToken:
    """The newest refresh token of a consent; *obtained_at* is when it was given out."""

    consent_id: str
    value: str = field(repr=False)
    obtained_at: datetime

    def days_left(self, now: datetime) -> int:
        """Return the days until it ends unless it is redeemed, begun ones included, never negative."""
        ended_for = now - self.obtained_at - timedelta(days=REFRESH_TOKEN_DAYS)
        return max(0, -(ended_for // timedelta(days=1)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The state since when, and Microsoft's number for it. *noted_by* is who found it out, at *api* where it was one.

    A success tells nothing of what somebody else was refused: a token can be had although the account lacks a role, and
    one API answers where another asks for a second factor.
    """

    state: ConnectionState
    since: datetime
    code: str = ""
    noted_by: Source = Source.TOKENS
    api: str = ""

    def is_changed_by(self, after: "Standing") -> bool:
        """Whether *after* says something new."""
        if (self.state, self.code) == (after.state, after.code):
            return False
        is_well_again = after.state is ConnectionState.CONNECTED
        return not is_well_again or (self.noted_by, self.api) == (after.noted_by, after.api)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiUse:
    """When an API last worked and last refused; *refusal* is status and code."""

    api: str
    worked_at: datetime | None = None
    refused_at: datetime | None = None
    refusal: str = ""

    def with_success(self, at: datetime) -> "ApiUse":
        """Return it with a success, or itself where one was noted not long ago and nothing was refused since."""
        is_first_since = self.refused_at is not None and (self.worked_at is None or self.worked_at < self.refused_at)
        if self.worked_at is not None and not is_first_since and at - self.worked_at < USE_NOTED_EVERY:
            return self
        return ApiUse(api=self.api, worked_at=at, refused_at=self.refused_at, refusal=self.refusal)

    def with_refusal(self, at: datetime, refusal: str) -> "ApiUse":
        """Return it with a refusal, or itself where the same one was noted not long ago."""
        if self.refused_at is not None and self.refusal == refusal and at - self.refused_at < USE_NOTED_EVERY:
            return self
        return ApiUse(api=self.api, worked_at=self.worked_at, refused_at=at, refusal=refusal)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Who signed in, and the refresh token that came with it."""

    identity: Identity
    refresh_token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenEnd:
    """When an access token of this process ends. *audience* is the API's address."""

    audience: str
    tenant_id: str
    is_app_only: bool
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What one cheap call to an API brought: "" as *problem* where it worked.

    *state* is that of the connection where the refusal says something of it. *clock_skew_s* is how far our clock is
    ahead of Microsoft's, in seconds, None where the answer did not say.
    """

    api: str
    problem: str = ""
    state: ConnectionState | None = None
    has_mfa: bool | None = None
    clock_skew_s: int | None = None


def roles_in(groups: Iterable[str], templates: Iterable[str]) -> Roles:
    """Return the roles behind names of groups and template ids of directory roles."""
    held = {ROLE_BY_GROUP[name] for name in groups if name in ROLE_BY_GROUP}
    held |= {ROLE_BY_TEMPLATE[one.lower()] for one in templates if one.lower() in ROLE_BY_TEMPLATE}
    return Roles(held=tuple(sorted(held)))
