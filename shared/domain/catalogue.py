"""The catalogue: what can be sold, by category, product group and words, with the price that a customer would pay.

It is made of Microsoft's price sheet and of the reseller's own list of categories, limits and add-ons; what only the
latter names (the reseller's own services) is in it too. An item is a product and its SKU; under it stands one price for
each term, billing plan, currency, market and segment in force on the day.

Invariants: choices (``facets``) count what the other filters leave, so that a choice made can be changed; cost is
there only for whoever asks for it by name.

Not here: reading files (``shared/documents/catalogue_files``), orders (``quotes``).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from shared.domain.money import minor_digits, quotient_half_up
from shared.domain.prices import Measure, PriceBook, PriceSubject, SheetPrice, sale_of

_ONE = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetItem:
    """One row of Microsoft's price sheet with its texts. *quantity_min* and *quantity_max* are those of its tier."""

    price: SheetPrice
    product_title: str = ""
    description: str = ""
    publisher: str = ""
    unit: str = ""
    tags: str = ""
    quantity_min: int | None = None
    quantity_max: int | None = None
    is_first_tier: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueEntry:
    """What the reseller says about a product, or about one SKU of it; empty fields say nothing."""

    product_id: str
    sku_id: str = ""
    category: str = ""
    product_group: str = ""
    title: str = ""
    description: str = ""
    minimum: int | None = None
    maximum: int | None = None
    add_on_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OwnPrice:
    """The reseller's own price of one unit, and the row of the price list it comes from.

    *is_tiered* says that more units may cost another price.
    """

    amount: Decimal
    currency: str
    row: int
    is_tiered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TermPrice:
    """What one unit costs for a full charge cycle; *own* is None where the price list has nothing for it."""

    term: str
    billing_plan: str
    currency: str
    market: str = ""
    segment: str = ""
    erp: Decimal | None = None
    own: OwnPrice | None = None
    cost: Decimal | None = None
    valid_from: date | None = None
    valid_until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueItem:
    """A product and its SKU, as it is sold."""

    product_id: str
    sku_id: str
    title: str
    description: str
    category: str
    product_group: str
    publisher: str = ""
    unit: str = ""
    minimum: int | None = None
    maximum: int | None = None
    add_on_of: tuple[str, ...] = ()
    prices: tuple[TermPrice, ...] = ()

    @property
    def code(self) -> str:
        """The item code: ``ProductId:SkuId``."""
        return f"{self.product_id}:{self.sku_id}" if self.sku_id else self.product_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is looked for: empty fields fit everything. *add_on_of* is the item code of the base."""

    category: str = ""
    product_group: str = ""
    text: str = ""
    add_on_of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """For whom and when prices are shown. *market* and *currency* leave out rows of others where they are given."""

    on: date
    prices: PriceBook
    customer_id: str = ""
    market: str = ""
    currency: str = ""
    with_cost: bool = False


@dataclass(frozen=True, slots=True)
class Facet:
    """A choice, and how many items it leads to."""

    name: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search found, by title, and the choices that are left."""

    items: tuple[CatalogueItem, ...]
    categories: tuple[Facet, ...]
    product_groups: tuple[Facet, ...]


class Catalogue:
    """The catalogue of one sheet and one list, priced for one customer or for everybody."""

    def __init__(self, rows: Iterable[SheetItem], entries: Iterable[CatalogueEntry], shown: Shown) -> None:
        self._entries = {_key(entry.product_id, entry.sku_id): entry for entry in entries}
        by_item: dict[tuple[str, str], list[SheetItem]] = {}
        for row in rows:
            if _is_shown(row.price, shown):
                by_item.setdefault(_key(row.price.product_id, row.price.sku_id), []).append(row)
        items = [self._of_sheet(own, shown) for own in by_item.values()]
        currencies = _currencies(by_item.values(), shown)
        items += [_of_entry(entry, shown, currencies) for entry in self._alone(by_item)]
        self._items = tuple(sorted(items, key=lambda item: (item.title.casefold(), item.code.casefold())))

    def search(self, wanted: Wanted) -> Found:
        """Return the items that fit, and the choices: each counts what the other filters leave."""
        by_text = [item for item in self._items if _fits_text(item, wanted)]
        in_category = [item for item in by_text if _is(item.category, wanted.category)]
        in_group = [item for item in by_text if _is(item.product_group, wanted.product_group)]
        return Found(
            items=tuple(item for item in in_category if _is(item.product_group, wanted.product_group)),
            categories=_facets(item.category for item in in_group),
            product_groups=_facets(item.product_group for item in in_category),
        )

    def details(self, code: str) -> CatalogueItem | None:
        """Return the item of that code (any case), or None."""
        return next((item for item in self._items if item.code.casefold() == code.casefold()), None)

    def _alone(self, by_item: Mapping[tuple[str, str], object]) -> Iterator[CatalogueEntry]:
        """Yield the entries that no row of the sheet is about: the reseller's own services."""
        products = {product_id for product_id, _ in by_item}
        for key, entry in self._entries.items():
            if key not in by_item and (entry.sku_id or key[0] not in products):
                yield entry

    def _of_sheet(self, rows: Sequence[SheetItem], shown: Shown) -> CatalogueItem:
        first = rows[0]
        of_sku = self._entry(first.price.product_id, first.price.sku_id)
        of_product = self._entry(first.price.product_id, "")
        minimum, maximum = _limits(rows)
        return CatalogueItem(
            product_id=first.price.product_id,
            sku_id=first.price.sku_id,
            title=of_sku.title or first.price.title or of_product.title or first.product_title,
            description=of_sku.description or of_product.description or first.description,
            category=of_sku.category or of_product.category,
            product_group=of_sku.product_group or of_product.product_group or first.product_title,
            publisher=first.publisher,
            unit=first.unit,
            minimum=_first_known(of_sku.minimum, of_product.minimum, minimum),
            maximum=_first_known(of_sku.maximum, of_product.maximum, maximum),
            add_on_of=of_sku.add_on_of or of_product.add_on_of,
            prices=tuple(_term_price(row, shown) for row in rows if row.is_first_tier),
        )

    def _entry(self, product_id: str, sku_id: str) -> CatalogueEntry:
        return self._entries.get(_key(product_id, sku_id)) or CatalogueEntry(product_id=product_id)


