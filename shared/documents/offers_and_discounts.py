"""Offers and discounts: what is agreed beside the price list, read from the CSV or XLSX file that a person keeps.

One row for each rule; ``Kind`` says which it is, and which columns it takes beside those for whom and what it is::

    Kind              takes
    offer             Percent (off) or Price with Currency; Combinable; ValidFrom, ValidTo
    relationship      Percent (off); ValidFrom, ValidTo
    several_services  Vendor, Thresholds such as 2:3; 5:7.5 (from 2 products 3 percent); ValidFrom, ValidTo
    promotion         Action passed_on or kept; PromotionId, empty for all promotions
    floor, cap        Price with Currency, or Percent with Of (cost or erp); Action tell or clamp; ValidFrom, ValidTo
    price_lock        Action at_once or from_next_renewal: when a change of the price list reaches a running term;
                      CustomerId, empty for everybody who has no row of his own

A cell that its kind does not use is refused, never ignored. ``ValidTo`` is the last day in the file and becomes an
exclusive end.

Not here: which rule applies and what it does (``shared/domain/prices/adjustments``).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import BinaryIO, TypeVar

from shared.documents.handed_in import InCell, InRow, read_table
from shared.documents.price_list_values import (
    ValueRefusedError,
    day,
    exact_number,
    id_text,
    plain_text,
    sku_text,
    tier_texts,
)
from shared.documents.price_lists import BILLING_PLANS, TERMS
from shared.domain.agreed_terms import Agreed
from shared.domain.errors import InvalidError, LimitError, PriceListError
from shared.domain.prices import PriceKeys
from shared.domain.prices.discounts import RelationshipDiscount, SeveralServicesDiscount, Threshold
from shared.domain.prices.guards import Guard, GuardAction, GuardBase, GuardKind
from shared.domain.prices.offers import Offer
from shared.domain.prices.price_locks import AgreedLock, PriceLockPolicy
from shared.domain.prices.promotions import PromotionPolicy, PromotionSwitch
from shared.domain.prices.reach import Reach

OFFERS_SHEET = "Offers"
_REACH = (
    *("CustomerId", "CustomerGroup", "SubscriptionId", "Vendor", "ProductId", "SkuId", "Term", "BillingPlan"),
    *("MeterId", "MeterCategory", "ChargeType"),
)
_DATES = ("ValidFrom", "ValidTo")
_ALWAYS = {"Kind", "Name", "Note"}
_TAKES = {
    "offer": {"Percent", "Price", "Currency", "Combinable", *_REACH, *_DATES},
    "relationship": {"Percent", *_REACH, *_DATES},
    "several_services": {"Thresholds", *_REACH, *_DATES},
    "promotion": {"Action", "PromotionId", *_REACH},
    "floor": {"Percent", "Of", "Price", "Currency", "Action", *_REACH, *_DATES},
    "cap": {"Percent", "Of", "Price", "Currency", "Action", *_REACH, *_DATES},
    "price_lock": {"Action", "CustomerId"},
}
COLUMNS = (
    *("Kind", "Name", *_REACH, "Percent", "Of", "Price", "Currency", "Thresholds", "PromotionId", "Combinable"),
    *("Action", *_DATES, "Note"),
)
_BY_FOLDED_NAME = {name.casefold(): name for name in COLUMNS}
_BASES = {"cost": GuardBase.PERCENT_OF_COST, "erp": GuardBase.PERCENT_OF_ERP}
_YES_NO = {"": False, "no": False, "yes": True}
PROBLEMS_MAX = 50
_Read = TypeVar("_Read")


def read_offers_and_discounts(stream: BinaryIO, name: str) -> list[Agreed]:
    """Read the rules in *stream*, CSV or XLSX by content; *name* is how errors call it.

    Raises:
        PriceListError: the file cannot be read, or some of its rows cannot; the message lists up to 50 of them.
        LimitError: the file is larger than a limit allows.
    """
    try:
        table = read_table(stream, name, OFFERS_SHEET)
    except LimitError:
        raise
    except InvalidError as error:
        raise PriceListError(str(error)) from error
    if not table.rows:
        raise PriceListError(f"{name}: the file is empty; begin with a row of column names: {', '.join(COLUMNS)}")
    columns = _columns(table.rows[0], name)
    rules: list[Agreed] = []
    problems: list[str] = []
    for row in table.rows[1:]:
        try:
            rules.append(_rule(_Cells.of(row, columns, table.separator)))
        except (ValueRefusedError, PriceListError) as refusal:
            problems.append(f"row {row.number}: {refusal}")
    if problems:
        shown = "\n".join(f"- {problem}" for problem in problems[:PROBLEMS_MAX])
        raise PriceListError(
            f"{name}: {len(problems)} problem{'s' * (len(problems) > 1)}, nothing was read from it.\n{shown}"
        )
    return rules


def _columns(header: InRow, name: str) -> list[str]:
    titles = [str(cell or "") for cell in header.cells]
    found = [_BY_FOLDED_NAME.get(title.casefold().replace(" ", "").replace("_", ""), "") for title in titles]
    unknown = [title for title, known in zip(titles, found, strict=True) if title and not known]
    named = [known for known in found if known]
    if unknown or "Kind" not in found or len(set(named)) != len(named):
        raise PriceListError(f"{name}: columns {', '.join(titles)}; use {', '.join(COLUMNS)}, each once, Kind at least")
    return found


@dataclass(frozen=True, slots=True)
class _Cells:
    """The cells of one row by column; every problem names its column."""

    number: int
    cells: Mapping[str, InCell]
    separator: str

    @classmethod
    def of(cls, row: InRow, columns: Sequence[str], separator: str) -> "_Cells":
        beyond = [cell for cell in row.cells[len(columns) :] if cell is not None]
        named = zip(columns, row.cells, strict=False)
        cells = {column: cell for column, cell in named if cell is not None}
        if beyond or "" in cells:
            raise ValueRefusedError("a cell stands in a column without a name: name the column, or empty the cell")
        return cls(row.number, cells, separator)

    def read(self, column: str, parse: Callable[[InCell | None], _Read]) -> _Read:
        cell = self.cells.get(column)
        try:
            return parse(cell)
        except ValueRefusedError as refusal:
            raise ValueRefusedError(f"{column} {str(cell)[:60]!r}: {refusal}") from refusal

    def text(self, column: str) -> str:
        return self.read(column, plain_text)

    def number_in(self, column: str) -> Decimal | None:
        return self.read(column, lambda cell: None if cell is None else exact_number(cell, self.separator))

    def needed(self, column: str) -> Decimal:
        number = self.number_in(column)
        if number is None:
            raise ValueRefusedError(f"{column} is empty: write a number such as 7.5")
        return number

    def one_of(self, column: str, allowed: Sequence[str]) -> str:
        text = self.text(column)
        found = next((value for value in allowed if value.casefold() == text.casefold()), None)
        if found is None:
            raise ValueRefusedError(f"{column} {text!r}: write one of {', '.join(filter(None, allowed))}")
        return found


def _rule(cells: _Cells) -> Agreed:
    kind = cells.one_of("Kind", tuple(_TAKES))
    idle = [column for column in cells.cells if column not in _TAKES[kind] | _ALWAYS]
    if idle:
        raise ValueRefusedError(f"a {kind} does not use {', '.join(idle)}: empty the cell")
    name, number = cells.text("Name") or f"{kind} of row {cells.number}", cells.number
    if kind == "offer":
        return Offer(
            name=name,
            reach=_reach(cells),
            percent_off=cells.number_in("Percent"),
            fixed_price=cells.number_in("Price"),
            currency=_currency(cells),
            is_combinable=_YES_NO[cells.one_of("Combinable", tuple(_YES_NO))],
            row=number,
        )
    if kind == "relationship":
        return RelationshipDiscount(name=name, reach=_reach(cells), percent_off=cells.needed("Percent"), row=number)
    if kind == "several_services":
        return _several_services(cells, name)
    if kind == "promotion":
        policy = PromotionPolicy(cells.one_of("Action", tuple(PromotionPolicy)))
        promotion_id = cells.read("PromotionId", id_text)
        return PromotionSwitch(policy=policy, reach=_reach(cells), promotion_id=promotion_id, name=name, row=number)
    if kind == "price_lock":
        lock = PriceLockPolicy(cells.one_of("Action", tuple(PriceLockPolicy)))
        return AgreedLock(policy=lock, customer_id=cells.read("CustomerId", id_text), name=name, row=number)
    return _guard(cells, GuardKind(kind), name)


def _several_services(cells: _Cells, name: str) -> SeveralServicesDiscount:
    def numbers(cell: InCell | None) -> tuple[Threshold, ...]:
        pairs = [
            (exact_number(one, cells.separator), exact_number(two, cells.separator)) for one, two in tier_texts(cell)
        ]
        if any(count != count.to_integral_value() for count, _ in pairs):
            raise ValueRefusedError("write whole numbers of products, such as 2:3; 5:7.5")
        return tuple(Threshold(int(count), percent) for count, percent in pairs)

    thresholds = cells.read("Thresholds", numbers)
    reach, vendor = _reach(cells, without=("Vendor",)), cells.text("Vendor")
    return SeveralServicesDiscount(name=name, reach=reach, vendor=vendor, thresholds=thresholds, row=cells.number)


def _guard(cells: _Cells, kind: GuardKind, name: str) -> Guard:
    is_amount = "Price" in cells.cells
    if is_amount and ("Percent" in cells.cells or "Of" in cells.cells):
        raise ValueRefusedError("give Price with Currency, or Percent with Of, not both")
    base = GuardBase.AMOUNT if is_amount else _BASES[cells.one_of("Of", tuple(_BASES))]
    return Guard(
        name=name,
        kind=kind,
        base=base,
        value=cells.needed("Price" if is_amount else "Percent"),
        action=GuardAction(cells.one_of("Action", tuple(GuardAction))),
        reach=_reach(cells),
        currency=_currency(cells),
        row=cells.number,
    )


def _reach(cells: _Cells, without: Sequence[str] = ()) -> Reach:
    last = cells.read("ValidTo", day)
    return Reach(
        customer_id=cells.read("CustomerId", id_text),
        customer_group=cells.text("CustomerGroup"),
        subscription_id=cells.read("SubscriptionId", id_text),
        keys=PriceKeys(
            charge_type=cells.text("ChargeType"),
            meter_id=cells.read("MeterId", id_text),
            product_id=cells.read("ProductId", id_text),
            sku_id=cells.read("SkuId", sku_text),
            term=cells.one_of("Term", ("", *TERMS)),
            billing_plan=cells.one_of("BillingPlan", ("", *BILLING_PLANS)),
            meter_category=cells.text("MeterCategory"),
            vendor="" if "Vendor" in without else cells.text("Vendor"),
        ),
        valid_from=cells.read("ValidFrom", day),
        valid_until=None if last is None else last + timedelta(days=1),
    )


def _currency(cells: _Cells) -> str:
    text = cells.text("Currency").upper()
    if text and not (len(text) == 3 and text.isascii() and text.isalpha()):
        raise ValueRefusedError(f"Currency {text!r}: write an ISO code such as EUR")
    return text
