"""Users and their licences at the simulator, by Partner Center."""

from typing import Any

from local.partner_center.customers_making import assign, create_customer

BASIC = "3b555118-da6a-4418-894f-7df1e2096870"


def test_a_user_is_made_changed_deleted_and_brought_back(desk: Any) -> None:
    """The password comes back once, a deleted user is listed as inactive only, and a PATCH restores it."""
    path = f"/v1/customers/{desk.customer.id}/users"
    body = {
        "usageLocation": "nl",
        "userPrincipalName": f"piet@{desk.customer.domain}",
        "displayName": "Piet",
        "passwordProfile": {"password": "abCD123*", "forceChangePassword": True},
    }
    made = desk.call("POST", path, body)
    one = f"{path}/{made.json['id']}"
    changed = desk.call("PATCH", one, {"firstName": "Pieter"})
    deleted = desk.call("DELETE", one)
    inactive = desk.call("GET", f'{path}?filter={{"Field":"UserState","Value":"Inactive","Operator":"equals"}}')
    restored = desk.call("PATCH", one, {"State": "active"})

    assert ("NL", "abCD123*") == (made.json["usageLocation"], made.json["passwordProfile"]["password"])
    assert "Pieter" == changed.json["firstName"]
    assert (204, 1, "inactive") == (deleted.status, inactive.json["totalCount"], inactive.json["items"][0]["state"])
    assert ("active", 200) == (restored.json["state"], desk.call("GET", one).status)


def test_a_deleted_user_is_gone_after_30_days(desk: Any) -> None:
    """Until then it can be brought back; afterwards it is unknown."""
    user = desk.user()
    path = f"/v1/customers/{desk.customer.id}/users/{user.id}"
    desk.call("DELETE", path)
    desk.simulator.advance(days=31)
    answer = desk.call("PATCH", path, {"state": "active"})

    assert (404, 60002) == (answer.status, answer.json["code"])


def test_a_sign_in_name_is_taken_once_and_in_the_tenants_domains_only(desk: Any) -> None:
    """Somebody else's name and a foreign domain are refused."""
    user = desk.user()
    path = f"/v1/customers/{desk.customer.id}/users"
    body = {"displayName": "A", "passwordProfile": {"password": "abCD123*"}}

    assert 400 == desk.call("POST", path, {**body, "userPrincipalName": user.principal_name.upper()}).status
    assert 400 == desk.call("POST", path, {**body, "userPrincipalName": "a@elsewhere.example"}).status


def test_licences_run_out(desk: Any) -> None:
    """Two are bought; the third user gets 400 with 60012, and the counts show it."""
    users = [desk.user(f"user{n}") for n in range(3)]
    root = f"/v1/customers/{desk.customer.id}"
    sent = {"licensesToAssign": [{"skuId": BASIC, "excludedPlans": None}], "licensesToRemove": None}
    answers = [desk.call("POST", f"{root}/users/{user.id}/licenseupdates", sent) for user in users]
    counts = desk.call("GET", f"{root}/subscribedskus").json["items"][0]

    assert [201, 201, 400] == [each.status for each in answers]
    assert 60012 == answers[2].json["code"]
    assert (0, 2, 2) == (counts["availableUnits"], counts["consumedUnits"], counts["activeUnits"])


def test_a_licence_needs_a_usage_location(desk: Any) -> None:
    """Without one nothing is assigned."""
    user = desk.user(location="")
    sent = {"licensesToAssign": [{"skuId": BASIC}]}
    answer = desk.call("POST", f"/v1/customers/{desk.customer.id}/users/{user.id}/licenseupdates", sent)

    assert 400 == answer.status
    assert {} == user.licences


def test_a_licence_update_is_done_whole_or_not_at_all(desk: Any) -> None:
    """A removal that comes with an impossible assignment is undone."""
    user = desk.user()
    assign(desk.world, desk.customer, user, BASIC)
    told = len(desk.world.happenings)
    sent = {"licensesToRemove": [BASIC], "licensesToAssign": [{"skuId": "00000000-0000-0000-0000-000000000001"}]}
    answer = desk.call("POST", f"/v1/customers/{desk.customer.id}/users/{user.id}/licenseupdates", sent)

    assert 400 == answer.status
    assert [BASIC] == list(user.licences)
    assert told == len(desk.world.happenings)


def test_a_users_plans_are_those_not_left_out(desk: Any) -> None:
    """Plans that were excluded are not listed with the licence."""
    user = desk.user()
    path = f"/v1/customers/{desk.customer.id}/users/{user.id}/licenses"
    assign(desk.world, desk.customer, user, BASIC)
    plans = desk.call("GET", path).json["items"][0]["servicePlans"]
    assign(desk.world, desk.customer, user, BASIC, (plans[0]["id"],))
    left = desk.call("GET", path).json["items"][0]["servicePlans"]

    assert plans[1:] == left
    assert 0 == desk.call("GET", f"{path}?licenseGroupIds=group2").json["totalCount"]


def test_a_tenant_without_delegated_rights_is_closed(desk: Any) -> None:
    """The customer can be read, its users cannot."""
    closed = create_customer(desk.world, name="Dicht", domain="dicht.example")
    closed.allows_delegated_access = False
    answer = desk.call("GET", f"/v1/customers/{closed.id}/users")

    assert (403, 900308) == (answer.status, answer.json["code"])
    assert 200 == desk.call("GET", f"/v1/customers/{closed.id}").status


def test_roles_are_given_and_taken(desk: Any) -> None:
    """A member is listed with the role and gone after its removal."""
    user = desk.user()
    role = f"/v1/customers/{desk.customer.id}/directoryroles/fe930be7-5e62-47db-91af-98c3a49a38b1/usermembers"
    given = desk.call("POST", role, {"Id": user.id})
    members = desk.call("GET", role).json["items"]
    own = desk.call("GET", f"/v1/customers/{desk.customer.id}/users/{user.id}/directoryroles").json["items"]

    assert (201, [user.id]) == (given.status, [each["id"] for each in members])
    assert ["User Administrator"] == [each["name"] for each in own]
    assert 204 == desk.call("DELETE", f"{role}/{user.id}").status
    assert [] == desk.call("GET", role).json["items"]
