"""The running state of one subscription while its events are walked through, and the lines made so far.

Invariants: ``cycle`` and ``term`` are those of the last day that was looked at; ``charged`` is the last positive line
and ``left`` what of it was not given back yet (None where no price was known); ``batches`` hold seats with the instant
they were added, the oldest first.

Not here: what an event does (``seats``, ``cancellation``, ``conversions``, ...), the order of events (``terms``).
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal

from shared.domain.expected.conventions import LineFamily
from shared.domain.expected.history import History
from shared.domain.expected.lines import Exchange, Expected, ExpectedLine, UnitPrice
from shared.domain.expected.month_rates import month_rate
from shared.domain.expected.new_commerce.cycles import Cycle, Term
from shared.domain.expected.rounding import RoundingMode
from shared.domain.issues import Issue, IssueCode, Severity
from shared.domain.periods import BillingPeriod
from shared.domain.subscriptions.events import Event, Quantity
from shared.domain.subscriptions.kinds import Plan
from shared.domain.subscriptions.subscription import Subscription

_SEATS, _CYCLES = LineFamily.SEATS, LineFamily.CYCLES
_OFTEN = (_SEATS, _CYCLES)
REQUEST = "request"
"""The source of an event that somebody only asks for."""


class Walk:
    """One subscription on its way through its events. Made by ``terms``; every other module changes it."""

    cycle: Cycle
    term: Term
    since: datetime
    quantity: Quantity = 0
    price: UnitPrice | None = None
    percent = Decimal(0)
    charged: ExpectedLine | None = None
    left = Decimal(0)
    term_lines = 0
    is_begun = False
    is_ended = False
    is_trial = False
    is_extended = False
    is_suspended = False
    is_given_up = False
    is_inherited = False
    has_promotions = False
    pending: Event | None = None
    next_end: Event | None = None
    is_for_renewal = False
    before_extension: tuple[str, Plan] = ("", Plan.MONTHLY)

    def __init__(self, subscription: Subscription, history: History, last_day: date) -> None:
        self.subscription = subscription
        self.history = history
        self.conventions = history.conventions
        self.mode = history.conventions.mode
        self._seats_mode, self._cycles_mode = self.mode(_SEATS), self.mode(_CYCLES)
        self.currency = history.currency or subscription.currency
        self.is_foreign = self.currency != subscription.currency
        self.last_day = last_day
        self.product = subscription.product
        self.term_name = subscription.term
        self.plan = subscription.plan
        self.auto_renews = subscription.auto_renews
        self.lines: list[ExpectedLine] = []
        self.issues: list[Issue] = []
        self.batches: list[tuple[Quantity, datetime]] = []
        self.scheduled: dict[date, list[Event]] = {}
        self.consumed: set[Event] = set()
        self.group: dict[str, Walk] = {}
        self.derived: list[Walk] = []

    def lock(self, price: UnitPrice | None) -> None:
        """Take over the price of one unit; None: nothing can be charged."""
        self.price = price
        if price is not None:
            self._seats = self._cycles = self._seats_mode.amounts(price.amount, self.currency)
            if self._cycles_mode is not self._seats_mode:
                self._cycles = self._cycles_mode.amounts(price.amount, self.currency)

    def mode_of(self, family: LineFamily) -> RoundingMode:
        """Return the arithmetic of a line family; most lines are about seats or cycles."""
        if family is _SEATS:
            return self._seats_mode
        return self._cycles_mode if family is _CYCLES else self.mode(family)

    def amounts(self, family: LineFamily, price: UnitPrice) -> Callable[[Quantity, int, int], Decimal]:
        """Return what seats cost at that price, as a function of quantity, part and whole."""
        if price is self.price and family in _OFTEN:
            return self._seats if family is _SEATS else self._cycles
        return self.mode(family).amounts(price.amount, self.currency)

    def exchange(self, on: date) -> Exchange | None:
        """Return the rate of the day's month for prices of another currency; None and an issue where it is missing."""
        rate = month_rate(self.history, self.subscription, BillingPeriod.of(on))
        if isinstance(rate, Issue):
            if rate not in self.issues:
                self.issues.append(rate)
            return None
        return rate

    @property
    def is_running(self) -> bool:
        """Whether charges go on."""
        return self.is_begun and not self.is_ended

    def expected(self) -> Expected:
        """Return the lines and issues, those of subscriptions that grew out of this one at the end."""
        lines, issues = self.lines, self.issues
        for other in self.derived:
            made = other.expected()
            lines, issues = [*lines, *made.lines], [*issues, *made.issues]
        return Expected(tuple(lines), tuple(issues))

    def ignore(self, event: Event, why: str, cure: str) -> None:
        """Note that an event makes no sense where it stands, and has no effect."""
        self._say(IssueCode.EVENT_IGNORED, Severity.WARNING, event, f"{why}: it has no effect.", cure)

    def refuses(self, event: Event, why: str, cure: str) -> bool:
        """Note that the vendor does not allow a change, and return whether it is therefore left out.

        A change that somebody attests (its source is named and is not a request) is billed as it happened.
        """
        if event.source and event.source != REQUEST:
            said = f"{why}; {event.source} says that it happened, and it is billed."
            self.note_unusual(event, said, "Check it against the invoice.")
            return False
        self.note_refused(event, why, cure)
        return True

    def note_refused(self, event: Event, why: str, cure: str) -> None:
        """Note that the vendor does not allow a change, whoever says that it happened."""
        self._say(IssueCode.CHANGE_REFUSED, Severity.WARNING, event, f"{why}.", cure)

    def drop_scheduled(self, by: Event) -> None:
        """Delete what was scheduled for the renewal: a change inside the term does so, and this notes it."""
        scheduled = self.pending if self.is_for_renewal else None
        for dropped in (scheduled, self.next_end):
            if dropped is not None:
                said = f"it deletes the change that was scheduled for the renewal ({dropped.kind} on {dropped.on})."
                self.note_unusual(by, said, "Schedule it again if it is still wanted.")
        if scheduled is not None:
            self.pending = None
        self.next_end = None

    def note_unusual(self, event: Event, why: str, cure: str) -> None:
        """Note something that the vendor does not do, and what is made of it."""
        self._say(IssueCode.CHANGE_UNUSUAL, Severity.NOTICE, event, why, cure)

    def misses_price(self, on: date) -> None:
        """Note that nothing can be charged for want of a price."""
        what = " ".join(part for part in (self.product, self.term_name, self.plan.value) if part)
        self.issues.append(
            Issue(
                code=IssueCode.PRICE_MISSING,
                severity=Severity.BLOCKING,
                message=f"subscription {self.subscription.id}: no price of {what} is known on {on}.",
                cure="Add the price list row, or the price that was agreed.",
                customer_id=self.subscription.customer_id,
                subject=self.subscription.id,
            )
        )

    def _say(self, code: IssueCode, severity: Severity, event: Event, why: str, cure: str) -> None:
        self.issues.append(
            Issue(
                code=code,
                severity=severity,
                message=f"subscription {self.subscription.id}, {event.kind.value} on {event.on}: {why}",
                cure=cure,
                customer_id=self.subscription.customer_id,
                subject=self.subscription.id,
                value="" if event.quantity is None else str(event.quantity),
            )
        )


def midnight(day: date) -> datetime:
    """Return the first instant of a day."""
    return datetime.combine(day, time(), UTC)
