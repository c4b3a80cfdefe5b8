"""Partner earned credit: what a partner who manages a customer's Azure resources pays less for their usage.

It is earned for each resource and day, or not at all: whoever lacks access for a part of the day earns nothing on it.
It stands in the effective price (``EUP = price x 0.85``), never in a line of its own. Reservations, savings plans,
other publishers' products, spot machines and telco are without it.

Source: Microsoft Partner Center documentation, "Partner earned credit explained" and "... troubleshooting".

Not here: which rows of usage make which lines (``azure``), what the customer pays (``prices``).
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum

from shared.domain.expected.lines import UnitPrice
from shared.domain.expected.vendor_tables import Row
from shared.domain.money import exact_product
from shared.domain.subscriptions.subscription import Usage

_HUNDRED, _HUNDREDTH = Decimal(100), Decimal("0.01")
_DAY = timedelta(days=1)
CLASS = "class"
"""The attribute of usage that names its class, where it has one of ``WithoutCredit``."""


class WithoutCredit(StrEnum):
    """Classes of usage that earn nothing."""

    RESERVATION = "reservation"
    SAVINGS_PLAN = "savings-plan"
    MARKETPLACE = "marketplace"
    SPOT = "spot"
    TELCO = "telco"


CREDIT_PERCENTS: tuple[Row[Decimal], ...] = (
    Row(Decimal(15), "Microsoft Partner Center, Partner earned credit explained"),
)


def percent_on(day: date) -> Decimal:
    """Return how many percent partner earned credit takes off on that day."""
    return next(row.value for row in CREDIT_PERCENTS if row.holds_on(day))


def is_creditable(usage: Usage) -> bool:
    """Whether usage can earn credit at all: no benefit covers it, and it is of none of the named classes."""
    return not usage.benefit and usage.attributes.get(CLASS, "") not in set(WithoutCredit)


def credited(price: UnitPrice, day: date) -> UnitPrice:
    """Return the effective price: what is left after the credit of that day, exact; ``listed`` stays."""
    left = _HUNDRED - percent_on(day)
    percent_off = _HUNDRED - exact_product(_HUNDRED - price.percent_off, left, _HUNDREDTH)
    return UnitPrice(exact_product(price.amount, left, _HUNDREDTH), price.listed, percent_off, price.origin)


def is_earned_on(day: date, access: Iterable[tuple[datetime, datetime | None]]) -> bool:
    """Whether access from each first to each last instant (None: still) covers the whole UTC day without a gap."""
    reached = datetime.combine(day, time(), UTC)
    ends = reached + _DAY
    for begins, stops in sorted(access, key=lambda span: span[0]):
        if begins <= reached < ends:
            reached = max(reached, stops or ends)
    return reached >= ends
