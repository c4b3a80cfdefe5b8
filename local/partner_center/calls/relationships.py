"""Who is whose partner: invitations to new customers, indirect resellers, and what they signed.

Not here: delegated administration (``graph_gdap``).
"""

from urllib.parse import urlencode

from local.partner_center.answers import Answer, Asked, Call, RefusedError
from local.partner_center.entities import Json

_TYPES = {"isindirectcloudsolutionproviderof", "isindirectresellerof"}
_PROVIDER_OF = "is_indirect_cloud_solution_provider_of"
_INDIRECT = (
    ("484e548c-f5f3-4528-93a9-c16c6373cb59", "Eerste Hulp ICT B.V.", "4847383", "NL"),
    ("b01b1487-b36e-4e6d-9b5e-0b58974c4b28", "Nordmoln AB", "4847433", "SE"),
)


def resellers(asked: Asked) -> list[Json]:
    """Return the indirect resellers of the partner; ``rooms["indirect_resellers"]`` may name others."""
    made = asked.world.room("indirect_resellers", lambda: list(_INDIRECT))
    return [
        {
            "id": each[0],
            "name": each[1],
            "relationshipType": _PROVIDER_OF,
            "state": "Active",
            "mpnId": each[2],
            "location": each[3],
            "attributes": {"objectType": "PartnerRelationship"},
        }
        for each in made
    ]


def _collection(items: list[Json]) -> Answer:
    return Answer(json={"totalCount": len(items), "items": items, "attributes": {"objectType": "Collection"}})


def get_invitation(asked: Asked) -> Answer:
    """Answer the address at which any tenant can accept the partner as its reseller."""
    partner = asked.world.partner
    told = {"invType": "ResellerRelationship", "partnerId": partner.tenant_id, "msppId": "0", "DAP": "false"}
    provider, reseller = asked.first("indirectCloudSolutionProviderId"), asked.first("indirectResellerId")
    if provider and reseller:
        told |= {"invType": "IndirectResellerRelationship", "partnerId": reseller, "indirectCSPId": provider}
    anchor = "#/BillingAccounts/partner-invitation"
    url = f"https://admin.microsoft.com/Adminportal/Home?{urlencode(told)}{anchor}"
    return Answer(json={"url": url, "attributes": {"objectType": "RelationshipRequest"}})


def get_relationships(asked: Asked) -> Answer:
    """Answer the partner's indirect resellers; a direct partner is nobody's reseller."""
    kind = asked.first("relationship_type").replace("_", "").lower()
    if kind not in _TYPES:
        raise RefusedError(400, 3000, f"Invalid property: relationship_type '{asked.first('relationship_type')}'.")
    return _collection(resellers(asked) if kind == "isindirectcloudsolutionproviderof" else [])


def get_customer_relationships(asked: Asked) -> Answer:
    """Answer the indirect resellers of one customer."""
    partner_id = asked.customer().associated_partner_id.lower()
    found = [each for each in resellers(asked) if each["id"] == partner_id]
    return _collection([{k: v for k, v in each.items() if k not in {"state", "location"}} for each in found])


def get_agreement_status(asked: Asked) -> Answer:
    """Answer whether an indirect reseller signed the Microsoft Partner Agreement, by one of two ids."""
    mpn_id, tenant_id = asked.first("mpnId"), asked.first("tenantId")
    if not mpn_id and not tenant_id:
        raise RefusedError(400, 2001, "Both MPN Id and Tenant Id cannot be empty.")
    if mpn_id and tenant_id:
        raise RefusedError(400, 2000, "Both MPN Id and Tenant Id should not be passed.")
    if mpn_id and not mpn_id.isdecimal():
        raise RefusedError(400, 2000, "MPN Id must be numeric.")
    if not any(mpn_id == each["mpnId"] or tenant_id.lower() == each["id"] for each in resellers(asked)):
        if mpn_id:
            raise RefusedError(400, 2200, f"Requested MPN Id {mpn_id} is invalid or does not exist in Partner Center.")
        raise RefusedError(400, 2205, f"Could not find account with id '{tenant_id}'.")
    return Answer(json={"isAgreementSigned": True})


_ONE = "/v1/customers/{customer_id}"
CALLS: tuple[Call, ...] = (
    Call(method="GET", path="/v1/customers/relationshiprequests", handler=get_invitation, needs_user=True),
    Call(method="GET", path="/v1/relationships", handler=get_relationships, needs_user=True),
    Call(method="GET", path=f"{_ONE}/relationships", handler=get_customer_relationships, needs_user=True),
    Call(method="GET", path="/v1/compliance/csp/agreementstatus", handler=get_agreement_status, needs_user=True),
)
