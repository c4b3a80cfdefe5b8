"""How safely the partner's people sign in: requests with and without a second factor.

Not here: the refusal of tokens without it (``access``).
"""

from datetime import UTC, datetime, timedelta

from local.partner_center.answers import Answer, Asked, Call
from local.partner_center.entities import Json
from local.partner_center.world import World


def _collection(items: list[Json]) -> Answer:
    return Answer(json={"totalCount": len(items), "items": items, "attributes": {"objectType": "Collection"}})


def _plain(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}"


def get_requests(asked: Asked) -> Answer:
    """Answer the latest request of the partner: this one."""
    partner = asked.world.partner
    return _collection(
        [
            {
                "requestId": asked.headers.get("ms-requestid", partner.admin_id),
                "correlationId": asked.headers.get("ms-correlationid", partner.admin_id),
                "operationName": "GET PartnerRequests",
                "requestDateTime": _plain(asked.now),
                "sourceIpAddress": "127.0.0.1",
                "ipAddress": "127.0.0.1",
                "objectId": partner.admin_id,
                "tenantId": partner.tenant_id,
                "upn": partner.admin_name,
                "applicationId": partner.client_id,
                "mfaCompliant": asked.caller.has_mfa,
            }
        ]
    )


def get_principals(asked: Asked) -> Answer:
    """Answer who used the portal without a second factor: one forgotten account."""
    return _collection([_principal(asked.world, asked.now)])


def _principal(world: World, now: datetime) -> Json:
    return {
        "objectId": world.partner.admin_id,
        "tenantId": world.partner.tenant_id,
        "upn": f"portal@{world.partner.admin_name.partition('@')[2]}",
        "lastNonMfaCompliantRequestDateTime": _plain(now - timedelta(days=3)),
    }


def get_adoption(asked: Asked) -> Answer:
    """Answer how many requests of each application had a second factor, for yesterday."""
    told = {
        "loginDate": f"{asked.now - timedelta(days=1):%Y-%m-%d}",
        "mfaCompliantRequestCount": 120,
        "totalRequestCount": 120,
        "applicationId": asked.world.partner.client_id,
        "applicationName": "Prorata",
    }
    return Answer(json=[told])


CALLS: tuple[Call, ...] = (
    Call(method="GET", path="/v1/partnerRequests", handler=get_requests, needs_user=True),
    Call(method="GET", path="/v1/nonMfaCompliantPartnerPrincipals", handler=get_principals, needs_user=True),
    Call(method="GET", path="/v1/applicationmfaadoptionstatus", handler=get_adoption, needs_user=True),
)
