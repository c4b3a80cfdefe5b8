"""Who is signed in, by Graph: the administrator, the groups and roles that open Partner Center, the organisation.

Not here: users of tenants (``graph_users``).
"""

from local.partner_center.answers import Answer, Asked, Call, Handler, Host, RefusedError
from local.partner_center.directory import PARTNER_GROUPS, ROLES, object_id
from local.partner_center.entities import Json
from local.partner_center.graph_answers import not_found, one, page, selected, tenant_of


def administrator(asked: Asked) -> Json:
    """Return the administrator who consented, as Graph shows a user."""
    partner = asked.world.partner
    name = partner.admin_name.partition("@")[0].replace(".", " ").title()
    return {
        "businessPhones": [],
        "displayName": name,
        "givenName": name.split()[0],
        "surname": name.split()[-1],
        "mail": partner.admin_name,
        "userPrincipalName": partner.admin_name,
        "id": partner.admin_id,
        "accountEnabled": True,
        "userType": "Member",
        "usageLocation": partner.country,
        "assignedLicenses": [],
    }


def _of_user(asked: Asked) -> None:
    if asked.caller.is_app_only:
        raise RefusedError(400, "BadRequest", "/me request is only valid with delegated authentication flow.")


def get_me(asked: Asked) -> Answer:
    """Answer who is signed in."""
    _of_user(asked)
    return one("users", selected(asked, administrator(asked)))


def get_memberships(asked: Asked) -> Answer:
    """Answer the groups and roles of who is signed in."""
    _of_user(asked)
    return page(asked, "directoryObjects", _memberships(asked))


def get_group_memberships(asked: Asked) -> Answer:
    """Answer the groups of who is signed in."""
    _of_user(asked)
    found = _memberships(asked)
    return page(asked, "groups", {key: each for key, each in found.items() if key.startswith("g")})


def get_role_memberships(asked: Asked) -> Answer:
    """Answer the directory roles of who is signed in."""
    _of_user(asked)
    found = _memberships(asked)
    return page(asked, "directoryRoles", {key: each for key, each in found.items() if key.startswith("r")})


def _memberships(asked: Asked) -> dict[str, Json]:
    names = [] if tenant_of(asked) else list(asked.world.partner.roles)
    groups = {f"g{name}": group_json(name) for name in names if _role_named(name) is None}
    return groups | {f"r{name}": _role_json(name) for name in names if _role_named(name) is not None}


def group_json(name: str) -> Json:
    """Return a security group of the partner's tenant as JSON."""
    return {
        "@odata.type": "#microsoft.graph.group",
        "id": object_id(name),
        "displayName": name,
        "description": f"{name} of the partner",
        "mailEnabled": False,
        "mailNickname": name,
        "securityEnabled": True,
        "groupTypes": [],
    }


def _role_named(name: str) -> str | None:
    wanted = name.replace(" ", "").lower()
    return next((key for key, role in ROLES.items() if role.replace(" ", "").lower().startswith(wanted)), None)


def _role_json(name: str) -> Json:
    template_id = _role_named(name) or ""
    return {
        "@odata.type": "#microsoft.graph.directoryRole",
        "id": object_id(template_id),
        "displayName": ROLES[template_id],
        "description": ROLES[template_id],
        "roleTemplateId": template_id,
    }


def get_groups(asked: Asked) -> Answer:
    """Answer the security groups of the tenant: a partner's, or none."""
    return page(asked, "groups", {} if tenant_of(asked) else {name: group_json(name) for name in PARTNER_GROUPS})


def get_group(asked: Asked) -> Answer:
    """Answer one group."""
    for name in () if tenant_of(asked) else PARTNER_GROUPS:
        if group_json(name)["id"] == asked.path["group_id"].lower():
            return one("groups", group_json(name))
    raise not_found(asked.path["group_id"])


def get_organization(asked: Asked) -> Answer:
    """Answer the tenant itself."""
    customer = tenant_of(asked)
    partner = asked.world.partner
    tenant_id, name = (customer.id, customer.name) if customer else (partner.tenant_id, partner.name)
    domains = customer.custom_domains if customer else [partner.admin_name.partition("@")[2]]
    told = {
        "id": tenant_id,
        "displayName": name,
        "countryLetterCode": customer.country if customer else partner.country,
        "technicalNotificationMails": [customer.email if customer else partner.admin_name],
        "verifiedDomains": [
            {"name": each, "isDefault": index == 0, "isInitial": index == 0, "type": "Managed", "capabilities": "Email"}
            for index, each in enumerate(domains)
        ],
    }
    return page(asked, "organization", {tenant_id: told})


_ME = "/v1.0/me"
_ALL = f"{_ME}/transitiveMemberOf"


def _get(path: str, handler: Handler) -> Call:
    return Call(method="GET", path=path, handler=handler, host=Host.GRAPH)


CALLS: tuple[Call, ...] = (
    _get(_ME, get_me),
    _get(_ALL, get_memberships),
    _get(f"{_ME}/memberOf", get_memberships),
    _get(f"{_ALL}/microsoft.graph.group", get_group_memberships),
    _get(f"{_ALL}/graph.group", get_group_memberships),
    _get(f"{_ME}/memberOf/microsoft.graph.group", get_group_memberships),
    _get(f"{_ALL}/microsoft.graph.directoryRole", get_role_memberships),
    _get(f"{_ALL}/graph.directoryRole", get_role_memberships),
    _get(f"{_ME}/memberOf/microsoft.graph.directoryRole", get_role_memberships),
    _get("/v1.0/groups", get_groups),
    _get("/v1.0/groups/{group_id}", get_group),
    _get("/v1.0/organization", get_organization),
)
