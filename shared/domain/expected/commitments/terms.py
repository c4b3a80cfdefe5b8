"""Terms: the life of something that is bought for a term, from its events, one charge after the other.

Reservations, savings plans and marketplace subscriptions share this life: a term begins with a purchase or a renewal,
is paid at once or in cycles, and renews by itself unless it was told not to. What may be changed in between, and what
is given back, each of them decides by itself.

Invariants: a cycle is charged on its first day; the price is locked for the term; a charge and what is given back of it
use the same price, rate and rounding, so credits never exceed what was charged.

Not here: licences (their rules prorate), usage.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import ClassVar

from shared.domain.errors import InvalidError
from shared.domain.expected.charge_cycles import cycle_at, term_period
from shared.domain.expected.commitments.lines import LineMaker, Occasion
from shared.domain.expected.commitments.prices import (
    FREE_OF_CHARGE,
    CyclePrice,
    TermPrice,
    offer_percent,
    term_price,
)
from shared.domain.expected.commitments.rules import TermRules
from shared.domain.expected.conventions import SameDay
from shared.domain.expected.history import History
from shared.domain.expected.left_out import event_ignored, never_created, price_missing, purchase_of
from shared.domain.expected.lines import Expected, ExpectedLine
from shared.domain.issues import Issue
from shared.domain.money import exact_sum
from shared.domain.periods import Period
from shared.domain.subscriptions.events import Event, EventKind, Quantity
from shared.domain.subscriptions.kinds import PLAN_MONTHS, Plan, term_months
from shared.domain.subscriptions.subscription import Subscription

_DAY = timedelta(days=1)
_TRIAL = "P1M"
_FIRST = {EventKind.CREATED: 0, EventKind.RENEWED: 1, EventKind.EXPIRED: 1}
_SILENT = frozenset(
    {
        EventKind.PRICE_CHANGED,
        EventKind.PROMOTION_BEGAN,
        EventKind.PROMOTION_ENDED,
        EventKind.SUSPENDED,
        EventKind.REACTIVATED,
    }
)
"""Prices and offers are looked up when a term begins; a suspension keeps billing."""


@dataclass(slots=True)
class Batch:
    """Units bought together at *bought_at*, with the percentage of the offer that was open then."""

    quantity: Quantity
    bought_at: datetime
    percent_off: Decimal


@dataclass(slots=True)
class Order:
    """What is to be renewed."""

    product: str
    term: str
    plan: Plan


class TermLife:
    """One subscription's life. Derived classes say in ``changes`` which further events they know."""

    rules: ClassVar[TermRules]
    may_lack_term: ClassVar[bool] = False

    def __init__(self, subscription: Subscription, history: History, until: date | None = None) -> None:
        self.subscription = subscription
        self.history = history
        self.lines: list[ExpectedLine] = []
        self.issues: list[Issue] = []
        self.make = LineMaker(subscription, history, self.issues)
        self.order = Order(subscription.product, subscription.term, subscription.plan)
        self.auto_renews = subscription.auto_renews
        self.is_trial = subscription.is_trial
        self.is_running = self.is_cancelled = False
        self.batches: list[Batch] = []
        self.charged: list[ExpectedLine] = []  # the charges of the running term that still stand
        self.terms: list[tuple[Period, TermPrice | None]] = []
        self.waiting: list[Event] = []  # changes that count from the next renewal
        self.began_at = datetime.min.replace(tzinfo=UTC)
        self.next_on = date.max
        self.is_renewed = False
        self.cycle = Period(date.min, date.max)  # the one that was charged last
        self._until = until

    def expected(self) -> Expected:
        """Return the lines and issues of the whole life."""
        events = self.subscription.events
        if purchase_of(self.subscription) is None:
            return Expected((), (never_created(self.subscription),))
        last_day = self._until or self.history.last_day(self.subscription)
        for event in _by_day(events, self.history.conventions.same_day):
            if event.on > last_day:
                break
            self._advance(event.on, is_told=self._says_what_follows(event))
            self._happen(event)
        self._advance(last_day)
        return Expected(tuple(self.lines), tuple(self.issues))

    @property
    def period(self) -> Period:
        """The running term."""
        return self.terms[-1][0]

    @property
    def quantity(self) -> Quantity:
        """The units that are held now."""
        return sum((batch.quantity for batch in self.batches), start=0)

    @property
    def term_months(self) -> int:
        """The months of the running term; a purchase without a term lasts as long as its plan."""
        if self.is_trial:
            return term_months(_TRIAL)
        return term_months(self.order.term) if self.order.term else PLAN_MONTHS.get(self.order.plan, 1)

    @property
    def cycle_months(self) -> int:
        """The months of a charge cycle: those of the plan, where they divide the term."""
        months = PLAN_MONTHS.get(self.order.plan, self.term_months)
        return self.term_months if self.term_months % months else months

    def cycle_price(self, cycle: Period, percent_off: Decimal) -> CyclePrice | None:
        """Return what one unit costs in a cycle, or None where the term has no price."""
        price = self.terms[-1][1]
        if price is None:
            return None
        return price.for_cycle(cycle, self.cycle_months, self.term_months, percent_off)

    def ignore(self, event: Event, why: str, cure: str = "Check the event, or take it out of the history.") -> None:
        """Leave an event out and say so."""
        self.issues.append(event_ignored(self.subscription, event, why, cure))

    def change(self, event: Event) -> bool:
        """Apply an event that only this kind of service knows; False where it does not know it."""
        raise NotImplementedError

    def apply(self, event: Event) -> bool:
        """Take over product, term and plan of an event; False (and an issue) where its term means nothing."""
        term = event.term or self.order.term
        if not self._is_term(term):
            self.ignore(event, f"the term {term!r} is not understood", "Write P1M, P1Y or P3Y.")
            return False
        self.order = Order(event.product or self.order.product, term, event.plan or self.order.plan)
        return True

    def begin(self, at: datetime, event: Event | None, charge_type: str, priced_at: datetime | None = None) -> None:
        """Begin a term at *at* with the order as it stands, priced then or at *priced_at*; charge its first cycle."""
        start = at.date()
        price = FREE_OF_CHARGE if self.is_trial else self.price_at(priced_at or at)
        if price is None:
            self.issues.append(price_missing(self.subscription, start, f"a term of {self._named()}"))
        self.terms.append((self.term_from(start), price))
        self.began_at, self.is_running, self.charged = at, True, []
        self._charge(start, event, charge_type)

    def bill(self, cycle: Period, event: Event | None, charge_type: str, before: Quantity | None = None) -> None:
        """Charge everything that is held for one cycle; without a price nothing can be charged."""
        days = cycle if self.order.term or self.is_trial else Period(cycle.start, cycle.start + _DAY)
        prices = [
            (batch.quantity, price)
            for batch in self.batches
            if (price := self.cycle_price(cycle, batch.percent_off)) is not None
        ]
        why = self.because(charge_type, event.on if event else cycle.start, event, before, self.quantity)
        line = self.make.charge(why, days, cycle, prices) if prices else None
        if line is not None:
            self.lines.append(line)
            self.charged.append(line)

    def because(
        self,
        charge_type: str,
        on: date,
        event: Event | None,
        before: Quantity | None = None,
        after: Quantity | None = None,
    ) -> Occasion:
        """Return why a line of that charge type arises."""
        rule = self.rules.of(charge_type)
        variants = self.variants()
        return Occasion(
            rule=rule, charge_type=charge_type, on=on, event=event, before=before, after=after, variants=variants
        )

    def variants(self) -> tuple[str, ...]:
        """Return the conventions that a line of the running term rests on."""
        return ()

    def give_back(self, event: Event, charge_type: str, after: Quantity) -> None:
        """Take every standing charge of the term back as a whole."""
        why = self.because(charge_type, event.on, event, self.quantity, after)
        self.lines.extend([self.make.credit(why, line) for line in self.charged])
        self.charged = []

    def stop(self) -> None:
        """End it for good."""
        self.is_running, self.is_cancelled = False, True

    def _says_what_follows(self, event: Event) -> bool:
        """Whether an event tells what becomes of a term that ends on its day."""
        is_paid_now = self.is_trial and event.kind is EventKind.CONVERTED
        return is_paid_now or event.kind in {EventKind.RENEWED, EventKind.EXPIRED}

    def _happen(self, event: Event) -> None:
        if event.kind in _SILENT:
            return
        if event.kind is EventKind.CREATED:
            self._create(event)
        elif event.kind is EventKind.RENEWED:
            self.renewed(event)
        elif event.kind is EventKind.CREDITED:
            self._credited(event)
        elif not self.is_running:
            self.ignore(event, "the subscription is not running on that day")
        elif event.kind is EventKind.AUTO_RENEW_CHANGED:
            self.auto_renews = bool(event.is_on)
        elif event.kind is EventKind.EXPIRED:
            self.auto_renews = False
        elif not self.change(event):
            self.ignore(event, f"{self.subscription.kind.value} knows no such change")

    def _create(self, event: Event) -> None:
        quantity = 1 if event.quantity is None else event.quantity
        if self.terms:
            self.ignore(event, "it was created before")
        elif quantity <= 0:
            self.ignore(event, f"nothing is bought with a quantity of {quantity}", "Give the quantity bought.")
        elif self.apply(event):
            self.batches = [Batch(quantity, event.at, offer_percent(self.subscription, event.at))]
            self.begin(event.at, event, "new")

    def renewed(self, event: Event) -> None:
        """Begin the next term as an event says; nothing where no term has ended."""
        if self.is_cancelled or not self.terms or event.on < self.period.end:
            self.ignore(event, "no term ends on that day")
        elif event.quantity is not None and event.quantity <= 0:
            self.ignore(event, f"nothing is renewed with a quantity of {event.quantity}", "Record a cancellation.")
        elif self.apply(event):
            self._renew(event.at, event)

    def _renew(self, at: datetime, event: Event | None) -> None:
        waiting, self.waiting = self.waiting, []
        self.is_trial, self.is_renewed = False, True
        for change in (*waiting, *([event] if event else [])):
            self.apply(change)
            if change.quantity is not None:
                self.resize(change.quantity, at)
        for batch in self.batches:
            batch.bought_at = at
        self.begin(at, event, "renew")

    def resize(self, quantity: Quantity, at: datetime) -> None:
        """Hold *quantity* units: further ones are a batch of their own, fewer take the youngest batches away."""
        more = quantity - self.quantity
        if more > 0:
            self.batches.append(Batch(more, at, offer_percent(self.subscription, at)))
        while more < 0:
            batch = self.batches[-1]
            taken = min(batch.quantity, -more)
            batch.quantity -= taken
            more += taken
            if not batch.quantity:
                self.batches.pop()

    def _credited(self, event: Event) -> None:
        standing = exact_sum(line.amount for line in self.lines)
        if event.amount is None or event.amount <= 0:
            self.ignore(event, "it gives nothing back", "Give the amount, as a positive number.")
        elif event.amount > standing:
            self.ignore(
                event, f"only {standing:f} was charged", "A credit cannot be higher than the charges before it."
            )
        else:
            why = self.because("customerCredit", event.on, event)
            self.lines.append(self.make.customer_credit(why, event.amount))

    def _advance(self, day: date, *, is_told: bool = False) -> None:
        """Charge every cycle that begins up to *day*; *is_told*: an event says what follows a term that ends on it."""
        while self.is_running and self.next_on <= day:
            if self.next_on < self.period.end:
                self._charge(self.next_on, None, "cycleCharge")
            elif is_told and self.next_on == day:
                return
            elif self._renews():
                self._renew(datetime.combine(self.next_on, time(), UTC), None)
            else:
                self.is_running = False

    def _renews(self) -> bool:
        is_once = self.order.plan is Plan.ONE_TIME and not self.order.term and not self.is_trial
        return self.auto_renews and not is_once

    def _charge(self, start: date, event: Event | None, charge_type: str) -> None:
        cycle = self.period
        if self.cycle_months != self.term_months:
            cycle = cycle_at(start, self.period.start, self.cycle_months, self.history.conventions.month_end)
        self.next_on, self.cycle = cycle.end, cycle
        self.bill(cycle, event, charge_type)

    def term_from(self, start: date) -> Period:
        """Return the term of the order that begins on that day."""
        ends_on = self.subscription.ends_on
        if self.is_trial and ends_on is not None and ends_on > start:
            return Period(start, ends_on)
        return term_period(start, self.term_months, self.history.conventions.month_end)

    def price_at(self, at: datetime) -> TermPrice | None:
        """Return the price that a term of the order would lock at an instant."""
        return term_price(self.subscription, at, self.order.product, self.order.term, self.order.plan)

    def _is_term(self, term: str) -> bool:
        if not term:
            return self.may_lack_term
        try:
            return term_months(term) > 0
        except InvalidError:
            return False

    def _named(self) -> str:
        return f"{self.order.product or self.subscription.id}"


def _by_day(events: Iterable[Event], same_day: SameDay) -> list[Event]:
    """Return the events with renewals first on their day, and one change of quantity a day where they are merged."""
    ordered = sorted(events, key=lambda event: (event.on, _FIRST.get(event.kind, 2)))
    if same_day is SameDay.EACH:
        return ordered
    last = {event.on: event for event in ordered if event.kind is EventKind.QUANTITY_CHANGED}
    return [event for event in ordered if event.kind is not EventKind.QUANTITY_CHANGED or last[event.on] is event]
