"""A customer, its company and its billing profile, as Microsoft's JSON.

Not here: what may be asked and changed (``calls``).
"""

from local.partner_center.answers import link
from local.partner_center.customers_making import etag_of
from local.partner_center.entities import Customer, Json

ADDRESS_PARTS = (
    "country",
    "region",
    "city",
    "state",
    "addressLine1",
    "addressLine2",
    "addressLine3",
    "postalCode",
    "firstName",
    "lastName",
    "phoneNumber",
)


def customer_json(customer: Customer) -> Json:
    """Return a customer as ``GET customers/{id}`` shows it: without delegated access, less of it."""
    company = company_profile(customer)
    if not customer.allows_delegated_access:
        company.update(address=None, email=None)
    return {
        "id": customer.id,
        "commerceId": customer.commerce_id or customer.id,
        "companyProfile": company,
        "billingProfile": billing_profile(customer),
        "relationshipToPartner": customer.relationship,
        "allowDelegatedAccess": customer.allows_delegated_access,
        "customDomains": list(customer.custom_domains) if customer.allows_delegated_access else None,
        "associatedPartnerId": customer.associated_partner_id or None,
        "links": {"self": link(f"/customers/{customer.id}")},
        "attributes": {"objectType": "Customer"},
    }


def company_profile(customer: Customer) -> Json:
    """Return the company profile as JSON; the region is the state, as Microsoft has it there."""
    address = customer.address
    return {
        "tenantId": customer.id,
        "domain": customer.domain,
        "companyName": customer.name,
        "organizationRegistrationNumber": customer.registration_number or None,
        "address": {
            "country": address.get("country"),
            "region": address.get("state") or address.get("region") or "",
            "city": address.get("city"),
            "addressLine1": address.get("addressLine1"),
            "postalCode": address.get("postalCode"),
            "phoneNumber": address.get("phoneNumber") or "",
        },
        "email": customer.email,
        "links": {"self": link(f"/customers/{customer.id}/profiles/company")},
        "attributes": {"objectType": "CustomerCompanyProfile"},
    }


def billing_profile(customer: Customer) -> Json:
    """Return the billing profile as JSON with its ETag."""
    return {
        "id": customer.extra.get("billing_profile_id") or customer.id,
        "firstName": customer.first_name or customer.address.get("firstName"),
        "lastName": customer.last_name or customer.address.get("lastName"),
        "email": customer.email,
        "culture": customer.culture,
        "language": customer.language,
        "companyName": customer.extra.get("billing_name") or customer.name,
        "defaultAddress": {"phoneNumber": "", **{part: customer.address.get(part) for part in ADDRESS_PARTS}},
        "links": {"self": link(f"/customers/{customer.id}/profiles/billing")},
        "attributes": {"etag": billing_etag(customer), "objectType": "CustomerBillingProfile"},
    }


def billing_etag(customer: Customer) -> str:
    """Return the billing profile's ETag."""
    return etag_of(customer.id, "billing", customer.billing_version)
