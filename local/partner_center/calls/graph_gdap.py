"""Delegated administration by Graph: relationships, requests, assignments, operations, and the customers they open.

The customer's part is ``POST /simulator/gdap/{id}/approve`` (``?customer=`` names who, where anybody may accept).

Not here: what the states do (``delegation``).
"""

import re
from base64 import b64encode

from local.partner_center import delegation
from local.partner_center.answers import Answer, Asked, Call, Handler, Host, RefusedError, instant
from local.partner_center.delegation import Assignment, Relationship
from local.partner_center.entities import Json
from local.partner_center.graph_answers import bad_request, not_found, one, page, selected

_CONTEXT = "tenantRelationships/delegatedAdminRelationships"
_AND = re.compile(r"\s+and\s+", re.IGNORECASE)
_COMPARED = re.compile(r"^([\w/]+)\s+(eq|ne)\s+'((?:[^']|'')*)'$", re.IGNORECASE)


def _etag(version: int) -> str:
    return f'W/"{b64encode(f"version-{version:08d}".encode()).decode()}"'


def _roles(roles: list[str]) -> Json:
    return {"unifiedRoles": [{"roleDefinitionId": each} for each in roles]}


def _relationship_json(relationship: Relationship) -> Json:
    customer = {"tenantId": relationship.customer_id, "displayName": relationship.customer_name}
    return {
        "@odata.type": "#microsoft.graph.delegatedAdminRelationship",
        "@odata.etag": _etag(relationship.version),
        "id": relationship.id,
        "displayName": relationship.name,
        "duration": relationship.duration,
        "autoExtendDuration": relationship.extension,
        "customer": customer if relationship.customer_id else None,
        "accessDetails": _roles(relationship.roles),
        "status": relationship.status,
        "createdDateTime": instant(relationship.created_at),
        "lastModifiedDateTime": instant(relationship.modified_at),
        "activatedDateTime": instant(relationship.activated_at),
        "endDateTime": instant(relationship.ends_at),
    }


def _assignment_json(assignment: Assignment) -> Json:
    return {
        "@odata.type": "#microsoft.graph.delegatedAdminAccessAssignment",
        "@odata.etag": _etag(assignment.version),
        "id": assignment.id,
        "status": assignment.status,
        "createdDateTime": instant(assignment.created_at),
        "lastModifiedDateTime": instant(assignment.modified_at),
        "accessContainer": {"accessContainerId": assignment.group_id, "accessContainerType": "securityGroup"},
        "accessDetails": _roles(assignment.roles),
    }


def _partner_only(asked: Asked) -> None:
    if asked.caller.tenant_id != asked.world.partner.tenant_id:
        raise RefusedError(403, "Forbidden", "Only the partner's own tenant has relationships.")


def _relationship(asked: Asked) -> Relationship:
    _partner_only(asked)
    return _any_relationship(asked)


def _any_relationship(asked: Asked) -> Relationship:
    found = delegation.relationships(asked.world).get(asked.path["relationship_id"].lower())
    if found is None:
        raise not_found(asked.path["relationship_id"])
    if asked.method == "GET":
        delegation.look(asked.world, found)
    return found


def _roles_of(body: Json) -> list[str]:
    details = body.get("accessDetails")
    listed = details.get("unifiedRoles") if isinstance(details, dict) else None
    named = listed if isinstance(listed, list) else []
    roles = [str(each.get("roleDefinitionId") or "") if isinstance(each, dict) else "" for each in named]
    if not roles or not all(roles):
        raise bad_request("accessDetails must name at least one role.")
    return roles


def get_relationships(asked: Asked) -> Answer:
    """Answer the relationships."""
    _partner_only(asked)
    for each in delegation.relationships(asked.world).values():
        delegation.look(asked.world, each)
    conditions = [part for part in _AND.split(asked.first("$filter").strip()) if part]
    items = {
        each.id: _relationship_json(each)
        for each in delegation.relationships(asked.world).values()
        if all(_passes(each, condition) for condition in conditions)
    }
    return page(asked, _CONTEXT, items, top_default=300, top_max=300)


