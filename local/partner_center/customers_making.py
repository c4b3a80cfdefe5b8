"""Makes customers, users and licence assignments, and ends relationships: what calls, scenarios and generators share.

Invariants: whoever makes something tells the world; a tenant's domain is taken by one customer only; nobody has a
licence that was not bought. Each new tenant has its administrator as first user.

Not here: what a request must hold (``calls``), subscriptions (``lifecycle``).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256

from local.partner_center.answers import RefusedError, instant
from local.partner_center.countries import COUNTRIES
from local.partner_center.delegation import has_active_relationship
from local.partner_center.directory import ADMINISTRATOR_ROLE
from local.partner_center.entities import Customer, Json, User
from local.partner_center.tenant_licences import consumed, licences_of
from local.partner_center.world import Happening, World

AGREEMENT_TEMPLATE = "117a77b0-9360-443b-8795-c6dedc750cf9"
AGREEMENT_LINK = "https://aka.ms/customeragreement"
SANDBOX_CUSTOMERS_MAX = 75
SOFT_DELETED_DAYS = 30


def domain_is_taken(world: World, domain: str) -> bool:
    """Tell whether any tenant, ours or not, has the domain."""
    taken: dict[str, str] = world.room("domains", dict)
    if len(taken) < len(world.customers):
        taken.update({customer.domain.lower(): customer.id for customer in world.customers.values()})
    return domain.lower() in taken


def create_customer(  # noqa: PLR0913 - a customer has this many properties; all but two have defaults
    world: World,
    *,
    name: str,
    domain: str,
    country: str = "NL",
    currency: str = "",
    culture: str = "",
    email: str = "",
    first_name: str = "",
    last_name: str = "",
    address: Json | None = None,
    registration_number: str = "",
    associated_partner_id: str = "",
    segment: str = "commercial",
    customer_id: str = "",
    enables_gdap: bool = False,
    has_agreement: bool = True,
    created_at: datetime | None = None,
) -> Customer:
    """Make a customer with its administrator, keep it, tell the audit feed, and return it.

    Raises:
        RefusedError: the domain is taken or the sandbox is full (400).
    """
    _refuse_full_sandbox(world)
    if domain_is_taken(world, domain):
        raise RefusedError(400, 3000, f"Invalid property: the domain {domain} is not available.")
    rules = COUNTRIES[country.upper()]
    customer = Customer(
        id=customer_id.lower() or world.guid(),
        domain=domain,
        name=name,
        country=rules.code,
        currency=currency or rules.currency,
        created_at=created_at or world.clock.now(),
        email=email or f"admin@{domain}",
        culture=culture or rules.cultures[0],
        language=(culture or rules.cultures[0])[:2].lower(),
        first_name=first_name,
        last_name=last_name,
        address=address or _some_address(rules.code, first_name, last_name),
        registration_number=registration_number,
        commerce_id=world.guid(),
        allows_delegated_access=not enables_gdap,
        enables_gdap=enables_gdap,
        associated_partner_id=associated_partner_id,
        segment=segment,
        custom_domains=[domain],
    )
    customer.extra["billing_profile_id"] = world.guid()
    world.customers[customer.id] = customer
    world.room("domains", dict)[domain.lower()] = customer.id
    _create_administrator(world, customer)
    if has_agreement:
        accept_agreement(world, customer, email=customer.email, first_name=first_name, last_name=last_name)
    told = {"Id": customer.id, "CompanyName": name, "Domain": domain}
    tell(world, customer, "customer", customer.id, "add_customer", after=told)
    return customer


def _refuse_full_sandbox(world: World) -> None:
    if world.partner.is_sandbox and len(world.customers) >= SANDBOX_CUSTOMERS_MAX:
        raise RefusedError(400, 800018, "The sandbox limit has been met.")


def _some_address(country: str, first_name: str, last_name: str) -> Json:
    places = {
        "US": ("One Microsoft Way", "Redmond", "WA", "98052"),
        "CA": ("1950 Meadowvale Blvd", "Mississauga", "ON", "L5N 8L9"),
        "GB": ("2 Kingdom Street", "London", None, "W2 6BD"),
        "IE": ("1 Carmenhall Road", "Dublin", None, "D18 P3Y9"),
        "PL": ("Aleje Jerozolimskie 195", "Warszawa", None, "02-222"),
        "SE": ("Regeringsgatan 25", "Stockholm", None, "111 53"),
        "DE": ("Walter-Gropius-Straße 5", "München", None, "80807"),
        "BE": ("Leonardo Da Vincilaan 3", "Zaventem", None, "1930"),
    }
    street, city, state, postal = places.get(country, ("Evert van de Beekstraat 354", "Schiphol", None, "1118 CZ"))
    return {
        "country": country,
        "city": city,
        "state": state,
        "addressLine1": street,
        "postalCode": postal,
        "firstName": first_name or "Noor",
        "lastName": last_name or "Jansen",
        "phoneNumber": "",
    }


def _create_administrator(world: World, customer: Customer) -> None:
    user = User(
        id=world.guid(),
        principal_name=f"admin@{customer.domain}",
        display_name=customer.name,
        first_name=customer.first_name,
        last_name=customer.last_name,
        roles={ADMINISTRATOR_ROLE},
    )
    customer.users[user.id] = user


def accept_agreement(  # noqa: PLR0913 - who accepted, in Microsoft's five words
    world: World,
    customer: Customer,
    *,
    email: str,
    first_name: str = "",
    last_name: str = "",
    phone: str = "",
    agreed_at: datetime | None = None,
) -> Json:
    """Keep that the customer accepted the Microsoft Customer Agreement, by the partner's word; return it as JSON.

    Raises:
        RefusedError: the same person's acceptance is there already (400, 600061).
    """
    contact = {"firstName": first_name, "lastName": last_name, "email": email, "phoneNumber": phone or None}
    if any(each["primaryContact"] == contact for each in customer.agreements):
        name = "PartnerConfirmedAgreementAlreadyExists"
        description = "A partner confirmed agreement already exists for the customer."
        raise RefusedError(400, 600061, description, name=name)
    agreement = {
        "userId": world.partner.admin_id,
        "primaryContact": contact,
        "templateId": AGREEMENT_TEMPLATE,
        "dateAgreed": instant(agreed_at or world.clock.now()),
        "type": "MicrosoftCustomerAgreement",
        "agreementLink": AGREEMENT_LINK,
    }
    customer.agreements.append(agreement)
    return agreement


def accept_relationship(world: World, **customer: object) -> Customer:
    """Let an existing tenant accept the partner's invitation (arguments as for ``create_customer``); webhooks tell."""
    made = create_customer(world, **{"has_agreement": False, **customer})  # type: ignore[arg-type]  # passed through
    event = "reseller-relationship-accepted-by-customer"
    tell(world, made, "customer", made.id, "accept_reseller_relationship", event=event)
    return made


