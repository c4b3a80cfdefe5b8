"""What can happen in a scenario: each deed with the fields it takes and the function that does it.

They call what the HTTP calls call, as somebody else would have done it (``actor``). A deed that Microsoft would refuse
is refused here too.

Not here: whom and what a deed names (``staging``), reading files, when something happens (``scenario``).
"""

from decimal import Decimal, InvalidOperation
from typing import Any

from local.partner_center import customers_making as making
from local.partner_center import delegation, lifecycle
from local.partner_center import scenario_reading as kinds
from local.partner_center.catalogue import Plan
from local.partner_center.commerce import PriceChange, commerce
from local.partner_center.entities import Customer, Subscription, User
from local.partner_center.faults import Fault, FaultKind
from local.partner_center.ordering import problem_of
from local.partner_center.scenario_reading import Kind, Shape
from local.partner_center.staging import Scene, deed, fields_of, item_named, labels, licence_named, subscription_named
from shared.domain.errors import InvalidError

_ACTOR = "sales@voorbeeldcloud.example"
_TERM = kinds.one_of("P1M", "P1Y", "P3Y")
_CYCLE = kinds.one_of("monthly", "annual", "triennial", "one_time")


_ON_TRUST = {400041, 10007}
"""What an add-on or a reservation belongs to may have been bought before the scenario begins."""


CUSTOMER_FIELDS: dict[str, Kind] = {
    "name": kinds.text,
    "domain": kinds.text,
    "country": kinds.text,
    "currency": kinds.text,
    "id": kinds.text,
    "email": kinds.text,
    "first_name": kinds.text,
    "last_name": kinds.text,
    "segment": kinds.one_of("commercial", "education", "nonprofit", "government"),
    "has_agreement": kinds.flag,
    "enables_gdap": kinds.flag,
    "has_consent": kinds.flag,
    "users": kinds.things,
}
USER_FIELDS: dict[str, Kind] = {
    "user": kinds.text,
    "display_name": kinds.text,
    "first_name": kinds.text,
    "last_name": kinds.text,
    "usage_location": kinds.text,
    "licences": kinds.texts,
}


@deed("create-customer", "name", "domain", **CUSTOMER_FIELDS)
def create_customer(scene: Scene) -> Customer:
    """Make a customer with its users; *has_consent* lets the partner's application into its tenant."""
    taken = dict(scene.fields)
    users, has_consent = taken.pop("users", []), taken.pop("has_consent", False)
    customer_id = taken.pop("id", "")
    customer = making.create_customer(scene.world, customer_id=customer_id, **taken)
    if has_consent:
        customer.consents[scene.world.partner.client_id] = {"applicationId": scene.world.partner.client_id}
    shape = Shape(USER_FIELDS, ("user",))
    for number, user in enumerate(users):
        create_user(Scene(scene.world, customer.id, shape.read(user, f"users[{number}]")))
    return customer


@deed(
    "accept-relationship",
    "name",
    "domain",
    name=kinds.text,
    domain=kinds.text,
    country=kinds.text,
    currency=kinds.text,
)
def accept_relationship(scene: Scene) -> Customer:
    """Let a tenant that exists accept the partner's invitation."""
    return making.accept_relationship(scene.world, **scene.fields)


@deed("accept-agreement", email=kinds.text, first_name=kinds.text, last_name=kinds.text)
def accept_agreement(scene: Scene) -> object:
    """Let the partner confirm that the customer accepted the Microsoft Customer Agreement."""
    return making.accept_agreement(scene.world, scene.customer, **{"email": scene.customer.email, **scene.fields})


@deed("sign-agreement")
def sign_agreement(scene: Scene) -> None:
    """Let the customer accept the Microsoft Customer Agreement with Microsoft itself."""
    scene.customer.is_directly_signed = True


@deed("end-relationship")
def end_relationship(scene: Scene) -> None:
    """End the reseller relationship."""
    making.end_relationship(scene.world, scene.customer)


@deed("delegate", roles=kinds.texts)
def delegate(scene: Scene) -> None:
    """Let the customer have a delegated admin relationship with the partner, already active."""
    now = scene.world.clock.now()
    delegation.establish(scene.world, scene.customer, at=now, roles=scene.fields.get("roles", delegation.USUAL_ROLES))


@deed("approve-delegation")
def approve_delegation(scene: Scene) -> None:
    """Let the customer approve the delegated admin relationships that wait for it."""
    for each in delegation.relationships(scene.world).values():
        if each.customer_id in {"", scene.customer.id}:
            delegation.approve(scene.world, each, scene.customer.id)


