"""Explanations: the sentence and the arithmetic of a charge line, made from its stored data.

The texts name nothing that the customer must not see: a markup on cost is told as the agreed price basis without the
cost, unless the reader is the reseller. Tiers and free units are the customer's to know: they are told unit by unit.
Texts are a catalogue by key, so that a language is a file.

Not here: the data itself (see ``charging.Explanation``).
"""

from decimal import Decimal

from shared.domain.charging import GIVEN, ChargeLine, PriceSource
from shared.domain.money import Money, exact_sum, minor_digits
from shared.domain.prices import COST, NET, RETAIL, PriceMethod
from shared.domain.prices.adjustments import Step, StepKind
from shared.domain.source_lines import Service

_SENTENCES = {
    "charge": "{units} x {price} for {period}{share}.",
    "credit": "Credit: {units} x {price} for {period}{share}.",
    "usage": "{units} {unit} used{during}{at}.",
    "tiers": "{units} {unit} for {period}{share}: {pieces}{before}.",
    "credit tiers": "Credit: {units} {unit} for {period}{share}: {pieces}{before}.",
    "free units": "{units} free",
    "piece": "{units} at {price}",
    "before": ", counted after {units} of the month",
    "adjustment": "{charge_type} as agreed.",
    "free": "No charge: {reason}.",
    "reductions": " Included: {reductions}.",
    "reduction": "{kind} {name} ({what})",
    "off": "{percent}% off",
    "share": ", {days} of the {cycle_days} {counted} of the cycle {cycle}",
}

_COUNTED = {"times": "parts"}
_REDUCTIONS = {StepKind.OFFER, StepKind.RELATIONSHIP, StepKind.SEVERAL_SERVICES}


def sentence(line: ChargeLine) -> str:
    """Return one short sentence for the customer, and one with his offers and discounts; never cost or ERP."""
    return _charged_sentence(line) + _reductions(line)


def _charged_sentence(line: ChargeLine) -> str:
    made = line.explanation
    if made.price.method == GIVEN:
        return _SENTENCES["free"].format(reason=made.price.matched)
    if line.kind in {"credit", "discount"}:
        return _SENTENCES["adjustment"].format(charge_type=line.charge_type)
    if line.unit_price is None:
        return _SENTENCES["adjustment"].format(charge_type=line.charge_type)
    if made.price.pieces:
        return _tier_sentence(line)
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
    Units at several prices are written one after the other, as in ``100 x 1.00 + 1 x 0.80 = 100.80 EUR``.
    """
    if line.unit_price is None or line.explanation.price.method == GIVEN:
        return f"= {line.amount}"
    if line.explanation.price.pieces:
        return f"{_in_pieces(line)} = {line.amount}"
    return f"{plain(line.unit_price)} x {plain(line.quantity)}{_days(line)} = {line.amount}"


def arithmetic_for_reseller(line: ChargeLine) -> str:
    """Return the calculation with its base (cost, retail or net amount), for the reseller only."""
    price = line.explanation.price
    if line.explanation.steps or price.base is None or price.base_name not in {COST, RETAIL, NET}:
        return arithmetic(line)
    factors = _factors(price)
    if price.uplift_percent:
        factors += f" x (100 + {plain(price.uplift_percent)}) / 100"
    if price.free_units:
        factors += f" x {plain(_charged(line))} / {plain(line.quantity.copy_abs())}"
    uplift = ""
    if price.uplift_amount:
        units = _charged(line).copy_negate() if line.quantity < 0 else _charged(line)
        uplift = f" + {plain(price.uplift_amount)} x {plain(units)}{_days(line)}"
    return f"{price.base:f}{factors}{uplift} = {line.amount}"


def _factors(price: PriceSource) -> str:
    """Return what the base is multiplied with and divided by, value by value."""
    value = plain(price.value)
    if price.method == PriceMethod.MARKUP_ON_COST:
        return f" x (100 + {value}) / 100"
    if price.method == PriceMethod.MARGIN_ON_PRICE:
        return f" x 100 / (100 - {value})"
    percent = f"(100 - {value})" if price.method == PriceMethod.DISCOUNT_OFF_ERP else value
    if price.base_name == NET and price.earned_credit is not None:
        return f" x {percent} / (100 - {plain(price.earned_credit)})"
    return f" x {percent} / 100"


def _charged(line: ChargeLine) -> Decimal:
    """Return the units that are not free, without a sign."""
    return exact_sum((line.quantity.copy_abs(), line.explanation.price.free_units.copy_negate()))


def _days(line: ChargeLine) -> str:
    made = line.explanation
    return "" if made.days == made.cycle_days else f" x {made.days} / {made.cycle_days}"


def _in_pieces(line: ChargeLine) -> str:
    """Return units times prices, free units first; a credit's sign stands at the price, never in front."""
    price, sign = line.explanation.price, "-" if line.quantity < 0 else ""
    free = [f"{plain(price.free_units)} x {_price(Decimal(0), line)}"] if price.free_units else []
    text = " + ".join([*free, *(f"{plain(piece.units)} x {sign}{_price(piece.price, line)}" for piece in price.pieces)])
    return f"({text}){_days(line)}" if _days(line) else text


