"""A user as Graph shows it, and what ``$filter`` can ask of one.

Not here: calls (``calls.graph_users``).
"""

import re
from typing import Any

from local.partner_center.answers import RefusedError, instant
from local.partner_center.entities import Customer, Json, User

DEFAULT = (
    "businessPhones",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
    "id",
)
"""What Graph shows of a user when nothing is selected."""

_EQUALS = re.compile(r"^(\w+)\s+(eq|ne)\s+(?:'((?:[^']|'')*)'|(true|false))$", re.IGNORECASE)
_STARTS = re.compile(r"^startswith\(\s*(\w+)\s*,\s*'((?:[^']|'')*)'\s*\)$", re.IGNORECASE)
_COUNTED = re.compile(r"^assignedLicenses/\$count\s+(eq|ne)\s+0$", re.IGNORECASE)


def graph_user(customer: Customer, user: User) -> Json:
    """Return everything Graph knows of a user."""
    created = instant(customer.created_at)
    return {
        "businessPhones": [],
        "displayName": user.display_name,
        "givenName": user.first_name or None,
        "jobTitle": None,
        "mobilePhone": None,
        "officeLocation": None,
        "preferredLanguage": None,
        "surname": user.last_name or None,
        "mail": user.principal_name if user.licences else None,
        "mailNickname": user.principal_name.partition("@")[0],
        "userPrincipalName": user.principal_name,
        "id": user.id,
        "accountEnabled": user.is_enabled,
        "usageLocation": user.usage_location or None,
        "userType": "Member",
        "onPremisesImmutableId": user.immutable_id or None,
        "createdDateTime": created,
        "deletedDateTime": instant(user.deleted_at),
        "assignedLicenses": [
            {"disabledPlans": list(plans), "skuId": sku_id} for sku_id, plans in user.licences.items()
        ],
        "licenseAssignmentStates": [
            {"skuId": sku_id, "disabledPlans": list(plans), "state": "Active", "error": "None"}
            for sku_id, plans in user.licences.items()
        ],
    }


def passes(shown: Json, condition: str) -> bool:
    """Tell whether a user passes a ``$filter`` of comparisons joined by ``and``.

    Raises:
        RefusedError: the filter asks what is not understood here (400).
    """
    return all(_passes_one(shown, part.strip()) for part in re.split(r"\s+and\s+", condition) if part.strip())


def _passes_one(shown: Json, condition: str) -> bool:
    counted = _COUNTED.match(condition)
    if counted:
        return bool(shown["assignedLicenses"]) is (counted[1].lower() == "ne")
    starts = _STARTS.match(condition)
    if starts:
        return str(_value(shown, starts[1]) or "").casefold().startswith(starts[2].replace("''", "'").casefold())
    equals = _EQUALS.match(condition)
    if equals is None:
        text = f"Unsupported or invalid query filter clause specified: '{condition}'."
        raise RefusedError(400, "Request_UnsupportedQuery", text)
    wanted: Any = equals[4].lower() == "true" if equals[4] else equals[3].replace("''", "'").casefold()
    found = _value(shown, equals[1])
    same = (found.casefold() if isinstance(found, str) else found) == wanted
    return same is (equals[2].lower() == "eq")


def _value(shown: Json, name: str) -> Any:
    for key, value in shown.items():
        if key.lower() == name.lower():
            return value
    raise RefusedError(400, "Request_UnsupportedQuery", f"Invalid filter clause: no property {name}.")
