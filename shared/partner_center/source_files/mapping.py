"""From one row's delivered values to a source line.

*values* maps field names (see ``columns``) to what was delivered: text, an exact number, or None. Ends become half-open
here and nowhere else. A value that cannot be read raises ``ValueProblem``, which names the field.

Not here: containers, encodings, and what to do about a problem (see ``reading``).
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from shared.domain.errors import IntegrityError, PeriodError
from shared.domain.money import Money, exact_product, exact_sum
from shared.domain.periods import Period, months_between
from shared.domain.source_lines import Family, Origin, SourceLine
from shared.partner_center.source_files.values import day, is_sane, number

Values = Mapping[str, object]

_TEXTS = (
    "customer_id",
    "customer_name",
    "charge_type",
    "invoice_number",
    "customer_domain",
    "customer_country",
    "subscription_id",
    "subscription_name",
    "entitlement_id",
    "product_id",
    "sku_id",
    "availability_id",
    "product_name",
    "sku_name",
    "publisher",
    "publisher_id",
    "order_id",
    "term_and_billing_cycle",
    "billing_frequency",
    "unit",
    "pricing_currency",
    "meter_id",
    "meter_category",
    "meter_name",
    "reference_id",
    "reservation_order_id",
    "promotion_id",
    "qualifiers",
    "adjustments",
    "credit_reason",
    "benefit_type",
)
_EMPTY_LISTS = {"[]", "null"}
_NOBODY = "is empty, so nobody can be billed."


class ValueProblem(Exception):  # noqa: N818 - it never leaves this package: it becomes an issue
    """Raised for one value that cannot be read: the field, the value as delivered, and why."""

    def __init__(self, field: str, value: object, reason: str) -> None:
        super().__init__(field, value, reason)
        self.field, self.value, self.reason = field, value, reason


TEXTS_KEPT_MAX = 16_384
"""Names and products of a month are some thousands; what goes beyond are ids."""


class Texts(dict[str, str]):
    """Delivered texts as they are kept: trimmed, none for an empty list, and equal ones mostly the same object.

    It forgets them all from time to time, because ids that differ in every row would fill memory for nothing.
    """

    def __missing__(self, delivered: str) -> str:
        if len(self) >= TEXTS_KEPT_MAX:
            self.clear()
        text = delivered.strip()
        self[delivered] = kept = "" if text in _EMPTY_LISTS else self.setdefault(text, text)
        return kept


def source_line(values: Values, family: Family, origin: Origin, kept: Texts) -> SourceLine:
    """Return the row as a source line; its texts are taken from *kept*, and kept there.

    Raises:
        ValueProblem: a value that is needed is missing or cannot be read.
    """
    get = values.get
    texts = {name: kept[value] if isinstance(value := get(name), str) else _text(values, name) for name in _TEXTS}
    if not texts["customer_id"]:
        raise ValueProblem("customer_id", "", _NOBODY)
    quantity = _number(values, "quantity")
    unit_price = _optional_number(values, "unit_price")
    fx_rate = _optional_number(values, "fx_rate") or Decimal(1)
    return SourceLine(
        family=family,
        origin=origin,
        **texts,
        quantity=quantity,
        cost=_money(values),
        unit_price=unit_price,
        effective_unit_price=_optional_number(values, "effective_unit_price"),
        ordered_quantity=_optional_number(values, "ordered_quantity"),
        list_amount=exact_product(unit_price, quantity, fx_rate) if unit_price is not None else None,
        tax=_optional_number(values, "tax"),
        total=_optional_number(values, "total"),
        fx_rate=fx_rate,
        fx_on=_day(values, "fx_on"),
        ordered_on=_day(values, "ordered_on"),
        charge=_charge(values),
        term=_term(values, family),
    )


def check_usage(values: Values) -> str:
    """Look at all that ``source_line`` would read of a row of daily usage, and return its currency.

    Raises:
        ValueProblem: a value that is needed is missing or cannot be read.
    """
    if not _text(values, "customer_id"):
        raise ValueProblem("customer_id", "", _NOBODY)
    _number(values, "quantity")
    for name in ("unit_price", "fx_rate", "effective_unit_price"):
        _optional_number(values, name)
    currency = _money(values).currency
    _day(values, "fx_on")
    return currency


def row_sums_differ(values: Values, line: SourceLine) -> str:
    """Return what does not add up in the row as delivered ("Subtotal + TaxTotal is not Total"), or ""."""
    discount, listed = _optional_number(values, "discount"), _optional_number(values, "list_amount")
    is_discounted = line.family is Family.LEGACY_LICENCE
    if (
        listed is not None
        and discount is not None
        and is_discounted
        and listed != exact_sum((line.cost.amount, discount))
    ):
        return f"Amount {listed} less TotalOtherDiscount {discount} is not Subtotal {line.cost.amount}"
    if line.tax is not None and line.total is not None and exact_sum((line.cost.amount, line.tax)) != line.total:
        return f"the amount {line.cost.amount} plus tax {line.tax} is not the total {line.total}"
    return ""


def _text(values: Values, field: str) -> str:
    value = values.get(field)
    if value is None or value == "":
        return ""
    if isinstance(value, str):
        text = value.strip()
        return "" if text in _EMPTY_LISTS else text
    is_plain = isinstance(value, Decimal) and is_sane(value)  # 1E+999999999 written out would fill the memory
    text = (f"{value:f}" if is_plain else str(value)).strip()
    return "" if text in _EMPTY_LISTS else text


def _optional_number(values: Values, field: str) -> Decimal | None:
    value = values.get(field)
    if value is None or value == "" or (isinstance(value, str) and not value.strip()):
        return None
    if not isinstance(value, str | Decimal):
        raise ValueProblem(field, value, "is not a number.")
    try:
        return number(value)
    except ValueError as error:
        raise ValueProblem(field, value, str(error)) from error


def _number(values: Values, field: str) -> Decimal:
    value = _optional_number(values, field)
    if value is None:
        raise ValueProblem(field, "", "is empty; a number is needed.")
    return value


def _money(values: Values) -> Money:
    amount, currency = _number(values, "cost"), _text(values, "currency")
    try:
        return Money(amount, currency.upper())
    except IntegrityError as error:
        raise ValueProblem("currency", currency, "is no currency; an ISO 4217 code such as EUR is needed.") from error


def _day(values: Values, field: str) -> date | None:
    text = _text(values, field)
    try:
        return day(text)
    except ValueError as error:
        raise ValueProblem(field, text, str(error)) from error


def _charge(values: Values) -> Period | None:
    start, end = _day(values, "charge_start"), _day(values, "charge_end")
    if start is None or end is None:
        return None
    try:
        return Period.inclusive(start, end)
    except PeriodError as error:
        raise ValueProblem("charge_end", str(end), f"is before the charge start {start}.") from error


def _term(values: Values, family: Family) -> Period | None:
    """Return the subscription's term: Microsoft prints its end inclusive in new commerce, exclusive in legacy files."""
    start, end = _day(values, "term_start"), _day(values, "term_end")
    if start is None or end is None or end <= start:
        return None
    inclusive = Period.inclusive(start, end)
    is_exclusive = months_between(start, inclusive.end) is None and months_between(start, end) is not None
    return Period(start, end) if family is Family.LEGACY_LICENCE or is_exclusive else inclusive
