"""Users of the tenant a Graph token is for: list, read, create, change, delete, bring back, and their licences.

Not here: Partner Center's view of the same users (``users``).
"""

from collections.abc import Callable

from local.partner_center.answers import Answer, Asked, Call, Host, RefusedError
from local.partner_center.calls.graph_me import administrator
from local.partner_center.calls.user_licences import change
from local.partner_center.customers_making import create_user, delete_user, find_user, restore_user, said_of_user, tell
from local.partner_center.entities import Customer, Json, User
from local.partner_center.graph_answers import bad_request, customer_of, not_found, one, page, selected, tenant_of
from local.partner_center.graph_user_json import DEFAULT, graph_user, passes
from local.partner_center.reading import texts, things


def get_users(asked: Asked) -> Answer:
    """Answer a page of the tenant's users."""
    customer, condition = tenant_of(asked), asked.first("$filter")
    if customer is None:
        admin = administrator(asked)
        return page(asked, "users", {admin["id"]: admin}, default=DEFAULT)
    users = {user.id: user for user in customer.users.values() if user.is_active}
    if condition:
        users = {key: user for key, user in users.items() if passes(graph_user(customer, user), condition)}
    made = {key: _maker(customer, user) for key, user in users.items()}
    return page(asked, "users", made, default=DEFAULT)


def _maker(customer: Customer, user: User) -> Callable[[], Json]:
    return lambda: graph_user(customer, user)


def _user(asked: Asked, customer: Customer) -> User:
    user = find_user(customer, asked.path["user_id"])
    if user is None or not user.is_active:
        raise not_found(asked.path["user_id"])
    return user


def get_user(asked: Asked) -> Answer:
    """Answer one user, by id or sign-in name."""
    customer = tenant_of(asked)
    if customer is None:
        admin = administrator(asked)
        if asked.path["user_id"].lower() not in {admin["id"], admin["userPrincipalName"].lower()}:
            raise not_found(asked.path["user_id"])
        return one("users", selected(asked, admin, DEFAULT))
    return one("users", selected(asked, graph_user(customer, _user(asked, customer)), DEFAULT))


_NAMES = {
    "displayName": "display_name",
    "givenName": "first_name",
    "surname": "last_name",
    "usageLocation": "usage_location",
    "userPrincipalName": "principal_name",
    "onPremisesImmutableId": "immutable_id",
}


def post_user(asked: Asked) -> Answer:
    """Create a user."""
    customer, body = customer_of(asked), asked.json()
    for needed in ("accountEnabled", "displayName", "mailNickname", "userPrincipalName", "passwordProfile"):
        if body.get(needed) in (None, ""):
            raise bad_request(f"A value is required for property '{needed}' of resource 'User'.")
    try:
        user = create_user(asked.world, customer, **said_of_user(body, _NAMES))
    except RefusedError as error:
        raise bad_request(error.description) from error
    user.is_enabled = bool(body["accountEnabled"])
    return one("users", selected(asked, graph_user(customer, user), (*DEFAULT, "usageLocation")), status=201)


def patch_user(asked: Asked) -> Answer:
    """Change a user."""
    customer, body = customer_of(asked), asked.json()
    user = _user(asked, customer)
    before = graph_user(customer, user)
    for name, value in said_of_user(body, _NAMES).items():
        setattr(user, name, value)
    user.is_enabled = bool(body.get("accountEnabled", user.is_enabled))
    user.version += 1
    tell(asked.world, customer, "user", user.id, "update_user", before=before, after=graph_user(customer, user))
    return Answer(status=204)


def remove_user(asked: Asked) -> Answer:
    """Delete a user; for 30 days it can be brought back."""
    customer = customer_of(asked)
    delete_user(asked.world, customer, _user(asked, customer))
    return Answer(status=204)


def get_deleted_users(asked: Asked) -> Answer:
    """Answer the users that can be brought back."""
    customer = customer_of(asked)
    deleted = {user.id: _maker(customer, user) for user in customer.users.values() if not user.is_active}
    return page(asked, "directoryObjects", deleted, default=(*DEFAULT, "deletedDateTime"))


def _deleted(asked: Asked, customer: Customer) -> User:
    user = customer.users.get(asked.path["object_id"].lower())
    if user is None or user.is_active:
        raise not_found(asked.path["object_id"])
    return user


def get_deleted_user(asked: Asked) -> Answer:
    """Answer one deleted user."""
    customer = customer_of(asked)
    return one("directoryObjects", {**_typed(), **graph_user(customer, _deleted(asked, customer))})


def _typed() -> Json:
    return {"@odata.type": "#microsoft.graph.user"}


def restore(asked: Asked) -> Answer:
    """Bring a deleted user back."""
    customer = customer_of(asked)
    user = _deleted(asked, customer)
    try:
        restore_user(asked.world, customer, user)
    except RefusedError as error:
        raise bad_request(error.description) from error
    shown = selected(asked, graph_user(customer, user), DEFAULT)
    return one("directoryObjects", {**_typed(), **shown})


def assign_licence(asked: Asked) -> Answer:
    """Add and remove licences of a user, all of it or nothing."""
    customer, body = customer_of(asked), asked.json()
    user = _user(asked, customer)
    if body.get("addLicenses") is None or body.get("removeLicenses") is None:
        raise bad_request("Both addLicenses and removeLicenses must be provided.")
    try:
        additions = [
            (str(each.get("skuId") or ""), texts(each.get("disabledPlans"), "disabledPlans"))
            for each in things(body["addLicenses"], "addLicenses")
        ]
        change(asked, customer, user, additions, texts(body["removeLicenses"], "removeLicenses"))
    except RefusedError as error:
        raise bad_request(error.data[0].partition(" : ")[2] if error.data else error.description) from error
    return one("users", selected(asked, graph_user(customer, user), (*DEFAULT, "assignedLicenses")))


def get_licence_details(asked: Asked) -> Answer:
    """Answer the licences of a user."""
    customer = customer_of(asked)
    user = _user(asked, customer)
    details = {sku_id: {"id": f"{user.id}_{sku_id}", "skuId": sku_id} for sku_id in user.licences}
    return page(asked, f"users('{user.id}')/licenseDetails", details)


_ALL = "/v1.0/users"
_ONE = f"{_ALL}/{{user_id}}"
_DELETED = "/v1.0/directory/deletedItems"
CALLS: tuple[Call, ...] = (
    Call(method="GET", path=_ALL, handler=get_users, host=Host.GRAPH),
    Call(method="POST", path=_ALL, handler=post_user, host=Host.GRAPH),
    Call(method="GET", path=_ONE, handler=get_user, host=Host.GRAPH),
    Call(method="PATCH", path=_ONE, handler=patch_user, host=Host.GRAPH),
    Call(method="DELETE", path=_ONE, handler=remove_user, host=Host.GRAPH),
    Call(method="POST", path=f"{_ONE}/assignLicense", handler=assign_licence, host=Host.GRAPH),
    Call(method="GET", path=f"{_ONE}/licenseDetails", handler=get_licence_details, host=Host.GRAPH),
    Call(method="GET", path=f"{_DELETED}/microsoft.graph.user", handler=get_deleted_users, host=Host.GRAPH),
    Call(method="GET", path=f"{_DELETED}/{{object_id}}", handler=get_deleted_user, host=Host.GRAPH),
    Call(method="POST", path=f"{_DELETED}/{{object_id}}/restore", handler=restore, host=Host.GRAPH),
)
