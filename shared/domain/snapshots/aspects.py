"""Aspects: what of a subscription is watched from one observation to the next, each as one text.

Texts make values of different sources comparable: a snapshot, an entry of the audit feed and a request of our own say
the same thing in the same letters. "" is "none", and a missing aspect is "not told".

Not here: what a change of an aspect means (``comparison``).
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from shared.domain.errors import InvalidError
from shared.domain.snapshots.values import SubscriptionSnapshot
from shared.domain.subscriptions.kinds import Plan, term_months

GONE = "gone"
"""The status of a subscription that Microsoft lists no more."""
EXISTS = "exists"
"""Told by orders only: that there is such a subscription."""
ACTIVE, SUSPENDED, DELETED, EXPIRED, DISABLED = "active", "suspended", "deleted", "expired", "disabled"


class Aspect(StrEnum):
    """One thing that can change; the value names it in stored changes."""

    QUANTITY = "quantity"
    STATUS = "status"
    AUTO_RENEW = "auto_renew"
    PRODUCT = "product"
    PLAN = "plan"
    ENDS_ON = "ends_on"
    TRIAL = "trial"
    PROMOTION = "promotion"
    SCHEDULED = "scheduled"
    NAME = "name"


Values = Mapping[str, str]
"""Texts by aspect."""

_PLANS = {
    "monthly": Plan.MONTHLY,
    "annual": Plan.ANNUAL,
    "triennial": Plan.TRIENNIAL,
    "one_time": Plan.ONE_TIME,
    "onetime": Plan.ONE_TIME,
    "none": Plan.ONE_TIME,
}


def values_of(snapshot: SubscriptionSnapshot) -> dict[str, str]:
    """Return the watched values of a snapshot."""
    return {
        Aspect.QUANTITY: str(snapshot.quantity),
        Aspect.STATUS: snapshot.status,
        Aspect.AUTO_RENEW: switch(snapshot.auto_renews),
        Aspect.PRODUCT: product_of(snapshot.offer_id),
        Aspect.PLAN: plan_text(snapshot.term, snapshot.cycle),
        Aspect.ENDS_ON: snapshot.ends_on.isoformat() if snapshot.ends_on else "",
        Aspect.TRIAL: switch(snapshot.is_trial),
        Aspect.PROMOTION: snapshot.promotion_id,
        Aspect.SCHEDULED: snapshot.scheduled,
        Aspect.NAME: snapshot.friendly_name,
    }


def switch(setting: bool | None) -> str:  # noqa: FBT001 - the setting is the value, not a way to do it
    """Return ``true``, ``false``, or "" where nobody says."""
    return "" if setting is None else str(setting).lower()


def product_of(offer_id: str) -> str:
    """Return "product:sku" of a catalogue item (its availability rotates and says nothing), or a legacy GUID."""
    return ":".join(offer_id.split(":")[:2])


def plan_text(term: str, cycle: str) -> str:
    """Return term and billing cycle as one text, such as ``P1Y/monthly``."""
    return f"{term.upper()}/{cycle.lower()}" if term or cycle else ""


def term_of(plan: str) -> str:
    """Return the term of a plan's text."""
    return plan.partition("/")[0]


def plan_of(plan: str) -> Plan | None:
    """Return how often a term is paid; None for a billing cycle that nobody knows."""
    return _PLANS.get(plan.partition("/")[2])


def day_of(text: str) -> date | None:
    """Return the day that a text begins with, or None."""
    with suppress(ValueError):
        return date.fromisoformat(text[:10])
    return None


def midnight(day: date) -> datetime:
    """Return the first instant of a day."""
    return datetime.combine(day, time(), UTC)


def term_start(values: Values) -> date | None:
    """Return the first day of the running term, counted back from its last; None where it has no end or no length."""
    ends_on = day_of(values.get(Aspect.ENDS_ON, ""))
    try:
        months = term_months(term_of(values.get(Aspect.PLAN, "")))
    except InvalidError:
        return None
    return _months_before(ends_on + timedelta(days=1), months) if ends_on else None


def _months_before(day: date, months: int) -> date | None:
    """Return the same day so many months earlier, or the last one that month has; None before the calendar begins."""
    number = day.year * 12 + day.month - 1 - months
    for number_of_day in range(day.day, 27, -1):
        with suppress(ValueError):
            return date(number // 12, number % 12 + 1, number_of_day)
    year, month = divmod(number, 12)
    return date(year, month + 1, min(day.day, 27)) if year > 0 else None
