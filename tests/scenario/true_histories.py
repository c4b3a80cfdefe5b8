"""What really happened to simulated subscriptions, told to the engine as a history.

The simulator's log and what it announced are the truth. Whatever the calendar does by itself (charge cycles, plain
renewals, the extended service term) is not told: the engine has to find it.

Not here: comparing with invoices (the tests).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from local.demo.arithmetic import Month
from local.partner_center import terms
from local.partner_center.billing.books import Books
from local.partner_center.billing.charges import TELEPHONY_SHARE, WITH_TELEPHONY
from local.partner_center.catalogue import Item, Plan
from local.partner_center.catalogue_items import item_of
from local.partner_center.commerce import commerce
from local.partner_center.entities import Customer, Happened
from local.partner_center.entities import Subscription as Sold
from local.partner_center.pricing import exchange_rate, list_price
from local.partner_center.world import World
from shared.domain.expected.conventions import Conventions, LineFamily, SameDay
from shared.domain.expected.history import History
from shared.domain.expected.lines import Exchange
from shared.domain.expected.rounding import MODES
from shared.domain.subscriptions.events import Event, EventKind, ordered
from shared.domain.subscriptions.kinds import Plan as Billed
from shared.domain.subscriptions.kinds import ServiceKind
from shared.domain.subscriptions.subscription import DatedPrice, Subscription

LICENCES = "OnlineServicesNCE"
CHOSEN = Conventions(same_day=SameDay.EACH, modes={LineFamily.CYCLES: MODES["nce.documented_licence"]})
"""Microsoft's pages leave these open: each change of a day is told, and cycles round as the list of fields says."""
_LOG = "the simulator's log"
_DAY = timedelta(days=1)
_DEARER_FROM = date(2025, 4, 1)


def history_of(world: World, books: Books, customer: Customer, through: date) -> History:
    """Return the history of all licences of a customer, up to and with the day *through*."""
    licences = [sold for sold in customer.subscriptions.values() if sold.product_type == LICENCES]
    currencies = {books.billing_currency(customer, sold) for sold in licences}
    billing = currencies.pop() if len(currencies) == 1 else ""
    return History(
        subscriptions=tuple(_subscription(world, customer, sold) for sold in licences),
        exchanges=tuple(_rates({sold.log[0].currency for sold in licences}, billing, through)),
        conventions=CHOSEN,
        through=through,
        currency=billing,
    )


def _subscription(world: World, customer: Customer, sold: Sold) -> Subscription:
    first = sold.log[0]
    begun_by_upgrade = first.charge_type == "convert"
    return Subscription(
        id=sold.id,
        kind=ServiceKind.LICENCE,
        currency=first.currency,
        customer_id=customer.id,
        product=_key(first),
        term=first.term,
        plan=_plan(first),
        prices=tuple(_prices(world, sold)),
        is_trial=first.is_trial and not begun_by_upgrade,
        auto_renews=_renewed_at_first(world, sold),
        events=ordered([*_logged(customer, sold), *_told(world, sold)]),
    )


def _key(happened: Happened) -> str:
    return f"{happened.product_id}:{happened.sku_id}"


def _plan(happened: Happened) -> Billed:
    return Billed(happened.cycle) if happened.cycle in set(Billed) else Billed.MONTHLY


def _percent(happened: Happened) -> Decimal | None:
    return happened.discount * 100 if happened.discount else None


def _logged(customer: Customer, sold: Sold) -> Iterator[Event]:
    before: Happened | None = None
    for happened in sold.log:
        yield from _events(customer, before, happened)
        if not (happened.charge_type == "convert" and happened.after == 0):
            before = happened


def _events(customer: Customer, before: Happened | None, now: Happened) -> Iterator[Event]:
    kind = now.charge_type
    if before is None:
        yield Event(
            source=_LOG,
            kind=EventKind.CREATED,
            at=now.at,
            quantity=now.after,
            percent=_percent(now),
            ends_on=_chosen_end(now),
        )
    elif kind in {"addQuantity", "removeQuantity"}:
        yield Event(source=_LOG, kind=EventKind.QUANTITY_CHANGED, at=now.at, quantity=now.after)
    elif kind == "renew":
        yield from _renewal(before, now)
    elif kind == "convert":
        yield from _conversion(customer, before, now)
    elif kind == "moveQuantity" and now.after < now.before:
        target, _ = _other(customer, now)
        yield Event(
            source=_LOG, kind=EventKind.SEATS_MOVED, at=now.at, quantity=now.before - now.after, target=target.id
        )
    elif kind == "cancelImmediate":
        yield Event(source=_LOG, kind=EventKind.CANCELLED, at=now.at)
    elif kind == "changeBillingPlan":
        yield Event(source=_LOG, kind=EventKind.PLAN_CHANGED, at=now.at, plan=_plan(now))


def _renewal(before: Happened, now: Happened) -> Iterator[Event]:
    """Nothing where the calendar explains it; else what the new term brought."""
    is_extended, was_extended = "isExtended" in now.extra, "isExtended" in before.extra
    terms_kept = (before.term, before.cycle) == (now.term, now.cycle) or is_extended
    is_plain = terms_kept and not (was_extended and not is_extended) and not before.is_trial
    is_plain = is_plain and (before.after, _key(before)) == (now.after, _key(now)) and not now.discount
    if is_plain and _chosen_end(now) is None and now.at.date() == now.term_first:
        return
    yield Event(
        source=_LOG,
        kind=EventKind.RENEWED,
        at=now.at,
        quantity=now.after,
        product=_key(now),
        term=now.term,
        plan=_plan(now),
        percent=_percent(now),
        ends_on=_chosen_end(now),
    )


