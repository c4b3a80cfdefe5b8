"""A customer's company and billing profile, its organisation and its domains.

Not here: the JSON of the profiles (``customer_json``), the customer itself (``customers``).
"""

from local.partner_center.answers import Answer, Asked, Call, RefusedError
from local.partner_center.calls.customers import DOMAIN, culture_of, need, part_of
from local.partner_center.countries import wrong_with
from local.partner_center.customer_json import ADDRESS_PARTS, billing_etag, billing_profile, company_profile
from local.partner_center.customers_making import tell
from local.partner_center.reading import thing


def get_company_profile(asked: Asked) -> Answer:
    """Answer the company profile."""
    return Answer(json=company_profile(asked.customer()))


def get_billing_profile(asked: Asked) -> Answer:
    """Answer the billing profile."""
    return Answer(json=billing_profile(asked.customer()))


def put_billing_profile(asked: Asked) -> Answer:
    """Replace the billing profile where the ETag sent is the present one."""
    customer, body = asked.customer(), asked.json()
    sent = asked.headers.get("if-match") or thing(body.get("attributes"), "attributes").get("etag") or ""
    if not sent:
        raise RefusedError(412, 2055, "If-Match is missing.")
    if str(sent).removeprefix("W/").strip('"') != billing_etag(customer):
        raise RefusedError(400, 2055, "Etag is no longer valid.")
    address = part_of(body, "defaultAddress")
    need(body, "billingProfile", ("email", "culture", "language", "companyName"))
    wrong = wrong_with(address)
    if wrong:
        raise RefusedError(400, 3000, f"Invalid property: defaultAddress.{wrong}.")
    before = billing_profile(customer)
    customer.address = {part: address[part] for part in ADDRESS_PARTS if address.get(part)}
    customer.first_name, customer.last_name = str(body.get("firstName") or ""), str(body.get("lastName") or "")
    customer.email, customer.culture = str(body["email"]), culture_of(str(body["culture"]))
    customer.language, customer.extra["billing_name"] = str(body["language"]), str(body["companyName"])
    customer.billing_version += 1
    after = billing_profile(customer)
    operation = "update_customer_billing_profile"
    tell(asked.world, customer, "customer_billing_profile", customer.id, operation, before=before, after=after)
    return Answer(json=after)


def post_verified_domain(asked: Asked) -> Answer:
    """Add a domain that somebody else verified; the tenant's users may have it from then on."""
    customer, body = asked.customer(), asked.json()
    name = str(body.get("verifiedDomainName") or "")
    domain = body.get("domain") if isinstance(body.get("domain"), dict) else {}
    domain = domain or {}
    name = name or str(domain.get("name") or "")
    if not DOMAIN.match(name):
        raise RefusedError(400, 3000, f"Invalid property: verifiedDomainName '{name}'.")
    if name.lower() in {each.lower() for each in customer.custom_domains}:
        raise RefusedError(409, 600009, f"The domain {name} was added already.")
    customer.custom_domains.append(name)
    made = {
        "authenticationType": str(domain.get("authenticationType") or "managed").lower(),
        "capability": str(domain.get("capability") or "none").lower(),
        "isDefault": bool(domain.get("isDefault")),
        "isInitial": bool(domain.get("isInitial")),
        "name": name,
        "rootDomain": domain.get("rootDomain"),
        "status": "verified",
        "verificationMethod": str(domain.get("verificationMethod") or "dns_record").lower(),
    }
    tell(asked.world, customer, "domain", name, "add_verified_domain", after=made)
    return Answer(status=201, json=made)


def get_organization(asked: Asked) -> Answer:
    """Answer the organisation as the customer's directory has it; needs roles in the tenant."""
    customer = asked.customer()
    address = customer.address
    told = {
        "street": address.get("addressLine1"),
        "countryLetterCode": customer.country,
        "postalCode": address.get("postalCode"),
        "city": address.get("city"),
        "state": address.get("state") or "",
        "displayName": customer.name,
        "technicalNotificationMails": [customer.email],
    }
    return Answer(json=[told])


def get_custom_domains(asked: Asked) -> Answer:
    """Answer the domains of the customer's directory."""
    return Answer(json=list(asked.customer().custom_domains))


_ONE = "/v1/customers/{customer_id}"
CALLS: tuple[Call, ...] = (
    Call(method="GET", path=f"{_ONE}/profiles/company", handler=get_company_profile, needs_user=True),
    Call(method="GET", path=f"{_ONE}/profiles/billing", handler=get_billing_profile),
    Call(method="PUT", path=f"{_ONE}/profiles/billing", handler=put_billing_profile),
    Call(method="GET", path=f"{_ONE}/organization", handler=get_organization),
    Call(method="GET", path=f"{_ONE}/customDomains", handler=get_custom_domains),
    Call(method="POST", path=f"{_ONE}/verifieddomain", handler=post_verified_domain, needs_user=True),
)
