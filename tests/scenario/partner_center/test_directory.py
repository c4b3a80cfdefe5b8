"""Customers, subscriptions, licences, users and the audit feed, out of answers as Microsoft documents them."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from shared.domain.errors import MicrosoftRefusedError, NotConnectedError, NotFoundError
from shared.domain.snapshots.values import AuditRecord, LicenceCount, Refundable, Tenant, User

CUSTOMER = {
    "id": "B44BB1FB-C595-45B0-9E09-D657365580BF",
    "companyProfile": {"tenantId": "x", "domain": "Contoso.onmicrosoft.com", "companyName": "Contoso"},
    "relationshipToPartner": "Reseller",
    "billingProfile": {
        "email": "billing@contoso.example",
        "culture": "nl-NL",
        "language": "nl",
        "companyName": "Contoso B.V.",
        "defaultAddress": {
            "addressLine1": "Damrak 1",
            "city": "Amsterdam",
            "country": "nl",
            "postalCode": "1012 LG",
            "firstName": "Anna",
            "region": "NH",
        },
    },
}
REFUNDABLE = [
    {"quantity": 2, "allowedUntilDateTime": "2026-01-25T20:39:17.182697+00:00"},
    {"quantity": 10, "allowedUntilDateTime": "2026-01-24T20:39:17Z"},
]
SUBSCRIPTION = {
    "id": "A4C1340D-6911-4758-BBA3-0C4C6007D161",
    "offerId": "CFQ7TTC0LH18:0001:CFQ7TTC0K971",
    "offerName": "Microsoft 365 Business Basic",
    "friendlyName": "Front desk",
    "productType": {"id": "OnlineServicesNCE"},
    "quantity": "15",
    "unitType": "Licenses",
    "creationDate": "2026-01-14T16:57:15.0966728Z",
    "effectiveStartDate": "2026-01-14T16:57:14",
    "commitmentEndDate": "2027-01-13T00:00:00Z",
    "commitmentEndDateTime": "2027-01-13T23:59:59Z",
    "status": "SomethingNew",
    "autoRenewEnabled": True,
    "isTrial": False,
    "billingType": "license",
    "billingCycle": "Monthly",
    "termDuration": "p1y",
    "renewalTermDuration": "",
    "refundableQuantity": {
        "totalQuantity": 12,
        "details": REFUNDABLE,
    },
    "cancellationAllowedUntilDate": "0001-01-01T00:00:00",
    "scheduledNextTermInstructions": {
        "quantity": 5,
        "product": {"skuId": "0001", "productId": "P", "promotionId": None},
    },
    "links": {"self": {"uri": "/x"}},
    "attributes": {"etag": "E1", "objectType": "Subscription"},
    "aFieldNobodyKnows": {"x": [1]},
}


def test_a_customer_comes_with_who_is_behind_it(microsoft: Any, script: Any) -> None:
    """Ids and domains in lower case, countries in upper; the relationship as a word."""
    script.then(200, CUSTOMER)
    profile = microsoft.tenant("B44BB1FB-C595-45B0-9E09-D657365580BF")

    assert (
        Tenant(
            id="b44bb1fb-c595-45b0-9e09-d657365580bf",
            name="Contoso",
            domain="contoso.onmicrosoft.com",
            relationship="reseller",
        )
        == profile.tenant
    )
    assert ("Contoso B.V.", "NL", "Anna", "NH") == (
        profile.company,
        profile.country,
        profile.first_name,
        profile.state,
    )


@pytest.mark.parametrize(("status", "code"), [(404, 60003), (403, 20002)])
def test_a_customer_that_is_not_ours_is_not_there(microsoft: Any, script: Any, status: int, code: int) -> None:
    """Unknown or lost, it is the same to us."""
    script.then(status, {"code": code, "description": "no"})

    with pytest.raises(NotFoundError):
        microsoft.tenant("t1")


def test_a_subscription_is_read_whatever_its_types(microsoft: Any, script: Any) -> None:
    """Numbers as text, unknown states, instants with and without a zone, no date as year one."""
    script.then(200, {"items": [SUBSCRIPTION]})
    (found,) = microsoft.subscriptions("T1")

    assert ("a4c1340d-6911-4758-bba3-0c4c6007d161", "t1", 15) == (found.id, found.tenant_id, found.quantity)
    assert ("CFQ7TTC0LH18", "0001", "P1Y", "monthly") == (found.product_id, found.sku_id, found.term, found.cycle)
    assert ("somethingnew", True, "E1") == (found.status, found.auto_renews, found.etag)
    assert datetime(2026, 1, 14, 16, 57, 15, 96672, UTC) == found.created_at
    assert datetime(2026, 1, 14, 16, 57, 14, tzinfo=UTC) == found.starts_at
    assert date(2027, 1, 13) == found.ends_on
    assert found.cancellable_until is None
    assert (
        Refundable(datetime(2026, 1, 24, 20, 39, 17, tzinfo=UTC), 10),
        Refundable(datetime(2026, 1, 25, 20, 39, 17, 182697, UTC), 2),
    ) == found.refundable
    assert '{"nextTerm":{"product":{"productId":"P","skuId":"0001"},"quantity":5}}' == found.scheduled


def test_the_same_subscription_in_other_order_makes_an_equal_value(microsoft: Any, script: Any) -> None:
    """A comparison of two nights must find nothing where nothing happened."""
    shuffled = dict(reversed(SUBSCRIPTION.items())) | {"refundableQuantity": {"details": REFUNDABLE[::-1]}}
    script.then(200, SUBSCRIPTION).then(200, shuffled)

    assert microsoft.subscription("t1", "s1") == microsoft.subscription("t1", "s1")


def test_an_old_subscription_names_its_offer_in_a_link(microsoft: Any, script: Any) -> None:
    """And has neither product nor SKU."""
    old = {
        "id": "s1",
        "links": {"offer": {"uri": "/v1/offers/0CCA44D6?country=NL"}},
        "creationDate": "2015-11-25T06: 41: 12Z",
    }
    script.then(200, old)
    found = microsoft.subscription("t1", "s1")

    assert ("0CCA44D6", "", None) == (found.offer_id, found.product_id, found.auto_renews)
    assert datetime(2015, 11, 25, 6, 41, 12, tzinfo=UTC) == found.created_at


def test_licences_are_counted_by_sku(microsoft: Any, script: Any) -> None:
    """Both groups of licences are asked for."""
    sku = {"id": "EFCC", "name": "EMS E3", "skuPartNumber": "EMS"}
    counts = {
        "availableUnits": 3,
        "activeUnits": 10,
        "consumedUnits": 7,
        "totalUnits": 10,
        "capabilityStatus": "Enabled",
    }
    script.then(200, {"items": [{**counts, "productSku": sku}]})

    assert [
        LicenceCount(
            sku_id="efcc",
            name="EMS E3",
            part_number="EMS",
            total=10,
            active=10,
            available=3,
            consumed=7,
            status="enabled",
        )
    ] == microsoft.licence_counts("t1")
    assert script.asked[0].path.endswith("?licenseGroupIds=group1&licenseGroupIds=group2")


PARTNER_USERS = {
    "/v1/customers/t1/users": {"items": [{"id": "U1", "userPrincipalName": "a@x", "state": "Inactive"}]},
    "/v1/customers/t1/users/U1/licenses": {"items": [{"productSku": {"id": "S2"}}, {"productSku": {"id": "S1"}}]},
}
U1 = User(id="u1", principal_name="a@x", is_deleted=True, licences=("s1", "s2"))


def test_where_graph_is_closed_partner_center_tells_the_users(microsoft: Any, script: Any) -> None:
    """A call for each user, but all of them."""
    script.then(403, {"error": {"code": "Authorization_RequestDenied", "message": "no"}}).by_path(PARTNER_USERS)

    assert [U1] == microsoft.users("t1")


def test_where_the_tenant_gives_no_token_partner_center_tells_the_users(
    microsoft: Any, script: Any, tokens: Any
) -> None:
    """The tenant may lack our consent; Graph is not even asked."""
    tokens.refused = {"t1"}
    script.by_path(PARTNER_USERS)

    assert [U1] == microsoft.users("t1")
    assert "/v1/customers/t1/users?size=500" == script.asked[0].path


def test_where_both_are_closed_the_tenants_users_are_refused(microsoft: Any, script: Any) -> None:
    """It is that customer's matter, and says what to do."""
    script.then(403, {"error": {"code": "Authorization_RequestDenied", "message": "no"}})
    script.then(403, {"code": 900308, "description": "no"})

    with pytest.raises(MicrosoftRefusedError, match="role"):
        microsoft.users("t1")


