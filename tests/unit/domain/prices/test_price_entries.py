"""Entries: what may stand together in one row of a price list; everything else is refused with its row and a cure."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.errors import PriceListError
from shared.domain.prices import PriceBook, PriceEntry, PriceMethod, Tier, entry_refused

MakeEntry = Callable[..., PriceEntry]
MARKUP, GRADUATED = PriceMethod.MARKUP_ON_COST, PriceMethod.GRADUATED


def _tiers(*pairs: tuple[str, str]) -> tuple[Tier, ...]:
    return tuple(Tier(Decimal(units), Decimal(price)) for units, price in pairs)


GOOD = _tiers(("1", "1.00"), ("101", "0.80"))


@pytest.mark.parametrize(
    ("changed", "refused"),
    [
        (
            {"method": GRADUATED, "tiers": _tiers(("101", "0.80"), ("1", "1.00"))},
            "the first tier begins at unit 101, not at 1",
        ),
        (
            {"method": GRADUATED, "tiers": _tiers(("0", "1"))},
            "the first tier begins at unit 0, not at 1: write the lowest tier first, beginning at 1",
        ),
        ({"method": GRADUATED, "tiers": _tiers(("1", "1"), ("50", "1"), ("50", "2"))}, "two tiers begin at unit 50"),
        ({"method": GRADUATED, "tiers": _tiers(("1", "1"), ("50", "1"), ("20", "2"))}, "tier 20 stands behind tier 50"),
        ({"method": GRADUATED, "tiers": _tiers(("1", "1"), ("10.5", "1"))}, "a tier begins at a whole unit"),
        ({"method": GRADUATED, "tiers": _tiers(("1", "-1"))}, "a tier's price cannot be negative"),
        ({"method": GRADUATED}, "a graduated price needs tiers, such as 1:1.00; 101:0.80"),
        (
            {"method": PriceMethod.VOLUME, "tiers": GOOD, "value": "3"},
            "a volume price stands in its tiers: leave the value 3 out",
        ),
        ({"tiers": GOOD}, "tiers with the method fixed: use graduated or volume, or leave the tiers out"),
        ({"method": PriceMethod.MARGIN_ON_PRICE, "value": "100"}, "a margin of 100 percent of the price: no price"),
        ({"method": PriceMethod.DISCOUNT_OFF_ERP, "value": "100.1"}, "a discount of 100.1 percent: write 0 to 100"),
        ({"uplift_percent": "-1"}, "an uplift of -1 percent: write 0 to 1000"),
        ({"uplift_percent": "1000.1"}, "an uplift of 1000.1 percent: write 0 to 1000"),
        ({"uplift_amount": "-1"}, "an uplift of -1: write 0 or more"),
        ({"free_units": "-1"}, "-1 free units: write 0 or more"),
        ({"value": "0", "uplift_percent": "5"}, "an uplift in percent of a price of 0: write the price, or the uplift"),
        ({"method": MARKUP, "uplift_amount": "5"}, "an uplift as an amount needs its currency, such as EUR"),
        ({"method": MARKUP, "currency": "EUR"}, "a markup_on_cost price has no currency of its own: leave EUR out"),
        ({"currency": ""}, "a fixed price needs its currency, such as EUR"),
    ],
)
def test_what_cannot_stand_together_is_refused(entry: MakeEntry, changed: dict[str, Any], refused: str) -> None:
    """By the list with its row, and by the entry itself for whoever makes one."""
    numbers = {name: Decimal(text) for name, text in changed.items() if name.startswith(("uplift", "free"))}
    method = changed.get("method")
    is_tiered = method is not None and method.is_tiered
    value = changed.get("value", "0" if is_tiered else "10")
    others = {name: told for name, told in changed.items() if name != "value"}
    made = entry(value, **{**({"currency": "EUR"} if is_tiered else {}), **others, **numbers}, row=12)

    assert entry_refused(made).startswith(refused)
    with pytest.raises(PriceListError, match=r"^list\.csv, row 12: "):
        PriceBook([made], name="list.csv")


@pytest.mark.parametrize(
    "changed",
    [
        {"method": GRADUATED, "tiers": GOOD, "value": "0", "currency": "EUR"},
        {"method": MARKUP, "uplift_amount": Decimal(1), "currency": "EUR"},
        {"method": PriceMethod.MARGIN_ON_PRICE, "value": "99.99"},
        {"method": PriceMethod.DISCOUNT_OFF_ERP, "value": "100"},
        {"value": "0", "uplift_amount": Decimal(5)},
        {"uplift_percent": Decimal(1000), "free_units": Decimal("0.5")},
    ],
)
def test_what_can_be_used_is_taken(entry: MakeEntry, changed: dict[str, Any]) -> None:
    """The limits themselves are inside."""
    made = entry(**{"value": "10", **changed})

    assert "" == entry_refused(made)
    assert made.counts_units is PriceBook([made]).counts_units


def test_less_than_a_free_unit_is_counted_too(entry: MakeEntry) -> None:
    """Half a unit that is free makes the price of the others depend on how many there are."""
    assert entry("10", free_units=Decimal("0.5")).counts_units
    assert not entry("10").counts_units
