"""The directory by Graph: who is signed in, users and licences of a customer's tenant, delegated administration."""

from typing import Any

from local.partner_center.customers_making import create_customer, may_manage

BASIC = "3b555118-da6a-4418-894f-7df1e2096870"
ROLE = "fe930be7-5e62-47db-91af-98c3a49a38b1"
GDAP = "/v1.0/tenantRelationships/delegatedAdminRelationships"


def test_groups_and_roles_of_the_partner_are_told_apart(desk: Any) -> None:
    """Agents are groups, billing administrators have a directory role with Microsoft's template id."""
    desk.world.partner.roles = ("AdminAgents", "Billing Administrator")
    told = desk.graph("GET", "/v1.0/me/transitiveMemberOf").json["value"]

    assert [("group", "AdminAgents"), ("directoryRole", "Billing Administrator")] == [
        (each["@odata.type"].rpartition(".")[2], each["displayName"]) for each in told
    ]
    assert "b0f54661-2d74-4c50-afa3-1ec803f12efe" == told[1]["roleTemplateId"]


def test_users_come_in_pages_with_what_was_selected(desk: Any) -> None:
    """$top cuts, @odata.nextLink leads to every user once, and only selected properties are shown."""
    for n in range(5):
        desk.user(f"user{n}")
    path = "/v1.0/users?$select=id,assignedLicenses&$top=2"
    seen: list[dict[str, Any]] = []
    while path:
        page = desk.graph("GET", path, tenant_id=desk.customer.id).json
        seen += page["value"]
        path = page.get("@odata.nextLink", "")

    assert sorted(desk.customer.users) == [each["id"] for each in seen]
    assert {"id", "assignedLicenses"} == set(seen[0])


def test_a_filter_of_graph_is_understood_or_refused(desk: Any) -> None:
    """Comparisons and startswith work; anything else is an unsupported query."""
    desk.user("anna")
    found = desk.graph("GET", "/v1.0/users?$filter=startswith(displayName,'AN')", tenant_id=desk.customer.id)
    refused = desk.graph("GET", "/v1.0/users?$filter=age gt 3", tenant_id=desk.customer.id)

    assert ["anna"] == [each["displayName"] for each in found.json["value"]]
    assert (400, "Request_UnsupportedQuery") == (refused.status, refused.json["error"]["code"])


def test_a_licence_assigned_by_graph_is_seen_by_partner_center(desk: Any) -> None:
    """Both are views of one directory; a licence that is not there is refused in Graph's words."""
    user = desk.user()
    path = f"/v1.0/users/{user.id}/assignLicense"
    sent = {"addLicenses": [{"skuId": BASIC, "disabledPlans": []}], "removeLicenses": []}
    given = desk.graph("POST", path, sent, tenant_id=desk.customer.id)
    wrong = {**sent, "addLicenses": [{"skuId": "00000000-0000-0000-0000-000000000001"}]}
    refused = desk.graph("POST", path, wrong, tenant_id=desk.customer.id)
    held = desk.call("GET", f"/v1/customers/{desk.customer.id}/users/{user.id}/licenses")
    sku = desk.graph("GET", "/v1.0/subscribedSkus", tenant_id=desk.customer.id).json["value"][0]

    assert [BASIC] == [each["skuId"] for each in given.json["assignedLicenses"]]
    assert (400, "Request_BadRequest") == (refused.status, refused.json["error"]["code"])
    assert BASIC == held.json["items"][0]["productSku"]["id"]
    assert (1, 2) == (sku["consumedUnits"], sku["prepaidUnits"]["enabled"])


def test_the_directorys_subscription_names_partner_centers(desk: Any) -> None:
    """CommerceSubscriptionId is the id at Partner Center."""
    told = desk.graph("GET", "/v1.0/directory/subscriptions", tenant_id=desk.customer.id).json["value"]

    assert list(desk.customer.subscriptions) == [each["commerceSubscriptionId"] for each in told]
    assert ("Enabled", 2) == (told[0]["status"], told[0]["totalLicenses"])


def test_a_user_lives_dies_and_returns_by_graph(desk: Any) -> None:
    """Create, change, delete, find among the deleted, restore."""
    tenant = {"tenant_id": desk.customer.id}
    body = {
        "accountEnabled": True,
        "displayName": "Jan",
        "mailNickname": "jan",
        "userPrincipalName": f"jan@{desk.customer.domain}",
        "passwordProfile": {"password": "abCD123*"},
    }
    made = desk.graph("POST", "/v1.0/users", body, **tenant)
    one = f"/v1.0/users/{made.json['id']}"
    changed = desk.graph("PATCH", one, {"usageLocation": "NL"}, **tenant)
    deleted = desk.graph("DELETE", one, **tenant)
    bin_ = desk.graph("GET", "/v1.0/directory/deletedItems/microsoft.graph.user", **tenant)
    restored = desk.graph("POST", f"/v1.0/directory/deletedItems/{made.json['id']}/restore", **tenant)

    assert [201, 204, 204, 200] == [made.status, changed.status, deleted.status, restored.status]
    assert [made.json["id"]] == [each["id"] for each in bin_.json["value"]]
    assert "NL" == desk.graph("GET", f"{one}?$select=usageLocation", **tenant).json["usageLocation"]
    assert 400 == desk.graph("POST", "/v1.0/users", {"displayName": "X"}, **tenant).status


