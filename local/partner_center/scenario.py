"""Scenarios: who the partner and its customers are, and what happens when.

A scenario is a YAML file; ``README.md`` beside this module shows one. It is checked as a whole before anything happens.
Its events are on the world's clock and happen in order as the clock moves; what cannot happen then (seats given back
too late) is logged and kept as a problem of the scenario, and all else goes on.

Not here: what can happen (``deeds``), reading fields (``scenario_reading``).
"""

import logging
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from local.partner_center import more_deeds as _more_deeds  # noqa: F401 - its deeds are registered by being imported
from local.partner_center import scenario_reading as kinds
from local.partner_center.answers import RefusedError
from local.partner_center.billing.books import keep_books
from local.partner_center.clock import Clock
from local.partner_center.deeds import CUSTOMER_FIELDS, FAULT_FIELDS, USER_FIELDS
from local.partner_center.scenario_reading import Shape
from local.partner_center.staging import DOES, Scene, needs_customer
from local.partner_center.switches import Switches, switches
from local.partner_center.world import Partner, World
from shared.domain.errors import InvalidError

__all__ = ["DOES", "Event", "Scenario", "happen", "open_scenario", "problems", "read_event", "read_scenario"]

logger = logging.getLogger(__name__)
_PARTNER: dict[str, kinds.Kind] = {
    "tenant_id": kinds.text,
    "name": kinds.text,
    "mpn_id": kinds.text,
    "country": kinds.text,
    "currencies": kinds.texts,
    "client_id": kinds.text,
    "client_secret": kinds.text,
    "admin_name": kinds.text,
    "admin_id": kinds.text,
    "roles": kinds.texts,
    "is_sandbox": kinds.flag,
    "is_indirect_provider": kinds.flag,
}
_SWITCHES: dict[str, kinds.Kind] = {
    name: kinds.flag if isinstance(value, bool) else lambda written: int(kinds.number(written))
    for name, value in ((each, getattr(Switches(), each)) for each in Switches.__dataclass_fields__)
}
_FILE = Shape(
    {
        "start": kinds.instant,
        "until": kinds.instant,
        "seed": kinds.whole,
        "partner": lambda written: written,
        "switches": lambda written: written,
        "customers": kinds.things,
        "events": kinds.things,
        "faults": kinds.things,
    }
)
_START = kinds.instant("2026-10-01T08:00:00Z")
_OWN_FIELDS = ("at", "customer", "do")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens: *do* names the deed, *fields* are its own. *where* is for messages."""

    do: str
    customer: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    at: datetime | None = None
    where: str = "event"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A checked scenario; *until* is the instant it is played to before it is served."""

    start: datetime = _START
    until: datetime | None = None
    seed: int = 7
    partner: Partner = field(default_factory=Partner)
    switches: dict[str, Any] = field(default_factory=dict)
    events: tuple[Event, ...] = ()


def read_scenario(path: Path) -> Scenario:
    """Return the scenario in a file.

    Raises:
        InvalidError: it cannot be read; the message names file, field, line and cure.
    """
    try:
        return _scenario(kinds.load(path))
    except InvalidError as error:
        text = str(error)
        raise InvalidError(text if text.startswith(str(path)) else f"{path}: {text}") from error


def read_event(value: object, where: str) -> Event:
    """Return the event written as *value*.

    Raises:
        InvalidError: it names no deed, or fields that the deed does not have.
    """
    if not isinstance(value, dict) or not isinstance(value.get("do"), str):
        raise InvalidError(f"{where}: write do: and one of {', '.join(DOES)}")
    word = value["do"].lower()
    deed = DOES.get(word)
    if deed is None:
        raise InvalidError(f"{_line(value, where)}.do: nobody can {word}; write one of {', '.join(DOES)}")
    own: dict[str, kinds.Kind] = {"at": kinds.instant, "customer": kinds.text, "do": kinds.text}
    needs = ("customer", *deed.shape.needs) if needs_customer(word) else tuple(deed.shape.needs)
    fields = Shape({**own, **deed.shape.kinds}, needs).read(value, where)
    others = {name: each for name, each in fields.items() if name not in _OWN_FIELDS}
    return Event(word, fields.get("customer", ""), others, fields.get("at"), _line(value, where))


