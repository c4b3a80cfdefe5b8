"""What can be asked before a customer is made: is the domain free, is the address good, what does the country demand.

Not here: the rules themselves (``countries``), making customers.
"""

from local.partner_center.answers import Answer, Asked, Call, RefusedError
from local.partner_center.countries import COUNTRIES, rules_of, verdict
from local.partner_center.customers_making import domain_is_taken
from local.partner_center.entities import Json

_SUFFIX = ".onmicrosoft.com"
_ADDRESS = ("country", "region", "city", "state", "addressLine1", "addressLine2", "addressLine3", "postalCode")
_MESSAGES = {
    "VerifiedShippable": "The address was verified and can be shipped to.",
    "InteractionRequired": "The suggested address differs a lot and needs a person's confirmation.",
    "StreetPartial": "The given street in the address is ambiguous and needs more information.",
    "PremisesPartial": "The given premises (building or suite) are ambiguous and need more information.",
    "Multiple": "More than one address matches.",
    "None": "No match was found.",
    "NotValidated": "The address could not be sent through validation.",
}


def head_domain(asked: Asked) -> Answer:
    """Answer 200 where the domain is taken and 404 where it is free; nothing else."""
    return Answer(status=200 if domain_is_taken(asked.world, asked.path["domain"]) else 404, content=b"")


def get_domain_availability(asked: Asked) -> Answer:
    """Answer whether a prefix of onmicrosoft.com is free, as a bare truth value."""
    prefix = asked.path["prefix"]
    domain = prefix if "." in prefix else f"{prefix}{_SUFFIX}"
    return Answer(content=b"false" if domain_is_taken(asked.world, domain) else b"true")


def post_address(asked: Asked) -> Answer:
    """Answer what is known of an address, and what it should be."""
    body = asked.json()
    if not str(body.get("country") or "").strip():
        raise RefusedError(400, 3000, "Invalid property: country is missing.")
    address: Json = {name: body[name] for name in _ADDRESS if body.get(name)}
    status, suggestions = verdict(address)
    message = None if status == "VerifiedShippable" else _MESSAGES[status]
    return Answer(
        json={
            "originalAddress": address,
            "suggestedAddresses": suggestions,
            "status": status,
            "validationMessage": message,
        }
    )


def get_country_rules(asked: Asked) -> Answer:
    """Answer the rules of a country."""
    country = COUNTRIES.get(asked.path["country"].upper())
    if country is None:
        raise RefusedError(404, 1000, f"There are no rules for the country {asked.path['country']}.")
    return Answer(json=rules_of(country))


CALLS: tuple[Call, ...] = (
    Call(method="HEAD", path="/v1/domains/{domain}", handler=head_domain),
    Call(method="GET", path="/v1/validations/checkdomainavailability/{prefix}", handler=get_domain_availability),
    Call(method="POST", path="/v1/validations/address", handler=post_address),
    Call(method="GET", path="/v1/countryvalidationrules/{country}", handler=get_country_rules),
)
