"""A legacy subscription while its history is walked: what is so now, what has been charged, what waits for its invoice.

Invariants: ``standing`` holds every charge that is neither reversed nor given back and may still be; ``changes`` hold
the changes of quantity since the last monthly anniversary, in the order of their days.

Not here: the rules that move it (``advance``, ``changes``, ``ending``, ``conversion``), the lines' arithmetic
(``charges``).
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from shared.domain.expected.conventions import Conventions
from shared.domain.expected.legacy.part_prices import PartPrices
from shared.domain.expected.legacy.terms import LegacyTerm
from shared.domain.expected.lines import ExpectedLine
from shared.domain.expected.rounding import RoundingMode
from shared.domain.expected.rules import Rule
from shared.domain.issues import Issue, IssueCode, Severity
from shared.domain.periods import Period
from shared.domain.subscriptions.events import Event, Quantity
from shared.domain.subscriptions.kinds import Plan
from shared.domain.subscriptions.subscription import Subscription
from shared.domain.subscriptions.subscription_state import Status


class Kind(NamedTuple):
    """Which rule makes a line, what the vendor calls it, and the named choices it rests on."""

    rule: Rule
    charge_type: str
    variants: tuple[str, ...] = ()


class Cause(NamedTuple):
    """Why a line arises: the event, the day that decides its invoice, and the quantities around the event."""

    event: Event | None
    on: date
    before: Quantity | None = None
    after: Quantity | None = None


class Span(NamedTuple):
    """Days of one cycle at one quantity and price; of the quantity, *free* units cost nothing."""

    start: date
    end: date
    cycle: Period
    quantity: Quantity
    prices: PartPrices
    free: Quantity = 0

    @property
    def charged(self) -> Quantity:
        """The units that cost something."""
        return max(0, self.quantity - self.free)


class Standing(NamedTuple):
    """A charge that was made: its span, and its lines (none where nothing was to pay)."""

    span: Span
    lines: tuple[ExpectedLine, ...]


class Change(NamedTuple):
    """The quantity of one day's end, where it differs from the day before's."""

    on: date
    event: Event
    before: Quantity
    after: Quantity


@dataclass(slots=True)
class Running:
    """The state of one walk; see the module. *priced* is the subscription with the events that may tell a price."""

    subscription: Subscription
    conventions: Conventions
    mode: RoundingMode
    discounted_mode: RoundingMode
    priced: Subscription
    last_day: date
    term: LegacyTerm
    anchor: date | None
    status: Status = Status.NOT_STARTED
    quantity: Quantity = 0
    product: str = ""
    term_name: str = ""
    plan: Plan = Plan.MONTHLY
    percent_off: Decimal = Decimal(0)
    auto_renews: bool = True
    prices: PartPrices = ()
    trial_quantity: Quantity | None = None
    next_number: int = 0
    bought_at: datetime | None = None
    suspended_on: date | None = None
    changed_until: date | None = None
    free_since: list[Change] = field(default_factory=list)
    has_free_period: bool = False
    free_cycle_from: date | None = None
    standing: list[Standing] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    changes_due_on: date = date.max
    lines: list[ExpectedLine] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)

    def ignore(self, event: Event, why: str, cure: str) -> None:
        """Note that an event changes nothing."""
        self.note(IssueCode.EVENT_IGNORED, f"Event {event.kind} of {event.on} is ignored: {why}.", cure)

    def note(self, code: IssueCode, message: str, cure: str) -> None:
        """Note something that a person should look at."""
        subscription = self.subscription
        self.issues.append(
            Issue(
                code=code,
                severity=Severity.WARNING,
                message=f"{message[:-1]} (subscription {subscription.id}).",
                cure=cure,
                customer_id=subscription.customer_id,
                subject=subscription.id,
            )
        )
