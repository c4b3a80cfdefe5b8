"""What goes wrong in a night: throttling slows, one customer's trouble stays its own, a lost connection stops all."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from local.partner_center.faults import Fault, FaultKind
from shared.application.sync import ask_for_tenant, due_at, start_due_sync, start_sync
from shared.application.sync_views import sync_view
from shared.domain.errors import InvalidError, MicrosoftUnavailableError, NotConnectedError, NotFoundError
from shared.storage.names import SYNC_QUEUE

Desk = Any  # what the conftest's fixtures give


@pytest.fixture
def three(desk: Desk) -> Desk:
    """A desk with three customers, each with five seats."""
    for name in ("Adatum", "Contoso", "Fabrikam"):
        desk.customer(name)
        desk.buy(name, 5)
    return desk


def path_of(desk: Desk, name: str) -> str:
    """Return the path of a customer's subscriptions."""
    return f"/v1/customers/{desk.names[name].id}/subscriptions$"


def shown(desk: Desk) -> dict[str, Any]:
    """Return what the API shows of the sync."""
    return sync_view(desk.services, desk.world.clock.now().date())


def progress(desk: Desk) -> tuple[str, int, int]:
    """Return state, messages left and customers waiting of the day."""
    day = shown(desk)["day"]
    return day["state"], day["messages_left"], day["customers_waiting"]


def test_throttling_slows_and_never_fails(three: Desk) -> None:
    """Where Microsoft asks to wait, the rest of the chunk comes again after that, however often."""
    three.simulator.fault(Fault(kind=FaultKind.THROTTLED, path=path_of(three, "Contoso"), value=90, times=20))
    three.sync()
    waited = 0
    while three.services.queues.depth(SYNC_QUEUE):
        three.simulator.advance(seconds=91)
        three.work()
        waited += 1

    assert waited > 3
    assert ("done", []) == (shown(three)["day"]["state"], shown(three)["parked"])
    assert all(three.services.synced.subscriptions.of_customer(each.id) for each in three.names.values())


def test_a_customer_that_gets_no_answer_waits_and_the_others_go_on(three: Desk) -> None:
    """It comes again after a growing while; when Microsoft answers, nothing of it is left."""
    three.simulator.fault(Fault(kind=FaultKind.SERVER_ERROR, path=path_of(three, "Adatum"), value=503, times=None))
    three.sync()
    assert three.services.synced.subscriptions.of_customer(three.names["Contoso"].id)
    assert shown(three)["day"]["state"] == "reading"
    three.simulator.clear_faults()
    three.simulator.advance(seconds=31)
    three.work()

    assert ("done", []) == (shown(three)["day"]["state"], shown(three)["parked"])
    assert three.services.synced.subscriptions.of_customer(three.names["Adatum"].id)


def test_customers_that_wait_are_counted_and_a_day_that_is_read_again_says_so(three: Desk) -> None:
    """A second sync of a day writes nothing of it: what is left on the queue tells that it runs."""
    three.sync()
    before = three.kept()
    assert ("done", 0, 0) == progress(three)
    start_sync(three.services)
    assert ("reading", True, 0) == (progress(three)[0], progress(three)[1] > 0, progress(three)[2])
    three.work()
    assert ("done", 0, 0) == progress(three)
    assert before == three.kept()
    three.simulator.fault(Fault(kind=FaultKind.SERVER_ERROR, path=path_of(three, "Adatum"), value=503, times=None))
    three.sync()
    assert ("reading", 1, 1) == progress(three)
    three.simulator.clear_faults()
    three.simulator.advance(seconds=31)
    three.work()

    assert ("done", 0, 0) == progress(three)
    assert before == three.kept()


def test_a_customer_that_never_gets_an_answer_is_parked_in_the_end(three: Desk) -> None:
    """After the last attempt the day is done without it; the next night unparks it."""
    three.simulator.fault(Fault(kind=FaultKind.SERVER_ERROR, path=path_of(three, "Adatum"), value=503, times=None))
    three.sync()
    while three.services.queues.depth(SYNC_QUEUE):
        three.simulator.advance(hours=1)
        three.work()

    (parked,) = shown(three)["parked"]
    assert (three.names["Adatum"].id, "done") == (parked["customer_id"], shown(three)["day"]["state"])
    assert parked["reason"]
    assert "POST /api/sync" in parked["cure"]
    three.simulator.clear_faults()
    three.sync()
    assert [] == shown(three)["parked"]


def test_users_without_a_delegated_role_are_an_issue_and_no_more(three: Desk) -> None:
    """The customer's subscriptions are read as usual; the issue says what to ask the customer for."""
    three.names["Contoso"].allows_delegated_access = False
    three.sync()

    found = {(each["customer_id"], each["kind"]) for each in shown(three)["issues"]}
    assert {(three.names["Contoso"].id, "users"), (three.names["Contoso"].id, "licences")} == found
    assert [] == shown(three)["parked"]
    assert three.services.synced.subscriptions.of_customer(three.names["Contoso"].id)


