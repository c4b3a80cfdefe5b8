"""Graph's manners: collections with next links, ``$select``, refusals, and whose tenant a call is about.

Not here: resources (``calls.graph_*``).
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import quote

from local.partner_center.answers import Answer, Asked, RefusedError
from local.partner_center.customers_making import may_manage
from local.partner_center.entities import Customer, Json

_PUBLISHED = "https://graph.microsoft.com/v1.0/$metadata#"


def not_found(what: str) -> RefusedError:
    """Return the refusal of something that is not there."""
    text = f"Resource '{what}' does not exist or one of its queried reference-property objects are not present."
    return RefusedError(404, "Request_ResourceNotFound", text)


def bad_request(text: str) -> RefusedError:
    """Return the refusal of a request that makes no sense."""
    return RefusedError(400, "Request_BadRequest", text)


def tenant_of(asked: Asked) -> Customer | None:
    """Return the customer whose tenant the token is for, None for the partner's own.

    Raises:
        RefusedError: the partner may not go into that tenant (403).
    """
    if asked.caller.tenant_id == asked.world.partner.tenant_id:
        return None
    customer = asked.world.customers.get(asked.caller.tenant_id)
    if customer is None or customer.relationship == "none" or not may_manage(asked.world, customer):
        raise RefusedError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    return customer


def customer_of(asked: Asked) -> Customer:
    """Return the customer whose tenant the token is for.

    Raises:
        RefusedError: it is the partner's own tenant, or closed to the partner (403).
    """
    customer = tenant_of(asked)
    if customer is None:
        raise RefusedError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    return customer


def one(context: str, item: Json, *, status: int = 200) -> Answer:
    """Answer one entity."""
    return Answer(status=status, json={"@odata.context": f"{_PUBLISHED}{context}/$entity", **item})


def page(
    asked: Asked,
    context: str,
    items: Mapping[str, Json] | Mapping[str, Callable[[], Json]],
    *,
    default: tuple[str, ...] = (),
    top_default: int = 100,
    top_max: int = 999,
) -> Answer:
    """Answer a page of *items* in order of their keys; values may be made when they are needed.

    Raises:
        RefusedError: ``$top``, ``$skip`` or ``$skiptoken`` are none (400).
    """
    top = _top(asked, top_default, top_max)
    keys = sorted(items)
    token = asked.first("$skiptoken")
    start = bisect_right(keys, _read(token)) if token else _skipped(asked)
    cut = keys[start : start + top]
    body: Json = {"@odata.context": f"{_PUBLISHED}{context}"}
    if asked.first("$count").lower() == "true":
        body["@odata.count"] = len(keys)
    if start + top < len(keys):
        body["@odata.nextLink"] = _next(asked, cut[-1])
    body["value"] = [selected(asked, _made(items[key]), default) for key in cut]
    return Answer(json=body)


def _made(item: Json | Callable[[], Json]) -> Json:
    return item() if callable(item) else item


def _top(asked: Asked, default: int, maximum: int) -> int:
    sent = asked.first("$top", str(default))
    if not sent.isdecimal() or int(sent) < 1:
        raise bad_request(f"Invalid page size specified: '{sent}'. Must be between 1 and {maximum} inclusive.")
    return min(int(sent), maximum)


def _skipped(asked: Asked) -> int:
    sent = asked.first("$skip") or "0"
    if not sent.isdecimal():
        raise bad_request(f"Invalid value '{sent}' for $skip query option.")
    return int(sent)


def _read(token: str) -> str:
    try:
        return urlsafe_b64decode(token.encode()).decode()
    except ValueError as error:
        raise RefusedError(400, "Directory_ExpiredPageToken", "The page token is not valid.") from error


def _next(asked: Asked, last: str) -> str:
    kept = {name: values[0] for name, values in asked.query.items() if name not in {"$skiptoken", "$skip"}}
    kept["$skiptoken"] = urlsafe_b64encode(last.encode()).decode()
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in kept.items())
    return f"{asked.base_url}{asked.url_path}?{query}"


def selected(asked: Asked, item: Json, default: Sequence[str] = ()) -> Json:
    """Return the properties that ``$select`` names, *default* where it names none, all where that is empty too."""
    names = [name.strip() for name in asked.first("$select").split(",") if name.strip()] or list(default)
    if not names:
        return item
    wanted = {name.lower() for name in names}
    return {key: value for key, value in item.items() if key.lower() in wanted or key.startswith("@odata")}
