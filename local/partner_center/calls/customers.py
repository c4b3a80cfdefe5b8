"""Customers: list, read, create, end the relationship, delete in a sandbox.

Not here: profiles, agreements, users, and how a customer is made (``customers_making``).
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from local.partner_center.answers import Answer, Asked, Call, RefusedError, collection, link
from local.partner_center.countries import COUNTRIES, Country, wrong_with
from local.partner_center.customer_json import ADDRESS_PARTS, customer_json
from local.partner_center.customers_making import (
    create_customer,
    delete_customer,
    end_delegated_access,
    end_relationship,
)
from local.partner_center.entities import Customer, Json
from local.partner_center.paging import cut, filter_of, next_link, seek_of
from local.partner_center.world import World

SIZE_DEFAULT, SIZE_MAX = 100, 500
_FILTER_FIELDS = ("CompanyName", "Domain", "IndirectReseller", "IndirectCloudSolutionProvider")
DOMAIN = re.compile(r"^(?=.{4,253}$)([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}$", re.IGNORECASE)
_MAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")


def get_customers(asked: Asked) -> Answer:
    """Answer a page of the customers, in few words each."""
    seek = seek_of(asked, size_default=SIZE_DEFAULT, size_max=SIZE_MAX)
    ids = _ids(asked.world, seek.filter)
    page, has_more = cut(ids, seek)
    own = "/customers" + (f"?size={seek.size}" if asked.first("size") or asked.first("seekOperation") else "")
    following = next_link("/customers", page, seek) if has_more and page else None
    return Answer(json=collection([_listed(asked.world.customers[each]) for each in page], own, following=following))


def _ids(world: World, sent: str) -> list[str]:
    wanted = filter_of(sent, _FILTER_FIELDS)
    if wanted is not None and wanted.operator != "starts_with":
        raise RefusedError(400, 3000, f"Invalid property: filter operator '{wanted.operator}'.")
    read: dict[str, Callable[[Customer], str]] = {
        "companyname": lambda customer: customer.name,
        "domain": lambda customer: customer.domain,
        "indirectreseller": lambda customer: customer.associated_partner_id,
        "indirectcloudsolutionprovider": lambda _: world.partner.tenant_id,
    }
    return sorted(
        each.id
        for each in world.customers.values()
        if each.relationship != "none" and (wanted is None or wanted.matches(read[wanted.field](each)))
    )


def _listed(customer: Customer) -> Json:
    return {
        "id": customer.id,
        "companyProfile": {
            "tenantId": customer.id,
            "domain": customer.domain,
            "companyName": customer.name,
            "links": {"self": link(f"/customers/{customer.id}/profiles/company")},
            "attributes": {"objectType": "CustomerCompanyProfile"},
        },
        "relationshipToPartner": customer.relationship,
        "links": {"self": link(f"/customers/{customer.id}")},
        "attributes": {"objectType": "Customer"},
    }


def get_customer(asked: Asked) -> Answer:
    """Answer everything about one customer."""
    return Answer(json=customer_json(asked.customer()))


def post_customer(asked: Asked) -> Answer:
    """Create a tenant with a customer; its administrator's password is told here and never again."""
    body = asked.json()
    company, billing = part_of(body, "companyProfile"), part_of(body, "billingProfile")
    address, partner_id = part_of(billing, "defaultAddress"), str(body.get("associatedPartnerId") or "")
    if partner_id and asked.caller.is_app_only:
        raise RefusedError(403, 900329, "This request does not support application-only authentication.")
    country = _checked(company, billing, address)
    customer = create_customer(
        asked.world,
        name=str(billing["companyName"]),
        domain=str(company["domain"]),
        country=country.code,
        culture=culture_of(str(billing["culture"])),
        email=str(billing["email"]),
        first_name=str(billing.get("firstName") or ""),
        last_name=str(billing.get("lastName") or ""),
        address={"phoneNumber": "", **{part: address[part] for part in ADDRESS_PARTS if address.get(part)}},
        registration_number=str(company.get("organizationRegistrationNumber") or ""),
        associated_partner_id=partner_id,
        enables_gdap=bool(body.get("enableGDAPByDefault")),
        has_agreement=False,
    )
    customer.language = str(billing["language"])
    return Answer(status=201, json=_created(asked.world, customer, body))


