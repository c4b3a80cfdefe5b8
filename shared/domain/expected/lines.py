"""Expected lines: what the rules say a vendor should have billed, each with everything that made its amount.

A line is its own explanation: it keeps the rule, the event behind it, the period, the share, the quantities before and
after, the price, the rounding mode, the exchange and the line it corrects. ``unrounded`` is the exact value before the
one rounding. Lines are plain tuples because a month has hundreds of thousands of them.

Invariants: *amount* is *unrounded* under *mode*; its sign is *sign*; *quantity* and *price* are never negative; a
credit names the line it corrects wherever there is one.

Not here: sentences (``texts``), sales prices, files.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

from shared.domain.expected.rounding import RoundingMode
from shared.domain.expected.rules import Rule
from shared.domain.issues import Issue
from shared.domain.money import Money
from shared.domain.periods import BillingPeriod, Period
from shared.domain.subscriptions.events import Event, Quantity
from shared.domain.subscriptions.subscription import Subscription

_DAY = timedelta(days=1)
ESTIMATED_PRICE = "estimated unit price"
PARTS_OF_A_DAY = "parts of a day"


class UnitPrice(NamedTuple):
    """The price of one unit for a full charge cycle. *origin* tells where it came from, derivations included.

    *listed* is the price before promotions (the same where there is none); *percent_off* what they took.
    """

    amount: Decimal
    listed: Decimal
    percent_off: Decimal = Decimal(0)
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Exchange:
    """The rate that turned the pricing currency into the billing currency: multiply by it."""

    rate: Decimal
    on: date
    source: str
    from_currency: str
    to_currency: str


class Piece(NamedTuple):
    """Units of one tier: *quantity* at *unit_price* each."""

    quantity: Quantity
    unit_price: Decimal


class ExpectedLine(NamedTuple):
    """One line. *start* is inclusive, *end* exclusive; both None for a thing without a period (perpetual software).

    *part* of *whole* is the share of *cycle* that the line covers, counted in *counted* ("days", "months",
    "seconds" or "times"). *sign* is -1 for a credit. *invoice* is the day (legacy, own services) or month (new
    commerce) of the invoice it stands on. *currency* is the billing currency. *pieces* are the tiers of a usage line.
    *inputs* are further facts the amount rests on, as (name, value) pairs of text.
    """

    rule: Rule
    charge_type: str
    subscription: Subscription
    event: Event | None
    start: date | None
    end: date | None
    cycle: Period | None
    part: int
    whole: int
    quantity: Quantity
    sign: int
    price: UnitPrice
    amount: Decimal
    currency: str
    mode: RoundingMode
    invoice: date | BillingPeriod | None = None
    quantity_before: Quantity | None = None
    quantity_after: Quantity | None = None
    corrects: "ExpectedLine | None" = None
    counted: str = "days"
    variants: tuple[str, ...] = ()
    exchange: Exchange | None = None
    pieces: tuple[Piece, ...] = ()
    inputs: tuple[tuple[str, str], ...] = ()

    @property
    def money(self) -> Money:
        """The amount with its currency."""
        return Money(self.amount, self.currency)

    @property
    def last_day(self) -> date | None:
        """The last day that is charged, as documents show it."""
        return None if self.end is None else self.end - _DAY

    @property
    def unrounded(self) -> Fraction:
        """The exact value before rounding: price x quantity x share x rate, or the sum of the tiers x rate."""
        rate = Fraction(self.exchange.rate) if self.exchange else Fraction(1)
        if self.pieces:
            full = sum((Fraction(piece.quantity) * Fraction(piece.unit_price) for piece in self.pieces), Fraction(0))
        else:
            full = Fraction(self.price.amount) * Fraction(self.quantity)
        return self.sign * full * Fraction(self.part, self.whole) * rate

    @property
    def share(self) -> tuple[Quantity, Quantity]:
        """*part* and *whole* as people count them: 22 of 30.4 days, where both are fifths (``PARTS_OF_A_DAY``)."""
        for name, value in self.inputs:
            if name == PARTS_OF_A_DAY:
                return _divided(self.part, int(value)), _divided(self.whole, int(value))
        return self.part, self.whole

    @property
    def effective_unit_price(self) -> Decimal:
        """The prorated price of one unit as the vendor prints it, negative on credits.

        While a month is open, the vendor prints what a unit cost so far (``ESTIMATED_PRICE`` among the inputs).
        """
        for name, value in self.inputs:
            if name == ESTIMATED_PRICE:
                return Decimal(value)
        printed = self.mode.unit_price(self.price.amount, self.part, self.whole)
        return printed.copy_negate() if self.sign < 0 and printed else printed


def _divided(number: int, parts: int) -> Quantity:
    """Return a quotient that has an end: by parts that a decimal number of days was split into."""
    return number // parts if number % parts == 0 else Decimal(number) / parts


@dataclass(frozen=True)
class Expected:
    """The outcome of a history: lines in the order in which they arose, and what is to be said about it."""

    lines: tuple[ExpectedLine, ...]
    issues: tuple[Issue, ...] = ()

    @cached_property
    def variants(self) -> tuple[str, ...]:
        """Every named variant that some line rests on, each once."""
        return tuple(dict.fromkeys(name for line in self.lines for name in line.variants))

    def total(self, currency: str) -> Money:
        """Return the sum of the rounded lines in that currency."""
        return Money.total((line.money for line in self.lines if line.currency == currency), currency)
