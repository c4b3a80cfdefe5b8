"""Expected lines in the shape of Microsoft's files, so that both are priced by the same code.

A credit takes what its price hangs on (product, term, cycle, promotion) from the charge it corrects: it is worth what
was charged, never what a later price list says (ADR 7). Product, term and plan are those of the subscription at that
instant, whatever it was upgraded to since.

A product is written as the price lists do, ``ProductId:SkuId``, or as a product with its SKU beside it.

Not here: prices and amounts (``charging``, ``expected_sales``), reading Microsoft's own files.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal

from shared.domain.expected.history import History
from shared.domain.expected.lines import ExpectedLine, UnitPrice
from shared.domain.expected.rounding import RAW_DIGITS
from shared.domain.expected.usage.rules import COVERED, DAY, ESTIMATE, LEGACY, MONTH
from shared.domain.money import exact_product, exact_sum, quotient_half_up
from shared.domain.periods import Period
from shared.domain.prices.subjects import MICROSOFT
from shared.domain.proration import Proration
from shared.domain.source_lines import Family, Origin, SourceLine
from shared.domain.subscriptions.events import Event, EventKind
from shared.domain.subscriptions.kinds import Plan, ServiceKind
from shared.domain.subscriptions.states import Step, state_at, timeline
from shared.domain.subscriptions.subscription import Subscription
from shared.domain.subscriptions.subscription_state import SubscriptionState

OWN_KINDS = frozenset({ServiceKind.OWN_RECURRING, ServiceKind.OWN_ONE_OFF, ServiceKind.OWN_METERED})
"""The reseller's own services: what an expected line says is the sale already."""

CATEGORY = "category"
"""The attribute of usage that names its meter category."""

_USAGE_RULES = frozenset({DAY, MONTH, COVERED, ESTIMATE, LEGACY})
_FAMILIES = {
    ServiceKind.LEGACY_LICENCE: Family.LEGACY_LICENCE,
    ServiceKind.LEGACY_USAGE: Family.LEGACY_USAGE,
}
_TERM_WORDS = {"P1M": "One-Month", "P1Y": "One-Year", "P3Y": "Three-Year", "P5Y": "5-Year"}
_BOUGHT_FOR = {
    ServiceKind.SOFTWARE_SUBSCRIPTION: "Subscription",
    ServiceKind.RESERVATION: "Reservation",
    ServiceKind.SAVINGS_PLAN: "Savings Plan",
}
_FREQUENCIES = {Plan.MONTHLY: "Monthly", Plan.ANNUAL: "Annual", Plan.TRIENNIAL: "Triennial", Plan.ONE_TIME: ""}
_CYCLE_DAYS = ((31, "Monthly"), (366, "Annual"), (1096, "Triennial"))
"""How long the cycles of a billing plan are at most."""
_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class PricedShare:
    """An expected line as Microsoft would have delivered it, and its share of a charge cycle."""

    source: SourceLine
    share: Proration


