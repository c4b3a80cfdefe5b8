"""Explanations: the sentence and the arithmetic of a charge line, made from its stored data.

The texts name nothing that the customer must not see: a markup on cost is told as the agreed price basis without the
cost, unless the reader is the reseller. Tiers and free units are the customer's to know: they are told unit by unit.
Sentences and arithmetic for the customer speak his language (``texts``); what only the reseller reads is English.

Not here: the data itself (see ``charging.Explanation``).
"""

from decimal import Decimal

from shared.domain.charging import GIVEN, ChargeLine, PriceSource
from shared.domain.money import Money, exact_sum, minor_digits
from shared.domain.periods import Period
from shared.domain.prices import COST, NET, RETAIL, PriceMethod
from shared.domain.prices.adjustments import Step, StepKind
from shared.domain.source_lines import Service
from shared.domain.texts import DEFAULT_LANGUAGE, Texts, texts_in

_REDUCTIONS = {StepKind.OFFER, StepKind.RELATIONSHIP, StepKind.SEVERAL_SERVICES}


def sentence(line: ChargeLine, language: str = DEFAULT_LANGUAGE) -> str:
    """Return one short sentence for the customer, and one with his offers and discounts; never cost or ERP.

    Raises:
        InvalidError: the language has no texts.
    """
    texts = texts_in(language)
    return _charged_sentence(line, texts) + _reductions(line, texts)


def _charged_sentence(line: ChargeLine, texts: Texts) -> str:
    made = line.explanation
    if made.price.method == GIVEN:
        key = f"sale.free.{made.price.matched}"
        return texts.say("sale.free", reason=texts.say(key) if texts.has(key) else made.price.matched)
    if line.kind in {"credit", "discount"} or line.unit_price is None:
        return texts.say("sale.adjustment", charge_type=line.charge_type)
    if made.price.pieces:
        return _tier_sentence(line, texts)
    if line.service == Service.AZURE_USAGE:
        return _usage_sentence(line, line.unit_price, texts)
    return texts.say(
        "sale.credit" if line.amount.is_negative else "sale.charge",
        units=_written(line.quantity.copy_abs(), texts),
        price=f"{_written(line.unit_price, texts)} {line.amount.currency}",
        period=_period(line.charge, texts),
        share=_share(line, texts),
    )


def arithmetic(line: ChargeLine, language: str = DEFAULT_LANGUAGE) -> str:
    """Return the calculation written out, for the customer: units, price and days lead to the amount.

    The price stands first, so that the text of a credit does not begin with a sign (spreadsheets run such text).
    Where the price rests on Microsoft's amount, the average price of a unit is shown (see ``arithmetic_for_reseller``).
    Units at several prices are written one after the other, as in ``100 x 1.00 + 1 x 0.80 = 100.80 EUR``.

    Raises:
        InvalidError: the language has no texts.
    """
    texts = texts_in(language)
    amount = f"{texts.number(line.amount.amount)} {line.amount.currency}"
    if line.unit_price is None or line.explanation.price.method == GIVEN:
        return f"= {amount}"
    if line.explanation.price.pieces:
        return f"{_in_pieces(line, texts)} = {amount}"
    return f"{_written(line.unit_price, texts)} x {_written(line.quantity, texts)}{_days(line)} = {amount}"


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


def _in_pieces(line: ChargeLine, texts: Texts) -> str:
    """Return units times prices, free units first; a credit's sign stands at the price, never in front."""
    price, sign = line.explanation.price, "-" if line.quantity < 0 else ""
    free = [f"{_written(price.free_units, texts)} x {_price(Decimal(0), line, texts)}"] if price.free_units else []
    paid = (f"{_written(each.units, texts)} x {sign}{_price(each.price, line, texts)}" for each in price.pieces)
    text = " + ".join([*free, *paid])
    return f"({text}){_days(line)}" if _days(line) else text


def _price(price: Decimal, line: ChargeLine, texts: Texts) -> str:
    """Return a price with all its digits, at least those of the smallest coin."""
    whole, _, behind = plain(price).partition(".")
    digits = minor_digits(line.amount.currency)
    return texts.number(Decimal(f"{whole}.{behind:0<{digits}}" if behind or digits else whole))


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


def _reductions(line: ChargeLine, texts: Texts) -> str:
    """Return what the customer was given, by name; a promotion, a floor and what a bundle adds are not his to know.

    A floor takes back some or all of it, so with one nothing is said to be included.
    """
    if any(step.kind is StepKind.FLOOR for step in line.explanation.steps):
        return ""
    told = [_reduction(step, line, texts) for step in line.explanation.steps if step.kind in _REDUCTIONS]
    return texts.say("sale.reductions", reductions=", ".join(told)) if told else ""


def _reduction(step: Step, line: ChargeLine, texts: Texts) -> str:
    what = f"{_written(step.after, texts)} {line.amount.currency}"
    if step.percent is not None:
        what = texts.say("sale.reduction.off", percent=_written(step.percent, texts))
    return texts.say("sale.reduction", kind=texts.say(f"sale.step.{step.kind.value}"), name=step.name, what=what)


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


def _written(number: Decimal, texts: Texts) -> str:
    return texts.number(Decimal(plain(number)))


def _period(period: Period | None, texts: Texts) -> str:
    if period is None:
        return texts.say("sale.one_time")
    return texts.say("sale.period", first=texts.day(period.start), last=texts.day(period.last_day))


def _share(line: ChargeLine, texts: Texts) -> str:
    made = line.explanation
    if made.days == made.cycle_days:
        return ""
    return texts.say(
        f"sale.share.{made.counted}",
        part=str(made.days),
        whole=str(made.cycle_days),
        cycle=_period(made.cycle, texts),
    )


def _tier_sentence(line: ChargeLine, texts: Texts) -> str:
    price, currency = line.explanation.price, line.amount.currency
    free = [texts.say("sale.free_units", units=_written(price.free_units, texts))] if price.free_units else []
    pieces = [
        texts.say(
            "sale.piece",
            units=_written(piece.units, texts),
            price=f"{_price(piece.price, line, texts)} {currency}",
        )
        for piece in price.pieces
    ]
    before = price.units_before or Decimal(0)
    return texts.say(
        "sale.tiers.credit" if line.quantity < 0 else "sale.tiers",
        units=_written(line.quantity.copy_abs(), texts),
        unit=line.unit or texts.say("sale.units"),
        period=_period(line.charge, texts),
        share=_share(line, texts),
        pieces=", ".join([*free, *pieces]),
        before=texts.say("sale.before", units=_written(before, texts)) if before > 0 else "",
    )


def _usage_sentence(line: ChargeLine, unit_price: Decimal, texts: Texts) -> str:
    is_average = line.explanation.price.method != PriceMethod.FIXED
    price = f"{_written(unit_price, texts)} {line.amount.currency}"
    return texts.say(
        "sale.usage",
        units=_written(line.quantity, texts),
        unit=line.unit,
        during=texts.say("sale.usage.during", period=_period(line.charge, texts)) if line.charge else "",
        at=texts.say("sale.usage.average" if is_average else "sale.usage.at", price=price),
    )
