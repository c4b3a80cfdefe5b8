"""Adjustments: the order in which everything that changes a price applies, and what each step made of it.

====  ======================  =========================================================  ==========================
step  what                    how                                                        module
====  ======================  =========================================================  ==========================
0     base price              by the method of the price list; **convert first, then     ``charging``, ``exchange``
                              margin**; with free units and tiers
1     bundle uplift           plus a percentage of the base, plus an amount             ``amounts``
2     promotion               a percentage off, where passed on and not inside yet       ``promotions``
3     time-bound offer        the winner: a fixed price or a percentage off              ``offers``
4     relationship discount   the customer's percentage off                              ``discounts``
5     several services        the percentage of the threshold reached                    ``discounts``
6     cap, then floor         to the limit, where the guard clamps                       ``guards``
====  ======================  =========================================================  ==========================

Each percentage is of the price that the step before left, so two discounts of 10 percent leave 81 percent. Everything
is the price of **one unit for a full charge cycle**, exact (a fraction), and without a sign: a refund goes through the
same steps as its charge. Nothing is rounded here; the amount of the line is rounded once.

Nothing applies to credits and discounts that Microsoft gives as an amount, nor to what is given away.

Invariants: without an adjustment the price is unchanged; no discount makes it negative; the order in which offers,
discounts and guards are given does not matter; every step says what the price was before and after it.

Not here: which adjustments are for a line (``adjustment_rules``), amounts and rounding (``charging``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from shared.domain.errors import IntegrityError
from shared.domain.money import quotient_half_up
from shared.domain.prices.discounts import RelationshipDiscount, SeveralServicesDiscount, relationship, several_services
from shared.domain.prices.exchange import Conversion
from shared.domain.prices.guards import Bases, Breach, Guard, GuardAction, GuardKind, breach
from shared.domain.prices.offers import Offer, winners, without
from shared.domain.prices.promotions import Promotion

SHOWN_DIGITS = 12
UPLIFT_NAME = "price list"


class StepKind(StrEnum):
    """What a step is, in the order of the table."""

    UPLIFT = "bundle uplift"
    PROMOTION = "promotion"
    OFFER = "offer"
    RELATIONSHIP = "relationship discount"
    SEVERAL_SERVICES = "several-services discount"
    CAP = "price cap"
    FLOOR = "price floor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a price, as data for its explanation.

    *before* and *after* are the price of a unit, exact where it ends within ``SHOWN_DIGITS`` decimals, else rounded to
    them (the price itself stays exact). *percent* or *amount* is what the rule says; *rate* is the exchange rate by
    which an amount in *currency* was converted. *row* is where the rule stands in its file (0: nowhere).
    """

    kind: StepKind
    name: str
    before: Decimal = Decimal(0)
    after: Decimal = Decimal(0)
    percent: Decimal | None = None
    amount: Decimal | None = None
    currency: str = ""
    row: int = 0
    rate: Decimal | None = None
    rate_source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Uplift:
    """What a bundle adds: *price* is that of a unit with it, *percent* and *amount* are what the price list says."""

    price: Fraction
    percent: Decimal
    amount: Decimal
    row: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicable:
    """Everything that is for one line on its day; which of it wins is decided by ``adjusted``.

    *conversions* leads from the currency of a fixed offer to that of the sale; *product_count* is how many products of
    *vendor* the customer uses.
    """

    bases: Bases
    uplift: Uplift | None = None
    promotion: Promotion | None = None
    rests_on_cost: bool = False
    offers: tuple[Offer, ...] = ()
    conversions: Mapping[str, Conversion] = field(default_factory=dict)
    relationships: tuple[RelationshipDiscount, ...] = ()
    several_services: tuple[SeveralServicesDiscount, ...] = ()
    vendor: str = ""
    product_count: int = 0
    guards: tuple[Guard, ...] = ()


@dataclass(frozen=True, slots=True)
class Adjusted:
    """The exact price of a unit after all steps, the steps, and the guards that only tell."""

    price: Fraction
    steps: tuple[Step, ...] = ()
    breaches: tuple[Breach, ...] = ()


def adjusted(base: Fraction | Decimal, things: Applicable) -> Adjusted:
    """Return the price of a unit after everything in *things*, in the order of the table.

    Raises:
        IntegrityError: *base* is negative: steps are taken without a sign.
    """
    if base < 0:
        raise IntegrityError(f"a price of {base} cannot be adjusted: give it without its sign")
    course = _Course(Fraction(base))
    for take in (_uplift, _promotion, _offers, _relationship, _several_services):
        take(course, things)
    breaches = [_guard(course, things, kind, step) for kind, step in _GUARDS]
    return Adjusted(course.price, tuple(course.steps), tuple(filter(None, breaches)))