def _passes(relationship: Relationship, condition: str) -> bool:
    known = {
        "id": relationship.id,
        "status": relationship.status,
        "customer/tenantid": relationship.customer_id,
        "customer/displayname": relationship.customer_name,
        "displayname": relationship.name,
    }
    asked = _COMPARED.match(condition)
    if asked is None or asked[1].lower() not in known:
        raise RefusedError(400, "Request_UnsupportedQuery", f"Unsupported or invalid query filter clause: {condition}.")
    same = known[asked[1].lower()].casefold() == asked[3].replace("''", "'").casefold()
    return same is (asked[2].lower() == "eq")


def post_relationship(asked: Asked) -> Answer:
    """Begin a relationship."""
    _partner_only(asked)
    body = asked.json()
    name, duration = str(body.get("displayName") or ""), str(body.get("duration") or "")
    length = delegation.span_of(duration)
    if not name or length is None or not length or length > delegation.LONGEST:
        raise bad_request("displayName and a duration between P1D and P730D are needed.")
    extension = str(body.get("autoExtendDuration") or "PT0S")
    if extension not in {"PT0S", "P0D", "P180D"}:
        raise bad_request("autoExtendDuration must be PT0S, P0D or P180D.")
    customer = body.get("customer")
    customer_id = str(customer.get("tenantId") or "").lower() if isinstance(customer, dict) else ""
    taken = {each.name.casefold() for each in delegation.relationships(asked.world).values()}
    if name.casefold() in taken:
        raise RefusedError(409, "conflict", f"There is a relationship called {name} already.")
    made = delegation.create(
        asked.world, name=name, duration=duration, roles=_roles_of(body), customer_id=customer_id, extension=extension
    )
    return one(_CONTEXT, _relationship_json(made), status=201)


def get_relationship(asked: Asked) -> Answer:
    """Answer one relationship."""
    return one(_CONTEXT, selected(asked, _relationship_json(_relationship(asked))))


def _check_etag(asked: Asked, version: int) -> None:
    sent = asked.headers.get("if-match", "")
    if sent != "*" and sent != _etag(version):
        raise RefusedError(412, "PreconditionFailed", "The ETag in If-Match is missing or is not the present one.")


def patch_relationship(asked: Asked) -> Answer:
    """Change a relationship that nobody has seen yet, or how an active one is extended."""
    relationship, body = _relationship(asked), asked.json()
    _check_etag(asked, relationship.version)
    if relationship.status not in {"created", "active"}:
        raise RefusedError(409, "conflict", f"A relationship that is {relationship.status} cannot be changed.")
    relationship.extension = str(body.get("autoExtendDuration") or relationship.extension)
    if relationship.status == "created":
        relationship.name = str(body.get("displayName") or relationship.name)
        relationship.duration = str(body.get("duration") or relationship.duration)
        relationship.roles = _roles_of(body) if body.get("accessDetails") else relationship.roles
    relationship.version += 1
    relationship.modified_at = asked.now
    return one(_CONTEXT, _relationship_json(relationship))


def remove_relationship(asked: Asked) -> Answer:
    """Delete a relationship that nobody has seen yet."""
    relationship = _relationship(asked)
    _check_etag(asked, relationship.version)
    if relationship.status != "created":
        raise RefusedError(409, "conflict", f"A relationship that is {relationship.status} cannot be deleted.")
    del delegation.relationships(asked.world)[relationship.id]
    return Answer(status=204)


def _step_json(kind: str, action: str, step: Json) -> Json:
    """Return a request or an operation; *action* names what it says that it does."""
    at = instant(step["at"])
    shown = {key: step[key] for key in ("id", action, "status")}
    said = {"@odata.type": f"#microsoft.graph.delegatedAdminRelationship{kind}", **shown}
    return {**said, "createdDateTime": at, "lastModifiedDateTime": at}


def _page_of(asked: Asked, relationship: Relationship, part: str, items: list[Json]) -> Answer:
    return page(asked, f"{_CONTEXT}('{relationship.id}')/{part}", {each["id"]: each for each in items})