def test_without_any_connection_users_fail_as_everything_does(microsoft: Any, tokens: Any) -> None:
    """Nobody is told that one customer is to blame."""
    tokens.refused = {"t1", "user"}

    with pytest.raises(NotConnectedError):
        microsoft.users("t1")


def test_the_audit_feed_is_read_for_one_day(microsoft: Any, script: Any) -> None:
    """Entries of other days and without an instant are left out; values are JSON text in either form."""
    entry = {
        "id": "A1",
        "customerId": "T1",
        "userPrincipalName": "admin@x",
        "resourceType": "Subscription",
        "operationType": "Update_Subscription",
        "operationDate": "2026-10-08T23:26:19.7753934Z",
        "operationStatus": "Succeeded",
        "resourceNewValue": '{"Quantity":5}',
        "resourceOldValue": {"Quantity": 4},
    }
    other = {**entry, "id": "A2", "operationDate": "2026-10-09T00:00:01Z"}
    script.then(200, {"items": [entry, other, {"id": "A3"}]})

    assert [
        AuditRecord(
            id="A1",
            at=datetime(2026, 10, 8, 23, 26, 19, 775393, UTC),
            tenant_id="t1",
            resource="subscription",
            operation="update_subscription",
            status="succeeded",
            actor="admin@x",
            before='{"Quantity": 4}',
            after='{"Quantity":5}',
        )
    ] == list(microsoft.audit_records(date(2026, 10, 8)))
    assert "/v1/auditrecords?startDate=2026-10-08&endDate=2026-10-08&size=200" == script.asked[0].path


def test_ids_cannot_lead_out_of_their_place(microsoft: Any, script: Any) -> None:
    """Whoever gives an id cannot give a path."""
    script.then(200, {"items": []})
    microsoft.subscriptions("../invoices?x=1#y")

    assert "/v1/customers/..%2Finvoices%3Fx%3D1%23y/subscriptions" == script.asked[0].path