def end_relationship(world: World, customer: Customer) -> None:
    """End the reseller relationship.

    Raises:
        RefusedError: a subscription is still active (400).
    """
    if any(subscription.status.lower() == "active" for subscription in customer.subscriptions.values()):
        raise RefusedError(400, 3000, "The customer has active subscriptions; the relationship cannot be removed.")
    before = {"RelationshipToPartner": customer.relationship}
    customer.relationship = "none"
    after = {"RelationshipToPartner": "none"}
    operation = "remove_partner_customer_relationship"
    tell(world, customer, "partner_customer_relationship", customer.id, operation, before=before, after=after)


def end_delegated_access(world: World, customer: Customer) -> None:
    """Give up delegated access of old; webhooks tell."""
    customer.allows_delegated_access = False
    operation, event = "remove_delegated_access", "dap-admin-relationship-terminated"
    tell(world, customer, "delegatedAdminRelationship", customer.id, operation, event=event)


def delete_customer(world: World, customer: Customer) -> None:
    """Delete a customer of the sandbox with everything in it.

    Raises:
        RefusedError: this is no sandbox (403), or a subscription is still active (400).
    """
    if not world.partner.is_sandbox:
        raise RefusedError(403, 600006, "The requested action is not allowed.")
    if any(subscription.status.lower() == "active" for subscription in customer.subscriptions.values()):
        raise RefusedError(400, 3000, "The customer has active subscriptions and cannot be deleted.")
    del world.customers[customer.id]
    world.room("domains", dict).pop(customer.domain.lower(), None)
    tell(world, customer, "customer", customer.id, "delete_customer", before={"Id": customer.id})


def create_user(  # noqa: PLR0913 - a user has this many properties; all but one have defaults
    world: World,
    customer: Customer,
    *,
    principal_name: str,
    display_name: str = "",
    first_name: str = "",
    last_name: str = "",
    usage_location: str = "",
    immutable_id: str = "",
    user_id: str = "",
) -> User:
    """Make a user of the customer's tenant, keep it, tell the audit feed, and return it.

    Raises:
        RefusedError: the sign-in name is no name in this tenant, or somebody has it already (400).
    """
    local_part, _, domain = principal_name.partition("@")
    if not local_part or domain.lower() not in {each.lower() for each in customer.custom_domains}:
        raise RefusedError(400, 60010, f"The domain portion of {principal_name} is not a verified domain.")
    if find_user(customer, principal_name) is not None:
        raise RefusedError(400, 60005, f"Another object with the userPrincipalName {principal_name} already exists.")
    user = User(
        id=user_id.lower() or world.guid(),
        principal_name=principal_name,
        display_name=display_name or local_part,
        first_name=first_name,
        last_name=last_name,
        usage_location=usage_location,
        immutable_id=immutable_id,
    )
    customer.users[user.id] = user
    tell(world, customer, "user", user.id, "create_user", after={"UserPrincipalName": principal_name})
    return user


