"""Histories: a stored subscription and what happened to it, as the engine's input.

Prices are left out: what a subscription costs is nobody's to say here. Promotions are left out with them, for Microsoft
names a promotion and not its percentage.

Not here: expected lines (``shared/domain/expected``).
"""

from collections.abc import Iterable, Iterator, Sequence

from shared.domain.expected.conventions import MICROSOFTS
from shared.domain.expected.vendor_tables import EXTENDED_SERVICE_TERMS, in_force
from shared.domain.snapshots.aspects import ACTIVE, Aspect, plan_of, plan_text, product_of, switch, term_of
from shared.domain.snapshots.changes import Change, ChangeKind
from shared.domain.snapshots.values import SubscriptionSnapshot
from shared.domain.subscriptions.events import Event, EventKind, ordered
from shared.domain.subscriptions.kinds import Plan, ServiceKind
from shared.domain.subscriptions.subscription import Subscription

_KINDS = {
    "onlineservicesnce": ServiceKind.LICENCE,
    "softwaresubscriptions": ServiceKind.SOFTWARE_SUBSCRIPTION,
    "software": ServiceKind.PERPETUAL_SOFTWARE,
    "perpetual": ServiceKind.PERPETUAL_SOFTWARE,
    "saas": ServiceKind.MARKETPLACE,
    "azurereservations": ServiceKind.RESERVATION,
    "azurereservation": ServiceKind.RESERVATION,
    "azuresavingsplan": ServiceKind.SAVINGS_PLAN,
    "azure": ServiceKind.AZURE_USAGE,
    "azureplan": ServiceKind.AZURE_USAGE,
}
_MONTH = "P1M/monthly"
_BRINGS = {Aspect.QUANTITY.value, Aspect.PRODUCT.value}
_EXTENDED = EXTENDED_SERVICE_TERMS[MICROSOFTS.extended_service_term]
_PROMOTIONS = {EventKind.PROMOTION_BEGAN, EventKind.PROMOTION_ENDED}


def service_kind(snapshot: SubscriptionSnapshot) -> ServiceKind:
    """Return which rules bill the subscription; one of no known type is a legacy licence, or legacy usage."""
    known = _KINDS.get(snapshot.product_type.replace(" ", "").casefold())
    if known is not None:
        return known
    if snapshot.sku_id:
        return ServiceKind.AZURE_USAGE if snapshot.billing_type == "usage" else ServiceKind.LICENCE
    return ServiceKind.LEGACY_USAGE if snapshot.billing_type == "usage" else ServiceKind.LEGACY_LICENCE


def history_of(snapshot: SubscriptionSnapshot, changes: Sequence[Change], *, currency: str = "") -> Subscription:
    """Return the subscription with its events; *changes* are all that are kept, of whatever source."""
    first = next((change.after for change in changes if change.kind is ChangeKind.CREATED), {})
    plan = first.get(Aspect.PLAN, plan_text(snapshot.term, snapshot.cycle))
    auto_renews = first.get(Aspect.AUTO_RENEW, "" if snapshot.auto_renews is None else str(snapshot.auto_renews))
    return Subscription(
        id=snapshot.id,
        kind=service_kind(snapshot),
        currency=currency,
        events=ordered(_events(snapshot, changes)),
        customer_id=snapshot.tenant_id,
        product=first.get(Aspect.PRODUCT, product_of(snapshot.offer_id)),
        sku=snapshot.sku_id,
        product_name=snapshot.name,
        term=term_of(plan),
        plan=plan_of(plan) or Plan.MONTHLY,
        parent_id=snapshot.parent_id,
        is_trial=first.get(Aspect.TRIAL, str(snapshot.is_trial)).lower() == "true",
        auto_renews=auto_renews.lower() != "false",
    )


def _events(snapshot: SubscriptionSnapshot, changes: Sequence[Change]) -> Iterator[Event]:
    if not any(change.kind is ChangeKind.CREATED for change in changes) and snapshot.created_at is not None:
        yield Event(kind=EventKind.CREATED, at=snapshot.created_at, quantity=snapshot.quantity)
    extensions = [] if service_kind(snapshot) is not ServiceKind.LICENCE else list(_extensions(snapshot, changes))
    for change in changes:
        event = change.event
        if event is not None and event.kind not in _PROMOTIONS and change not in extensions:
            yield event
    yield from _disappearance(changes)


def _extensions(snapshot: SubscriptionSnapshot, changes: Iterable[Change]) -> Iterator[Change]:
    """A month that followed although renewal was off is no renewal: the engine lets the service run on by itself."""
    renews, plan = switch(snapshot.auto_renews), plan_text(snapshot.term, snapshot.cycle)
    for change in sorted(changes, key=lambda each: each.order):
        renews, plan = change.after.get(Aspect.AUTO_RENEW, renews), change.after.get(Aspect.PLAN, plan)
        is_month = change.kind is ChangeKind.RENEWED and plan == _MONTH and not _BRINGS & change.after.keys()
        if is_month and renews == "false" and in_force(_EXTENDED, change.at.date()) is not None:
            yield change


def _disappearance(changes: Iterable[Change]) -> Iterator[Event]:
    """A subscription that ran when Microsoft listed it last, and is listed no more, was cancelled."""
    last = max(
        (each for each in changes if each.kind in {ChangeKind.DISAPPEARED, ChangeKind.REAPPEARED}),
        key=lambda each: each.at,
        default=None,
    )
    if last is not None and last.kind is ChangeKind.DISAPPEARED and last.before.get(Aspect.STATUS) == ACTIVE:
        yield Event(kind=EventKind.CANCELLED, at=last.at, source=last.source, id=last.id)
