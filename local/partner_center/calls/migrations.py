"""Legacy subscriptions that move to the new commerce, at once or on a day to come.

Invariants: the old subscription ends on the day on which the new one begins, and the new one names it; only what has a
successor in the catalogue can move.

Not here: buying and ending (``subscribing``, ``changing``).
"""

from datetime import date

from local.partner_center import lifecycle, terms
from local.partner_center.answers import Answer, Asked, Call, RefusedError, instant
from local.partner_center.catalogue import Item
from local.partner_center.catalogue_items import items
from local.partner_center.commerce import commerce, current_availability
from local.partner_center.entities import Customer, Json, Subscription
from local.partner_center.legacy_offers import LEGACY_OFFERS
from local.partner_center.reading import day, things, whole
from local.partner_center.subscription_json import midnight_text
from local.partner_center.world import Happening, World

_ROOT = "/v1/customers/{customer_id}/migrations/newcommerce"


def _validate(asked: Asked) -> Answer:
    customer, body = asked.customer(), asked.json()
    return Answer(
        json=[
            _eligibility(asked, customer, each)
            for each in (body, *things(body.get("addOnMigrations"), "addOnMigrations"))
        ]
    )


def _eligibility(asked: Asked, customer: Customer, wanted: Json) -> Json:
    found: Json = {"currentSubscriptionId": wanted.get("currentSubscriptionId"), "isEligible": True, "errors": []}
    try:
        source, item = _source(customer, wanted)
        found.update(_plan(source, wanted))
        found["catalogItemId"] = f"{item.key}:{current_availability(asked.world, item)}"
    except RefusedError as error:
        found.update(isEligible=False, errors=[{"code": error.code, "description": error.description}])
    return found


def _create(asked: Asked) -> Answer:
    customer, body = asked.customer(), asked.json()
    source, item = _source(customer, body)
    migration = _begun(asked, customer, source, item, body)
    asked.world.tell(_told(asked.world, customer, migration, "created"))
    _migrate(asked.world, customer, source, item, migration)
    for each in things(body.get("addOnMigrations"), "addOnMigrations"):
        child, own = _source(customer, each)
        _migrate(asked.world, customer, child, own, _begun(asked, customer, child, own, each))
    return Answer(status=201, json=migration)


def _begun(asked: Asked, customer: Customer, source: Subscription, item: Item, wanted: Json) -> Json:
    migration = {
        "id": asked.world.guid(),
        "startedTime": instant(asked.now),
        "currentSubscriptionId": source.id,
        "status": "Processing",
        "customerTenantId": customer.id,
        "catalogItemId": f"{item.key}:{current_availability(asked.world, item)}",
        "subscriptionEndDate": midnight_text(source.term_last),
        **_plan(source, wanted),
    }
    if wanted.get("externalReferenceId"):
        migration["externalReferenceId"] = wanted["externalReferenceId"]
    commerce(asked.world).migrations[migration["id"]] = migration
    return migration


def _plan(source: Subscription, wanted: Json) -> Json:
    return {
        "quantity": whole(wanted.get("quantity"), "quantity", source.quantity),
        "termDuration": str(wanted.get("termDuration") or source.term).upper(),
        "billingCycle": str(wanted.get("billingCycle") or source.cycle).capitalize(),
        "purchaseFullTerm": bool(wanted.get("purchaseFullTerm")),
    }


def _source(customer: Customer, wanted: Json) -> tuple[Subscription, Item]:
    found = customer.subscriptions.get(str(wanted.get("currentSubscriptionId") or "").lower())
    if found is None or not found.offer_id:
        raise RefusedError(400, 900215, "The subscription is not a legacy subscription of the customer.")
    if found.status != "active":
        raise RefusedError(400, 900216, "The subscription is not active.")
    offer = LEGACY_OFFERS.get(found.offer_id.upper())
    item = items().get(offer.successor) if offer else None
    if item is None:
        raise RefusedError(400, 900219, "The offer has no successor in the new commerce.")
    plan = _plan(found, wanted)
    if not item.offers(plan["termDuration"], plan["billingCycle"].lower()):
        raise RefusedError(400, 900220, "The successor is not sold with that term and billing cycle.")
    return found, item


def _migrate(world: World, customer: Customer, source: Subscription, item: Item, migration: Json) -> None:
    today = world.clock.now().date()
    keeps_end = not migration["purchaseFullTerm"] and migration["termDuration"] == source.term
    ends: date | None = source.term_last if keeps_end and source.term_last > today else None
    purchase = lifecycle.Purchase(
        product_id=item.product_id,
        sku_id=item.sku_id,
        quantity=migration["quantity"],
        term=migration["termDuration"],
        cycle=migration["billingCycle"].lower(),
        friendly_name=source.friendly_name,
        partner_id=source.partner_id,
        custom_end_on=ends,
    )
    lifecycle.cancel(world, source)
    bought = lifecycle.buy(world, customer, purchase)
    bought.extra["migrated_from"] = source.id
    migration.update(
        status="Completed",
        completedTime=instant(world.clock.now()),
        newCommerceSubscriptionId=bought.id,
        newCommerceOrderId=bought.order_id,
        subscriptionEndDate=midnight_text(bought.term_last),
    )
    world.tell(_told(world, customer, migration, "completed"))


