"""What the simulator's commerce keeps beside the customers: what is switched, changed by hand, or under way.

Not here: the rules that obey the switches (``pricing``, ``renewing``, ``calls``).
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from local.partner_center.catalogue import Item, availability_id
from local.partner_center.entities import Json
from local.partner_center.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceChange:
    """A price that changes on a day, by a factor; "" is all. *product* is such as ``CFQ7TTC0LH18:0001``."""

    from_on: date
    factor: Decimal
    product: str = ""
    term: str = ""
    cycle: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """A promotion: *discount* is the share that is taken off the partner's price. Seats are those of one purchase."""

    id: str
    name: str
    product: str
    term: str
    cycle: str
    discount: Decimal
    first_on: date
    last_on: date
    seats_min: int = 1
    seats_max: int = 2400
    segment: str = "commercial"
    is_automatic: bool = False


def _promotions() -> list[Promotion]:
    return [
        Promotion(
            id="39NFJQT1PJQB:0001:39NFJQT1Q5KN",
            name="Microsoft 365 Business Premium - 10 % for new annual customers",
            product="CFQ7TTC0LCHC:0002",
            term="P1Y",
            cycle="monthly",
            discount=Decimal("0.10"),
            first_on=date(2025, 7, 1),
            last_on=date(2027, 6, 30),
            seats_max=300,
        ),
        Promotion(
            id="39NFJQT1X8L2:0001:39NFJQT1M4DV",
            name="Microsoft 365 E5 - 15 % for three years",
            product="CFQ7TTC0LFLZ:0002",
            term="P3Y",
            cycle="monthly",
            discount=Decimal("0.15"),
            first_on=date(2025, 1, 1),
            last_on=date(2027, 12, 31),
            is_automatic=True,
        ),
    ]


@dataclass(slots=True)
class Commerce:
    """Switches and records. *reads_stale* is how many reads after a change still show what was before it.

    *renewal_delay_h* is how long after midnight a renewal happens. *extended_service_from* is the first term end that
    rolls into the extended service term. *refused* are products (``P:S``) whose orders fail at the checkout, with the
    code and the text. *carts_in_process* is how many checkouts are still told that they run, *checks_out_once* refuses
    the repetition of one that succeeded. *due* is the instant for which each subscription is on the clock.
    """

    rotation: int = 0
    renewal_delay_h: float = 0
    changes_are_accepted: bool = False
    reads_stale: int = 0
    extended_service_from: date = date(2026, 5, 4)
    price_changes: list[PriceChange] = field(default_factory=list)
    promotions: list[Promotion] = field(default_factory=_promotions)
    due: dict[str, datetime] = field(default_factory=dict)
    stale: dict[str, tuple[int, Json]] = field(default_factory=dict)
    migrations: dict[str, Json] = field(default_factory=dict)
    refused: dict[str, tuple[int, str]] = field(default_factory=dict)
    carts_in_process: int = 0
    checks_out_once: bool = False


def commerce(world: World) -> Commerce:
    """Return the commerce of the world."""
    found: Commerce = world.room("commerce", Commerce)
    return found


def current_availability(world: World, item: Item, segment: str = "commercial") -> str:
    """Return the id of the availability that can be ordered now."""
    on, rotation = world.clock.now().date(), commerce(world).rotation
    return availability_id(item, segment, seed=world.seed, on=on, rotation=rotation)