def _created(world: World, customer: Customer, body: Json) -> Json:
    password = (
        world.token(4, "ABCDEFGHJKLMNPQRSTUVWXYZ")
        + world.token(4, "abcdefghijkmnpqrstuvwxyz")
        + world.token(4, "23456789")
    )
    shown = customer_json(customer) | {
        "enableGDAPByDefault": body.get("enableGDAPByDefault"),
        "relationshipToPartner": "reseller" if customer.associated_partner_id else "none",
        "allowDelegatedAccess": customer.allows_delegated_access or None,
        "userCredentials": {"userName": "admin", "password": password},
        "customDomains": None,
        "links": None,
    }
    shown["companyProfile"].update(address=None, email=None)
    shown["billingProfile"].update(links=None)
    return shown


def part_of(body: Json, name: str) -> Json:
    """Return the object *name* of a body.

    Raises:
        RefusedError: it is missing (400).
    """
    part = body.get(name)
    if not isinstance(part, dict):
        raise RefusedError(400, 3000, f"Invalid property: {name} is missing.")
    return part


def _checked(company: Json, billing: Json, address: Json) -> Country:
    need(company, "companyProfile", ("domain",))
    need(billing, "billingProfile", ("email", "culture", "language", "companyName"))
    need(address, "defaultAddress", ("firstName", "lastName", "country"))
    if not DOMAIN.match(str(company["domain"])):
        raise RefusedError(400, 3000, f"Invalid property: domain '{company['domain']}'.")
    if not _MAIL.match(str(billing["email"])):
        raise RefusedError(400, 3000, "Invalid property: email.")
    wrong = wrong_with(address)
    if wrong == "country":
        raise RefusedError(403, 2030, f"The partner is not onboarded to sell in {address['country']}.")
    if wrong:
        raise RefusedError(400, 3000, f"Invalid property: defaultAddress.{wrong}.")
    country = COUNTRIES[str(address["country"]).upper()]
    _check_registration(country, str(company.get("organizationRegistrationNumber") or ""), address)
    return country


def need(part: Mapping[str, Any], name: str, keys: tuple[str, ...]) -> None:
    """Raise RefusedError (400) where one of *keys* is missing in *part*."""
    for key in keys:
        if not str(part.get(key) or "").strip():
            raise RefusedError(400, 3000, f"Invalid property: {name}.{key} is missing.")


def _check_registration(country: Country, number: str, address: Json) -> None:
    if number and not country.registration:
        raise RefusedError(400, 600002, "Organization registration ID value is not supported.")
    if country.registration and not number:
        raise RefusedError(400, 600049, "Organization registration ID information is missing.")
    if country.registration and not re.match(country.registration, number):
        told = (
            f"Organization registration ID information is invalid and should be of the format {country.registration}."
        )
        raise RefusedError(400, 600050, told)
    if country.needs_phone and not address.get("phoneNumber"):
        raise RefusedError(400, 600051, "Customer phone number is missing.")


def culture_of(sent: str) -> str:
    """Return a culture in Microsoft's usual letters (EN-us is en-US)."""
    language, _, country = sent.partition("-")
    return f"{language.lower()}-{country.upper()}" if country else language.lower()


def patch_customer(asked: Asked) -> Answer:
    """End the reseller relationship, or give up delegated access of old."""
    customer = asked.customer()
    if asked.json().get("allowDelegatedAccess") is False:
        end_delegated_access(asked.world, customer)
        return Answer()
    if str(asked.json().get("relationshipToPartner") or "").lower() != "none":
        raise RefusedError(400, 3000, "Invalid property: relationshipToPartner can only be set to none.")
    end_relationship(asked.world, customer)
    return Answer(json={"relationshipToPartner": "none", "attributes": {"objectType": "Customer"}})


def remove_customer(asked: Asked) -> Answer:
    """Delete a customer of the sandbox."""
    delete_customer(asked.world, asked.customer())
    return Answer(status=204)


_ONE = "/v1/customers/{customer_id}"
CALLS: tuple[Call, ...] = (
    Call(method="GET", path="/v1/customers", handler=get_customers, is_throttled=True),
    Call(method="POST", path="/v1/customers", handler=post_customer, is_repeatable=True, is_throttled=True),
    Call(method="GET", path=_ONE, handler=get_customer, needs_user=True, is_throttled=True),
    Call(method="PATCH", path=_ONE, handler=patch_customer, needs_user=True, is_throttled=True),
    Call(method="DELETE", path=_ONE, handler=remove_customer, is_throttled=True),
)