def _conversion(customer: Customer, before: Happened, now: Happened) -> Iterator[Event]:
    if now.after > now.before:
        yield Event(
            source=_LOG,
            kind=EventKind.CONVERTED if before.is_trial else EventKind.UPGRADED,
            at=now.at,
            quantity=now.after,
            product=_key(now),
            term=now.term,
            plan=_plan(now),
            percent=_percent(now),
        )
    elif now.after:
        target, arrived = _other(customer, now)
        yield Event(
            source=_LOG,
            kind=EventKind.SEATS_UPGRADED,
            at=now.at,
            quantity=now.before - now.after,
            target=target.id,
            product=_key(arrived),
            percent=_percent(arrived),
        )


def _other(customer: Customer, now: Happened) -> tuple[Sold, Happened]:
    """The other side of what happened to two subscriptions at once."""
    return next(
        (sold, happened)
        for sold in customer.subscriptions.values()
        for happened in sold.log
        if happened.reference == now.reference and happened.after > happened.before
    )


def _chosen_end(happened: Happened) -> date | None:
    if happened.is_trial or terms.last_day_of_term(happened.term_first, happened.term) == happened.term_last:
        return None
    return happened.term_last + _DAY


def _announced(world: World, sold: Sold) -> Iterator[tuple[datetime, dict[str, object], dict[str, object]]]:
    for told in world.happenings:
        if told.resource_id == sold.id and told.before is not None and told.after is not None:
            yield told.at, told.before, told.after


def _renewed_at_first(world: World, sold: Sold) -> bool:
    for _, before, _ in _announced(world, sold):
        return bool(before["autoRenewEnabled"])
    return sold.auto_renews


def _told(world: World, sold: Sold) -> Iterator[Event]:
    """Suspensions, switched renewals, and ends that were asked for or that follow a suspension."""
    for at, before, after in _announced(world, sold):
        if before["autoRenewEnabled"] != after["autoRenewEnabled"] and after["status"] != "deleted":
            is_on = bool(after["autoRenewEnabled"])
            yield Event(source=_LOG, kind=EventKind.AUTO_RENEW_CHANGED, at=at, is_on=is_on)
        status = (before["status"], after["status"])
        if status == ("active", "suspended"):
            yield Event(source=_LOG, kind=EventKind.SUSPENDED, at=at)
        elif status == ("suspended", "active"):
            yield Event(source=_LOG, kind=EventKind.REACTIVATED, at=at)
        elif status in {("active", "disabled"), ("active", "expired")}:
            yield Event(source=_LOG, kind=EventKind.EXPIRED, at=at)


@dataclass(frozen=True)
class _Listed:
    item: Item
    plan: Plan


def _prices(world: World, sold: Sold) -> Iterator[DatedPrice]:
    """Every price that the list had for what the subscription was, and for a month without commitment."""
    wanted: dict[tuple[str, Plan], _Listed] = {}
    for happened in sold.log:
        item = item_of(happened.product_id, happened.sku_id)
        assert item is not None, happened
        if not item.is_trial:
            plans = (Plan(happened.term, happened.cycle), Plan("P1M", "monthly"), Plan("P1Y", "annual"))
            offered = [plan for plan in plans if item.offers(plan.term, plan.cycle)]
            wanted.update({(item.key, plan): _Listed(item, plan) for plan in offered})
    days = (date(2020, 1, 1), _DEARER_FROM, *sorted(each.from_on for each in commerce(world).price_changes))
    for listed in wanted.values():
        for day in days:
            yield from _rows(world, sold, listed, day)


def _rows(world: World, sold: Sold, listed: _Listed, day: date) -> Iterator[DatedPrice]:
    segment, currency = sold.extra.get("segment", "commercial"), sold.extra["billing_currency"]
    amount = list_price(world, listed.item, listed.plan, currency, segment=segment, on=day)
    parts = {"": amount}
    if listed.item.title in WITH_TELEPHONY:
        telephony = (amount * TELEPHONY_SHARE).quantize(Decimal("0.01"), "ROUND_DOWN")
        parts = {"other services": amount - telephony, "telephony": telephony}
    for part, price in parts.items():
        yield DatedPrice(
            amount=price,
            valid_from=day,
            product=listed.item.key,
            term=listed.plan.term,
            plan=Billed(listed.plan.cycle),
            part=part,
        )


def _rates(pricing: Iterable[str], billing: str, through: date) -> Iterator[Exchange]:
    for currency in pricing:
        month = Month(2024, 1)
        while currency != billing and billing and month.span.first <= through:
            rate = exchange_rate(currency, billing, f"{month.year:04d}{month.number:02d}")
            yield Exchange(rate, month.rate_on, "the simulator's rates", currency, billing)
            following = month.day(1, months=1)
            month = Month(following.year, following.month)


def midnight(day: date) -> datetime:
    """Return the first instant of a day."""
    return datetime.combine(day, time(), UTC)