@deed(
    "buy",
    "product",
    product=kinds.text,
    quantity=kinds.whole,
    term=_TERM,
    cycle=_CYCLE,
    name=kinds.text,
    promotion=kinds.text,
    ends_on=kinds.day,
    auto_renews=kinds.flag,
    segment=kinds.text,
    under=kinds.text,
    **{"as": kinds.text},
)
def buy(scene: Scene) -> Subscription:
    """Buy a product; ``as`` names the subscription for later events, ``under`` the one it is an add-on of."""
    item, fields = item_named(fields_of(scene, "product")), scene.fields
    plan = item.plans[0]
    usual = Plan("P1Y", "monthly") if item.offers("P1Y", "monthly") else plan
    purchase = lifecycle.Purchase(
        product_id=item.product_id,
        sku_id=item.sku_id,
        quantity=fields.get("quantity", 1),
        term=fields.get("term", usual.term),
        cycle=fields.get("cycle", usual.cycle),
        friendly_name=fields.get("name", ""),
        promotion_id=fields.get("promotion", ""),
        custom_end_on=fields.get("ends_on"),
        auto_renews=fields.get("auto_renews", True),
        segment=fields.get("segment", ""),
        parent_id=subscription_named(scene.world, scene.customer, fields["under"]).id if "under" in fields else "",
        currency=scene.customer.currency,
    )
    problem = problem_of(scene.world, scene.customer, purchase, [purchase])
    if problem is not None and problem.code not in _ON_TRUST:
        raise problem.refusal()
    bought = lifecycle.buy(scene.world, scene.customer, purchase)
    if "as" in fields:
        labels(scene.world)[scene.customer.id, fields["as"].lower()] = bought.id
    return bought


@deed("set-seats", "quantity", subscription=kinds.text, quantity=kinds.whole)
def set_seats(scene: Scene) -> None:
    """Change the number of seats to *quantity*."""
    lifecycle.change_quantity(scene.world, scene.subscription, scene.fields["quantity"], actor=_ACTOR)


@deed("add-seats", "count", subscription=kinds.text, count=kinds.whole)
def add_seats(scene: Scene) -> None:
    """Add *count* seats."""
    found = scene.subscription
    lifecycle.change_quantity(scene.world, found, found.quantity + scene.fields["count"], actor=_ACTOR)


@deed("remove-seats", "count", subscription=kinds.text, count=kinds.whole)
def remove_seats(scene: Scene) -> None:
    """Give *count* seats back."""
    found = scene.subscription
    lifecycle.change_quantity(scene.world, found, found.quantity - scene.fields["count"], actor=_ACTOR)


@deed("suspend", subscription=kinds.text)
def suspend(scene: Scene) -> None:
    """Suspend the subscription."""
    lifecycle.suspend(scene.world, scene.subscription, actor=_ACTOR)


@deed("reactivate", subscription=kinds.text)
def reactivate(scene: Scene) -> None:
    """Activate it again."""
    lifecycle.reactivate(scene.world, scene.customer, scene.subscription, actor=_ACTOR)


@deed("cancel", subscription=kinds.text)
def cancel(scene: Scene) -> None:
    """Cancel it within its window."""
    lifecycle.cancel(scene.world, scene.subscription, actor=_ACTOR)


@deed(
    "change-renewal",
    subscription=kinds.text,
    renews=kinds.flag,
    quantity=kinds.whole,
    product=kinds.text,
    term=_TERM,
    cycle=_CYCLE,
    ends_on=kinds.day,
    action=kinds.one_of("Cancel", "RenewToNewTerm", "RenewToExtendedServiceTerm"),
)
def change_renewal(scene: Scene) -> None:
    """Switch renewal on or off, or schedule what the next term brings."""
    found, fields, world = scene.subscription, scene.fields, scene.world
    if "renews" in fields:
        lifecycle.set_auto_renew(world, found, renews=fields["renews"], actor=_ACTOR)
    if "action" in fields:
        lifecycle.schedule_actions(world, found, [{"actionType": fields["action"]}], actor=_ACTOR)
    if not {"quantity", "product", "term", "cycle", "ends_on"} & set(fields):
        return
    item = item_named(fields["product"]) if "product" in fields else None
    product = {
        "productId": item.product_id if item else found.product_id,
        "skuId": item.sku_id if item else found.sku_id,
        "availabilityId": "" if item else found.availability_id,
        "termDuration": fields.get("term", found.term),
        "billingCycle": fields.get("cycle", found.cycle),
    }
    instructions: dict[str, Any] = {"product": product, "quantity": fields.get("quantity", found.quantity)}
    if "ends_on" in fields:
        instructions["customTermEndDate"] = f"{fields['ends_on'].isoformat()}T00:00:00Z"
    lifecycle.schedule_change(world, found, instructions, actor=_ACTOR)


@deed("upgrade", "product", subscription=kinds.text, product=kinds.text, quantity=kinds.whole, term=_TERM, cycle=_CYCLE)
def upgrade(scene: Scene) -> object:
    """Move seats (all unless *quantity* says otherwise) to a higher product."""
    found, item, fields = scene.subscription, item_named(fields_of(scene, "product")), scene.fields
    wanted = lifecycle.Transition(
        product_id=item.product_id,
        sku_id=item.sku_id,
        quantity=fields.get("quantity", found.quantity),
        term=fields.get("term", ""),
        cycle=fields.get("cycle", ""),
    )
    return lifecycle.transition(scene.world, scene.customer, found, wanted, actor=_ACTOR)


