"""Directory roles of a customer's tenant and who has them.

Not here: the partner's own roles (``graph_me``).
"""

from local.partner_center.answers import Answer, Asked, Call, RefusedError
from local.partner_center.calls.users import managed_customer, user_of
from local.partner_center.customers_making import find_user, tell
from local.partner_center.directory import ROLES
from local.partner_center.entities import Json, User


def _collection(items: list[Json]) -> Answer:
    return Answer(json={"totalCount": len(items), "items": items, "attributes": {"objectType": "Collection"}})


def _role(role_id: str) -> Json:
    return {"name": ROLES[role_id], "id": role_id, "attributes": {"objectType": "DirectoryRole"}}


def _member(user: User, role_id: str) -> Json:
    return {
        "displayName": user.display_name,
        "userPrincipalName": user.principal_name,
        "roleId": role_id,
        "id": user.id,
        "attributes": {"objectType": "UserMember"},
    }


def _role_id(asked: Asked) -> str:
    role_id = asked.path["role_id"].lower()
    if role_id not in ROLES:
        raise RefusedError(404, 1000, f"The directory role {role_id} was not found.")
    return role_id


def get_roles(asked: Asked) -> Answer:
    """Answer the roles of the tenant."""
    managed_customer(asked)
    return _collection([_role(role_id) for role_id in ROLES])


def get_user_roles(asked: Asked) -> Answer:
    """Answer the roles of one user."""
    user = user_of(asked, managed_customer(asked))
    return _collection([_role(role_id) for role_id in ROLES if role_id in user.roles])


def get_members(asked: Asked) -> Answer:
    """Answer who has a role."""
    customer, role_id = managed_customer(asked), _role_id(asked)
    users = [user for user in customer.users.values() if user.is_active and role_id in user.roles]
    return _collection([_member(user, role_id) for user in users])


def post_member(asked: Asked) -> Answer:
    """Give a user a role."""
    customer, role_id, body = managed_customer(asked), _role_id(asked), asked.json()
    user = find_user(customer, str(body.get("id") or body.get("userPrincipalName") or ""))
    if user is None or not user.is_active:
        raise RefusedError(404, 60002, "User object ID is not found.")
    user.roles.add(role_id)
    tell(asked.world, customer, "user", user.id, "add_user_member", after={"RoleId": role_id})
    return Answer(status=201, json=_member(user, role_id))


def remove_member(asked: Asked) -> Answer:
    """Take a role from a user."""
    customer, role_id = managed_customer(asked), _role_id(asked)
    user = user_of(asked, customer)
    if role_id not in user.roles:
        raise RefusedError(404, 1000, f"The user {user.id} does not have the role {role_id}.")
    user.roles.discard(role_id)
    tell(asked.world, customer, "user", user.id, "remove_user_member", before={"RoleId": role_id})
    return Answer(status=204)


_ONE = "/v1/customers/{customer_id}"
_ROLE = f"{_ONE}/directoryroles/{{role_id}}/usermembers"
CALLS: tuple[Call, ...] = (
    Call(method="GET", path=f"{_ONE}/directoryroles", handler=get_roles, needs_user=True),
    Call(method="GET", path=f"{_ONE}/users/{{user_id}}/directoryroles", handler=get_user_roles, needs_user=True),
    Call(method="GET", path=_ROLE, handler=get_members, needs_user=True),
    Call(method="POST", path=_ROLE, handler=post_member, needs_user=True),
    Call(method="DELETE", path=f"{_ROLE}/{{user_id}}", handler=remove_member, needs_user=True),
)
