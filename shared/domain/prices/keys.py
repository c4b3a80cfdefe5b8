"""What a price applies to: the keys of an entry, and which of them say more than others.

An empty key means any value. Keys are compared without regard to case.

Not here: methods and values (``entries``), and the look-up (``book``).
"""

from dataclasses import dataclass
from functools import lru_cache

from shared.domain.charge_types import folded


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceKeys:
    """What an entry applies to; an empty field applies to any value. Compared without regard to case."""

    charge_type: str = ""
    meter_id: str = ""
    product_id: str = ""
    sku_id: str = ""
    term: str = ""
    billing_plan: str = ""
    meter_category: str = ""
    vendor: str = ""

    def __str__(self) -> str:
        return _told(self)

    def named(self) -> dict[str, str]:
        """Return the fields by the names that price lists use for their columns."""
        return {
            "ChargeType": self.charge_type,
            "MeterId": self.meter_id,
            "ProductId": self.product_id,
            "SkuId": self.sku_id,
            "Term": self.term,
            "BillingPlan": self.billing_plan,
            "MeterCategory": self.meter_category,
            "Vendor": self.vendor,
        }

    def folded(self) -> "PriceKeys":
        """Return the keys in the form in which they are compared."""
        return PriceKeys(
            charge_type=folded(self.charge_type),
            meter_id=self.meter_id.casefold(),
            product_id=self.product_id.casefold(),
            sku_id=self.sku_id.casefold(),
            term=self.term.casefold(),
            billing_plan=self.billing_plan.casefold(),
            meter_category=self.meter_category.casefold(),
            vendor=vendor_folded(self.vendor),
        )


@lru_cache(maxsize=4096)
def _told(keys: PriceKeys) -> str:
    """Return the keys for people; every charge line says them, and a list has few that many lines meet."""
    return ", ".join(f"{name} {value}" for name, value in keys.named().items() if value) or "everything"


Rung = tuple[str, ...]
"""The names of the keys that an entry has, in the order in which rungs are written here."""

_SPECIFIC_FIRST: tuple[Rung, ...] = (
    ("meter_id",),
    ("product_id", "sku_id", "term", "billing_plan"),
    ("product_id", "sku_id", "term"),
    ("product_id", "sku_id", "billing_plan"),
    ("product_id", "sku_id"),
    ("product_id", "term", "billing_plan"),
    ("product_id", "term"),
    ("product_id", "billing_plan"),
    ("product_id",),
    ("meter_category",),
    ("term", "billing_plan", "vendor"),
    ("term", "vendor"),
    ("billing_plan", "vendor"),
    ("vendor",),
    ("term", "billing_plan"),
    ("term",),
    ("billing_plan",),
    (),
)
RUNGS: tuple[Rung, ...] = tuple(("charge_type", *rung) for rung in _SPECIFIC_FIRST) + _SPECIFIC_FIRST
"""Every set of keys that goes together, the most specific first; with a charge type before those without."""

FIELDS: Rung = (
    "charge_type",
    "meter_id",
    "product_id",
    "sku_id",
    "term",
    "billing_plan",
    "meter_category",
    "vendor",
)
_MICROSOFT = "microsoft"


def vendor_folded(name: str) -> str:
    """Return a publisher's name as it is compared; all of Microsoft's names (Corporation, Ireland) are one vendor."""
    lowered = name.strip().casefold()
    return _MICROSOFT if lowered.startswith(_MICROSOFT) else lowered


def rung_of(keys: PriceKeys) -> Rung:
    """Return the names of the keys that are set, in the order of ``FIELDS``."""
    return tuple(name for name in FIELDS if getattr(keys, name))
