"""``prorata webhooks``: register with Partner Center, look at the registration, and have a test event sent.

Registering twice changes nothing; another address or other events replace what is registered. The subscriptions' and
invoices' events are registered for unless others are named, and the test event always, so that ``test`` works.

Not here: receiving (``functions/sync_usage/partner_center_webhook``).
"""

import argparse
import time
from collections.abc import Sequence
from typing import Protocol
from urllib.parse import urlsplit

from local.screen import Screen
from shared.domain.errors import InvalidError, MicrosoftUnavailableError
from shared.partner_center.webhook_registration import Registration, Validation

USUAL_EVENTS = (
    "subscription-updated",
    "invoice-ready",
    "reseller-relationship-accepted-by-customer",
    "usagerecords-thresholdExceeded",
)
TEST_EVENT = "test-created"
TEST_WAIT_S, TEST_LOOK_S = 60, 2
DONE, NOT_DELIVERED = 0, 3


class Registrations(Protocol):
    """What Partner Center offers for webhooks."""

    def event_names(self) -> list[str]:
        """Return the events that can be registered for."""
        ...

    def get(self) -> Registration | None:
        """Return what is registered."""
        ...

    def create(self, url: str, events: tuple[str, ...]) -> Registration:
        """Register for the first time."""
        ...

    def replace(self, url: str, events: tuple[str, ...]) -> Registration:
        """Register anew."""
        ...

    def send_test(self) -> str:
        """Have a test event sent."""
        ...

    def test_result(self, correlation_id: str) -> Validation:
        """Return how it fared."""
        ...


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the commands below ``prorata webhooks``."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser("events", help="list the events there are").set_defaults(
        run=lambda _, screen: show_events(_registrations(), screen)
    )
    commands.add_parser("show", help="show what is registered").set_defaults(
        run=lambda _, screen: show_registration(_registrations(), screen)
    )
    registering = commands.add_parser("register", help="register an address, or other events for it")
    registering.add_argument("--url", required=True, help="https://YOUR-APP/api/webhooks/partner-center")
    registering.add_argument("--events", nargs="+", default=[], metavar="EVENT", help="else the usual ones")
    registering.set_defaults(
        run=lambda options, screen: register(_registrations(), options.url, options.events, screen)
    )
    commands.add_parser("test", help="have a test event sent and wait for its fate").set_defaults(
        run=lambda _, screen: send_test(_registrations(), screen)
    )
    for command in commands.choices.values():
        command.add_argument("--json", action="store_true", help="print the result as JSON, for programs")


def _registrations() -> Registrations:
    from shared.bootstrap import services  # noqa: PLC0415 - half a second that other commands save
    from shared.partner_center.gateway import PartnerCenter  # noqa: PLC0415 - as above

    microsoft = services().microsoft()
    if not isinstance(microsoft, PartnerCenter):
        raise TypeError("the installation's client is not Partner Center's")
    return microsoft.webhooks


def show_events(webhooks: Registrations, screen: Screen) -> int:
    """Print the events there are."""
    screen.result({"events": sorted(webhooks.event_names())}, "\n".join(sorted(webhooks.event_names())))
    return DONE


def show_registration(webhooks: Registrations, screen: Screen) -> int:
    """Print what is registered."""
    found = webhooks.get()
    _tell(found, "Nothing is registered. Say: prorata webhooks register --url https://...", screen)
    return DONE


def register(webhooks: Registrations, url: str, events: Sequence[str], screen: Screen) -> int:
    """Register *url* for *events* (none: the usual ones) and print what is registered then.

    Raises:
        InvalidError: the address is no https address, or Partner Center has no such event.
    """
    if urlsplit(url).scheme != "https" and urlsplit(url).hostname not in {"127.0.0.1", "localhost"}:
        raise InvalidError(f"--url: {url[:80]!r} must begin with https://, as Microsoft demands")
    offered = {name.lower(): name for name in webhooks.event_names()}
    unknown = [name for name in events if name.lower() not in offered]
    if unknown:
        known = ", ".join(offered.values())
        raise InvalidError(f"--events: Partner Center has no event {unknown[0][:60]!r}; it has {known}")
    chosen = events or [name for name in USUAL_EVENTS if name.lower() in offered]
    wanted = tuple(sorted({offered[name.lower()] for name in (*chosen, TEST_EVENT) if name.lower() in offered}))
    present = webhooks.get()
    if present is not None and (present.url, tuple(sorted(present.events))) == (url, wanted):
        _tell(present, "", screen)
        return DONE
    made = webhooks.create(url, wanted) if present is None else webhooks.replace(url, wanted)
    _tell(made, "", screen)
    return DONE


def send_test(webhooks: Registrations, screen: Screen, *, wait_s: float = TEST_WAIT_S) -> int:
    """Have a test event sent, wait until Microsoft says how it fared, and print that.

    Raises:
        MicrosoftUnavailableError: Microsoft does not say so in time.
    """
    correlation_id = webhooks.send_test()
    until = time.monotonic() + wait_s
    while not (result := webhooks.test_result(correlation_id)).is_completed:
        if time.monotonic() > until:
            raise MicrosoftUnavailableError(f"test event {correlation_id}: Microsoft has not said yet how it fared")
        time.sleep(min(TEST_LOOK_S, wait_s))
    lines = [f"{response} {message}".strip() for response, message, _ in result.results] or ["no answer"]
    is_delivered = any(response.lower() in {"ok", "200", "accepted"} for response, _, _ in result.results)
    said = {"correlation_id": correlation_id, "delivered": is_delivered, "results": lines}
    screen.result(said, f"{'Delivered' if is_delivered else 'Not delivered'} to {result.url}: {'; '.join(lines)}")
    return DONE if is_delivered else NOT_DELIVERED


def _tell(found: Registration | None, nothing: str, screen: Screen) -> None:
    if found is None:
        screen.result({"registration": None}, nothing)
        return
    value = {"url": found.url, "events": list(found.events)}
    screen.result({"registration": value}, f"{found.url}\n" + "\n".join(f"  {event}" for event in found.events))