def _key(product_id: str, sku_id: str) -> tuple[str, str]:
    return product_id.casefold(), sku_id.casefold()


def _is(value: str, wanted: str) -> bool:
    return not wanted or value.casefold() == wanted.casefold()


def _is_shown(price: SheetPrice, shown: Shown) -> bool:
    in_force = (price.valid_from is None or price.valid_from <= shown.on) and (
        price.valid_until is None or shown.on < price.valid_until
    )
    return in_force and (not price.market or _is(price.market, shown.market)) and _is(price.currency, shown.currency)


def _fits_text(item: CatalogueItem, wanted: Wanted) -> bool:
    if wanted.add_on_of and wanted.add_on_of.casefold() not in map(str.casefold, item.add_on_of):
        return False
    said = f"{item.title}\n{item.description}\n{item.code}\n{item.product_id}\n{item.sku_id}".casefold()
    return all(word in said for word in wanted.text.casefold().split())


def _facets(names: Iterable[str]) -> tuple[Facet, ...]:
    return tuple(Facet(name, count) for name, count in sorted(Counter(names).items()))


def _limits(rows: Sequence[SheetItem]) -> tuple[int | None, int | None]:
    """The limits over all tiers; a tier without an end has no maximum."""
    least = [row.quantity_min for row in rows if row.quantity_min]
    most = [row.quantity_max for row in rows]
    known = [quantity for quantity in most if quantity is not None]
    return min(least, default=None), max(known) if known and len(known) == len(most) else None


def _first_known(*limits: int | None) -> int | None:
    return next((limit for limit in limits if limit is not None), None)


def _currencies(items: Iterable[Sequence[SheetItem]], shown: Shown) -> list[str]:
    """The currencies in which something of the reseller's own may have a price."""
    return [shown.currency] if shown.currency else sorted({row.price.currency for rows in items for row in rows})


def _of_entry(entry: CatalogueEntry, shown: Shown, currencies: Sequence[str]) -> CatalogueItem:
    subject = PriceSubject(customer_id=shown.customer_id, product_id=entry.product_id, sku_id=entry.sku_id)
    found = (
        _own_price(subject._replace(currency=currency), Measure(units=_ONE, currency=currency), shown)
        for currency in currencies
    )
    prices = [TermPrice(term="", billing_plan="", currency=own.currency, own=own) for own in found if own is not None]
    return CatalogueItem(
        product_id=entry.product_id,
        sku_id=entry.sku_id,
        title=entry.title or entry.product_id,
        description=entry.description,
        category=entry.category,
        product_group=entry.product_group,
        minimum=entry.minimum,
        maximum=entry.maximum,
        add_on_of=entry.add_on_of,
        prices=tuple(dict.fromkeys(prices)),
    )


def _term_price(row: SheetItem, shown: Shown) -> TermPrice:
    sheet = row.price
    subject = PriceSubject(
        customer_id=shown.customer_id,
        vendor=row.publisher,
        product_id=sheet.product_id,
        sku_id=sheet.sku_id,
        term=sheet.term,
        billing_plan=sheet.billing_plan,
        currency=sheet.currency,
    )
    own = _own_price(subject, Measure(units=_ONE, currency=sheet.currency, cost=sheet.cost, erp=sheet.erp), shown)
    return TermPrice(
        term=sheet.term,
        billing_plan=sheet.billing_plan,
        currency=sheet.currency,
        market=sheet.market,
        segment=sheet.segment,
        erp=sheet.erp,
        cost=sheet.cost if shown.with_cost else None,
        valid_from=sheet.valid_from,
        valid_until=sheet.valid_until,
        own=own,
    )


def _own_price(subject: PriceSubject, measure: Measure, shown: Shown) -> OwnPrice | None:
    """Return the price of the first unit that is not free; none where it rests on a cost or an ERP that nobody told."""
    found = shown.prices.find(subject, shown.on)
    if found is None or (measure.erp is None and found.entry.method.is_on_cost):
        return None
    sale = sale_of(replace(found.entry, free_units=Decimal(0)), measure)
    if sale is None:
        return None
    price = sale.unit_price
    if price is None:
        price = quotient_half_up(sale.dividend, sale.divisor, minor_digits(sale.currency))
    return OwnPrice(price, sale.currency, found.entry.row, found.entry.counts_units)
