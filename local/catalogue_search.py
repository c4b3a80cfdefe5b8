"""What ``prorata catalogue`` does: read sheet, catalogue and prices, search, print items with the choices left.

Not here: the command line (``command``), the search (``shared/domain/catalogue``).
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from local.price_files import customer_groups, opened, price_book
from shared.documents.catalogue_files import read_catalogue
from shared.documents.price_sheets import read_sheet_items
from shared.domain.catalogue import Catalogue, CatalogueItem, Facet, Found, Shown, TermPrice, Wanted
from shared.domain.prices import PriceBook


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueRequest:
    """What a person hands in and looks for. *on* None is today."""

    price_sheets: Sequence[Path]
    catalogue: Path | None = None
    prices: Path | None = None
    customer_groups: Path | None = None
    customer_id: str = ""
    category: str = ""
    group: str = ""
    text: str = ""
    add_on_of: str = ""
    on: date | None = None
    country: str = ""
    currency: str = ""
    shows_cost: bool = False


def search_catalogue(request: CatalogueRequest, *, as_json: bool) -> str:
    """Return what the search found, as JSON or as text.

    Raises:
        InvalidError: a file cannot be used.
    """
    rows = [
        row
        for path in request.price_sheets
        for row in opened(path, lambda stream, name: list(read_sheet_items(stream, name)))
    ]
    entries = [] if request.catalogue is None else opened(request.catalogue, read_catalogue)
    groups = customer_groups(request.customer_groups)
    shown = Shown(
        on=request.on or datetime.now(UTC).date(),
        prices=PriceBook(()) if request.prices is None else price_book(request.prices, groups),
        customer_id=request.customer_id,
        market=request.country,
        currency=request.currency,
        with_cost=request.shows_cost,
    )
    wanted = Wanted(
        category=request.category, product_group=request.group, text=request.text, add_on_of=request.add_on_of
    )
    found = Catalogue(rows, entries, shown).search(wanted)
    return _json(found, shown) if as_json else "".join(f"{row.rstrip()}\n" for row in _rows(found, shown))


def _json(found: Found, shown: Shown) -> str:
    values = {
        "on": shown.on.isoformat(),
        "categories": [_facet(facet) for facet in found.categories],
        "product_groups": [_facet(facet) for facet in found.product_groups],
        "items": [_item(item, with_cost=shown.with_cost) for item in found.items],
    }
    return json.dumps(values, indent=2, ensure_ascii=False) + "\n"


def _facet(facet: Facet) -> dict[str, Any]:
    return {"name": facet.name or None, "count": facet.count}


def _item(item: CatalogueItem, *, with_cost: bool) -> dict[str, Any]:
    return {
        "code": item.code,
        "title": item.title,
        "description": item.description or None,
        "category": item.category or None,
        "product_group": item.product_group or None,
        "publisher": item.publisher or None,
        "unit": item.unit or None,
        "minimum": item.minimum,
        "maximum": item.maximum,
        "add_on_of": list(item.add_on_of),
        "prices": [_price(price, with_cost=with_cost) for price in item.prices],
    }


def _price(price: TermPrice, *, with_cost: bool) -> dict[str, Any]:
    own = price.own
    values = {
        "term": price.term or None,
        "billing_plan": price.billing_plan or None,
        "market": price.market or None,
        "segment": price.segment or None,
        "currency": price.currency,
        "erp": None if price.erp is None else f"{price.erp:f}",
        "price": None if own is None else f"{own.amount:f}",
        "price_currency": None if own is None else own.currency,
        "price_row": None if own is None else own.row,
        "is_tiered": own is not None and own.is_tiered,
    }
    return values | {"cost": None if price.cost is None else f"{price.cost:f}"} if with_cost else values


def _rows(found: Found, shown: Shown) -> Iterator[str]:
    for item in found.items:
        limits = "".join(
            f", {name} {limit}" for name, limit in (("at least", item.minimum), ("at most", item.maximum)) if limit
        )
        yield f"{item.title} ({item.code}{limits})"
        if item.description:
            yield f"    {item.description}"
        yield from (f"    {_told(price, with_cost=shown.with_cost)}" for price in item.prices)
    yield f"{len(found.items)} item{'' if len(found.items) == 1 else 's'}"
    yield f"Categories: {_choices(found.categories)}"
    yield f"Product groups: {_choices(found.product_groups)}"


def _told(price: TermPrice, *, with_cost: bool) -> str:
    own = price.own
    what = " ".join(part for part in (price.term, price.billing_plan, price.segment, price.market) if part)
    told = [
        "no price of yours" if own is None else f"{'from ' * own.is_tiered}{_amount(own.amount, own.currency)}",
        *([] if price.erp is None else [f"ERP {_amount(price.erp, price.currency)}"]),
        *([f"cost {_amount(price.cost, price.currency)}"] if with_cost and price.cost is not None else []),
    ]
    return f"{what or 'once'}: {', '.join(told)}"


def _amount(amount: Decimal, currency: str) -> str:
    return f"{amount:f} {currency}"


def _choices(facets: Sequence[Facet]) -> str:
    return ", ".join(f"{facet.name or '(none)'} {facet.count}" for facet in facets) or "none"