class SourceLines:
    """Turns expected lines of one history into source lines; each subscription's state at an instant is found once."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._states: dict[tuple[int, datetime], SubscriptionState] = {}
        self._steps: dict[int, Mapping[Event | None, Step]] = {}
        self._categories = {
            (usage.subscription_id, usage.meter): usage.attributes.get(CATEGORY, "") for usage in history.usage
        }

    def of(self, line: ExpectedLine) -> PricedShare:
        """Return *line*, which is not of an own service, as Microsoft delivers its lines.

        Raises:
            InvalidError: a term is not understood.
            PeriodError: a term would leave the calendar.
        """
        root = charge_behind(line)
        cycle = None if is_usage(line) else root.cycle
        share = Proration(line.part, line.whole, cycle, "worked out from the history", line.counted)
        return PricedShare(self._source(line, root), share)

    def _source(self, line: ExpectedLine, root: ExpectedLine) -> SourceLine:
        subscription, at = line.subscription, _instant(root)
        state, facts = self._state(root, at), dict(line.inputs)
        product_id, sku_id = item_of(subscription, state.product)
        kind, meter = subscription.kind, facts.get("meter", "")
        quantity = Decimal(line.quantity)
        is_used = is_usage(line)
        is_azure = is_used and kind is not ServiceKind.LEGACY_USAGE
        rate = line.exchange
        return SourceLine(
            family=Family.DAILY_USAGE if is_azure else _FAMILIES.get(kind, Family.NEW_COMMERCE),
            origin=Origin(file=f"history of {subscription.id}", line=0),
            customer_id=subscription.customer_id,
            customer_name=subscription.customer_id or "the customer",
            charge_type="New" if is_azure else line.charge_type,
            quantity=quantity.copy_negate() if line.sign < 0 else quantity,
            cost=line.money,
            subscription_id=subscription.id,
            subscription_name="Azure plan" if kind is ServiceKind.AZURE_USAGE else subscription.product_name,
            product_id=product_id,
            sku_id=sku_id,
            product_name=subscription.product_name or state.product,
            sku_name=subscription.product_name or state.product,
            publisher=subscription.vendor,
            publisher_id="" if subscription.vendor == MICROSOFT else subscription.vendor,
            ordered_on=at.date(),
            charge=Period(line.start, line.end) if line.start and line.end else None,
            term=state.term_period,
            term_and_billing_cycle="" if is_used else _term_text(kind, state),
            billing_frequency="" if kind in _BOUGHT_FOR or is_used else _frequency(root, state),
            unit=facts.get("unit", "") if is_used else "Licenses",
            unit_price=root.price.listed,
            effective_unit_price=_effective(root.price, line),
            list_amount=_listed(line) if is_used else None,
            pricing_currency=rate.from_currency if rate else line.currency,
            fx_rate=rate.rate if rate else _ONE,
            fx_on=rate.on if rate else None,
            meter_id=meter,
            meter_name=meter,
            meter_category=self._categories.get((subscription.id, meter), ""),
            promotion_id=_promotion(root, at.date()) if root.price.percent_off and not is_used else "",
            adjustments=_earned_credit(line) if is_used else "",
            benefit_type=facts.get("benefit", ""),
        )

    def _state(self, root: ExpectedLine, at: datetime) -> SubscriptionState:
        """Return the state that the charge was made in: right after its event, if others follow at once."""
        step = self._steps_of(root.subscription).get(root.event) if root.event is not None else None
        if step is not None and step.event.at == at:
            return step.after
        key = (id(root.subscription), at)
        if key not in self._states:
            self._states[key] = state_at(root.subscription, at, self._history.conventions)
        return self._states[key]

    def _steps_of(self, subscription: Subscription) -> Mapping[Event | None, Step]:
        """The events of *subscription* with the states around them, walked through once."""
        key = id(subscription)
        if key not in self._steps:
            self._steps[key] = {step.event: step for step in timeline(subscription, self._history.conventions)}
        return self._steps[key]


def charge_behind(line: ExpectedLine) -> ExpectedLine:
    """Return the charge that a credit takes back, or the line itself."""
    while line.corrects is not None:
        line = line.corrects
    return line


def is_usage(line: ExpectedLine) -> bool:
    """Whether the line is for something measured: such lines have the price of their own days, and no cycle."""
    return line.rule in _USAGE_RULES


def item_of(subscription: Subscription, product: str) -> tuple[str, str]:
    """Return product id and SKU id; the order's own SKU counts for the product that was ordered only."""
    product_id, _, sku_id = product.partition(":")
    if not sku_id and product == subscription.product:
        sku_id = subscription.sku
    return product_id, sku_id


def _instant(root: ExpectedLine) -> datetime:
    """The instant at which the charge arose: its event, or its first day where that is later or a cycle made it."""
    days = [] if root.start is None else [datetime.combine(root.start, time(), UTC)]
    return max([*days, *([] if root.event is None else [root.event.at])])


def _term_text(kind: ServiceKind, state: SubscriptionState) -> str:
    """The commitment as Microsoft's files word it."""
    if kind is ServiceKind.PERPETUAL_SOFTWARE:
        return ""
    words = _TERM_WORDS.get(state.term, state.term)
    if kind in _BOUGHT_FOR:
        return f"{words.replace('One-', '1 ').replace('Three-', '3 ').replace('-', ' ')} {_BOUGHT_FOR[kind]}"
    if state.is_trial:
        return "One-Month commitment for trial"
    return f"{words} commitment for {state.plan.value} billing" if words else ""


def _frequency(root: ExpectedLine, state: SubscriptionState) -> str:
    """How often it is paid: the cycle says it, because a change of plan may wait for a later one."""
    if root.cycle is None:
        return _FREQUENCIES[state.plan]
    return next((name for days, name in _CYCLE_DAYS if root.cycle.days <= days), "")


def _effective(price: UnitPrice, line: ExpectedLine) -> Decimal:
    """The prorated price of one unit with all its digits; credits have their sign in the quantity."""
    return quotient_half_up(exact_product(price.amount, Decimal(line.part)), line.whole, RAW_DIGITS)


def _listed(line: ExpectedLine) -> Decimal:
    """Usage at list price in the currency of the invoice: by its tiers, before partner earned credit."""
    rate = line.exchange.rate if line.exchange else _ONE
    if line.pieces and line.price.listed == line.price.amount:
        full = exact_sum(exact_product(Decimal(units), price) for units, price in line.pieces)
    else:
        full = exact_product(line.price.listed, Decimal(line.quantity))
    return exact_product(full, rate, Decimal(line.sign))


def _promotion(root: ExpectedLine, on: date) -> str:
    """The name of the promotion on the charge."""
    events = root.subscription.events
    begun = [event for event in events if event.kind is EventKind.PROMOTION_BEGAN and event.on <= on]
    return next((event.note or event.id for event in reversed(begun) if event.note or event.id), "promotion")


def _earned_credit(line: ExpectedLine) -> str:
    percent = line.price.percent_off
    return f"{percent.normalize():f}% partner earned credit" if percent else ""