@deed("convert-trial", subscription=kinds.text, quantity=kinds.whole, term=_TERM, cycle=_CYCLE)
def convert_trial(scene: Scene) -> object:
    """Let a trial become what it is a trial of."""
    taken = {name: value for name, value in scene.fields.items() if name != "subscription"}
    return lifecycle.convert_trial(scene.world, scene.subscription, actor=_ACTOR, **taken)


@deed("change-plan", "cycle", subscription=kinds.text, cycle=_CYCLE)
def change_plan(scene: Scene) -> None:
    """Change how a three-year term is paid."""
    lifecycle.change_plan(scene.world, scene.subscription, scene.fields["cycle"], actor=_ACTOR)


@deed("create-user", "user", **USER_FIELDS)
def create_user(scene: Scene) -> User:
    """Make a user (a sign-in name, or the part before the @), with *licences* by product."""
    taken, customer = dict(scene.fields), scene.customer
    name, licences = taken.pop("user"), taken.pop("licences", ())
    full = name if "@" in name else f"{name}@{customer.domain}"
    location = taken.pop("usage_location", customer.country)
    user = making.create_user(scene.world, customer, principal_name=full, usage_location=location, **taken)
    for product in licences:
        making.assign(scene.world, customer, user, licence_named(customer, product))
    return user


@deed("delete-user", "user", user=kinds.text)
def delete_user(scene: Scene) -> None:
    """Delete a user."""
    making.delete_user(scene.world, scene.customer, scene.user())


@deed("restore-user", "user", user=kinds.text)
def restore_user(scene: Scene) -> None:
    """Bring a deleted user back."""
    making.restore_user(scene.world, scene.customer, scene.user())


@deed("assign", "user", "product", user=kinds.text, product=kinds.text)
def assign(scene: Scene) -> None:
    """Give a user a licence of a product."""
    making.assign(scene.world, scene.customer, scene.user(), licence_named(scene.customer, scene.fields["product"]))


@deed("unassign", "user", "product", user=kinds.text, product=kinds.text)
def unassign(scene: Scene) -> None:
    """Take a licence from a user."""
    making.unassign(scene.world, scene.customer, scene.user(), licence_named(scene.customer, scene.fields["product"]))


FAULT_FIELDS: dict[str, Kind] = {
    "kind": kinds.one_of(*FaultKind),
    "path": kinds.text,
    "method": kinds.text,
    "value": kinds.number,
    "times": kinds.whole,
    "until_cleared": kinds.flag,
    "skip": kinds.whole,
}


@deed("fault", "kind", **FAULT_FIELDS)
def fault(scene: Scene) -> None:
    """Switch a fault on: once, *times*, or until it is cleared."""
    taken = dict(scene.fields)
    if taken.pop("until_cleared", False):
        taken["times"] = None
    scene.world.faults.add(Fault(**{**taken, "kind": FaultKind(taken["kind"])}))


@deed("clear-faults")
def clear_faults(scene: Scene) -> None:
    """Switch all faults off."""
    scene.world.faults.clear()


@deed("rotate-availabilities")
def rotate_availabilities(scene: Scene) -> None:
    """Replace the ids of all availabilities, as Microsoft does now and then."""
    commerce(scene.world).rotation += 1


@deed("change-price", "factor", product=kinds.text, factor=kinds.text, from_on=kinds.day, term=_TERM, cycle=_CYCLE)
def change_price(scene: Scene) -> None:
    """Multiply prices by *factor* from a day on: of one product, term or payment, or of all."""
    fields = scene.fields
    try:
        factor = Decimal(fields["factor"])
    except InvalidOperation as error:
        raise InvalidError(f"factor: {fields['factor']} is not a number; write one such as 1.05") from error
    change = PriceChange(
        from_on=fields.get("from_on", scene.world.clock.now().date()),
        factor=factor,
        product=item_named(fields["product"]).key if "product" in fields else "",
        term=fields.get("term", ""),
        cycle=fields.get("cycle", ""),
    )
    commerce(scene.world).price_changes.append(change)


@deed(
    "switch-commerce",
    renewal_delay_h=kinds.number,
    changes_are_accepted=kinds.flag,
    reads_stale=kinds.whole,
    carts_in_process=kinds.whole,
    checks_out_once=kinds.flag,
    extended_service_from=kinds.day,
)
def switch_commerce(scene: Scene) -> None:
    """Set how renewals, changes and checkouts behave."""
    for name, value in scene.fields.items():
        setattr(commerce(scene.world), name, value)


@deed("refuse-product", "product", product=kinds.text, code=kinds.whole, text=kinds.text)
def refuse_product(scene: Scene) -> None:
    """Let the checkout of a product fail, with Microsoft's *code* (800030); without a code it is sold again."""
    refused, key = commerce(scene.world).refused, item_named(fields_of(scene, "product")).key
    refused.pop(key, None)
    if "code" in scene.fields:
        refused[key] = (scene.fields["code"], scene.fields.get("text", "The item cannot be ordered now."))
