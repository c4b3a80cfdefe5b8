"""The catalogue: what can be sold, by category, group and words, with the price a customer would pay."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from shared.domain.catalogue import (
    Catalogue,
    CatalogueEntry,
    CatalogueItem,
    Facet,
    OwnPrice,
    SheetItem,
    Shown,
    Wanted,
)
from shared.domain.prices import PriceBook, PriceEntry, PriceKeys, PriceMethod, SheetPrice, Tier

DAY = date(2026, 10, 15)


def _row(product_id: str = "CFQ7", sku_id: str = "0001", title: str = "Business Premium", **facts: Any) -> SheetItem:
    usual: dict[str, Any] = {
        "term": "P1Y", "billing_plan": "Monthly", "currency": "EUR", "cost": Decimal("8.41"), "erp": Decimal(10),
        "market": "SE", "segment": "Commercial",
    }  # fmt: skip
    texts = {name: facts.pop(name) for name in list(facts) if name in SheetItem.__dataclass_fields__}
    price = SheetPrice(product_id=product_id, sku_id=sku_id, title=title, **(usual | facts))
    return SheetItem(price=price, **({"product_title": "Microsoft 365", "publisher": "Microsoft Corporation"} | texts))


def _entry(value: str, method: PriceMethod = PriceMethod.FIXED, **facts: Any) -> PriceEntry:
    usual: dict[str, Any] = {"scope": "", "keys": PriceKeys(), "currency": "EUR" if method.has_own_currency else ""}
    return PriceEntry(method=method, value=Decimal(value), **(usual | facts))


def _items(
    rows: Sequence[SheetItem],
    *prices: PriceEntry,
    entries: Sequence[CatalogueEntry] = (),
    wanted: Wanted | None = None,
    **shown: Any,
) -> tuple[CatalogueItem, ...]:
    usual: dict[str, Any] = {"on": DAY, "prices": PriceBook(prices), "market": "SE"}
    return Catalogue(rows, entries, Shown(**(usual | shown))).search(wanted or Wanted()).items


def _own(items: Sequence[CatalogueItem]) -> list[str]:
    return [f"{price.own.amount} {price.own.currency}" if price.own else "-" for one in items for price in one.prices]


def test_an_item_has_its_code_texts_terms_and_prices() -> None:
    """One item for a product and SKU, one price for each term and plan."""
    yearly = _row(billing_plan="Annual", cost=Decimal(100), erp=Decimal(120))
    (item,) = _items(
        [_row(description="Office and more", unit="Licenses"), yearly], _entry("90", PriceMethod.PERCENT_OF_ERP)
    )

    assert ("CFQ7:0001", "Business Premium", "Office and more") == (item.code, item.title, item.description)
    assert ("", "Microsoft 365", "Licenses") == (item.category, item.product_group, item.unit)
    assert [("P1Y", "Monthly", Decimal(10)), ("P1Y", "Annual", Decimal(120))] == [
        (price.term, price.billing_plan, price.erp) for price in item.prices
    ]
    assert ["9.00 EUR", "108.00 EUR"] == _own([item])


def test_cost_is_there_only_for_whoever_asks_for_it() -> None:
    """Not even a price of the reseller's that rests on it shows it."""
    markup = _entry("10", PriceMethod.MARKUP_ON_COST)
    hidden, told = (_items([_row()], markup, with_cost=shows)[0].prices[0] for shows in (False, True))

    assert (None, Decimal("8.41")) == (hidden.cost, told.cost)
    assert OwnPrice(Decimal("9.25"), "EUR", 0, is_tiered=False) == hidden.own


def test_a_customers_price_goes_before_that_for_everybody() -> None:
    """And without a price the item is there all the same."""
    prices = (_entry("12"), _entry("11", scope="c-1"))

    assert ["12 EUR"] == _own(_items([_row()], *prices))
    assert ["11 EUR"] == _own(_items([_row()], *prices, customer_id="c-1"))
    assert ["-"] == _own(_items([_row()]))
    assert ["-"] == _own(_items([_row()], _entry("100", PriceMethod.RETAIL)))


def test_tiers_are_told() -> None:
    """The price shown is that of the first unit."""
    tiers = (Tier(Decimal(1), Decimal("1.00")), Tier(Decimal(101), Decimal("0.50")))
    (item,) = _items([_row()], _entry("0", PriceMethod.GRADUATED, tiers=tiers))

    assert OwnPrice(Decimal("1.00"), "EUR", 0, is_tiered=True) == item.prices[0].own


def test_the_price_is_that_of_a_unit_that_is_not_free() -> None:
    """Five free units do not make the product free."""
    (item,) = _items([_row()], _entry("12", free_units=Decimal(5)))

    assert OwnPrice(Decimal(12), "EUR", 0, is_tiered=True) == item.prices[0].own


