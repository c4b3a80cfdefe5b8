"""How the simulator behaves where Microsoft's own behaviour varies or is not documented: switched, not rebuilt.

Not here: faults (``faults``), which strike and pass.
"""

from dataclasses import dataclass

from local.partner_center.world import World

EXPORT_SHAPES = ("both", "link", "object", "text", "turns")
"""A link and the manifest itself, one of them, the manifest's address as a text, or the last three in turns."""


@dataclass(slots=True, kw_only=True)
class Switches:
    """*bom_share*: one in so many addresses answers with a byte order mark (0: none).

    *requests_per_minute*: for each tenant and in calls that are throttled (0: no limit). *has_mfa*: sign-ins carry
    the claim; *enforces_mfa*: user tokens without it are refused. *has_admin_consent*: the application was consented
    to. *signs_in_at_once*: nobody has to press a button on the page (it shows them otherwise).
    *allows_outside_webhooks*: events are sent to other hosts than this machine. *export_shape*: how a finished export
    names its manifest, one of ``EXPORT_SHAPES``. *v1_is_frozen*: the old API has no lines of new commerce any more.
    """

    bom_share: int = 4
    requests_per_minute: int = 0
    has_mfa: bool = True
    enforces_mfa: bool = True
    has_admin_consent: bool = True
    signs_in_at_once: bool = True
    allows_outside_webhooks: bool = False
    export_shape: str = "both"
    v1_is_frozen: bool = False


def switches(world: World) -> Switches:
    """Return the switches of *world*."""
    room: Switches = world.room("switches", Switches)
    return room
