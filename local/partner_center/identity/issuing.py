"""Tokens as they are issued, and what is remembered of each.

Invariants: access tokens last about an hour of the caller's time, because a caller counts their seconds by its own
clock; refresh tokens last 90 days of the world's time. A refresh token that was used stays good, as Microsoft's do.

Not here: grants (``grants``), what a token opens (``access``).
"""

import secrets
import time
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from local.partner_center.entities import Json
from local.partner_center.identity.signing import signed
from local.partner_center.world import World

REFRESH_DAYS = 90
ACCESS_S = 3900
_APP_ROLES = {"https://graph.microsoft.com": ["PartnerBilling.Read.All"]}

RESOURCES = {
    "fa3d9a0c-3fb0-42cc-9193-47c7ecd2edbd": "https://api.partnercenter.microsoft.com",
    "4990cffe-04e8-4e8b-808a-1175604b879f": "https://api.partner.microsoft.com",
    "00000003-0000-0000-c000-000000000000": "https://graph.microsoft.com",
    "00000002-0000-0000-c000-000000000000": "https://graph.windows.net",
    "797f4846-ba00-4fd7-ba43-dac1f8f63013": "https://management.azure.com",
}
"""The APIs a token can be had for, by application id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What an access token says. *expires_at* is Unix time of the real clock."""

    audience: str
    tenant_id: str
    client_id: str
    user: str
    has_mfa: bool
    expires_at: int
    scope: str = ""

    @property
    def is_app_only(self) -> bool:
        """True when no user stands behind the token."""
        return not self.user


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresh:
    """What a refresh token stands for. *is_public*: it came by a device code, and needs no credential."""

    client_id: str
    tenant_id: str
    user: str
    has_mfa: bool
    expires_at: datetime
    is_public: bool = False


@dataclass(slots=True)
class Issued:
    """All tokens of one world."""

    access: dict[str, Access] = field(default_factory=dict)
    refresh: dict[str, Refresh] = field(default_factory=dict)


def issued(world: World) -> Issued:
    """Return the tokens of *world*."""
    room: Issued = world.room("tokens", Issued)
    return room


def resource(name: str) -> str | None:
    """Return the API that *name* means (address with or without a slash, application id), or None."""
    bare = name.rstrip("/").lower()
    if bare in RESOURCES:
        return RESOURCES[bare]
    return bare if bare in RESOURCES.values() else None


def issue_access(world: World, access: Access) -> str:
    """Return a signed access token that says *access*; its claims are those of a version 1 token."""
    now = int(time.time())
    claims: Json = {
        "aud": access.audience,
        "iss": f"https://sts.windows.net/{access.tenant_id}/",
        "iat": now,
        "nbf": now,
        "exp": access.expires_at,
        "appid": access.client_id,
        "appidacr": "1",
        "tid": access.tenant_id,
        "uti": secrets.token_urlsafe(16),
        "ver": "1.0",
    }
    token = signed({**claims, **(_app_claims(access) if access.is_app_only else _user_claims(world, access))})
    issued(world).access[token] = access
    return token


def issue_refresh(world: World, refresh: Refresh) -> str:
    """Return a new refresh token, good for 90 days from now."""
    token = f"1.AAAA{secrets.token_urlsafe(120)}"
    expires_at = world.clock.now() + timedelta(days=REFRESH_DAYS)
    issued(world).refresh[token] = replace(refresh, expires_at=expires_at)
    return token


def issue_identity(world: World, access: Access, *, nonce: str = "", base_url: str = "") -> str:
    """Return an id token for who signed in."""
    now = int(time.time())
    claims: Json = {
        "aud": access.client_id,
        "iss": f"{base_url or 'https://login.microsoftonline.com'}/{access.tenant_id}/v2.0",
        "iat": now,
        "nbf": now,
        "exp": access.expires_at,
        "name": access.user.partition("@")[0],
        "preferred_username": access.user,
        "upn": access.user,
        "oid": world.partner.admin_id,
        "sub": world.partner.admin_id,
        "tid": access.tenant_id,
        "amr": _methods(access),
        "ver": "2.0",
    }
    return signed({**claims, "nonce": nonce} if nonce else claims)


def _app_claims(access: Access) -> Json:
    roles = _APP_ROLES.get(access.audience, [])
    return {"idtyp": "app", "oid": access.client_id, "sub": access.client_id, "roles": roles}


def _user_claims(world: World, access: Access) -> Json:
    return {
        "acr": "1",
        "amr": _methods(access),
        "idtyp": "user",
        "name": access.user.partition("@")[0],
        "oid": world.partner.admin_id,
        "scp": access.scope or "user_impersonation",
        "sub": world.partner.admin_id,
        "unique_name": access.user,
        "upn": access.user,
    }


def _methods(access: Access) -> list[str]:
    return ["pwd", "mfa"] if access.has_mfa else ["pwd"]
