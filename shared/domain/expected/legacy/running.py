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
from shared.domain.expected.legacy.part_prices import Arithmetic, PartPrices, reduced
from shared.domain.expected.legacy.terms import LegacyTerm
from shared.domain.expected.lines import ExpectedLine
from shared.domain.expected.rules import Rule
from shared.domain.issues import Issue, IssueCode, Severity
from shared.domain.periods import Period
from shared.domain.subscriptions.events import Event, Quantity
from shared.domain.subscriptions.kinds import Plan
from shared.domain.subscriptions.subscription import Subscription
from shared.domain.subscriptions.subscription_state import Status


@dataclass(frozen=True, slots=True)
class Kind:
    """Which rule makes a line, what the vendor calls it, and the named choices it rests on."""

    rule: Rule
    charge_type: str
    variants: tuple[str, ...] = ()


Cause = tuple[Event | None, date, Quantity | None, Quantity]
"""Why lines arise: the event (None: a cycle began by itself), its day, and the quantities before and after it."""


class Span(NamedTuple):
    """Days of one cycle at one quantity and price; of the quantity, *free* units cost nothing.

    *lines* are what was charged for it, empty before that and where nothing was to pay.
    """

    start: date
    end: date
    cycle: Period
    quantity: Quantity
    prices: PartPrices
    free: Quantity = 0
    lines: tuple[ExpectedLine, ...] = ()


Piece = tuple[date, date, Quantity, Cause, Kind]
"""Days of a span at one quantity: the first, the one after the last, the quantity, and why its lines arise."""


@dataclass(slots=True)
class Running:
    """The state of one walk; see the module.

    *priced* is the subscription with the events that may tell a price. *next_on* is the first day of the cycle that is
    charged next (*next_number*), which may be the first of the next term. *changes_due_on* is the day on which the
    changes are settled, ``date.max`` where there is none.
    """

    subscription: Subscription
    conventions: Conventions
    arithmetic: Arithmetic
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
    next_on: date = date.max
    bought_at: datetime | None = None
    suspended_on: date | None = None
    changed_until: date | None = None
    free_since: list[Cause] = field(default_factory=list)
    has_free_period: bool = False
    free_cycle_from: date | None = None
    standing: list[Span] = field(default_factory=list)
    changes: list[Cause] = field(default_factory=list)
    changes_due_on: date = date.max
    lines: list[ExpectedLine] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)

    def prices_now(self) -> PartPrices:
        """Return the prices of the term, after the promotion that runs."""
        return reduced(self.prices, self.percent_off, self.arithmetic) if self.percent_off else self.prices

    def aim(self, term: LegacyTerm, number: int) -> None:
        """Let the cycle of that number, or the term after *term*, be what is charged next."""
        self.term, self.next_number, self.next_on = term, number, term.starts_on(number)

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
