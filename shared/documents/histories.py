"""The way in: a history file becomes a question to the engine, or one error that lists everything that is wrong.

Invariants: last days, included in the file, become exclusive ends here and nowhere else; nothing is guessed: what a
file leaves out has the default of the domain.

Not here: the shape of a file (``histories_model``), what is answered (``expected_lines_json``).
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from pydantic import ValidationError

from shared.documents.exact_json import parse_exactly
from shared.documents.histories_asked import SalePart, VendorLinePart
from shared.documents.histories_choices import EVERYTHING
from shared.documents.histories_contradictions import contradictions
from shared.documents.histories_model import HistoryFile, UsagePart
from shared.documents.histories_order import events_of
from shared.documents.histories_problems import problems_of, refused
from shared.documents.histories_subscription import PricePart, SubscriptionPart
from shared.domain.expected.asked_sales import AskedSale
from shared.domain.expected.conventions import Conventions, LineFamily
from shared.domain.expected.history import History
from shared.domain.expected.lines import Exchange
from shared.domain.expected.questions import Question
from shared.domain.expected.rounding import MODES, VendorAmount
from shared.domain.expected.tax import TaxRule
from shared.domain.expected.vendor_lines import PrintedLine
from shared.domain.periods import Period
from shared.domain.prices import GLOBAL, Measure, PriceEntry, PriceKeys
from shared.domain.prices import Tier as PriceTier
from shared.domain.subscriptions.events import Event
from shared.domain.subscriptions.kinds import Plan
from shared.domain.subscriptions.own_billing import USUAL_BILLING, OwnBilling
from shared.domain.subscriptions.own_billing import Tiering as OwnTiering
from shared.domain.subscriptions.subscription import DatedPrice, Subscription, Tier, Tiering, Usage

_DAY = timedelta(days=1)
_PLAN_OF_SPAN = {"month": Plan.MONTHLY, "year": Plan.ANNUAL}
_Named = tuple[str, SubscriptionPart]


def read_history(content: bytes, name: str) -> Question:
    """Return the question that the file asks; *name* stands in messages.

    Raises:
        InvalidError: it is no JSON, or something in it is wrong; the message lists every problem with path and cure.
        LimitError: it is larger than a history may be.
    """
    given = parse_exactly(content, name)
    try:
        file = HistoryFile.model_validate(given)
    except ValidationError as error:
        raise refused(name, problems_of(error)) from error
    return question_of(file, name)


def question_of(file: HistoryFile, name: str) -> Question:
    """Return the question that a file asks whose shape is checked; *name* stands in messages.

    Raises:
        InvalidError: its parts contradict each other; the message lists every problem with path and cure.
    """
    subscriptions = [(part.id or str(number), part) for number, part in enumerate(_parts(file), 1)]
    problems = list(contradictions(file, subscriptions))
    if problems:
        raise refused(name, problems)
    return _question(file, subscriptions)


def history_schema() -> str:
    """Return the JSON schema of a history file, as ``docs/history.schema.json`` holds it."""
    return json.dumps(HistoryFile.model_json_schema(), indent=2, ensure_ascii=False) + "\n"


def _parts(file: HistoryFile) -> list[SubscriptionPart]:
    return [*([file.subscription] if file.subscription else []), *file.subscriptions]


def _question(file: HistoryFile, parts: Sequence[_Named]) -> Question:
    events = events_of(parts)
    subscriptions = tuple(
        _subscription(subscription_id, part, events[subscription_id], file) for subscription_id, part in parts
    )
    history = History(
        subscriptions=subscriptions,
        usage=tuple(_usage(usage, subscriptions) for usage in file.usage),
        exchanges=tuple(
            Exchange(each.rate, each.on, each.source, each.from_currency, each.to_currency)
            for each in file.exchange_rates
        ),
        conventions=_conventions(file),
        through=file.through,
        currency=file.currency,
    )
    printed = tuple(_printed(line, file.currency) for line in file.vendor_lines)
    return Question(
        history=history,
        currency=file.currency,
        printed=printed,
        sales=tuple(_sale(sale, file.currency) for sale in file.sales),
        tax=_tax(file),
        language=file.language,
        title=file.title,
    )


def _subscription(
    subscription_id: str, part: SubscriptionPart, events: tuple[Event, ...], file: HistoryFile
) -> Subscription:
    return Subscription(
        id=subscription_id,
        kind=part.kind,
        currency=part.currency or file.currency,
        events=events,
        customer_id=part.customer,
        vendor=part.vendor,
        product=part.product,
        sku=part.sku,
        product_name=part.product_name,
        term=part.term or "",
        plan=part.plan or Plan.MONTHLY,
        prices=_prices(part, file),
        ends_on=_after(part.last_day),
        aligned_to=part.aligned_to or (part.billing.anchored_on if part.billing else None),
        partner_billing_day=part.partner_billing_day,
        parent_id=part.parent,
        is_trial=part.trial,
        auto_renews=part.auto_renews,
        tiers=tuple(Tier(first=tier.first, unit_price=tier.unit_price, meter=tier.meter) for tier in part.tiers),
        tiering=part.tiering or Tiering.GRADUATED,
        included_units=part.included_units,
        billing=_billing(part),
    )


def _billing(part: SubscriptionPart) -> OwnBilling:
    """Return the policy; tiers are used in the way that either of the two places says."""
    policy = part.billing.policy() if part.billing else USUAL_BILLING
    return policy if part.tiering is None else replace(policy, tiering=OwnTiering(part.tiering.value))


def _after(last_day: date | None) -> date | None:
    return None if last_day is None else last_day + _DAY


def _prices(part: SubscriptionPart, file: HistoryFile) -> tuple[DatedPrice, ...]:
    rows = [*part.prices, *file.prices]
    single = () if part.unit_price is None else (DatedPrice(amount=part.unit_price),)
    spans = {row.per for row in rows if row.plan is None}
    return (*single, *(_price(row, tells_plan=spans >= _PLAN_OF_SPAN.keys()) for row in rows))


def _price(row: PricePart, *, tells_plan: bool) -> DatedPrice:
    """Where a month's and a year's price stand side by side, each is that of its own billing plan."""
    plan = row.plan or (_PLAN_OF_SPAN.get(row.per) if tells_plan else None)
    return DatedPrice(
        amount=row.amount,
        per=row.per,
        valid_from=row.valid_from,
        product=row.product,
        term=row.term or "",
        plan=plan,
        origin=row.origin,
        part=row.part,
    )


def _usage(part: UsagePart, subscriptions: Sequence[Subscription]) -> Usage:
    span = Period.inclusive(part.start, part.end) if part.start and part.end else None
    return Usage(
        subscription_id=part.subscription or subscriptions[0].id,
        on=part.first_day,
        quantity=Decimal(part.quantity),
        span=span,
        meter=part.meter,
        resource=part.resource,
        unit=part.unit,
        unit_price=part.unit_price,
        is_credited=part.credited,
        benefit=part.benefit,
        attributes=part.attributes,
    )


def _conventions(file: HistoryFile) -> Conventions:
    chosen = file.conventions.model_dump(exclude_none=True) if file.conventions else {}
    rounding = dict(file.rounding)
    everything = rounding.pop(EVERYTHING, None)
    names = (dict.fromkeys((family.value for family in LineFamily), everything) if everything else {}) | rounding
    return Conventions(**chosen, modes={LineFamily(family): MODES[name] for family, name in names.items()})


def _printed(part: VendorLinePart, currency: str) -> PrintedLine:
    days, cycle_days = _share(part)
    return PrintedLine(
        printed=VendorAmount(
            amount=part.amount,
            currency=part.currency or currency,
            price=part.unit_price,
            quantity=Decimal(part.quantity),
            part=days,
            whole=cycle_days,
            rate=Decimal(part.exchange_rate),
        ),
        start=part.start,
        end=_after(part.end),
        subscription_id=part.subscription,
        charge_type=part.charge_type,
        name=part.name,
    )


def _share(part: VendorLinePart) -> tuple[int, int]:
    """Return the days of the line and of its cycle; without either the line is a whole cycle."""
    own = Period.inclusive(part.start, part.end).days if part.start and part.end else None
    whole = Period.inclusive(part.cycle.start, part.cycle.end).days if part.cycle else None
    days = part.days if part.days is not None else own
    cycle_days = part.cycle_days or whole or days
    return (days or cycle_days or 1, cycle_days or 1) if days != 0 else (0, cycle_days or 1)


def _tax(file: HistoryFile) -> TaxRule | None:
    asked = file.tax
    return TaxRule(percent=asked.percent, basis=asked.basis, rounding=asked.rounding) if asked else None


def _sale(part: SalePart, currency: str) -> AskedSale:
    nothing, method = Decimal(0), part.method
    entry = PriceEntry(
        scope=GLOBAL,
        keys=PriceKeys(),
        method=method,
        value=part.told_value,
        currency=currency if method.has_own_currency or part.uplift_amount else "",
        tiers=tuple(PriceTier(Decimal(tier.first), tier.unit_price) for tier in part.tiers),
        free_units=Decimal(part.free_units),
        uplift_percent=part.uplift_percent or nothing,
        uplift_amount=part.uplift_amount or nothing,
    )
    measure = Measure(
        units=Decimal(part.quantity),
        currency=currency,
        days=part.days,
        cycle_days=part.cycle_days,
        cost=nothing if part.cost is None else part.cost,
        is_credit=part.cost is not None and part.cost < 0,
        is_usage=part.retail is not None or part.earned_credit is not None,
        retail=part.retail,
        erp=part.erp,
        fx_rate=Decimal(1) if part.exchange_rate is None else part.exchange_rate,
        earned_credit=part.earned_credit,
    )
    return AskedSale(entry=entry, measure=measure, name=part.name)