def test_a_lost_connection_stops_the_sync_with_one_reason(three: Desk) -> None:
    """The day says so once; the timer tries again, and goes on when Microsoft knows us again."""
    three.simulator.fault(Fault(kind=FaultKind.ACCESS_TOKEN_REFUSED, times=None))
    with pytest.raises(NotConnectedError):
        start_sync(three.services)
    stopped = three.kept()
    with pytest.raises(NotConnectedError):
        start_due_sync(three.services)
    assert stopped == three.kept()
    assert ("stopped", "") != (shown(three)["day"]["state"], shown(three)["day"]["connection"])
    three.simulator.clear_faults()
    assert start_due_sync(three.services)
    three.work()

    assert "done" == shown(three)["day"]["state"]
    assert start_due_sync(three.services) is None


def test_a_connection_that_is_lost_on_the_way_stops_the_rest(three: Desk) -> None:
    """Chunks that wait are dropped; the next start hands them out anew."""
    start_sync(three.services)
    three.simulator.fault(Fault(kind=FaultKind.MFA_REQUIRED, times=None))
    three.work()
    assert "stopped" == shown(three)["day"]["state"]
    assert 0 == three.services.queues.depth(SYNC_QUEUE)
    stopped = three.kept()
    assert start_due_sync(three.services) is None
    assert stopped == three.kept()
    three.simulator.clear_faults()
    assert start_due_sync(three.services)
    three.work()

    assert "done" == shown(three)["day"]["state"]
    assert [] == shown(three)["parked"]


def test_the_list_of_customers_is_asked_for_again_by_the_timer(three: Desk) -> None:
    """A day that could not begin is begun by the next tick."""
    three.simulator.fault(Fault(kind=FaultKind.SERVER_ERROR, path="/v1/customers$", value=500, times=2))
    with pytest.raises(MicrosoftUnavailableError):
        start_due_sync(three.services)

    day = start_due_sync(three.services)
    assert day is not None
    assert start_due_sync(three.services) is None


def test_messages_that_were_lost_are_handed_out_again_by_the_timer(three: Desk) -> None:
    """A day that is being read while nothing waits or is held has lost its messages."""
    start_sync(three.services)
    for message in three.services.queues.receive(SYNC_QUEUE, limit=32):
        three.services.queues.complete(message)

    assert start_due_sync(three.services)
    three.work()
    assert "done" == shown(three)["day"]["state"]


def test_one_customer_is_read_when_somebody_asks(three: Desk) -> None:
    """Only that customer, and nothing is said about the day's chunks."""
    three.sync()
    (subscription,) = three.names["Adatum"].subscriptions.values()
    three.seats(subscription, 7)
    three.simulator.advance(seconds=5)
    ask_for_tenant(three.services, three.names["Adatum"].id.upper())
    three.work(times=2)

    assert ["created", "quantity-changed"] == [entry["kind"] for entry in three.entries(subscription)]
    with pytest.raises(NotFoundError, match="no sync found a customer nobody"):
        ask_for_tenant(three.services, "nobody")


@pytest.mark.parametrize(
    ("on", "time", "zone", "due"),
    [
        (date(2026, 1, 15), "09:00", "Europe/Amsterdam", datetime(2026, 1, 15, 8, tzinfo=UTC)),
        (date(2026, 7, 15), "09:00", "Europe/Amsterdam", datetime(2026, 7, 15, 7, tzinfo=UTC)),
        (date(2026, 3, 29), "02:30", "Europe/Amsterdam", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        (date(2026, 10, 25), "02:30", "Europe/Amsterdam", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        (date(2026, 10, 25), "23:30", "Pacific/Auckland", datetime(2026, 10, 25, 10, 30, tzinfo=UTC)),
    ],
    ids=["winter", "summer", "an hour that is skipped", "an hour that comes twice", "the other side"],
)
def test_the_sync_is_due_once_a_local_day(on: date, time: str, zone: str, due: datetime) -> None:
    """At the wall clock's time, also on days on which the clock is moved."""
    assert due == due_at(on, time, zone)


def test_a_zone_that_does_not_exist_is_named() -> None:
    """The message names the setting and an example."""
    with pytest.raises(InvalidError, match="PRORATA_SYNC_ZONE: there is no time zone 'Mars/Olympus'"):
        due_at(date(2026, 1, 1), "09:00", "Mars/Olympus")


@pytest.mark.parametrize(
    ("time", "zone", "hours", "on"),
    [
        ("23:59", "Europe/Amsterdam", 14.25, date(2026, 10, 1)),
        ("23:59", "Pacific/Auckland", 3.25, date(2026, 10, 1)),
        ("23:59", "Europe/Amsterdam", 17, None),
        ("00:00", "Europe/Amsterdam", 14, date(2026, 10, 2)),
    ],
    ids=["a quarter past midnight", "the other side", "too late", "at midnight"],
)
def test_a_sync_just_before_midnight_is_begun_just_after_it(
    desk: Desk, time: str, zone: str, hours: float, on: date | None
) -> None:
    """The timer looks each quarter of an hour, and may do so first on the next day; the sync is the day before's."""
    desk.services = replace(desk.services, sync_time=time, sync_zone=zone)
    desk.simulator.advance(hours=hours)
    day = start_due_sync(desk.services)

    desk.work()

    assert on == (day.on if day else None)
    assert start_due_sync(desk.services) is None


def test_nothing_is_started_before_the_time(desk: Desk) -> None:
    """At eight in the morning UTC it is ten in Amsterdam; at five it is seven."""
    desk.simulator.advance(hours=21)

    assert start_due_sync(desk.services) is None
    desk.simulator.advance(hours=2)
    assert start_due_sync(desk.services)