def _one_of(relationship: Relationship, part: str, items: list[Json], wanted: str) -> Answer:
    for each in items:
        if each["id"] == wanted.lower():
            return one(f"{_CONTEXT}('{relationship.id}')/{part}", each)
    raise not_found(wanted)


def _request_json(request: Json) -> Json:
    return _step_json("Request", "action", request)


def get_requests(asked: Asked) -> Answer:
    """Answer what was asked of a relationship."""
    relationship = _relationship(asked)
    return _page_of(asked, relationship, "requests", [_request_json(each) for each in relationship.requests])


def get_request(asked: Asked) -> Answer:
    """Answer one request."""
    relationship = _relationship(asked)
    items = [_request_json(each) for each in relationship.requests]
    return _one_of(relationship, "requests", items, asked.path["request_id"])


def post_request(asked: Asked) -> Answer:
    """Lock a relationship for the customer's approval, or end it; the customer's own tenant approves or rejects."""
    relationship, action = _any_relationship(asked), str(asked.json().get("action") or "")
    is_customer = asked.caller.tenant_id == relationship.customer_id
    if not is_customer:
        _partner_only(asked)
    if action not in {"lockForApproval", "terminate", "approve", "reject"}:
        raise bad_request(f"The action '{action}' is not known.")
    if is_customer is not (action in {"approve", "reject"}):
        raise RefusedError(403, "Forbidden", f"Only the {'partner' if is_customer else 'customer'} can {action}.")
    made = delegation.request(asked.world, relationship, action)
    if made is None:
        raise RefusedError(409, "conflict", f"A relationship that is {relationship.status} cannot {action}.")
    return one(f"{_CONTEXT}('{relationship.id}')/requests", _request_json(made), status=201)


def be_customer(asked: Asked) -> Answer:
    """Be the customer who approves."""
    found = delegation.relationships(asked.world).get(asked.path["relationship_id"].lower())
    if found is None or found.status != "approvalPending":
        raise RefusedError(409, "conflict", "There is no relationship with that id that waits for approval.")
    delegation.approve(asked.world, found, asked.first("customer").lower())
    return Answer(json=_relationship_json(found))


def _assignment(asked: Asked, relationship: Relationship) -> Assignment:
    found = relationship.assignments.get(asked.path["assignment_id"].lower())
    if found is None:
        raise not_found(asked.path["assignment_id"])
    return found


def get_assignments(asked: Asked) -> Answer:
    """Answer which groups have which roles."""
    relationship = _relationship(asked)
    items = {each.id: _assignment_json(each) for each in relationship.assignments.values()}
    return page(asked, f"{_CONTEXT}('{relationship.id}')/accessAssignments", items)


def get_assignment(asked: Asked) -> Answer:
    """Answer one assignment."""
    relationship = _relationship(asked)
    context = f"{_CONTEXT}('{relationship.id}')/accessAssignments"
    return one(context, _assignment_json(_assignment(asked, relationship)))


def post_assignment(asked: Asked) -> Answer:
    """Give roles of an active relationship to a group."""
    relationship, body = _relationship(asked), asked.json()
    container = body.get("accessContainer")
    group_id = str(container.get("accessContainerId") or "") if isinstance(container, dict) else ""
    roles = _roles_of(body)
    if not group_id:
        raise bad_request("accessContainer must name a security group.")
    if relationship.status != "active":
        raise RefusedError(409, "conflict", f"A relationship that is {relationship.status} takes no assignments.")
    if not set(roles) <= set(relationship.roles):
        raise bad_request("An assignment cannot have roles that the relationship lacks.")
    if any(each.group_id == group_id and each.status != "deleted" for each in relationship.assignments.values()):
        raise RefusedError(409, "conflict", "The group has an assignment already.")
    made = delegation.assign_roles(asked.world, relationship, group_id, roles)
    return one(f"{_CONTEXT}('{relationship.id}')/accessAssignments", _assignment_json(made), status=201)


