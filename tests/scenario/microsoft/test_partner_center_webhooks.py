"""Partner Center notifies the function app: signed, doubled, late, out of order, forged; each time we look again."""

import time
from typing import Any

import pytest

from local import webhook_commands
from local.partner_center.faults import FaultKind
from local.screen import Screen
from shared.bootstrap import services_for
from shared.partner_center.gateway import PartnerCenter
from shared.settings import Settings
from shared.storage.names import POISON_SUFFIX, QUEUES

Shop = Any  # what the conftest's fixture gives
DRAIN_S = 60


def test_a_change_is_known_minutes_after_the_notification(shop: Shop) -> None:
    """Nobody waits for the night: the hint makes us read the customer again."""
    assert 10 == shop.known_seats()
    shop.seats(14)

    assert 1 == shop.delivered()
    assert 14 == shop.known_seats()


def test_a_doubled_notification_changes_nothing_more(shop: Shop) -> None:
    """At least once is Microsoft's promise; once is ours."""
    shop.fault(FaultKind.WEBHOOK_DUPLICATED)
    shop.seats(14)
    shop.delivered()
    events = shop.events()
    shop.delivered(with_late=True)

    assert 14 == shop.known_seats()
    assert events == shop.events()


def test_notifications_out_of_order_and_two_days_late_end_in_the_present(shop: Shop) -> None:
    """Whatever order they come in, what is read is what is so now."""
    shop.fault(FaultKind.WEBHOOK_DISORDERED)
    shop.seats(14)
    shop.fault(FaultKind.WEBHOOK_LATE, value=48)
    shop.seats(17)
    shop.delivered()
    shop.simulator.advance(hours=1)
    shop.seats(15)
    shop.delivered(with_late=True)

    assert 15 == shop.known_seats()


@pytest.mark.parametrize("kind", [FaultKind.WEBHOOK_FORGED, FaultKind.WEBHOOK_HOSTILE_CERTIFICATE])
def test_a_forged_notification_changes_nothing(shop: Shop, kind: FaultKind) -> None:
    """It is answered 401; nothing is fetched, queued or kept, and the night's sync finds the change."""
    shop.fault(kind, times=None)
    shop.seats(14)
    shop.delivered(with_late=True)

    assert 10 == shop.known_seats()
    assert [] == list(shop.machine.stores.tables.query("inboundwebhooks", "partner-center"))[1:]


def test_a_test_event_comes_back_as_delivered(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    """The command has Microsoft send one and tells how it fared."""
    microsoft = services_for(Settings()).microsoft()
    assert isinstance(microsoft, PartnerCenter)
    shop.simulator.send_webhooks_soon()

    assert 0 == webhook_commands.send_test(microsoft.webhooks, Screen(is_json=True), wait_s=20)
    assert '"delivered": true' in capsys.readouterr().out


def test_registering_again_changes_nothing_and_another_address_replaces(shop: Shop) -> None:
    """One registration for each partner."""
    microsoft = services_for(Settings()).microsoft()
    assert isinstance(microsoft, PartnerCenter)
    before = microsoft.webhooks.get()
    address = f"{shop.machine.host.base_url}/api/webhooks/partner-center"
    webhook_commands.register(microsoft.webhooks, address, [], Screen(is_json=True))
    assert before == microsoft.webhooks.get()

    webhook_commands.register(microsoft.webhooks, f"{address}?2", ["invoice-ready"], Screen(is_json=True))
    after = microsoft.webhooks.get()
    assert after is not None
    assert ("invoice-ready", "test-created") == after.events


def test_an_invoice_that_is_ready_is_asked_for(shop: Shop) -> None:
    """The month closes at Microsoft's; the hint makes us list the invoices."""
    shop.simulator.advance(days=40)
    shop.simulator.deliver_webhooks(with_late=True)
    until = time.monotonic() + DRAIN_S  # not until all is quiet: the exports that follow are polled for a while
    while not shop.get("microsoft-invoices") and time.monotonic() < until:
        time.sleep(0.1)

    assert shop.get("microsoft-invoices")
    assert all(shop.machine.stores.queues.depth(queue + POISON_SUFFIX) == 0 for queue in QUEUES)
