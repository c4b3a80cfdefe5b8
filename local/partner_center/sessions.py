"""Tokens without the way to them, for tests of what lies behind.

Not here: the token service (``identity``).
"""

import time

from local.partner_center.answers import Host
from local.partner_center.identity.issuing import ACCESS_S, Access, Refresh, issue_access, issue_refresh
from local.partner_center.world import World


def access_token(
    world: World, host: Host, *, tenant_id: str = "", is_app_only: bool = False, has_mfa: bool = True
) -> str:
    """Return an access token for *host*, in the partner's tenant unless *tenant_id* names another."""
    access = Access(
        audience=host.value,
        tenant_id=tenant_id or world.partner.tenant_id,
        client_id=world.partner.client_id,
        user="" if is_app_only else world.partner.admin_name,
        has_mfa=has_mfa,
        expires_at=int(time.time()) + ACCESS_S,
    )
    return issue_access(world, access)


def refresh_token(world: World) -> str:
    """Return a refresh token of the partner's administrator."""
    partner = world.partner
    refresh = Refresh(
        client_id=partner.client_id,
        tenant_id=partner.tenant_id,
        user=partner.admin_name,
        has_mfa=True,
        expires_at=world.clock.now(),
    )
    return issue_refresh(world, refresh)