def test_only_rows_of_the_day_the_market_and_the_currency_count() -> None:
    """Rows without a market are for all of them."""
    rows = [
        _row(sku_id="1", valid_until=DAY),
        _row(sku_id="2", valid_from=DAY),
        _row(sku_id="3", market="DE"),
        _row(sku_id="4", market=""),
        _row(sku_id="5", currency="SEK"),
        _row(sku_id="6", valid_from=date(2026, 10, 16)),
    ]

    assert ["2", "4", "5"] == [item.sku_id for item in _items(rows)]
    assert ["2", "4"] == [item.sku_id for item in _items(rows, currency="EUR")]
    assert ["2", "3", "4", "5"] == [item.sku_id for item in _items(rows, market="")]


def test_limits_come_from_the_tiers_or_from_the_reseller() -> None:
    """A tier without an end has no maximum; what the reseller says goes first."""
    low = _row(quantity_min=1, quantity_max=100)
    high = _row(quantity_min=101, quantity_max=300, is_first_tier=False, erp=Decimal(9))
    (closed,), (opened,) = _items([low, high]), _items([low, replace(high, quantity_max=None)])
    said = [CatalogueEntry(product_id="CFQ7", minimum=5), CatalogueEntry(product_id="cfq7", sku_id="0001", maximum=0)]
    (limited,) = _items([low, high], entries=said)

    assert (1, 300, 1) == (closed.minimum, closed.maximum, len(closed.prices))
    assert (1, None) == (opened.minimum, opened.maximum)
    assert (5, 0) == (limited.minimum, limited.maximum)


ROWS = (
    _row("CFQ7", "0001", "Business Premium", description="Office, mail and security"),
    _row("CFQ7", "0002", "Business Basic", description="Mail"),
    _row("CFQ8", "0001", "Visio Plan 1", product_title="Visio"),
)
ENTRIES = (
    CatalogueEntry(product_id="CFQ7", category="Productivity"),
    CatalogueEntry(product_id="CFQ8", category="Diagrams", add_on_of=("CFQ7:0001",)),
    CatalogueEntry(
        product_id="SUPPORT", category="Services", product_group="Ours", title="Support", add_on_of=("CFQ7:0001",)
    ),
    CatalogueEntry(product_id="BACKUP", sku_id="B1", category="Services", description="Nightly mail backup"),
)


def _titles(**wanted: str) -> list[str]:
    return [item.title for item in _items(ROWS, entries=ENTRIES, wanted=Wanted(**wanted))]


def test_a_search_takes_category_group_and_every_word() -> None:
    """In titles, descriptions and ids, without regard to case."""
    assert ["BACKUP", "Business Basic", "Business Premium", "Support", "Visio Plan 1"] == _titles()
    assert ["Business Basic", "Business Premium"] == _titles(category="productivity")
    assert ["Visio Plan 1"] == _titles(product_group="VISIO")
    assert ["Business Premium"] == _titles(text="MAIL office")
    assert ["BACKUP", "Business Basic", "Business Premium"] == _titles(text="mail")
    assert ["Business Basic"] == _titles(text="cfq7:0002")
    assert [] == _titles(text="mail nothing")


def test_the_add_ons_of_an_item_can_be_listed() -> None:
    """By the item code of their base."""
    assert ["Support", "Visio Plan 1"] == _titles(add_on_of="cfq7:0001")
    assert [] == _titles(add_on_of="CFQ9")


def test_choices_change_with_the_filter() -> None:
    """Each counts what the other filters leave, so that the choice made can be changed."""
    catalogue = Catalogue(ROWS, ENTRIES, Shown(on=DAY, prices=PriceBook(())))
    everything, one = catalogue.search(Wanted()), catalogue.search(Wanted(category="Productivity", text="mail"))

    assert (Facet("Diagrams", 1), Facet("Productivity", 2), Facet("Services", 2)) == everything.categories
    assert (Facet("", 1), Facet("Microsoft 365", 2), Facet("Ours", 1), Facet("Visio", 1)) == everything.product_groups
    assert (Facet("Productivity", 2), Facet("Services", 1)) == one.categories
    assert (Facet("Microsoft 365", 2),) == one.product_groups


def test_own_services_stand_beside_microsofts() -> None:
    """With a price of the reseller's own in the currencies of the sheet; never one made of a cost that nobody told."""
    support = _entry("50", keys=PriceKeys(product_id="SUPPORT"))
    rest = _entry("0", PriceMethod.MARKUP_ON_COST)
    items = {item.code: item for item in _items(ROWS, support, rest, entries=ENTRIES)}

    assert ["50 EUR"] == _own([items["SUPPORT"]])
    assert () == items["BACKUP:B1"].prices
    assert ["50 EUR"] == _own(_items((), support, entries=ENTRIES[2:3], currency="EUR"))
    assert [] == _own(_items((), support, entries=ENTRIES[2:3]))


def test_details_are_found_by_code() -> None:
    """Whatever its case."""
    catalogue = Catalogue(ROWS, ENTRIES, Shown(on=DAY, prices=PriceBook(()), market="SE"))
    found = catalogue.details("cfq7:0001")

    assert (found and found.title, catalogue.details("CFQ9")) == ("Business Premium", None)
