"""Customers, their users and licences as Microsoft's JSON, and as values.

Not here: subscriptions.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from shared.domain.snapshots.values import LicenceCount, Tenant, TenantProfile, User
from shared.partner_center.wire.scalars import Scalar, ident, line, whole, word


class Company(msgspec.Struct, gc=False, frozen=True, rename="camel"):
    """A company profile."""

    tenant_id: Scalar = None
    domain: Scalar = None
    company_name: Scalar = None
    organization_registration_number: Scalar = None


class Address(msgspec.Struct, gc=False, frozen=True, rename="camel"):
    """A postal address."""

    country: Scalar = None
    city: Scalar = None
    state: Scalar = None
    region: Scalar = None
    address_line1: Scalar = None
    address_line2: Scalar = None
    postal_code: Scalar = None
    first_name: Scalar = None
    last_name: Scalar = None
    phone_number: Scalar = None


class BillingProfile(msgspec.Struct, frozen=True, rename="camel"):
    """A billing profile."""

    email: Scalar = None
    culture: Scalar = None
    language: Scalar = None
    company_name: Scalar = None
    first_name: Scalar = None
    last_name: Scalar = None
    default_address: Address | None = None


class Customer(msgspec.Struct, frozen=True, rename="camel"):
    """A customer, whole or as the list shows it."""

    id: Scalar = None
    company_profile: Company | None = None
    billing_profile: BillingProfile | None = None
    relationship_to_partner: Scalar = None


class ProductSku(msgspec.Struct, gc=False, frozen=True, rename="camel"):
    """A SKU of the directory."""

    id: Scalar = None
    name: Scalar = None
    sku_part_number: Scalar = None


class SubscribedSku(msgspec.Struct, frozen=True, rename="camel"):
    """The licences of one SKU."""

    available_units: Scalar = None
    active_units: Scalar = None
    consumed_units: Scalar = None
    suspended_units: Scalar = None
    total_units: Scalar = None
    warning_units: Scalar = None
    capability_status: Scalar = None
    product_sku: ProductSku | None = None


class PartnerUser(msgspec.Struct, gc=False, frozen=True, rename="camel"):
    """A user as Partner Center shows it."""

    id: Scalar = None
    user_principal_name: Scalar = None
    display_name: Scalar = None
    first_name: Scalar = None
    last_name: Scalar = None
    usage_location: Scalar = None
    state: Scalar = None


class AssignedLicence(msgspec.Struct, gc=False, frozen=True, rename="camel"):
    """A licence as Graph shows it on a user."""

    sku_id: Scalar = None


class GraphUser(msgspec.Struct, frozen=True, rename="camel"):
    """A user as Graph shows it."""

    id: Scalar = None
    user_principal_name: Scalar = None
    display_name: Scalar = None
    given_name: Scalar = None
    surname: Scalar = None
    usage_location: Scalar = None
    assigned_licenses: list[AssignedLicence] | None = None


class UserLicence(msgspec.Struct, frozen=True, rename="camel"):
    """A licence of a user as Partner Center shows it."""

    product_sku: ProductSku | None = None


customer_of: Final = msgspec.json.Decoder(Customer).decode
subscribed_sku_of: Final = msgspec.json.Decoder(SubscribedSku).decode
partner_user_of: Final = msgspec.json.Decoder(PartnerUser).decode
graph_user_of: Final = msgspec.json.Decoder(GraphUser).decode
user_licence_of: Final = msgspec.json.Decoder(UserLicence).decode


def tenant(wire: Customer) -> Tenant:
    """Return the tenant of a customer."""
    company = wire.company_profile or Company()
    return Tenant(
        id=ident(wire.id) or ident(company.tenant_id),
        name=line(company.company_name),
        domain=line(company.domain).lower(),
        relationship=word(wire.relationship_to_partner),
    )


def tenant_profile(wire: Customer) -> TenantProfile:
    """Return who is behind a tenant."""
    company, billing = wire.company_profile or Company(), wire.billing_profile or BillingProfile()
    address = billing.default_address or Address()
    return TenantProfile(
        tenant=tenant(wire),
        company=line(billing.company_name),
        email=line(billing.email),
        culture=line(billing.culture),
        language=line(billing.language),
        first_name=line(billing.first_name) or line(address.first_name),
        last_name=line(billing.last_name) or line(address.last_name),
        address_line1=line(address.address_line1),
        address_line2=line(address.address_line2),
        city=line(address.city),
        state=line(address.state) or line(address.region),
        postal_code=line(address.postal_code),
        country=line(address.country).upper(),
        phone=line(address.phone_number),
        registration_number=line(company.organization_registration_number),
    )


def licence_count(wire: SubscribedSku) -> LicenceCount:
    """Return the licences of one SKU."""
    sku = wire.product_sku or ProductSku()
    return LicenceCount(
        sku_id=ident(sku.id),
        name=line(sku.name),
        part_number=line(sku.sku_part_number),
        total=whole(wire.total_units),
        active=whole(wire.active_units),
        available=whole(wire.available_units),
        consumed=whole(wire.consumed_units),
        suspended=whole(wire.suspended_units),
        warning=whole(wire.warning_units),
        status=word(wire.capability_status),
    )


def partner_user(wire: PartnerUser, licences: Iterable[UserLicence]) -> User:
    """Return a user of Partner Center's with its licences."""
    skus = {ident(licence.product_sku.id) for licence in licences if licence.product_sku}
    return User(
        id=ident(wire.id),
        principal_name=line(wire.user_principal_name),
        display_name=line(wire.display_name),
        first_name=line(wire.first_name),
        last_name=line(wire.last_name),
        usage_location=line(wire.usage_location).upper(),
        is_deleted=word(wire.state) == "inactive",
        licences=tuple(sorted(skus - {""})),
    )


def graph_user(wire: GraphUser) -> User:
    """Return a user of Graph's with its licences."""
    skus = {ident(licence.sku_id) for licence in wire.assigned_licenses or ()}
    return User(
        id=ident(wire.id),
        principal_name=line(wire.user_principal_name),
        display_name=line(wire.display_name),
        first_name=line(wire.given_name),
        last_name=line(wire.surname),
        usage_location=line(wire.usage_location).upper(),
        licences=tuple(sorted(skus - {""})),
    )
