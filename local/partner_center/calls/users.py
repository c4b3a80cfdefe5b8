"""The users of a customer's tenant as Partner Center shows them: list, create, change, delete, restore, passwords.

Not here: licences (``user_licences``), roles (``directory_roles``), the same users by Graph (``graph_users``).
"""

from collections.abc import Callable

from local.partner_center.answers import Answer, Asked, Call, RefusedError, collection, instant, link
from local.partner_center.customers_making import (
    create_user,
    delete_user,
    etag_of,
    find_user,
    may_manage,
    restore_user,
    said_of_user,
    tell,
)
from local.partner_center.entities import Customer, Json, User
from local.partner_center.paging import Filter, cut, filter_of, next_link, seek_of

_SORTS: dict[str, Callable[[User], str]] = {
    "": lambda user: user.id,
    "displayname": lambda user: f"{user.display_name.casefold()}\0{user.id}",
    "userprincipalname": lambda user: f"{user.principal_name.casefold()}\0{user.id}",
    "usagelocation": lambda user: f"{user.usage_location}\0{user.id}",
}


def managed_customer(asked: Asked) -> Customer:
    """Return the customer of the route, into whose tenant the partner may go.

    Raises:
        RefusedError: there is none (404), it is not ours any more, or no delegated rights exist (403).
    """
    customer = asked.customer()
    if not may_manage(asked.world, customer):
        raise RefusedError(403, 900308, "The signed-in user has no delegated role in the customer's tenant.")
    return customer


def user_of(asked: Asked, customer: Customer, *, deleted: bool = False) -> User:
    """Return the user of the route; a deleted one only where *deleted* allows it.

    Raises:
        RefusedError: there is none (404).
    """
    user = find_user(customer, asked.path["user_id"])
    if user is None or not (user.is_active or deleted):
        raise RefusedError(404, 60002, "User object ID is not found.")
    return user


def user_json(customer: Customer, user: User) -> Json:
    """Return a user as JSON."""
    return {
        "usageLocation": user.usage_location or None,
        "id": user.id,
        "userPrincipalName": user.principal_name,
        "firstName": user.first_name or None,
        "lastName": user.last_name or None,
        "displayName": user.display_name,
        "immutableId": user.immutable_id or None,
        "userDomainType": "none",
        "state": "active" if user.is_active else "inactive",
        "softDeletionTime": instant(user.deleted_at),
        "links": {"self": link(f"/customers/{customer.id}/users/{user.id}")},
        "attributes": {"etag": etag_of(user.id, user.version), "objectType": "CustomerUser"},
    }


def get_users(asked: Asked) -> Answer:
    """Answer a page of the users, of the deleted ones where the filter asks for inactive users."""
    customer = managed_customer(asked)
    seek = seek_of(asked, size_default=100, size_max=500)
    wanted = filter_of(seek.filter, ("UserState", "UserStatus", "DisplayName", "UserPrincipalName"))
    field, _, direction = seek.sort.partition(" ")
    key_of = _SORTS.get(field.lower(), _SORTS[""])
    matching = {key_of(user): user for user in customer.users.values() if _is_wanted(user, wanted)}
    own = f"/customers/{customer.id}/users"
    keys = sorted(matching)
    if direction.lower().startswith("desc"):
        return Answer(json=collection([user_json(customer, matching[key]) for key in reversed(keys)], own))
    page, has_more = cut(keys, seek)
    following = next_link(own, page, seek) if has_more and page else None
    return Answer(json=collection([user_json(customer, matching[key]) for key in page], own, following=following))


def _is_wanted(user: User, wanted: Filter | None) -> bool:
    if wanted is None:
        return user.is_active
    if wanted.field.startswith("userstat"):
        return wanted.matches("active" if user.is_active else "inactive")
    return user.is_active and wanted.matches(
        user.display_name if wanted.field == "displayname" else user.principal_name
    )


_NAMES = {
    "usageLocation": "usage_location",
    "firstName": "first_name",
    "lastName": "last_name",
    "displayName": "display_name",
    "immutableId": "immutable_id",
    "userPrincipalName": "principal_name",
}


def post_user(asked: Asked) -> Answer:
    """Create a user; the password comes back this once."""
    customer, body = managed_customer(asked), asked.json()
    for needed in ("userPrincipalName", "displayName"):
        if not str(body.get(needed) or "").strip():
            raise RefusedError(400, 3000, f"Invalid property: {needed} is missing.")
    password = _password(body)
    user = create_user(asked.world, customer, **said_of_user(body, _NAMES))
    shown = user_json(customer, user) | {"passwordProfile": password}
    return Answer(json=shown)


def _password(body: Json) -> Json:
    profile = body.get("passwordProfile")
    password = str(profile.get("password") or "") if isinstance(profile, dict) else ""
    if len(password) < 8:
        raise RefusedError(400, 3000, "Invalid property: passwordProfile.password.")
    force = bool(profile.get("forceChangePassword", True)) if isinstance(profile, dict) else True
    return {"forceChangePassword": force, "password": password}


def get_user(asked: Asked) -> Answer:
    """Answer one user."""
    customer = managed_customer(asked)
    return Answer(json=user_json(customer, user_of(asked, customer)))


def patch_user(asked: Asked) -> Answer:
    """Change a user, or bring a deleted one back with ``state`` active."""
    customer, body = managed_customer(asked), asked.json()
    user = user_of(asked, customer, deleted=True)
    _refuse_stale(asked, user)
    if not user.is_active:
        if str(body.get("state") or "").lower() != "active":
            raise RefusedError(404, 60002, "User object ID is not found.")
        restore_user(asked.world, customer, user)
    before = user_json(customer, user)
    given = {name: value for name, value in body.items() if value is not None}
    for name, value in said_of_user(given, _NAMES).items():
        setattr(user, name, value)
    user.version += 1
    after = user_json(customer, user)
    tell(asked.world, customer, "user", user.id, "update_user", before=before, after=after)
    if body.get("passwordProfile") is not None:
        after["passwordProfile"] = _password(body)
    return Answer(json=after)


def _refuse_stale(asked: Asked, user: User) -> None:
    sent = asked.headers.get("if-match", "").removeprefix("W/").strip('"')
    if sent and sent != etag_of(user.id, user.version):
        raise RefusedError(400, 2055, "Etag is no longer valid.")


def remove_user(asked: Asked) -> Answer:
    """Delete a user; for 30 days it can be brought back."""
    customer = managed_customer(asked)
    delete_user(asked.world, customer, user_of(asked, customer))
    return Answer(status=204)


def patch_password(asked: Asked) -> Answer:
    """Set a user's password."""
    customer = managed_customer(asked)
    user, password = user_of(asked, customer), _password(asked.json())
    tell(asked.world, customer, "user", user.id, "reset_user_password")
    return Answer(json=user_json(customer, user) | {"passwordProfile": password})


_ALL = "/v1/customers/{customer_id}/users"
_ONE = f"{_ALL}/{{user_id}}"
CALLS: tuple[Call, ...] = (
    Call(method="GET", path=_ALL, handler=get_users, needs_user=True),
    Call(method="POST", path=_ALL, handler=post_user, needs_user=True, is_repeatable=True),
    Call(method="GET", path=_ONE, handler=get_user, needs_user=True),
    Call(method="PATCH", path=_ONE, handler=patch_user, needs_user=True),
    Call(method="DELETE", path=_ONE, handler=remove_user, needs_user=True),
    Call(method="PATCH", path=f"{_ONE}/resetpassword", handler=patch_password, needs_user=True),
)
