"""Which price is locked when something is bought, renewed or converted, and which promotion with it.

A price that the event itself names goes first, then the price list of the day. A promotion counts if it is in force on
that very day, or if the event names its percentage; it is lost at the next renewal unless it is still in force then.

Not here: looking up dated prices (``prices_in_force``), the surcharge of the extended service term (``renewals``).
"""

from datetime import date
from decimal import Decimal

from shared.domain.expected.lines import UnitPrice
from shared.domain.expected.new_commerce.state import Walk
from shared.domain.expected.prices_in_force import discounted, price_in_force
from shared.domain.subscriptions.events import Event, EventKind
from shared.domain.subscriptions.kinds import Plan

FREE = UnitPrice(Decimal(0), Decimal(0), origin="trial")
_NOTHING = Decimal(0)
_HUNDRED = Decimal(100)


def lock_price(
    walk: Walk, event: Event | None, on: date, *, listed_on: date | None = None, percent: Decimal | None = None
) -> None:
    """Lock the price of the product, term and plan that *walk* has now, and the promotion of that day.

    *listed_on* is the day whose price list counts where it is not *on*; *percent* a promotion that is locked already.
    """
    percent = _percent(walk, event, on) if percent is None else percent
    if event is not None and event.unit_price is not None and event.unit_price >= 0:
        told = event.unit_price
        price: UnitPrice | None = UnitPrice(told, told, origin=f"{event.kind.value} on {event.on}")
    else:
        price = list_price(walk, listed_on or on, walk.term_name, walk.plan)
    if price is None:
        walk.misses_price(on)
    elif percent:
        price = discounted(price, percent)
    walk.percent = percent
    walk.lock(price)


def list_price(walk: Walk, on: date, term: str, plan: Plan) -> UnitPrice | None:
    """Return the price list's price of that day for the product in that term and plan; None without one."""
    price = price_in_force(walk.subscription, on, product=walk.product, term=term, plan=plan)
    return None if price is None or price.amount < 0 else price


def _percent(walk: Walk, event: Event | None, on: date) -> Decimal:
    """The percentage off: the event's own, else that of the promotion that is in force on the day."""
    percent = _NOTHING
    if event is not None and event.percent is not None:
        percent = event.percent
    elif walk.has_promotions:
        for known in walk.subscription.events:
            if known.on <= on and known.kind is EventKind.PROMOTION_BEGAN:
                percent = known.percent or _NOTHING
            elif known.on <= on and known.kind is EventKind.PROMOTION_ENDED:
                percent = _NOTHING
    return percent if _NOTHING <= percent <= _HUNDRED else _NOTHING
