"""Granular delegated administration: relationships of the partner with customers' tenants, through all their states.

A relationship is ``created``, locked (``approvalPending``), approved by the customer (``approved``, a minute later
``active``), and ends ``expired`` or ``terminated``. Assignments of roles to the partner's groups are ``pending`` for a
minute, then ``active``. The customer's part is ``approve`` and ``reject``. What takes a minute is done sooner for who
keeps asking: at the second look, so that polling ends where the clock stands still, too.

Not here: HTTP and Graph's JSON (``calls.graph_gdap``).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from local.partner_center.directory import PARTNER_GROUPS, object_id
from local.partner_center.entities import Customer, Json
from local.partner_center.world import Happening, World

_DURATION = re.compile(r"^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T0S)?$")
_WORKING = timedelta(minutes=1)
LONGEST = timedelta(days=730)
USUAL_ROLES = (
    "fe930be7-5e62-47db-91af-98c3a49a38b1",
    "4d6ac14f-3453-41d0-bef9-a3e0c569773a",
    "88d8e3e3-8f55-4a1e-953a-9b9898b8876b",
    "f023fd81-a637-4b56-95fd-791ac0226033",
)
"""What a reseller asks for to look after users: administrators of users, licences and support, readers."""


@dataclass(slots=True)
class Work:
    """Something that is done once, at its time or at the second look."""

    finish: Callable[[datetime], None]
    looks: int = 0
    is_done: bool = False

    def do(self, at: datetime) -> None:
        """Do it, unless it is done."""
        if not self.is_done:
            self.is_done = True
            self.finish(at)


@dataclass(slots=True, kw_only=True)
class Assignment:
    """Roles given to one of the partner's groups."""

    id: str
    group_id: str
    roles: list[str]
    created_at: datetime
    modified_at: datetime
    status: str = "pending"
    version: int = 1


@dataclass(slots=True, kw_only=True)
class Relationship:
    """One relationship. *customer_id* "" is one that any tenant may accept; *ends_at* is None until it is active."""

    id: str
    name: str
    duration: str
    roles: list[str]
    created_at: datetime
    modified_at: datetime
    customer_id: str = ""
    customer_name: str = ""
    extension: str = "PT0S"
    status: str = "created"
    activated_at: datetime | None = None
    ends_at: datetime | None = None
    version: int = 1
    requests: list[Json] = field(default_factory=list)
    operations: list[Json] = field(default_factory=list)
    assignments: dict[str, Assignment] = field(default_factory=dict)
    work: list[Work] = field(default_factory=list)


def relationships(world: World) -> dict[str, Relationship]:
    """Return all relationships by id."""
    found: dict[str, Relationship] = world.room("delegation", dict)
    return found


def look(world: World, relationship: Relationship) -> None:
    """Count a look at *relationship*; what was looked at before is done by now."""
    under_way, relationship.work = [each for each in relationship.work if not each.is_done], []
    for work in under_way:
        work.looks += 1
        if work.looks > 1:
            work.do(world.clock.now())
    relationship.work += [each for each in under_way if not each.is_done]


def _begin(world: World, relationship: Relationship, finish: Callable[[datetime], None]) -> None:
    work = Work(finish)
    relationship.work.append(work)
    world.clock.at(world.clock.now() + _WORKING, work.do)


def has_active_relationship(world: World, customer_id: str) -> bool:
    """Tell whether an active relationship opens the tenant."""
    if "delegation" not in world.rooms:
        return False
    return any(
        each.customer_id == customer_id and each.status in {"active", "expiring"}
        for each in relationships(world).values()
    )


def span_of(duration: str) -> timedelta | None:
    """Return how long an ISO 8601 duration of years, months (30 days) and days is; None where it is none."""
    match = _DURATION.match(duration)
    if match is None:
        return None
    years, months, days = (int(each or 0) for each in match.groups())
    return timedelta(days=365 * years + 30 * months + days)


def create(
    world: World, *, name: str, duration: str, roles: list[str], customer_id: str = "", extension: str = "PT0S"
) -> Relationship:
    """Make a relationship that nobody has seen yet."""
    now = world.clock.now()
    customer = world.customers.get(customer_id)
    made = Relationship(
        id=f"{world.guid()}-{world.guid()}",
        name=name,
        duration=duration,
        roles=list(roles),
        created_at=now,
        modified_at=now,
        customer_id=customer_id,
        customer_name=customer.name if customer else "",
        extension=extension,
    )
    relationships(world)[made.id] = made
    return made


def establish(world: World, customer: Customer, *, at: datetime, roles: Sequence[str] = USUAL_ROLES) -> Relationship:
    """Put an active relationship in place as it is *at* that instant, with its roles for the partner's agents."""
    made = Relationship(
        id=f"{object_id(f'relationship {customer.id}')}-{object_id(f'invitation {customer.id}')}",
        name=f"Support of {customer.id}",
        duration=f"P{LONGEST.days}D",
        roles=list(roles),
        created_at=at,
        modified_at=at,
        customer_id=customer.id,
        customer_name=customer.name,
        extension="P180D",
        status="active",
        activated_at=at,
        ends_at=at + LONGEST,
    )
    group = object_id(PARTNER_GROUPS[0])
    assigned = Assignment(
        id=object_id(f"assignment {customer.id}"),
        group_id=group,
        roles=list(roles),
        created_at=at,
        modified_at=at,
        status="active",
    )
    made.assignments[assigned.id] = assigned
    relationships(world)[made.id] = made
    world.clock.at(at + LONGEST, lambda then: _expire(world, made, then))
    return made