def test_a_tenant_without_a_relationship_refuses_graph(desk: Any) -> None:
    """403 until a relationship is active, then open, then closed again once it was ended."""
    closed = create_customer(desk.world, name="Dicht", domain="dicht.example")
    closed.allows_delegated_access = False
    body = {
        "displayName": "Beheer",
        "duration": "P730D",
        "customer": {"tenantId": closed.id},
        "accessDetails": {"unifiedRoles": [{"roleDefinitionId": ROLE}]},
    }
    before = desk.graph("GET", "/v1.0/users", tenant_id=closed.id)
    one = f"{GDAP}/{desk.graph('POST', GDAP, body).json['id']}"
    desk.graph("POST", f"{one}/requests", {"action": "lockForApproval"})
    desk.call("POST", f"/simulator/gdap/{one.rpartition('/')[2]}/approve")
    desk.simulator.advance(minutes=2)
    during = desk.graph("GET", "/v1.0/users", tenant_id=closed.id)
    desk.graph("POST", f"{one}/requests", {"action": "terminate"})
    desk.simulator.advance(minutes=2)

    assert (403, "Authorization_RequestDenied") == (before.status, before.json["error"]["code"])
    assert 200 == during.status
    assert "terminated" == desk.graph("GET", one).json["status"]
    assert 403 == desk.graph("GET", "/v1.0/users", tenant_id=closed.id).status


def test_a_relationship_goes_through_its_states_and_tells_of_them(desk: Any) -> None:
    """created, approvalPending, approved, active, expired; each step that Microsoft announces is announced."""
    body = {
        "displayName": "Kort",
        "duration": "P10D",
        "customer": {"tenantId": desk.customer.id},
        "accessDetails": {"unifiedRoles": [{"roleDefinitionId": ROLE}]},
    }
    made = desk.graph("POST", GDAP, body)
    one = f"{GDAP}/{made.json['id']}"
    states = [made.json["status"]]
    desk.graph("POST", f"{one}/requests", {"action": "lockForApproval"})
    states.append(desk.graph("GET", one).json["status"])
    desk.call("POST", f"/simulator/gdap/{made.json['id']}/approve")
    states.append(desk.graph("GET", one).json["status"])
    for span in ({"minutes": 2}, {"days": 11}):
        desk.simulator.advance(**span)
        states.append(desk.graph("GET", one).json["status"])

    assert ["created", "approvalPending", "approved", "active", "expired"] == states
    assert [f"granular-admin-relationship-{word}" for word in ("approved", "activated", "expired")] == [
        each.event for each in desk.world.happenings if each.resource == "delegatedAdminRelationship"
    ]
    assert may_manage(desk.world, desk.customer)


def test_assignments_change_with_the_present_etag_only(desk: Any) -> None:
    """A stale ETag is 412; the right one begins an operation that ends a minute later."""
    body = {
        "displayName": "Rollen",
        "duration": "P1Y",
        "customer": {"tenantId": desk.customer.id},
        "accessDetails": {"unifiedRoles": [{"roleDefinitionId": ROLE}]},
    }
    one = f"{GDAP}/{desk.graph('POST', GDAP, body).json['id']}"
    desk.graph("POST", f"{one}/requests", {"action": "lockForApproval"})
    desk.call("POST", f"/simulator/gdap/{one.rpartition('/')[2]}/approve")
    desk.simulator.advance(minutes=2)
    group = desk.graph("GET", "/v1.0/groups").json["value"][0]["id"]
    container = {"accessContainerId": group, "accessContainerType": "securityGroup"}
    sent = {"accessContainer": container, "accessDetails": body["accessDetails"]}
    made = desk.graph("POST", f"{one}/accessAssignments", sent)
    assignment = f"{one}/accessAssignments/{made.json['id']}"
    stale = desk.graph("DELETE", assignment, If_Match='W/"old"')
    begun = desk.graph("DELETE", assignment, If_Match=desk.graph("GET", assignment).json["@odata.etag"])
    desk.simulator.advance(minutes=2)

    assert [201, 412, 202] == [made.status, stale.status, begun.status]
    assert "succeeded" == desk.graph("GET", begun.headers["location"]).json["status"]
    assert "deleted" == desk.graph("GET", assignment).json["status"]
