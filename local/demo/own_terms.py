"""The reseller's own side of the demo: prices, the price sheet, and notes about subscriptions.

The price list of the demo month, fitted to what Microsoft's simulated side sells: every E5 arrives in two lines there,
so a mark-up prices each once; old offers and trials have a price of their own.

Not here: the rules themselves (``price_files``).
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path

from local.demo import catalogue
from local.demo.arithmetic import Month, half_up, times
from local.demo.azure import priced_meters
from local.demo.columns import PRICE_LIST, PRICE_SHEET, SUBSCRIPTION_DETAILS
from local.demo.formats import Row, csv_bytes
from local.demo.organisations import Customer
from local.demo.price_files import price_list, price_sheet, subscription_details
from local.partner_center.legacy_offers import LEGACY_OFFERS

_MARKUP_ON_E5 = "14"
_OLD_FACTOR = Decimal("1.25")


def write_terms(
    folder: Path, month: Month, people: Sequence[Customer], lines: Iterable[Row], seed: int
) -> tuple[tuple[str, Path], ...]:
    """Write the files into *folder* and return them by the kind under which they are uploaded.

    Args:
        folder: where to; files of the same names are replaced.
        month: the month that is billed.
        people: the customers, those of the simulator.
        lines: Microsoft's invoice lines, for notes about some of their subscriptions.
        seed: as for the customers.
    """
    prices = [*map(_fitted, price_list(month, people, priced_meters(seed))), *_more_prices()]
    files = (
        ("price-list", "price_list.csv", csv_bytes(PRICE_LIST, prices)),
        ("price-sheet", f"price_sheet_{month}.csv", csv_bytes(PRICE_SHEET, price_sheet(month))),
        (
            "subscription-details",
            "subscription_details.csv",
            csv_bytes(SUBSCRIPTION_DETAILS, subscription_details(month, lines, seed)),
        ),
    )
    for _, name, content in files:
        (folder / name).write_bytes(content)
    return tuple((kind, folder / name) for kind, name, _ in files)


def _fitted(row: Row) -> Row:
    if row["ProductId"] == catalogue.E5.product_id and row["Method"] == "percent_of_erp":
        return {**row, "Method": "markup_on_cost", "Value": _MARKUP_ON_E5, "Note": "E5 arrives in two parts"}
    return row


def _more_prices() -> list[Row]:
    blank: Row = dict.fromkeys(PRICE_LIST, "")
    trial: Row = {"ProductId": catalogue.PREMIUM.product_id, "SkuId": "000F", "Method": "markup_on_cost", "Value": "0"}
    offers: list[Row] = [
        {
            "ProductId": offer.id,
            "BillingPlan": plan,
            "Method": "fixed",
            "Value": half_up(times(offer.price, months, _OLD_FACTOR)),
            "Currency": "EUR",
            "Note": "Old contract",
        }
        for offer in LEGACY_OFFERS.values()
        for plan, months in (("Monthly", 1), ("Annual", 12))
        if offer.price
    ]
    return [{**blank, **trial, "Note": "Trials cost nothing"}, *({**blank, **offer} for offer in offers)]
