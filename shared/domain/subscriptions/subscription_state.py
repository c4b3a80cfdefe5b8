"""The state of a subscription, as a value.

Not here: how it follows from events (``states``).
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from shared.domain.periods import Period
from shared.domain.subscriptions.events import Quantity
from shared.domain.subscriptions.kinds import Plan
from shared.domain.subscriptions.seat_batches import Batches
from shared.domain.subscriptions.subscription import Subscription


class Status(StrEnum):
    """Whether a subscription runs."""

    NOT_STARTED = "not-started"
    TRIAL = "trial"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


RUNNING = frozenset({Status.TRIAL, Status.ACTIVE, Status.SUSPENDED})


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionState:
    """What is so at an instant.

    *quantity* of an ended subscription is the last one. *term_period* is None before the start or without commitment.
    *price_fixed_on* is the day whose price counts until *price_locked_until* (exclusive; None: no commitment locks it).
    *is_trial* stays true while a trial is suspended or over. *is_extended* says that it expired and yet runs on by the
    month; *term_period* is then that month.
    """

    status: Status = Status.NOT_STARTED
    quantity: Quantity = 0
    product: str = ""
    term: str = ""
    plan: Plan = Plan.MONTHLY
    term_period: Period | None = None
    auto_renews: bool = True
    is_trial: bool = False
    is_extended: bool = False
    created_on: date | None = None
    promotion_percent: Decimal = Decimal(0)
    price_fixed_on: date | None = None
    batches: Batches = ()
    parent_id: str = ""

    @classmethod
    def of(cls, subscription: Subscription) -> "SubscriptionState":
        """Return the state before anything happened: what was ordered, not started."""
        return cls(
            product=subscription.product,
            term=subscription.term,
            plan=subscription.plan,
            auto_renews=subscription.auto_renews,
            is_trial=subscription.is_trial,
            parent_id=subscription.parent_id,
        )

    @property
    def is_running(self) -> bool:
        """Whether the service is there or can come back by itself: suspended counts, cancelled does not."""
        return self.status in RUNNING or self.is_extended

    @property
    def renews_on(self) -> date | None:
        """The day on which the next term begins by itself; None if it does not."""
        return self.term_period.end if self.term_period and self.auto_renews and self.status in RUNNING else None

    @property
    def price_locked_until(self) -> date | None:
        """The day from which another price counts: the end of the term."""
        return self.term_period.end if self.term_period and self.is_running else None
