"""The simulator's own controls, under ``/simulator``: its clock, faults, switches, log of calls, webhooks.

They need no token, as the port is on loopback; none of Microsoft's addresses begins like that.

Not here: what they set in motion.
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

from local.partner_center.answers import Answer, Asked, Call, Host, RefusedError, instant
from local.partner_center.certificates import webhook_signing
from local.partner_center.entities import Json
from local.partner_center.faults import Fault, FaultKind
from local.partner_center.identity.applications import register_certificate
from local.partner_center.journal import journal
from local.partner_center.scenario import happen, problems, read_event
from local.partner_center.sessions import refresh_token
from local.partner_center.switches import EXPORT_SHAPES, switches
from local.partner_center.webhooks.registrations import Notification, webhooks
from shared.domain.errors import InvalidError

_ROOT = "/simulator"
_LOG_SIZE = 1000


class Controlled(Protocol):
    """What the controls ask of the server."""

    def reset(self) -> None:
        """Begin anew."""

    def send_webhooks_soon(self, *, with_late: bool = False) -> None:
        """Send what waits, on another thread: who is asked may ask the simulator."""


def get_state(asked: Asked) -> Answer:
    """Answer what there is, in numbers."""
    world, hooks = asked.world, webhooks(asked.world)
    subscriptions = Counter(
        each.status for customer in world.customers.values() for each in customer.subscriptions.values()
    )
    return Answer(
        json={
            "now": instant(world.clock.now()),
            "seed": world.seed,
            "partner": {**asdict(world.partner), "client_secret": "(told at the start)"},
            "customers": len(world.customers),
            "users": sum(len(customer.users) for customer in world.customers.values()),
            "subscriptions": dict(subscriptions),
            "happenings": len(world.happenings),
            "faults": len(world.faults.faults),
            "calls": len(journal(world).calls),
            "problems": problems(world),
            "webhooks": {
                "registered": hooks.registration.url if hooks.registration else None,
                "waiting": len(hooks.waiting),
                "delivered": len(hooks.delivered),
                "offline": len(hooks.offline),
            },
        }
    )


def get_clock(asked: Asked) -> Answer:
    """Answer what time it is."""
    return Answer(json={"now": instant(asked.now)})


def move_clock(asked: Asked) -> Answer:
    """Move the clock on: ``{"advance": {"days": 1}}`` or ``{"advanceTo": "2026-11-01T00:00:00Z"}``."""
    body, clock = asked.json(), asked.world.clock
    try:
        if "advanceTo" in body:
            instant_to = datetime.fromisoformat(body["advanceTo"])
            clock.advance_to(instant_to if instant_to.tzinfo else instant_to.replace(tzinfo=UTC))
        else:
            clock.advance_to(clock.now() + timedelta(**{unit: float(by) for unit, by in body["advance"].items()}))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        cure = 'send {"advance": {"days": 1}} (weeks, days, hours, minutes, seconds) or {"advanceTo": "an ISO instant"}'
        raise RefusedError(400, "clock", f"The clock does not move: {error}; {cure}.") from error
    return get_clock(asked)


def list_faults(asked: Asked) -> Answer:
    """Answer the faults that are switched on, and how often each has struck."""
    return Answer(json=[asdict(fault) for fault in asked.world.faults.faults])


def add_fault(asked: Asked) -> Answer:
    """Switch a fault on: ``{"kind", "path", "method", "value", "times", "skip"}``."""
    body = asked.json()
    unknown = set(body) - {"kind", *_FAULT_FIELDS}
    if unknown or body.get("kind") not in list(FaultKind):
        raise RefusedError(400, "fault", f"kind is one of {', '.join(FaultKind)}; unknown: {sorted(unknown)}.")
    for name, (is_good, meant) in _FAULT_FIELDS.items():
        if name in body and not is_good(body[name]):
            raise RefusedError(400, "fault", f"{name}={body[name]!r}: write {meant}.")
    value = {"value": float(body["value"])} if "value" in body else {}
    asked.world.faults.add(Fault(**{**body, "kind": FaultKind(body["kind"]), **value}))
    return list_faults(asked)


def _is_whole(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_pattern(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(re.compile(value))
    except re.error:
        return False


_FAULT_FIELDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "path": (_is_pattern, "a regular expression that is found in the path"),
    "method": (lambda value: isinstance(value, str), "a method, or an empty text for any"),
    "value": (lambda value: type(value) in {int, Decimal} and value >= 0, "a number that is not negative"),
    "times": (lambda value: value is None or _is_whole(value), "a whole number, or null for always"),
    "skip": (_is_whole, "a whole number"),
}


def clear_faults(asked: Asked) -> Answer:
    """Switch all faults off."""
    asked.world.faults.clear()
    return Answer(status=204)


def get_switches(asked: Asked) -> Answer:
    """Answer the switches."""
    return Answer(json=asdict(switches(asked.world)))


def set_switches(asked: Asked) -> Answer:
    """Set switches by their names."""
    found = switches(asked.world)
    known = {each.name: each.type for each in fields(found)}
    for name, value in asked.json().items():
        if name not in known or type(value) is not type(getattr(found, name)):
            told = ", ".join(f"{each} ({getattr(kind, '__name__', kind)})" for each, kind in known.items())
            raise RefusedError(400, "switch", f"{name}={value!r}: switches are {told}.")
        if type(value) is int and value < 0:
            raise RefusedError(400, "switch", f"{name}={value!r} is negative; 0 switches it off.")
        if name == "export_shape" and value not in EXPORT_SHAPES:
            raise RefusedError(400, "switch", f"{name}={value!r} is not one of {', '.join(EXPORT_SHAPES)}.")
        setattr(found, name, value)
    return get_switches(asked)


def get_log(asked: Asked) -> Answer:
    """Answer the calls so far: how many, by route and status, and the last ones."""
    calls = journal(asked.world).calls
    wanted = asked.first("last")
    last = list(calls)[-(int(wanted) if wanted.isdecimal() else _LOG_SIZE) :]
    return Answer(
        json={
            "count": len(calls),
            "byRoute": dict(Counter(f"{each.method} {each.route or '(unknown)'}" for each in calls)),
            "byStatus": {str(status): count for status, count in Counter(each.status for each in calls).items()},
            "last": [asdict(each) for each in last],
        }
    )


def forget_log(asked: Asked) -> Answer:
    """Begin counting anew."""
    journal(asked.world).calls.clear()
    return Answer(status=204)


def make_happen(asked: Asked) -> Answer:
    """Let something happen now: an event as in a scenario, without ``at``."""
    try:
        happen(asked.world, read_event(asked.json(), "event"))
    except InvalidError as error:
        raise RefusedError(400, "event", str(error)) from error
    return get_clock(asked)


def get_webhooks(asked: Asked) -> Answer:
    """Answer what was sent, what waits and what was given up."""
    hooks = webhooks(asked.world)
    parts = {"waiting": hooks.waiting, "delivered": hooks.delivered, "offline": hooks.offline}
    return Answer(json={name: [_notification(each) for each in found] for name, found in parts.items()})


def get_trust(_asked: Asked) -> Answer:
    """Answer the root behind the webhooks' certificate."""
    return Answer(content=webhook_signing().root.pem, content_type="application/x-pem-file")


