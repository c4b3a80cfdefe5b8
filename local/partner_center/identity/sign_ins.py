"""Codes that stand for a sign-in which happened in a browser, until an application redeems them.

Not here: the pages (``consent``, ``devices``), redeeming (``grants``).
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from local.partner_center.world import World

CODE_LASTS = timedelta(minutes=10)
DEVICE_LASTS = timedelta(minutes=15)


@dataclass(slots=True, kw_only=True)
class Code:
    """An authorization code and the request it belongs to."""

    client_id: str
    tenant_id: str
    redirect_uri: str
    audience: str
    scope: str
    nonce: str
    challenge: str
    has_mfa: bool
    expires_at: datetime
    is_redeemed: bool = False


@dataclass(slots=True, kw_only=True)
class Device:
    """A device code; somebody types *user_code* into a page to let the device in."""

    user_code: str
    tenant_id: str
    audience: str
    scope: str
    expires_at: datetime
    polls: int = 0
    is_approved: bool = False
    is_declined: bool = False


@dataclass(slots=True)
class SignIns:
    """All codes of one world."""

    codes: dict[str, Code] = field(default_factory=dict)
    devices: dict[str, Device] = field(default_factory=dict)


def sign_ins(world: World) -> SignIns:
    """Return the codes of *world*."""
    room: SignIns = world.room("sign-ins", SignIns)
    return room
