"""Explanations: the sentence and the arithmetic of a charge line, made from its stored data.

The texts name nothing that the customer must not see: a markup on cost is told as the agreed price basis without the
cost, unless the reader is the reseller. Texts are a catalogue by key, so that a language is a file.

Not here: the data itself (see ``charging.Explanation``).
"""

from decimal import Decimal

from shared.domain.charging import GIVEN, RETAIL, ChargeLine
from shared.domain.money import Money
from shared.domain.prices import PriceMethod
from shared.domain.source_lines import Service

_SENTENCES = {
    "charge": "{units} x {price} for {period}{share}.",
    "credit": "Credit: {units} x {price} for {period}{share}.",
    "usage": "{units} {unit} used{during}{at}.",
    "adjustment": "{charge_type} as agreed.",
    "free": "No charge: {reason}.",
    "share": ", {days} of the {cycle_days} days of the cycle {cycle}",
}


def sentence(line: ChargeLine) -> str:
    """Return one short sentence for the customer; it never shows cost or ERP."""
    made = line.explanation
    if made.price.method == GIVEN:
        return _SENTENCES["free"].format(reason=made.price.matched)
    if line.kind in {"credit", "discount"}:
        return _SENTENCES["adjustment"].format(charge_type=line.charge_type)
    if line.unit_price is None:
        return _SENTENCES["adjustment"].format(charge_type=line.charge_type)
    if line.service == Service.AZURE_USAGE:
        return _usage_sentence(line)
    key = "credit" if line.amount.is_negative else "charge"
    return _SENTENCES[key].format(
        units=plain(line.quantity.copy_abs()),
        price=f"{plain(line.unit_price)} {line.amount.currency}",
        period=line.charge or "one time",
        share=_share(line),
    )


def arithmetic(line: ChargeLine) -> str:
    """Return the calculation written out, for the customer: units, price and days lead to the amount.

    The price stands first, so that the text of a credit does not begin with a sign (spreadsheets run such text).
    Where the price rests on Microsoft's amount, the average price of a unit is shown (see ``arithmetic_for_reseller``).
    """
    made = line.explanation
    if line.unit_price is None or made.price.method == GIVEN:
        return f"= {line.amount}"
    days = "" if made.days == made.cycle_days else f" x {made.days} / {made.cycle_days}"
    return f"{plain(line.unit_price)} x {plain(line.quantity)}{days} = {line.amount}"


def arithmetic_for_reseller(line: ChargeLine) -> str:
    """Return the calculation with its base (cost, ERP or retail amount), for the reseller only."""
    price = line.explanation.price
    if price.method == "markup_on_cost":
        return f"{price.base:f} x (100 + {plain(price.value)}) / 100 = {line.amount}"
    if price.base_name == RETAIL:
        return f"{price.base:f} x {plain(price.value)} / 100 = {line.amount}"
    return arithmetic(line)


def price_source(line: ChargeLine) -> str:
    """Return where the price came from, for the reseller: list, row, scope, what matched, method and value."""
    price = line.explanation.price
    if price.method == GIVEN:
        return f"free ({price.matched})"
    value = Money(price.value, line.amount.currency) if price.method == "fixed" else f"{plain(price.value)}%"
    return f"{price.list_name} row {price.row} ({price.scope}: {price.matched}): {price.method} {value}"


def plain(number: Decimal) -> str:
    """Return the number in ordinary digits, without exponent and without trailing zeros after the point."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _share(line: ChargeLine) -> str:
    made = line.explanation
    if made.days == made.cycle_days:
        return ""
    return _SENTENCES["share"].format(days=made.days, cycle_days=made.cycle_days, cycle=made.cycle)


def _usage_sentence(line: ChargeLine) -> str:
    price = plain(line.unit_price) if line.unit_price is not None else ""
    average = "" if line.explanation.price.method == PriceMethod.FIXED else " on average"
    at = f" at {price} {line.amount.currency}{average}" if price else ""
    during = f" from {line.charge}" if line.charge else ""
    return _SENTENCES["usage"].format(units=plain(line.quantity), unit=line.unit, during=during, at=at)
