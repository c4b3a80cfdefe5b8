"""Offers of the old commerce: what old subscriptions name, and what little can still be ordered of them.

Not here: JSON (``calls.legacy_catalogue``).
"""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class LegacyOffer:
    """An offer, known by a GUID (or a name, for Azure); *price* is for a month. *bases* are what an add-on adds to."""

    id: str
    title: str
    price: Decimal
    category: str = "Enterprise"
    product: str = "18181a46-0d4e-45cd-891e-60aabd171b4e"
    bases: tuple[str, ...] = ()
    is_trial: bool = False
    is_usage: bool = False
    converts_to: str = ""
    upgrades: tuple[str, ...] = ()
    successor: str = ""


_OFFERS = (
    LegacyOffer(
        id="91FD106F-4B2C-4938-95AC-F54F74E9A239",
        title="Office 365 E1",
        price=Decimal("6.72"),
        upgrades=("796B6B5F-613C-4E24-A17C-EBA730D49C02",),
        successor="CFQ7TTC0LH18:0001",
    ),
    LegacyOffer(
        id="796B6B5F-613C-4E24-A17C-EBA730D49C02",
        title="Office 365 E3",
        price=Decimal("17.52"),
        successor="CFQ7TTC0LFLX:0001",
    ),
    LegacyOffer(
        id="195416C1-3447-423A-B37B-EE59A99A19C4",
        title="Exchange Online (Plan 1)",
        price=Decimal("2.70"),
        successor="CFQ7TTC0LH16:0001",
    ),
    LegacyOffer(id="DB2E705F-B82A-4024-A3D5-D88E12F2DB35", title="Visio Online Plan 2", price=Decimal("11.20")),
    LegacyOffer(
        id="031C9E47-4802-4248-838E-778FB1D2CC05",
        title="Office 365 Business Premium",
        price=Decimal("8.45"),
        category="Small_Business",
        successor="CFQ7TTC0LDPB:0001",
    ),
    LegacyOffer(
        id="C0BD2E08-11AC-4836-BDC7-3712E744922F",
        title="Office 365 Business Premium Trial",
        price=Decimal(0),
        category="Trials",
        is_trial=True,
        converts_to="031C9E47-4802-4248-838E-778FB1D2CC05",
    ),
    LegacyOffer(
        id="2828BE95-46BA-4F91-B2FD-0BEF192ECF60",
        title="Exchange Online Archiving for Exchange Online",
        price=Decimal("2.05"),
        bases=("195416C1-3447-423A-B37B-EE59A99A19C4", "91FD106F-4B2C-4938-95AC-F54F74E9A239"),
    ),
    LegacyOffer(
        id="C94271D8-B431-4A25-A3C5-A57737A1C909",
        title="Audio Conferencing",
        price=Decimal("2.70"),
        bases=("91FD106F-4B2C-4938-95AC-F54F74E9A239", "796B6B5F-613C-4E24-A17C-EBA730D49C02"),
    ),
    LegacyOffer(
        id="43FCE491-76D1-4BCC-B709-8A288786DBAE",
        title="Microsoft Defender for Office 365 (Plan 1)",
        price=Decimal("1.35"),
        bases=("91FD106F-4B2C-4938-95AC-F54F74E9A239", "796B6B5F-613C-4E24-A17C-EBA730D49C02"),
    ),
    LegacyOffer(id="MS-AZR-0145P", title="Microsoft Azure", price=Decimal(0), category="Azure", is_usage=True),
)
LEGACY_OFFERS = {offer.id: offer for offer in _OFFERS}
"""The offers by id, in capitals."""
