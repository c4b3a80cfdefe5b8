"""What Microsoft sells in the simulator: products, plans, segments, and everything that can be asked about one of them.

Invariants: an item is known by its product and SKU; its availabilities change with the calendar month and by hand, its
prices only at a date. Items keep no state: what was changed by hand lives in ``commerce``.

Not here: the items themselves (``catalogue_items``), prices (``pricing``), JSON (``calls.catalogue``).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from local.demo.catalogue import Goods, Licence

NO_EXTRAS: Mapping[str, object] = {}


@dataclass(frozen=True, slots=True)
class Plan:
    """A term and how it is paid; *term* "" is none (Azure plan, perpetual software)."""

    term: str
    cycle: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A SKU of a product. *shares* is what a segment pays of the commercial price, and the segments it is sold to.

    *directory_id* is the id that the customer's directory knows it by ("" for what gives no licences).
    """

    title: str
    product_id: str
    sku_id: str
    product_type: str = "OnlineServicesNCE"
    product_title: str = ""
    views: tuple[str, ...] = ("OnlineServices",)
    plans: tuple[Plan, ...] = ()
    licence: Licence | None = None
    goods: Goods | None = None
    directory_id: str = ""
    part_number: str = ""
    service_plans: tuple[str, ...] = ()
    is_addon: bool = False
    is_trial: bool = False
    prerequisites: tuple[str, ...] = ()
    upgrades: tuple[str, ...] = ()
    converts_to: str = ""
    shares: Mapping[str, Decimal] = field(default_factory=lambda: {"commercial": Decimal(1)})
    minimum: int = 1
    maximum: int = 10_000_000
    publisher: str = "Microsoft Corporation"
    publisher_id: str = ""
    purchase_prerequisites: tuple[str, ...] = ()
    inventory_variables: tuple[str, ...] = ()
    extra_availabilities: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Product and SKU as Microsoft writes them together."""
        return f"{self.product_id}:{self.sku_id}"

    @property
    def is_licence(self) -> bool:
        """Whether it is a new-commerce licence, with windows, renewals and an extended service term."""
        return self.product_type == "OnlineServicesNCE"

    @property
    def is_azure_plan(self) -> bool:
        """Whether it is the Azure plan."""
        return self.product_type == "AzurePlan"

    @property
    def is_reservation(self) -> bool:
        """Whether it is a reservation or a savings plan."""
        return self.product_type == "Azure"

    def offers(self, term: str, cycle: str) -> bool:
        """Whether it is sold with that term and payment."""
        return Plan(term, cycle) in self.plans


def availability_id(item: Item, segment: str, *, seed: int, on: date, rotation: int) -> str:
    """Return the availability in force on that day: another one every month, and after each rotation by hand."""
    text = f"{seed}/{item.key}/{segment}/{on.year}-{on.month}/{rotation}"
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
    alphabet = "0123456789BCDFGHJKLMNPQRSTVWXZ"
    letters = ""
    for _ in range(12 - len(item.product_id[:8])):
        number, index = divmod(number, len(alphabet))
        letters += alphabet[index]
    return item.product_id[:8] + letters
