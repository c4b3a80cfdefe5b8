"""The partner about itself: organisation, legal business, billing, support, partner programme.

Not here: customers' profiles.
"""

from collections.abc import Callable

from local.partner_center.answers import Answer, Asked, Call, RefusedError, link
from local.partner_center.calls.relationships import resellers
from local.partner_center.customers_making import etag_of
from local.partner_center.entities import Json
from local.partner_center.world import Partner, World

_PEOPLE = {"firstName": "Noor", "lastName": "Jansen", "phoneNumber": "+31205550142"}


def _address(partner: Partner) -> Json:
    return {
        "country": partner.country,
        "city": "Amsterdam",
        "state": "",
        "addressLine1": "Keizersgracht 1",
        "addressLine2": "",
        "postalCode": "1015 CC",
    }


def _organisation(partner: Partner) -> Json:
    return {
        "id": partner.tenant_id,
        "companyName": partner.name,
        "defaultAddress": {**_address(partner), **_PEOPLE},
        "tenantId": partner.tenant_id,
        "domain": partner.admin_name.partition("@")[2],
        "email": partner.admin_name,
        "language": "nl",
        "culture": "nl-NL",
    }


def _legal_business(partner: Partner) -> Json:
    return {
        "companyName": partner.name,
        "address": {**_address(partner), **_PEOPLE},
        "primaryContact": {**_PEOPLE, "email": partner.admin_name},
        "companyApproverAddress": _address(partner),
        "companyApproverEmail": partner.admin_name,
        "vettingStatus": "authorized",
        "vettingSubStatus": "none",
    }


def _billing(partner: Partner) -> Json:
    return {
        "companyName": partner.name,
        "address": _address(partner),
        "primaryContact": dict(_PEOPLE),
        "purchaseOrderNumber": "9888",
        "taxId": "NL001234567B01",
        "billingCurrency": partner.currencies[0],
    }


def _support(partner: Partner) -> Json:
    return {"email": partner.admin_name, "telephone": "+31205550142", "website": "www.voorbeeldcloud.example"}


_PROFILES: dict[str, tuple[str, Callable[[Partner], Json]]] = {
    "organization": ("OrganizationProfile", _organisation),
    "legalbusiness": ("LegalBusinessProfile", _legal_business),
    "billing": ("BillingProfile", _billing),
    "support": ("SupportProfile", _support),
}


def _kept(world: World) -> dict[str, Json]:
    found: dict[str, Json] = world.room("partner_profiles", dict)
    return found


def _profile(world: World, name: str) -> Json:
    kind, make = _PROFILES[name]
    told = _kept(world).setdefault(name, make(world.partner))
    return {
        **told,
        "profileType": kind,
        "links": {"self": link(f"/profiles/{name}")},
        "attributes": {"etag": etag_of(name, told), "objectType": kind},
    }


def _name(asked: Asked) -> str:
    name = asked.path["profile"].lower()
    if name not in _PROFILES:
        raise RefusedError(404, 1000, f"The profile {name} was not found.")
    return name


def get_profile(asked: Asked) -> Answer:
    """Answer one of the partner's profiles."""
    return Answer(json=_profile(asked.world, _name(asked)))


def put_profile(asked: Asked) -> Answer:
    """Replace one of the partner's profiles."""
    name, body = _name(asked), asked.json()
    known = _kept(asked.world).setdefault(name, _PROFILES[name][1](asked.world.partner))
    sent = asked.headers.get("if-match", "").removeprefix("W/").strip('"')
    if sent and sent != etag_of(name, known):
        raise RefusedError(400, 2055, "Etag is no longer valid.")
    _kept(asked.world)[name] = {key: body.get(key, value) for key, value in known.items()}
    return Answer(json=_profile(asked.world, name))


def get_mpn_profile(asked: Asked) -> Answer:
    """Answer the name of the partner with a partner-programme id, one's own where none is asked for."""
    partner, mpn_id = asked.world.partner, asked.first("mpnId")
    names = {each["mpnId"]: each["name"] for each in resellers(asked)} | {partner.mpn_id: partner.name}
    if mpn_id and mpn_id not in names:
        raise RefusedError(404, 3000, f"Partner Organization with partner_id {mpn_id} could not be found")
    return Answer(
        json={
            "partnerName": names[mpn_id or partner.mpn_id],
            "mpnId": mpn_id or partner.mpn_id,
            "profileType": "MpnProfile",
            "links": {"self": link("/profiles/mpn")},
            "attributes": {"objectType": "MpnProfile"},
        }
    )


def get_account_keys(asked: Asked) -> Answer:
    """Answer the partner-programme id of an account, as the portal's own interface does."""
    partner = asked.world.partner
    if asked.first("accountIds").lower() != partner.tenant_id:
        return Answer(json=[])
    return Answer(json=[{"accountId": partner.tenant_id, "keyType": "mpnId", "keyValue": partner.mpn_id}])


CALLS: tuple[Call, ...] = (
    Call(method="GET", path="/v1/profiles/mpn", handler=get_mpn_profile, needs_user=True),
    Call(method="GET", path="/v1/profiles/{profile}", handler=get_profile, needs_user=True),
    Call(method="PUT", path="/v1/profiles/{profile}", handler=put_profile, needs_user=True),
    Call(
        method="GET",
        path="/accountenrollments/v1/accountexternalresourcekeys",
        handler=get_account_keys,
        needs_user=True,
    ),
)
