"""A month of nights with much going on in between: afterwards the history is what happened, each thing once.

The feed is late and tells some entries twice; nights are left out; messages come doubled and in any order; customers
leave and come back, cannot be read for a night, and subscriptions are missing in lists.
"""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from local.partner_center import changing
from local.partner_center.answers import RefusedError
from local.partner_center.entities import Subscription
from local.partner_center.faults import Fault, FaultKind
from local.partner_center.world import Happening
from shared.application.messages import SyncMessage
from shared.application.sync import start_sync, sync_chunk
from shared.domain.snapshots.values import AuditRecord
from shared.storage.names import SYNC_QUEUE

Desk = Any  # what the conftest's fixtures give
NAMES = ("Adatum", "Contoso", "Fabrikam", "Northwind")
NIGHTS = 16
LAGS = (timedelta(), timedelta(hours=2), timedelta(hours=26), timedelta(hours=47))
Told = list[tuple[str, str, str]]


class LateFeed:
    """The client, with a feed that shows each entry hours or days late, and some of them twice."""

    def __init__(self, desk: Desk) -> None:
        self._client, self._clock = desk.services.microsoft(), desk.world.clock

    def __getattr__(self, name: str) -> Any:
        """Return the client's own method."""
        return getattr(self._client, name)

    def audit_records(self, on: date) -> Iterator[AuditRecord]:
        """Yield what the feed shows by now."""
        for record in self._client.audit_records(on):
            chance = random.Random(record.id)  # noqa: S311 - repeatable disorder
            if record.at + chance.choice(LAGS) <= self._clock.now():
                yield from [record] * chance.choice((1, 2))


class Month:
    """What people do, and what is true of it."""

    def __init__(self, desk: Desk, seed: int) -> None:
        self.desk, self.chance = desk, random.Random(seed)  # noqa: S311 - repeatable disorder
        self.true: dict[tuple[str, str], Told] = defaultdict(list)
        desk.world.room("listeners", list).append(self._listen)
        feed = LateFeed(desk)
        desk.services = replace(desk.services, microsoft=lambda: feed)

    def _listen(self, happening: Happening) -> None:
        before, after = happening.before, happening.after
        if happening.resource != "subscription" or before is None or after is None:
            return
        for name in ("quantity", "status"):
            if before[name] != after[name]:
                change = (f"{happening.at:%m-%d %H:%M:%S}", str(before[name]), str(after[name]))
                self.true[happening.resource_id, name].append(change)

    def live(self) -> None:
        """Let a day and its night pass."""
        for _ in range(self.chance.randint(0, 12)):
            self.desk.simulator.advance(seconds=self.chance.randint(1, 9000))
            with self.desk.world.lock:
                self._deed()
        self.desk.simulator.advance(seconds=86_400 - self.chance.randint(0, 20_000))
        if self.chance.random() < 0.8:
            self._trouble()
            self.night()

    def _deed(self) -> None:
        desk, choice = self.desk, self.chance.choice
        customer = choice(list(desk.names.values()))
        subscription: Subscription = choice(list(customer.subscriptions.values()))
        deed = choice(("seats", "seats", "seats", "suspend", "activate", "activate", "hide", "move"))
        try:
            if deed == "seats":
                desk.seats(subscription, max(1, subscription.quantity + choice((-1, 1, 3))))
            elif deed == "suspend":
                changing.suspend(desk.world, subscription, actor="bob@reseller.example")
            elif deed == "activate":
                changing.reactivate(desk.world, customer, subscription, actor="bob@reseller.example")
            elif deed == "hide":
                subscription.extra["is_hidden"] = not subscription.extra.get("is_hidden")
            else:
                customer.relationship = choice(("none", "reseller"))
        except RefusedError:
            pass  # Microsoft has its rules, and what it refuses did not happen

    def _trouble(self) -> None:
        self.desk.simulator.clear_faults()
        if self.chance.random() < 0.5:
            path = f"{self.desk.names[self.chance.choice(NAMES)].id}/subscriptions"
            status = self.chance.choice((404, 503))
            self.desk.simulator.fault(Fault(kind=FaultKind.SERVER_ERROR, path=path, value=status, times=3))

    def night(self) -> None:
        """Sync, with messages doubled and in any order."""
        services, queues = self.desk.services, self.desk.services.queues
        start_sync(services)
        while queues.depth(SYNC_QUEUE):
            messages = queues.receive(SYNC_QUEUE, limit=32)
            self.chance.shuffle(messages)
            for message in messages:
                for _ in range(self.chance.choice((1, 2))):
                    self.desk.simulator.advance(seconds=self.chance.randint(0, 20))
                    sync_chunk(services, SyncMessage.parse(message.body))
                queues.complete(message)
            self.desk.simulator.advance(seconds=40)

    def end(self) -> None:
        """Let everything be shown again, and the feed be complete."""
        self.desk.simulator.clear_faults()
        with self.desk.world.lock:
            for customer in self.desk.names.values():
                customer.relationship = "reseller"
                for subscription in customer.subscriptions.values():
                    subscription.extra.pop("is_hidden", None)
        self.desk.simulator.advance(hours=48)
        self.night()


def told(desk: Desk, subscription: Subscription, name: str) -> Told:
    """Return what is kept of one aspect after the purchase, apart from lists without the subscription."""
    kept = desk.services.synced.subscriptions
    changes = sorted(kept.changes(subscription.customer_id, subscription.id), key=lambda change: change.order)
    return [
        (f"{change.at:%m-%d %H:%M:%S}", change.before[name], change.after[name])
        for change in changes[1:]
        if name in change.after and "gone" not in (change.before[name], change.after[name])
    ]


@pytest.mark.parametrize("seed", range(3))
def test_a_month_is_told_as_it_happened(desk: Desk, seed: int) -> None:
    """Every change of seats and status, to the second, once, and none that never was; then nothing is news."""
    for name in NAMES:
        desk.customer(name)
        desk.buy(name, 9)
    month = Month(desk, seed)
    month.night()  # before anything happens
    for _ in range(NIGHTS):
        month.live()
    month.end()

    bought = [each for customer in desk.names.values() for each in customer.subscriptions.values()]
    assert sum(len(month.true[each.id, "quantity"]) for each in bought) > 9
    for subscription in bought:
        for name in ("quantity", "status"):
            assert month.true[subscription.id, name] == told(desk, subscription, name), (subscription.id, name)
    kept = desk.kept()
    month.night()
    assert kept == desk.kept()
