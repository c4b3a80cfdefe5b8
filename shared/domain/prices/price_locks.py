"""Price locks: what a change of the price list means for terms that are running.

=====================  ==============================================  =======================================
policy                 price date                                      the price is locked until
=====================  ==============================================  =======================================
``AT_ONCE``            first day of the charge cycle, not before the   the end of the charge cycle
                       term began
``FROM_NEXT_RENEWAL``  first day of the running term                   the renewal: the end of the term
=====================  ==============================================  =======================================

Either way one cycle has one price, so a refund is worth what was charged. A line without a term (usage, one-time
purchases) cannot be locked: it takes the price of its own first day. A term that was renewed under the same dates (the
subscription's start, several terms long) is cut into terms by *term_months*, counted from its start.

A policy may be set for a list and otherwise for one customer; the customer's wins.

Not here: prices (``book``), Microsoft's own price protection (that is in its cost).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from shared.domain.periods import Period, cycle_containing, months_between


class PriceLockPolicy(StrEnum):
    """When a change of the price list reaches a running term."""

    AT_ONCE = "at_once"  # at its next charge cycle
    FROM_NEXT_RENEWAL = "from_next_renewal"  # at its next term


@dataclass(frozen=True, slots=True)
class PriceLocks:
    """The policy of a list, and of customers that agreed on another one (by customer id, any case)."""

    of_list: PriceLockPolicy = PriceLockPolicy.AT_ONCE
    of_customers: Mapping[str, PriceLockPolicy] = field(default_factory=dict)

    def __post_init__(self) -> None:
        folded = {name.casefold(): policy for name, policy in self.of_customers.items()}
        object.__setattr__(self, "of_customers", folded)  # once here, for every line asks

    def policy(self, customer_id: str) -> PriceLockPolicy:
        """Return the policy that holds for the customer."""
        return self.of_customers.get(customer_id.casefold(), self.of_list)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreedLock:
    """A policy that stands in a list: for one customer, or for all where *customer_id* is empty."""

    policy: PriceLockPolicy
    customer_id: str = ""
    name: str = ""
    row: int = 0

    @property
    def whom(self) -> str:
        """Whom it is for, as messages say it."""
        return f"customer {self.customer_id}" if self.customer_id else "all customers"


@dataclass(frozen=True, slots=True)
class PriceLock:
    """Whose day's price applies, until when it stays, and when the term renews; None where there is no such day.

    No *policy* means that nothing was agreed: a change reaches the next charge cycle, and no lock is promised.
    """

    policy: PriceLockPolicy | None
    price_on: date | None
    locked_until: date | None = None
    renews_on: date | None = None


def price_lock(
    policy: PriceLockPolicy,
    *,
    term: Period | None,
    cycle: Period | None,
    charge_from: date | None = None,
    term_months: int | None = None,
) -> PriceLock:
    """Return the price date and the lock of a charge in *cycle* of *term*.

    Args:
        policy: what a price list change means.
        term: the subscription's dates as the vendor prints them, or None.
        cycle: the charge cycle, or None where the line has none.
        charge_from: the first day of what is charged; the price date where there is no cycle.
        term_months: the length of the commitment, where it is known.
    """
    day = cycle.start if cycle is not None else charge_from
    running = None if term is None or day is None else _running(term, cycle or Period.inclusive(day, day), term_months)
    renews_on = running.end if running else None
    if running is not None and policy is PriceLockPolicy.FROM_NEXT_RENEWAL:
        return PriceLock(policy, running.start, renews_on, renews_on)
    if running is not None and day is not None:
        day = max(day, running.start)
    return PriceLock(policy, day, cycle.end if cycle else None, renews_on)


def _running(term: Period, cycle: Period, months: int | None) -> Period | None:
    """Return the term that the cycle lies in, or None where it lies outside *term*.

    A cycle that began before its term (co-terminated, cut short) belongs to the term that begins in it.
    """
    day = max(cycle.start, term.start)
    if day not in term or day not in cycle:
        return None
    length = months_between(term.start, term.end)
    if months is None or length is None or length <= months:
        return term
    running = cycle_containing(day, term.start, months)
    return Period(running.start, min(running.end, term.end))