def _told(world: World, customer: Customer, migration: Json, what: str) -> Happening:
    return Happening(
        at=world.clock.now(),
        customer_id=customer.id,
        resource="new_commerce_migration",
        resource_id=migration["id"],
        operation=f"{'create' if what == 'created' else 'update'}_new_commerce_migration",
        event=f"new-commerce-migration-{what}",
        after=dict(migration),
    )


def _named(asked: Asked, migration_id: str) -> Json:
    customer = asked.customer()
    found = commerce(asked.world).migrations.get(migration_id.lower())
    if found is None or found.get("customerTenantId") != customer.id:
        raise RefusedError(404, 1000, "The migration was not found.")
    return found


def _get(asked: Asked) -> Answer:
    return Answer(json=_named(asked, asked.path["migration_id"]))


def _list(asked: Asked) -> Answer:
    customer = asked.customer()
    known = commerce(asked.world).migrations.values()
    return Answer(
        json=[each for each in known if each.get("customerTenantId") == customer.id and "startedTime" in each]
    )


def _events(asked: Asked) -> Answer:
    migration_id = asked.first("newCommerceMigrationId")
    migration = _named(asked, migration_id)
    names = ("CreateOrder", "CancelSubscription") if migration["status"] == "Completed" else ("CreateOrder",)
    return Answer(
        json=[
            {
                "name": name,
                "newCommerceMigrationId": migration_id,
                "status": "Completed",
                "createdTime": migration["startedTime"],
                "attributes": {"objectType": "NewCommerceMigrationEvent"},
            }
            for name in names
        ]
    )


def _schedule(asked: Asked) -> Answer:
    customer, body = asked.customer(), asked.json()
    source, _ = _source(customer, body)
    at_renewal = bool(body.get("migrateOnRenewal"))
    target = terms.next_day(source.term_last) if at_renewal else day(body.get("targetDate"), "targetDate")
    if target is None:
        raise RefusedError(400, 900291, "The schedule names no targetDate.")
    if target <= asked.now.date():
        raise RefusedError(400, 900292, f"The day {target.isoformat()} is past.")
    schedule = {
        "id": asked.world.guid(),
        "currentSubscriptionId": source.id,
        "subscriptionEndDate": midnight_text(source.term_last),
        "status": "Scheduled",
        "customerTenantId": customer.id,
        **_plan(source, body),
        "targetDate": midnight_text(target),
        "createdTime": instant(asked.now),
        "lastModifiedTime": instant(asked.now),
    }
    commerce(asked.world).migrations[schedule["id"]] = schedule
    asked.world.clock.at(terms.midnight(target), lambda _at: _run(asked, customer, schedule, body))
    return Answer(status=201, json=schedule)


def _run(asked: Asked, customer: Customer, schedule: Json, body: Json) -> None:
    if schedule["status"] != "Scheduled":
        return
    try:
        source, item = _source(customer, body)
    except RefusedError:
        schedule["status"] = "Failed"
        told = _told(asked.world, customer, schedule, "failed")
        told.event = "new-commerce-migration-schedule-failed"
        asked.world.tell(told)
        return
    migration = _begun(asked, customer, source, item, body)
    _migrate(asked.world, customer, source, item, migration)
    schedule.update(status="Completed", newCommerceMigrationId=migration["id"])


def _schedules(asked: Asked) -> Answer:
    customer = asked.customer()
    known = commerce(asked.world).migrations.values()
    return Answer(json=[each for each in known if each.get("customerTenantId") == customer.id and "targetDate" in each])


def _one_schedule(asked: Asked) -> Answer:
    return Answer(json=_named(asked, asked.path["schedule_id"]))


def _cancel_schedule(asked: Asked) -> Answer:
    schedule = _named(asked, asked.path["schedule_id"])
    if schedule["status"] != "Scheduled":
        raise RefusedError(400, 900262, f"The schedule is {schedule['status']} and cannot be cancelled.")
    schedule.update(status="Cancelled", lastModifiedTime=instant(asked.now))
    return Answer(json=schedule)


CALLS = (
    Call(method="POST", path=_ROOT + "/validate", handler=_validate),
    Call(method="POST", path=_ROOT, handler=_create, is_repeatable=True),
    Call(method="GET", path=_ROOT, handler=_list),
    Call(method="GET", path=_ROOT + "/events", handler=_events),
    Call(method="POST", path=_ROOT + "/schedules", handler=_schedule, is_repeatable=True),
    Call(method="GET", path=_ROOT + "/schedules", handler=_schedules),
    Call(method="GET", path=_ROOT + "/schedules/{schedule_id}", handler=_one_schedule),
    Call(method="POST", path=_ROOT + "/schedules/{schedule_id}/cancel", handler=_cancel_schedule),
    Call(method="GET", path=_ROOT + "/{migration_id}", handler=_get),
)
