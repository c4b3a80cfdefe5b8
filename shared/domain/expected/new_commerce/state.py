"""The running state of one subscription while its events are walked through, and the lines made so far.

Invariants: ``cycle`` and ``term`` are those of the last day that was looked at; ``charged`` is the last positive line
and ``left`` what of it was not given back yet (None where no price was known); ``batches`` hold seats with the instant
they were added, the oldest first.

Not here: what an event does (``seats``, ``cancellation``, ``conversions``, ...), the order of events (``terms``).
"""

from datetime import UTC, date, datetime, time
from decimal import Decimal

from shared.domain.expected.conventions import Conventions
from shared.domain.expected.lines import Expected, ExpectedLine, UnitPrice
from shared.domain.expected.new_commerce.cycles import Cycle, Term
from shared.domain.issues import Issue, IssueCode, Severity
from shared.domain.subscriptions.events import Event, Quantity
from shared.domain.subscriptions.subscription import Subscription

REQUEST = "request"
"""The source of an event that somebody only asks for."""


class Walk:
    """One subscription on its way through its events. Made by ``terms``; every other module changes it."""

    __slots__ = (
        "auto_renews",
        "batches",
        "before_extension",
        "charged",
        "consumed",
        "conventions",
        "cycle",
        "derived",
        "group",
        "has_promotions",
        "is_begun",
        "is_ended",
        "is_extended",
        "is_given_up",
        "is_inherited",
        "is_suspended",
        "is_trial",
        "issues",
        "last_day",
        "left",
        "lines",
        "next_end",
        "pending",
        "percent",
        "plan",
        "price",
        "product",
        "quantity",
        "scheduled",
        "since",
        "subscription",
        "term",
        "term_lines",
        "term_name",
    )

    cycle: Cycle
    term: Term
    since: datetime

    def __init__(self, subscription: Subscription, conventions: Conventions, last_day: date) -> None:
        self.subscription = subscription
        self.conventions = conventions
        self.last_day = last_day
        self.lines: list[ExpectedLine] = []
        self.issues: list[Issue] = []
        self.product = subscription.product
        self.term_name = subscription.term
        self.plan = subscription.plan
        self.quantity: Quantity = 0
        self.price: UnitPrice | None = None
        self.percent = Decimal(0)
        self.charged: ExpectedLine | None = None
        self.left = Decimal(0)
        self.batches: list[tuple[Quantity, datetime]] = []
        self.term_lines = 0
        self.has_promotions = False
        self.is_begun = False
        self.is_ended = False
        self.is_trial = False
        self.is_extended = False
        self.is_suspended = False
        self.is_given_up = False
        self.is_inherited = False
        self.auto_renews = subscription.auto_renews
        self.pending: Event | None = None
        self.next_end: Event | None = None
        self.before_extension = (subscription.term, subscription.plan)
        self.scheduled: dict[date, list[Event]] = {}
        self.consumed: set[Event] = set()
        self.group: dict[str, Walk] = {}
        self.derived: list[Walk] = []

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
            self._say(IssueCode.CHANGE_UNUSUAL, Severity.NOTICE, event, said, "Check it against the invoice.")
            return False
        self.note_refused(event, why, cure)
        return True

    def note_refused(self, event: Event, why: str, cure: str) -> None:
        """Note that the vendor does not allow a change, whoever says that it happened."""
        self._say(IssueCode.CHANGE_REFUSED, Severity.WARNING, event, f"{why}.", cure)

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