def patch_assignment(asked: Asked) -> Answer:
    """Change an assignment's roles; an operation tells when it is done."""
    relationship = _relationship(asked)
    assignment = _assignment(asked, relationship)
    _check_etag(asked, assignment.version)
    operation = delegation.change_assignment(asked.world, relationship, assignment, _roles_of(asked.json()))
    return _begun(asked, relationship, operation)


def remove_assignment(asked: Asked) -> Answer:
    """Delete an assignment; an operation tells when it is done."""
    relationship = _relationship(asked)
    assignment = _assignment(asked, relationship)
    _check_etag(asked, assignment.version)
    return _begun(asked, relationship, delegation.change_assignment(asked.world, relationship, assignment, None))


def _begun(asked: Asked, relationship: Relationship, operation: Json) -> Answer:
    address = f"{asked.base_url}/v1.0/{_CONTEXT}/{relationship.id}/operations/{operation['id']}"
    return Answer(status=202, headers={"Location": address, "Retry-After": "5"})


def _operation_json(operation: Json) -> Json:
    return {**_step_json("Operation", "operationType", operation), "data": "{}"}


def get_operations(asked: Asked) -> Answer:
    """Answer what is under way."""
    relationship = _relationship(asked)
    return _page_of(asked, relationship, "operations", [_operation_json(each) for each in relationship.operations])


def get_operation(asked: Asked) -> Answer:
    """Answer how far one operation is."""
    relationship = _relationship(asked)
    items = [_operation_json(each) for each in relationship.operations]
    return _one_of(relationship, "operations", items, asked.path["operation_id"])


def get_customers(asked: Asked) -> Answer:
    """Answer the customers with an active relationship."""
    _partner_only(asked)
    return page(asked, "tenantRelationships/delegatedAdminCustomers", _customers(asked), top_default=300, top_max=300)


def _customers(asked: Asked) -> dict[str, Json]:
    return {
        each.customer_id: {
            "id": each.customer_id,
            "tenantId": each.customer_id,
            "displayName": each.customer_name,
        }
        for each in delegation.relationships(asked.world).values()
        if each.status in {"active", "expiring"} and each.customer_id
    }


def get_customer(asked: Asked) -> Answer:
    """Answer one customer with an active relationship."""
    _partner_only(asked)
    found = _customers(asked).get(asked.path["customer"].lower())
    if found is None:
        raise not_found(asked.path["customer"])
    return one("tenantRelationships/delegatedAdminCustomers", found)


_ALL = f"/v1.0/{_CONTEXT}"
_ONE = f"{_ALL}/{{relationship_id}}"
_CUSTOMERS = "/v1.0/tenantRelationships/delegatedAdminCustomers"


def _call(method: str, path: str, handler: Handler) -> Call:
    return Call(method=method, path=path, handler=handler, host=Host.GRAPH)


CALLS: tuple[Call, ...] = (
    _call("GET", _ALL, get_relationships),
    _call("POST", _ALL, post_relationship),
    _call("GET", _ONE, get_relationship),
    _call("PATCH", _ONE, patch_relationship),
    _call("DELETE", _ONE, remove_relationship),
    _call("GET", f"{_ONE}/requests", get_requests),
    _call("POST", f"{_ONE}/requests", post_request),
    _call("GET", f"{_ONE}/requests/{{request_id}}", get_request),
    _call("GET", f"{_ONE}/accessAssignments", get_assignments),
    _call("POST", f"{_ONE}/accessAssignments", post_assignment),
    _call("GET", f"{_ONE}/accessAssignments/{{assignment_id}}", get_assignment),
    _call("PATCH", f"{_ONE}/accessAssignments/{{assignment_id}}", patch_assignment),
    _call("DELETE", f"{_ONE}/accessAssignments/{{assignment_id}}", remove_assignment),
    _call("GET", f"{_ONE}/operations", get_operations),
    _call("GET", f"{_ONE}/operations/{{operation_id}}", get_operation),
    _call("GET", _CUSTOMERS, get_customers),
    _call("GET", f"{_CUSTOMERS}/{{customer}}", get_customer),
    Call(method="POST", path="/simulator/gdap/{relationship_id}/approve", handler=be_customer, host=Host.OPEN),
)