def shown(price: Fraction) -> Decimal:
    """Return *price* as a decimal: exact where it ends within ``SHOWN_DIGITS`` decimals, else rounded half up."""
    rounded = quotient_half_up(Decimal(price.numerator), price.denominator, SHOWN_DIGITS)
    digits = next((digits for digits in range(SHOWN_DIGITS) if 10**digits % price.denominator == 0), SHOWN_DIGITS)
    return quotient_half_up(rounded, 1, digits)


class _Course:
    """The price on its way through the steps; a step that changes nothing is not one."""

    def __init__(self, price: Fraction) -> None:
        self.price = price
        self.steps: list[Step] = []

    def to(self, after: Fraction, step: Step) -> None:
        if after != self.price:
            self.steps.append(replace(step, before=shown(self.price), after=shown(after)))
            self.price = after


_GUARDS = ((GuardKind.CAP, StepKind.CAP), (GuardKind.FLOOR, StepKind.FLOOR))


def _uplift(course: _Course, things: Applicable) -> None:
    if things.uplift is not None:
        percent, amount, row = things.uplift.percent, things.uplift.amount, things.uplift.row
        step = Step(kind=StepKind.UPLIFT, name=UPLIFT_NAME, percent=percent, amount=amount, row=row)
        course.to(things.uplift.price, step)


def _promotion(course: _Course, things: Applicable) -> None:
    promotion = things.promotion
    percent = promotion.percent_off_price(rests_on_cost=things.rests_on_cost) if promotion else None
    if promotion is not None and percent is not None:
        name, row = promotion.promotion_id, promotion.row
        course.to(without(course.price, percent), Step(kind=StepKind.PROMOTION, name=name, percent=percent, row=row))


def _offers(course: _Course, things: Applicable) -> None:
    factors = {currency: conversion.factor for currency, conversion in things.conversions.items()}
    for offer in winners(_priced_in(things), course.price, factors):
        conversion = things.conversions.get(offer.currency)
        step = Step(
            kind=StepKind.OFFER,
            name=offer.name,
            percent=offer.percent_off,
            amount=offer.fixed_price,
            currency=offer.currency,
            row=offer.row,
            rate=conversion.rate.rate if conversion else None,
            rate_source=str(conversion.rate) if conversion else "",
        )
        course.to(offer.price(course.price, factors), step)


def _priced_in(things: Applicable) -> list[Offer]:
    """Return the offers whose price can be told in the currency of the sale."""
    known = {"", things.bases.currency, *things.conversions}
    return [offer for offer in things.offers if offer.currency in known]


def unconverted(things: Applicable) -> tuple[Offer, ...]:
    """Return the offers with a fixed price in a currency that nobody gave a rate for; they are left out."""
    priced = _priced_in(things)
    return tuple(offer for offer in things.offers if offer not in priced)


def _relationship(course: _Course, things: Applicable) -> None:
    discount = relationship(things.relationships)
    if discount is not None:
        name, percent, row = discount.name, discount.percent_off, discount.row
        course.to(without(course.price, percent), Step(kind=StepKind.RELATIONSHIP, name=name, percent=percent, row=row))


def _several_services(course: _Course, things: Applicable) -> None:
    found = several_services(things.several_services, things.vendor, things.product_count)
    if found is not None:
        discount, percent = found
        name = f"{discount.name} ({things.product_count} products)"
        step = Step(kind=StepKind.SEVERAL_SERVICES, name=name, percent=percent, row=discount.row)
        course.to(without(course.price, percent), step)


def _guard(course: _Course, things: Applicable, kind: GuardKind, step: StepKind) -> Breach | None:
    """Move the price to the limit where the guard clamps; return the breach where it only tells."""
    found = breach(things.guards, kind, course.price, things.bases)
    if found is None or found.guard.action is GuardAction.TELL:
        return found
    guard, is_amount = found.guard, bool(found.guard.currency)
    clamped = Step(kind=step, name=guard.name, currency=guard.currency, row=guard.row)
    said = replace(clamped, amount=guard.value) if is_amount else replace(clamped, percent=guard.value)
    course.to(found.limit, said)
    return None