def said_of_user(body: Json, names: Mapping[str, str]) -> dict[str, str]:
    """Return what *body* says of a user by our names for it; *names* has ours by the API's. Nothing said is ""."""
    said = {ours: str(body[name] or "") for name, ours in names.items() if name in body}
    return {ours: value.upper() if ours == "usage_location" else value for ours, value in said.items()}


def find_user(customer: Customer, name: str) -> User | None:
    """Return the user with that id or sign-in name, soft-deleted ones by their id only; None where there is none."""
    found = customer.users.get(name.lower())
    if found is not None:
        return found
    if "@" not in name:
        return None
    lower = name.lower()
    return next(
        (user for user in customer.users.values() if user.is_active and user.principal_name.lower() == lower), None
    )


def delete_user(world: World, customer: Customer, user: User) -> None:
    """Delete a user softly: its licences are free at once, and it can be brought back for 30 days."""
    now = world.clock.now()
    user.is_active, user.deleted_at = False, now
    user.version += 1
    world.clock.at(now + timedelta(days=SOFT_DELETED_DAYS), lambda _: _forget(customer, user, now))
    tell(world, customer, "user", user.id, "delete_user", before={"UserPrincipalName": user.principal_name})


def _forget(customer: Customer, user: User, deleted_at: datetime) -> None:
    if not user.is_active and user.deleted_at == deleted_at:
        customer.users.pop(user.id, None)


def restore_user(world: World, customer: Customer, user: User) -> None:
    """Bring a deleted user back, with its licences as far as there are any.

    Raises:
        RefusedError: somebody else has its sign-in name by now (400).
    """
    if find_user(customer, user.principal_name) is not None:
        raise RefusedError(400, 60005, f"Another object has the userPrincipalName {user.principal_name}.")
    taken = consumed(customer)
    bought = {licence.sku_id: licence for licence in licences_of(customer)}
    for sku_id in list(user.licences):
        if sku_id not in bought or taken.get(sku_id, 0) >= bought[sku_id].usable_count:
            del user.licences[sku_id]
    user.is_active, user.deleted_at = True, None
    user.version += 1
    tell(world, customer, "user", user.id, "restore_user", after={"UserPrincipalName": user.principal_name})


def may_manage(world: World, customer: Customer) -> bool:
    """Tell whether the partner may go into the tenant: by delegated access of old, or by an active relationship."""
    return customer.allows_delegated_access or customer.enables_gdap or has_active_relationship(world, customer.id)


def assign(world: World, customer: Customer, user: User, sku_id: str, excluded: tuple[str, ...] = ()) -> None:
    """Give a user a licence of the directory's SKU, or change which of its plans are left out.

    Raises:
        RefusedError: the user has no usage location, the tenant has no such licence, or none is left (400).
    """
    sku_id = sku_id.lower()
    if not user.usage_location:
        raise RefusedError(400, 60011, "License assignment cannot be done for user with invalid usage location.")
    licence = next((each for each in licences_of(customer) if each.sku_id == sku_id), None)
    held = sku_id in user.licences
    if licence is None or (not held and consumed(customer).get(sku_id, 0) >= licence.usable_count):
        told = f"Subscription with Account {customer.id} and SKU {sku_id} does not have any available licenses left."
        description = "There are no licenses left. Buy more licenses, and then try again."
        raise RefusedError(400, 60012, description, data=[f"LicenseQuotaExceededException : {told}"])
    user.licences[sku_id] = list(excluded)
    user.version += 1
    _tell_licences(world, customer, user, "add", sku_id)


def unassign(world: World, customer: Customer, user: User, sku_id: str) -> None:
    """Take a licence from a user; one that it has not is no error."""
    if user.licences.pop(sku_id.lower(), None) is not None:
        user.version += 1
        _tell_licences(world, customer, user, "remove", sku_id.lower())


def _tell_licences(world: World, customer: Customer, user: User, change: str, sku_id: str) -> None:
    after = {"UserPrincipalName": user.principal_name, "Change": change, "SkuId": sku_id}
    tell(world, customer, "license", user.id, "update_customer_user_licenses", after=after)


def tell(  # noqa: PLR0913 - what a happening consists of
    world: World,
    customer: Customer,
    resource: str,
    resource_id: str,
    operation: str,
    *,
    event: str = "",
    before: Json | None = None,
    after: Json | None = None,
) -> None:
    """Tell the world that something happened to a customer now, done by the partner's administrator."""
    world.tell(
        Happening(
            at=world.clock.now(),
            customer_id=customer.id,
            resource=resource,
            resource_id=resource_id,
            operation=operation,
            event=event,
            actor=world.partner.admin_name,
            before=before,
            after=after,
        )
    )


def etag_of(*parts: object) -> str:
    """Return an ETag in Microsoft's manner, a signed number, that changes when any of *parts* does."""
    digest = sha256("/".join(str(part) for part in parts).encode()).digest()
    return str(int.from_bytes(digest[:8], "big", signed=True))