def happen(world: World, event: Event) -> None:
    """Let *event* happen now.

    Raises:
        InvalidError: it cannot: something it names is not there, or Microsoft would refuse it.
    """
    try:
        DOES[event.do].run(Scene(world, event.customer, event.fields))
    except InvalidError as error:
        raise InvalidError(f"{event.where} ({event.do}): {error}") from error
    except RefusedError as error:
        raise InvalidError(f"{event.where} ({event.do}): refused with {error.code}: {error.description}") from error


def open_scenario(scenario: Scenario, *, follows_real_time: bool = False) -> World:
    """Return the world of a scenario, played to its ``until``.

    Raises:
        InvalidError: an event up to there cannot happen.
    """
    world = World(Clock(scenario.start), seed=scenario.seed, partner=replace(scenario.partner))
    keep_books(world)
    for name, value in scenario.switches.items():
        setattr(switches(world), name, value)
    for event in scenario.events:
        if event.at is None:
            happen(world, event)
        else:
            world.clock.at(event.at, partial(_happen_or_tell, world, event))
    if scenario.until is not None:
        world.clock.advance_to(scenario.until)
    if problems(world):
        raise InvalidError(problems(world)[0])
    if follows_real_time:
        world.clock.follow_real_time()
    return world


def problems(world: World) -> list[str]:
    """Return what could not happen when its time came."""
    room: list[str] = world.room("scenario problems", list)
    return room


def _happen_or_tell(world: World, event: Event, _at: datetime) -> None:
    try:
        happen(world, event)
    except InvalidError as error:
        logger.warning("scenario: %s", error)
        problems(world).append(str(error))


def _scenario(value: kinds.Lined) -> Scenario:
    fields = _FILE.read(value, "")
    start = fields.get("start", _START)
    partner = Partner(**Shape(_PARTNER).read(fields.get("partner", {}), "partner"))
    made = [_made(customer, number) for number, customer in enumerate(fields.get("customers", []))]
    faults = [_fault(fault, number) for number, fault in enumerate(fields.get("faults", []))]
    events = [_dated(event, number, start) for number, event in enumerate(fields.get("events", []))]
    until = fields.get("until")
    if until is not None and until < start:
        raise InvalidError(f"until{_at_line(value, 'until')}: lies before start, {start.isoformat()}")
    return Scenario(
        start=start,
        until=until,
        seed=fields.get("seed", 7),
        partner=partner,
        switches=Shape(_SWITCHES).read(fields.get("switches", {}), "switches"),
        events=(*made, *faults, *events),
    )


def _made(value: object, number: int) -> Event:
    where = f"customers[{number}]"
    fields = Shape(CUSTOMER_FIELDS, ("name", "domain")).read(value, where)
    for index, user in enumerate(fields.get("users", [])):
        Shape(USER_FIELDS, ("user",)).read(user, f"{where}.users[{index}]")
    return Event("create-customer", "", fields, None, where)


def _fault(value: object, number: int) -> Event:
    where = f"faults[{number}]"
    return Event("fault", "", Shape(FAULT_FIELDS, ("kind",)).read(value, where), None, where)


def _dated(value: object, number: int, start: datetime) -> Event:
    event = read_event(value, f"events[{number}]")
    if event.at is None:
        raise InvalidError(f"{event.where}: at is missing; write such as at: 2026-10-01T09:00:00Z")
    if event.at < start:
        raise InvalidError(f"{event.where}.at: {event.at.isoformat()} lies before start, {start.isoformat()}")
    return event


def _line(value: dict[str, Any], where: str) -> str:
    return f"{where}{_at_line(value, 'do')}"


def _at_line(value: dict[str, Any], name: str) -> str:
    line = getattr(value, "lines", {}).get(name)
    return f" (line {line})" if line else ""