def request(world: World, relationship: Relationship, action: str) -> Json | None:
    """Do what a request asks and return it as kept; None where the state does not allow it."""
    allowed = {
        "lockForApproval": {"created"},
        "approve": {"approvalPending"},
        "reject": {"approvalPending"},
        "terminate": {"active", "expiring"},
    }
    if relationship.status not in allowed.get(action, set()):
        return None
    now = world.clock.now()
    made: Json = {"id": world.guid(), "action": action, "status": "created", "at": now}
    relationship.requests.append(made)
    if action == "lockForApproval":
        _become(relationship, "approvalPending", now)
    elif action == "reject":
        _become(relationship, "created", now)
    elif action == "approve":
        _approve(world, relationship)
    else:
        _become(relationship, "terminationRequested", now)
        _begin(world, relationship, lambda at: _end(world, relationship, "terminated", at))
    return made


def approve(world: World, relationship: Relationship, customer_id: str = "") -> None:
    """Be the customer who approves; *customer_id* says who, where the relationship is open to anybody."""
    if customer_id and not relationship.customer_id:
        relationship.customer_id = customer_id
        relationship.customer_name = world.customers[customer_id].name
    request(world, relationship, "approve")


def _approve(world: World, relationship: Relationship) -> None:
    now = world.clock.now()
    _become(relationship, "approved", now)
    _tell(world, relationship, "granular-admin-relationship-approved")
    _begin(world, relationship, lambda at: _activate(world, relationship, at))


def _activate(world: World, relationship: Relationship, at: datetime) -> None:
    if relationship.status != "approved":
        return
    _become(relationship, "active", at)
    relationship.activated_at = at
    relationship.ends_at = at + (span_of(relationship.duration) or LONGEST)
    world.clock.at(relationship.ends_at, lambda then: _expire(world, relationship, then))
    _tell(world, relationship, "granular-admin-relationship-activated")


def _expire(world: World, relationship: Relationship, at: datetime) -> None:
    if relationship.status != "active" or relationship.ends_at is None or relationship.ends_at > at:
        return
    extension = span_of(relationship.extension)
    if extension:
        relationship.ends_at += extension
        world.clock.at(relationship.ends_at, lambda then: _expire(world, relationship, then))
        return
    _end(world, relationship, "expired", at)


def _end(world: World, relationship: Relationship, status: str, at: datetime) -> None:
    _become(relationship, status, at)
    for assignment in relationship.assignments.values():
        assignment.status = "deleted"
    _tell(world, relationship, f"granular-admin-relationship-{status}")


def _become(relationship: Relationship, status: str, at: datetime) -> None:
    relationship.status, relationship.modified_at = status, at
    relationship.version += 1


def assign_roles(world: World, relationship: Relationship, group_id: str, roles: list[str]) -> Assignment:
    """Give roles to a group of the partner; they work a minute later."""
    now = world.clock.now()
    made = Assignment(id=world.guid(), group_id=group_id, roles=list(roles), created_at=now, modified_at=now)
    relationship.assignments[made.id] = made
    _tell(world, relationship, "granular-admin-access-assignment-created")
    _begin(world, relationship, lambda at: _assigned(world, relationship, made, at))
    return made


def _assigned(world: World, relationship: Relationship, assignment: Assignment, at: datetime) -> None:
    if assignment.status == "pending":
        assignment.status, assignment.modified_at = "active", at
        assignment.version += 1
        _tell(world, relationship, "granular-admin-access-assignment-activated")


def change_assignment(
    world: World, relationship: Relationship, assignment: Assignment, roles: list[str] | None
) -> Json:
    """Change an assignment's roles, or delete it (*roles* None); return the operation that does it."""
    now = world.clock.now()
    operation: Json = {
        "id": world.guid(),
        "operationType": "delegatedAdminAccessAssignmentUpdate",
        "status": "notStarted",
        "at": now,
    }
    relationship.operations.append(operation)
    assignment.status = "pending" if roles is not None else "deleting"
    assignment.version += 1
    _begin(world, relationship, lambda at: _changed(world, relationship, assignment, roles, operation, at))
    return operation


def _changed(
    world: World,
    relationship: Relationship,
    assignment: Assignment,
    roles: list[str] | None,
    operation: Json,
    at: datetime,
) -> None:
    operation["status"] = "succeeded"
    assignment.status = "deleted" if roles is None else "active"
    assignment.roles = assignment.roles if roles is None else roles
    assignment.modified_at = at
    assignment.version += 1
    verb = "deleted" if roles is None else "updated"
    _tell(world, relationship, f"granular-admin-access-assignment-{verb}")


def _tell(world: World, relationship: Relationship, event: str) -> None:
    world.tell(
        Happening(
            at=world.clock.now(),
            customer_id=relationship.customer_id,
            resource="delegatedAdminRelationship",
            resource_id=relationship.id,
            operation=event.replace("-", "_"),
            event=event,
            actor=world.partner.admin_name,
        )
    )
