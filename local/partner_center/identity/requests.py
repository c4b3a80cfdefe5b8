"""What is asked of the token service: form fields, the tenant in the address, the API in ``scope`` or ``resource``.

Not here: whether it is granted (``grants``).
"""

from base64 import b64decode
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote_plus

from local.partner_center.answers import Asked
from local.partner_center.entities import Customer
from local.partner_center.identity.issuing import resource
from local.partner_center.identity.refused import SignInError
from local.partner_center.world import World

ANY_TENANT = frozenset({"common", "organizations"})
ABOUT_USER = frozenset({"openid", "profile", "offline_access", "email"})
_GRAPH = "https://graph.microsoft.com"


def form(asked: Asked) -> dict[str, str]:
    """Return the form's fields, the query's below them, and the application out of the Authorization header."""
    query = {name: values[0] for name, values in asked.query.items()}
    fields = query | dict(parse_qsl(asked.raw.decode("utf-8", "replace"), keep_blank_values=True))
    scheme, _, text = asked.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        name, _, secret = b64decode(text).decode().partition(":")
        fields |= {"client_id": unquote_plus(name), "client_secret": unquote_plus(secret)}
    return fields


def required(fields: Mapping[str, str], name: str) -> str:
    """Return a field.

    Raises:
        SignInError: it is not there.
    """
    if not fields.get(name):
        raise SignInError(900144, name)
    return fields[name]


def tenant_of(asked: Asked) -> str:
    """Return the id of the tenant in the address; any tenant means the partner's, where everybody signs in.

    Raises:
        SignInError: there is no such tenant.
    """
    name = asked.path["tenant"].lower()
    partner = asked.world.partner
    if name in ANY_TENANT or name in {partner.tenant_id, partner.admin_name.partition("@")[2]}:
        return partner.tenant_id
    found = customer_of(asked.world, name)
    if found is None:
        raise SignInError(90002, asked.path["tenant"])
    return found.id


def customer_of(world: World, name: str) -> Customer | None:
    """Return the customer with that tenant id or default domain."""
    if name in world.customers:
        return world.customers[name]
    if "." not in name:
        return None
    return next((each for each in world.customers.values() if each.domain.lower() == name), None)


def audience_of(fields: Mapping[str, str], tenant_id: str) -> str:
    """Return the API that a token is asked for.

    Raises:
        SignInError: there is none of that name, or several are named at once.
    """
    if fields.get("resource"):
        return _known(fields["resource"], tenant_id)
    named = [_split(scope)[0] for scope in scopes(fields) if scope.lower() not in ABOUT_USER]
    if len(set(named)) > 1:
        raise SignInError(28000)
    return _known(named[0], tenant_id) if named else _GRAPH


def scopes(fields: Mapping[str, str]) -> list[str]:
    """Return the scopes that are asked for, one by one."""
    return fields.get("scope", "").split()


def _known(name: str, tenant_id: str) -> str:
    audience = resource(name)
    if audience is None:
        raise SignInError(500011, name, tenant_id)
    return audience


def _split(scope: str) -> tuple[str, str]:
    """Return API and permission; a permission alone is Graph's."""
    api, slash, permission = scope.rpartition("/")
    return (api.rstrip("/"), permission) if slash else (_GRAPH, scope)