def _price(price: Decimal, line: ChargeLine) -> str:
    """Return a price with all its digits, at least those of the smallest coin."""
    whole, _, behind = plain(price).partition(".")
    digits = minor_digits(line.amount.currency)
    return f"{whole}.{behind:0<{digits}}" if behind or digits else whole


def price_source(line: ChargeLine) -> str:
    """Return where the price came from, for the reseller: list, row, scope, what matched, method and value.

    Behind it every step from the list's price of a unit to the one charged, as in ``offer Autumn -10%: 10 -> 9``.
    """
    price = line.explanation.price
    if price.method == GIVEN:
        return f"free ({price.matched})"
    source = f"{price.list_name} row {price.row} ({price.scope}: {price.matched}): {price.method}{_value(line)}"
    return "; ".join([source, *map(_step, line.explanation.steps)])


def _step(step: Step) -> str:
    sign = "-" if step.kind in _REDUCTIONS or step.kind is StepKind.PROMOTION else "+"
    off = (
        "" if step.kind in {StepKind.FLOOR, StepKind.CAP} or step.percent is None else f" {sign}{plain(step.percent)}%"
    )
    return f"{step.kind.value} {step.name}{off}: {plain(step.before)} -> {plain(step.after)}"


def _reductions(line: ChargeLine) -> str:
    """Return what the customer was given, by name; a promotion, a floor and what a bundle adds are not his to know."""
    told = [
        _SENTENCES["reduction"].format(
            kind=step.kind.value,
            name=step.name,
            what=_SENTENCES["off"].format(percent=plain(step.percent))
            if step.percent is not None
            else f"{plain(step.after)} {line.amount.currency}",
        )
        for step in line.explanation.steps
        if step.kind in _REDUCTIONS
    ]
    return _SENTENCES["reductions"].format(reductions=", ".join(told)) if told else ""


def _value(line: ChargeLine) -> str:
    price, currency = line.explanation.price, line.amount.currency
    method = PriceMethod(price.method)
    value = f" {Money(price.value, currency)}" if method is PriceMethod.FIXED else f" {plain(price.value)}%"
    percent = f", uplift {plain(price.uplift_percent)}%" if price.uplift_percent else ""
    amount = f", uplift {Money(price.uplift_amount, currency)}" if price.uplift_amount else ""
    free = f", {plain(price.free_units)} units free" if price.free_units else ""
    return f"{'' if method.is_tiered else value}{percent}{amount}{free}"


def plain(number: Decimal) -> str:
    """Return the number in ordinary digits, without exponent and without trailing zeros after the point."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _share(line: ChargeLine) -> str:
    made = line.explanation
    if made.days == made.cycle_days:
        return ""
    return _SENTENCES["share"].format(
        days=made.days, cycle_days=made.cycle_days, counted=_COUNTED.get(made.counted, made.counted), cycle=made.cycle
    )


def _tier_sentence(line: ChargeLine) -> str:
    price = line.explanation.price
    free = [_SENTENCES["free units"].format(units=plain(price.free_units))] if price.free_units else []
    pieces = [
        _SENTENCES["piece"].format(
            units=plain(piece.units), price=f"{_price(piece.price, line)} {line.amount.currency}"
        )
        for piece in price.pieces
    ]
    before = price.units_before or Decimal(0)
    return _SENTENCES["credit tiers" if line.quantity < 0 else "tiers"].format(
        units=plain(line.quantity.copy_abs()),
        unit=line.unit or "units",
        period=line.charge or "one time",
        share=_share(line),
        pieces=", ".join([*free, *pieces]),
        before=_SENTENCES["before"].format(units=plain(before)) if before > 0 else "",
    )


def _usage_sentence(line: ChargeLine) -> str:
    price = plain(line.unit_price) if line.unit_price is not None else ""
    average = "" if line.explanation.price.method == PriceMethod.FIXED else " on average"
    at = f" at {price} {line.amount.currency}{average}" if price else ""
    during = f" from {line.charge}" if line.charge else ""
    return _SENTENCES["usage"].format(units=plain(line.quantity), unit=line.unit, during=during, at=at)