def add_certificate(asked: Asked) -> Answer:
    """Let the application prove itself with the certificate in the body (PEM) from now on."""
    try:
        register_certificate(asked.world, asked.raw)
    except ValueError as error:
        raise RefusedError(400, "certificate", f"The body is no certificate: {error}.") from error
    return Answer(status=204)


def make_refresh_token(asked: Asked) -> Answer:
    """Answer a refresh token, as the consent of the partner's administrator gives."""
    return Answer(json={"refreshToken": refresh_token(asked.world)})


def controls(server: Controlled) -> tuple[Call, ...]:
    """Return the calls that control *server*."""

    def reset(_asked: Asked) -> Answer:
        server.reset()
        return Answer(status=204)

    def deliver(asked: Asked) -> Answer:
        server.send_webhooks_soon(with_late=asked.first("late").lower() == "true")
        return Answer(status=202, json={"waiting": len(webhooks(asked.world).waiting)})

    return (
        *_FIXED,
        _call("POST", "/reset", reset),
        _call("POST", "/webhooks/deliver", deliver),
    )


def _call(method: str, path: str, handler: Callable[[Asked], Answer]) -> Call:
    return Call(method=method, path=f"{_ROOT}{path}", handler=handler, host=Host.OPEN)


def _notification(each: Notification) -> Json:
    attempts: list[Any] = [{"status": status, "reason": reason} for status, reason in each.attempts]
    return {"event": each.event, "dueAt": instant(each.due_at), "body": each.body, "attempts": attempts}


_FIXED = (
    _call("GET", "", get_state),
    _call("GET", "/clock", get_clock),
    _call("POST", "/clock", move_clock),
    _call("GET", "/faults", list_faults),
    _call("POST", "/faults", add_fault),
    _call("DELETE", "/faults", clear_faults),
    _call("GET", "/switches", get_switches),
    _call("POST", "/switches", set_switches),
    _call("GET", "/log", get_log),
    _call("DELETE", "/log", forget_log),
    _call("POST", "/happen", make_happen),
    _call("GET", "/webhooks", get_webhooks),
    _call("GET", "/trust.pem", get_trust),
    _call("POST", "/certificates", add_certificate),
    _call("POST", "/refresh-token", make_refresh_token),
)
