"""Wording: one short sentence for an expected line, and its arithmetic written out for a calculator.

Both are made from the line alone. The arithmetic follows the line's rounding mode step by step: every number that is
rounded on the way is shown before and after, so that whoever redoes the steps arrives at the same cent. A number that
does not end is shown with six decimals and dots. A credit's quantity is negative; the price stands first, so that no
text begins with a sign (spreadsheets run such text).

Not here: the texts themselves (``shared/domain/texts``), the amounts (``lines``, ``rounding``).
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from shared.domain.expected.lines import ExpectedLine
from shared.domain.expected.rounding import Rounding, Steps, rounded, trimmed
from shared.domain.money import exact_sum
from shared.domain.subscriptions.events import Quantity
from shared.domain.texts import DEFAULT_LANGUAGE, Texts, texts_in

_SHOWN_DIGITS = 6
_MINIMUM, _METERED = "own.minimum", "own.metered"


def sentence(line: ExpectedLine, language: str = DEFAULT_LANGUAGE) -> str:
    """Return one short sentence: why the line exists and what it charges.

    Raises:
        InvalidError: the language has no texts.
    """
    texts = texts_in(language)
    return texts.say("sentence", reason=_reason(line, texts), what=_what(line, texts))


def arithmetic(line: ExpectedLine, language: str = DEFAULT_LANGUAGE) -> str:
    """Return the calculation written out, one step after the other, ending in the amount and its currency.

    Raises:
        InvalidError: the language has no texts.
    """
    texts = texts_in(language)
    *before, last = _steps(line, texts)
    steps = [*(step for step in before if not step.is_plain), last]
    return "; ".join(step.text(texts) for step in steps) + f" {line.currency}"


@dataclass(frozen=True, slots=True)
class _Step:
    """``expression = exact``, and what *exact* is rounded to (None: it is kept)."""

    expression: str
    exact: Fraction
    result: Decimal
    how: Rounding

    @property
    def is_plain(self) -> bool:
        """Whether a number is only written down once more."""
        return " " not in self.expression and Fraction(self.result) == self.exact

    def text(self, texts: Texts) -> str:
        shown = texts.number(self.result)
        if Fraction(self.result) == self.exact:
            return f"{self.expression} = {shown}"
        cut = texts.say(f"rounded.{self.how.value}", number=shown)
        return f"{self.expression} = {_shown(self.exact, texts)}, {cut}"


def _reason(line: ExpectedLine, texts: Texts) -> str:
    if line.event is None:
        return _calendar_reason(line, texts)
    key = f"reason.{line.event.kind.value}"
    on = texts.day(line.event.on)
    if line.quantity_before is not None and line.quantity_after is not None and texts.has(f"{key}.known"):
        before, after = texts.number(line.quantity_before), texts.number(line.quantity_after)
        return texts.say(f"{key}.known", on=on, before=before, after=after)
    return texts.say(key, on=on)


def _calendar_reason(line: ExpectedLine, texts: Texts) -> str:
    """Why a line exists that no event made."""
    facts = dict(line.inputs)
    if line.rule.key == _MINIMUM:
        return texts.say("reason.minimum", minimum=texts.number(Decimal(facts["minimum"])))
    if line.rule.key == _METERED and facts["used"] != facts["billed"]:
        used, billed = Decimal(facts["used"]), Decimal(facts["billed"])
        free = exact_sum((used, billed.copy_negate()))
        return texts.say("reason.usage.free", used=_units(used, texts), free=_units(free, texts))
    is_own_cycle = line.rule.key.startswith("own.") and line.rule.key != _METERED
    is_usage = (line.pieces and not is_own_cycle) or line.rule.key.startswith((_METERED, "usage."))
    return texts.say("reason.usage" if is_usage else "reason.cycle")


def _units(number: Decimal, texts: Texts) -> str:
    return texts.number(int(number) if number % 1 == 0 else number)


def _what(line: ExpectedLine, texts: Texts) -> str:
    period = _period(line.start, line.last_day, texts)
    quantity = texts.number(line.quantity)
    credit = ".credit" if line.sign < 0 else ""
    if line.pieces:
        share = "" if line.counted == "times" else _share(line, texts)
        return texts.say(f"what.tiers{credit}", quantity=quantity, share=share, period=period)
    if not line.price.amount:
        return texts.say("what.free", period=period)
    key = "what.credit" if credit else "what.charge"
    price = texts.number(line.price.amount)
    currency = line.exchange.from_currency if line.exchange else line.currency
    return texts.say(key, quantity=quantity, price=price, currency=currency, share=_share(line, texts), period=period)


def _share(line: ExpectedLine, texts: Texts) -> str:
    if line.part == line.whole:
        return ""
    part, whole = line.share
    return texts.say(f"share.{line.counted}", part=texts.number(part), whole=texts.number(whole))


def _period(first: date | None, last: date | None, texts: Texts) -> str:
    if first is None or last is None:
        return ""
    if first == last:
        return texts.say("period.day", first=texts.day(first))
    return texts.say("period", first=texts.day(first), last=texts.day(last))


def _steps(line: ExpectedLine, texts: Texts) -> list[_Step]:
    if len(line.pieces) > 1:
        return _tier_steps(line, texts)
    price, quantity = line.price.amount, line.quantity
    if line.pieces:
        (quantity, price) = line.pieces[0]
    return _Calculation(line, texts, price, line.sign * quantity).steps()


def _tier_steps(line: ExpectedLine, texts: Texts) -> list[_Step]:
    """The tiers are added up first; their sum is then the price of one thing, as ``piece_amounts`` has it."""
    sign = "-" if line.sign < 0 else ""
    number = texts.number
    terms = [f"{number(piece.unit_price)} x {sign}{number(piece.quantity)}" for piece in line.pieces]
    exact = line.sign * sum(
        (Fraction(piece.quantity) * Fraction(piece.unit_price) for piece in line.pieces), Fraction(0)
    )
    if line.part == line.whole and line.exchange is None:
        return [_Step(" + ".join(terms), exact, line.amount, line.mode.rounding)]
    full = rounded(exact.numerator, exact.denominator, _decimals(exact), Rounding.DOWN)
    return [
        _Step(" + ".join(terms), exact, full, Rounding.DOWN),
        *_Calculation(line, texts, full, 1).steps(),
    ]


class _Calculation:
    """The steps of one price's arithmetic, in the order of the line's rounding mode. *quantity* has the line's sign."""

    def __init__(self, line: ExpectedLine, texts: Texts, price: Decimal, quantity: Quantity) -> None:
        self._line = line
        self._texts = texts
        self._exact_price = Fraction(price)
        self._units = Fraction(quantity)
        self._unsigned = texts.number(quantity if quantity > 0 else -quantity)
        self._price = texts.number(price)
        self._times_quantity = "" if quantity == 1 and len(line.pieces) > 1 else f" x {texts.number(quantity)}"
        part, whole = map(texts.number, line.share)
        self._ratio = f"{part} / {whole}"
        self._share = "" if line.part == line.whole else f" x {self._ratio}"
        self._rate = "" if line.exchange is None else f" x {texts.number(line.exchange.rate)}"
        self._times = Fraction(1) if line.exchange is None else Fraction(line.exchange.rate)

    def steps(self) -> list[_Step]:
        """Return the steps of the line's rounding mode; a whole cycle has no share to be rounded."""
        if self._line.mode.steps in _ROUND_THE_SHARE and self._line.part == self._line.whole:
            return self.by_product()
        return _BY_STEPS[self._line.mode.steps](self)

    def by_product(self) -> list[_Step]:
        return [self._last(f"{self._price}{self._times_quantity}{self._share}{self._rate}", self._exact())]

    def by_unit(self) -> list[_Step]:
        line = self._line
        exact = self._exact_price * Fraction(line.part, line.whole) * self._times
        unit = self._inner(f"{self._price}{self._share}{self._rate}", exact)
        return [unit, self._last_of(unit, f"{{}}{self._times_quantity}", self._units)]

    def by_day_rate(self) -> list[_Step]:
        part, whole = self._line.share
        number = self._texts.number
        day = self._inner(f"{self._price} / {number(whole)}", self._exact_price / Fraction(whole))
        after = f"{{}}{self._times_quantity} x {number(part)}{self._rate}"
        return [day, self._last_of(day, after, self._units * Fraction(part) * self._times)]

    def by_ratio(self) -> list[_Step]:
        line = self._line
        ratio = self._inner(self._ratio, Fraction(line.part, line.whole))
        times = self._exact_price * self._units * self._times
        return [ratio, self._last_of(ratio, f"{self._price}{self._times_quantity} x {{}}{self._rate}", times)]

    def by_day_rate_of_all(self) -> list[_Step]:
        line = self._line
        if not self._units:
            return self.by_product()
        units, quantity = self._unsigned, abs(self._units)
        day = self._inner(f"{self._price} x {units} / {line.whole}", self._exact_price * quantity / line.whole)
        shown = self._texts.number(day.result)
        unit = self._inner(f"{shown} x {line.part} / {units}", Fraction(day.result) * line.part / quantity)
        return [day, unit, self._last_of(unit, f"{{}}{self._times_quantity}{self._rate}", self._units * self._times)]

    def by_product_then_rate(self) -> list[_Step]:
        if not self._rate:
            return self.by_product()
        product = self._inner(f"{self._price}{self._times_quantity}{self._share}", self._exact() / self._times)
        return [product, self._last_of(product, f"{{}}{self._rate}", self._times)]

    def _exact(self) -> Fraction:
        return self._exact_price * self._units * Fraction(self._line.part, self._line.whole) * self._times

    def _inner(self, expression: str, exact: Fraction) -> _Step:
        mode = self._line.mode
        result = rounded(exact.numerator, exact.denominator, mode.inner_digits, mode.inner_rounding)
        return _Step(expression, exact, result, mode.inner_rounding)

    def _last_of(self, before: _Step, after: str, times: Fraction) -> _Step:
        return self._last(after.format(self._texts.number(before.result)), Fraction(before.result) * times)

    def _last(self, expression: str, exact: Fraction) -> _Step:
        return _Step(expression, exact, self._line.amount, self._line.mode.rounding)


_BY_STEPS = {
    Steps.PRODUCT: _Calculation.by_product,
    Steps.UNIT: _Calculation.by_unit,
    Steps.DAY_RATE: _Calculation.by_day_rate,
    Steps.RATIO: _Calculation.by_ratio,
    Steps.ALL_UNITS_DAY_RATE: _Calculation.by_day_rate_of_all,
    Steps.PRODUCT_THEN_RATE: _Calculation.by_product_then_rate,
}
_ROUND_THE_SHARE = {Steps.DAY_RATE, Steps.RATIO, Steps.ALL_UNITS_DAY_RATE}


def _decimals(exact: Fraction) -> int:
    """Return how many decimals write *exact* in full; it is a sum of decimals, so there are such."""
    digits = 0
    while (exact * 10**digits).denominator != 1:
        digits += 1
    return digits


def _shown(exact: Fraction, texts: Texts) -> str:
    """Return the number in full where it has few decimals, else its beginning and dots."""
    begun = rounded(exact.numerator, exact.denominator, _SHOWN_DIGITS, Rounding.DOWN)
    dots = "" if Fraction(begun) == exact else "..."
    return texts.number(trimmed(begun) if not dots else begun) + dots
