"""Deliveries survive the end of their process at any call, doubled and shuffled messages, and workers at once."""

import random
import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest

from local.demo.small_month import FOUR_CUSTOMERS
from local.made_exports import MadeExports, licence_part
from shared.application.billing_sync import sync_billing, work_off_billing
from shared.application.messages import DeliveryMessage
from shared.domain.errors import ChangedError, ProrataError
from shared.domain.periods import BillingPeriod
from shared.domain.snapshots.deliveries import ExportKind
from shared.domain.snapshots.values import MicrosoftInvoice
from shared.storage.names import DELIVERIES_QUEUE
from shared.storage.repositories.deliveries import Delivery, DeliveryState, DeliveryStore

Desk = Any  # what the conftest's fixtures give
OpenDesk = Callable[..., Desk]
OCTOBER = BillingPeriod(2026, 10)
ADATUM, CONTOSO, FABRIKAM, _ = FOUR_CUSTOMERS
RECON, UNBILLED = ExportKind.BILLED_RECONCILIATION, ExportKind.UNBILLED_RECONCILIATION
READS = ("get", "query", "info", "list", "open", "depth")


def microsoft(desk: Desk) -> MadeExports:
    """Return Microsoft's side: an invoice in two parts, and what is unbilled in the month after."""
    made = MadeExports(desk.clock)
    made.listed = [
        MicrosoftInvoice(
            id="G000000001",
            invoice_on=date(2026, 11, 8),
            starts_on=date(2026, 10, 1),
            ends_on=date(2026, 10, 31),
            total=Decimal(144),
            currency="EUR",
        )
    ]
    parts = [licence_part(str(OCTOBER), *some) for some in ((ADATUM, CONTOSO), (FABRIKAM,))]
    made.offer(RECON, "G000000001", *parts, etag="b1")
    made.offer(UNBILLED, "EUR", licence_part("2026-11", ADATUM, number=""), etag="u1", span="current")
    return made


def connect(desk: Desk, made: MadeExports) -> None:
    """Let the desk's process talk to Microsoft; each call may be its last."""
    deadly = type(desk.services.queues)(made, desk.fuse)
    desk.services = replace(desk.services, microsoft=lambda: deadly, billing_currencies=("EUR",), countries=())


class Overtaken:
    """The store of deliveries, in which another worker was faster at the second and third save."""

    def __init__(self, store: DeliveryStore) -> None:
        self._store = store
        self.save_count = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def save(self, delivery: Delivery) -> Delivery:
        """Save a delivery."""
        self.save_count += 1
        if self.save_count in {2, 3}:
            raise ChangedError(delivery.row)
        return self._store.save(delivery)


def night(desk: Desk, *, times: int = 1, seed: int | None = None) -> None:
    """Sync, and work off everything that comes of it; time passes between the rounds."""
    sync_billing(desk.services)
    for _ in range(60):
        found = list(desk.services.queues.receive(DELIVERIES_QUEUE, limit=32, lock_s=600))
        if seed is not None:
            random.Random(seed).shuffle(found)  # noqa: S311 - a fixed order
        for message in found:
            for _ in range(times):
                with suppress(ProrataError):
                    work_off_billing(desk.services, DeliveryMessage.parse(message.body))
            desk.services.queues.complete(message)
        if not found and not desk.services.queues.depth(DELIVERIES_QUEUE):
            return
        desk.clock.now += timedelta(seconds=60)
    raise AssertionError("messages are left")


def done(desk: Desk) -> list[tuple[str, DeliveryState]]:
    """Return row and state of all deliveries."""
    periods = (OCTOBER, BillingPeriod(2026, 11))
    return [(each.row, each.state) for period in periods for each in desk.services.deliveries.of_period(period)]


def undisturbed(open_desk: OpenDesk) -> dict[str, str]:
    """Return what is kept after a night without trouble."""
    desk = open_desk()
    connect(desk, microsoft(desk))
    night(desk)
    kept: dict[str, str] = desk.kept()
    assert dict(done(desk))["reconciliation-billed_G000000001"] is DeliveryState.COMPLETE
    return kept


def test_a_kill_at_any_call_changes_nothing_in_the_end(
    open_desk: OpenDesk,
    fuse: Any,
    killed: type[BaseException],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """Killed before each writing call and each call to Microsoft, the next night makes the same rows and bytes."""
    expected = undisturbed(open_desk)
    probe = open_desk()
    connect(probe, microsoft(probe))
    night(probe)
    points = [number for number, call in enumerate(probe.fuse.calls, 1) if call.rpartition(".")[2] not in READS]
    for point in points:
        desk = open_desk(root=tmp_path / f"point-{point}")
        made = microsoft(desk)
        desk.restart(fuse(at=point))
        connect(desk, made)
        with pytest.raises(killed):
            night(desk)
        desk.restart(fuse())
        connect(desk, made)
        night(desk)

        assert expected == desk.kept(), f"killed before {probe.fuse.calls[point - 1]}, call {point}"
        desk.database.close()
        shutil.rmtree(desk.root)
    record_property("points", len(points))
    print(f"{len(points)} kills in {len(probe.fuse.calls)} calls")  # noqa: T201 - the figure is the report


@pytest.mark.parametrize("seed", range(3))
def test_doubled_and_shuffled_messages_make_the_same(open_desk: OpenDesk, seed: int) -> None:
    """Each step looks at the row first."""
    expected = undisturbed(open_desk)
    desk = open_desk()
    connect(desk, microsoft(desk))
    night(desk, times=2, seed=seed)
    night(desk, times=2, seed=seed)

    assert expected == desk.kept()


@pytest.mark.parametrize("attempt", range(3))
def test_workers_on_the_same_parts_at_once_make_one_result(open_desk: OpenDesk, attempt: int) -> None:
    """Three workers do every step at the same moment; what fails comes again with the next night."""
    expected = undisturbed(open_desk)
    desk = open_desk()
    connect(desk, microsoft(desk))
    sync_billing(desk.services)
    for _ in range(attempt + 5):
        found = desk.services.queues.receive(DELIVERIES_QUEUE, limit=32, lock_s=600)
        barrier = threading.Barrier(3)

        def work(messages: Any = found, barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            for message in messages:
                with suppress(ProrataError):
                    work_off_billing(desk.services, DeliveryMessage.parse(message.body))

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for message in found:
            desk.services.queues.complete(message)
        desk.clock.now += timedelta(seconds=60)
    night(desk)
    night(desk)

    assert expected == desk.kept()


def test_lost_messages_are_made_up_for_by_the_next_night(open_desk: OpenDesk) -> None:
    """Whatever state a delivery is in."""
    expected = undisturbed(open_desk)
    for rounds in range(1, 6):
        desk = open_desk()
        connect(desk, microsoft(desk))
        sync_billing(desk.services)
        for _ in range(rounds):
            for message in desk.services.queues.receive(DELIVERIES_QUEUE, limit=32):
                work_off_billing(desk.services, DeliveryMessage.parse(message.body))
                desk.services.queues.complete(message)
            desk.clock.now += timedelta(seconds=60)
        for message in desk.services.queues.receive(DELIVERIES_QUEUE, limit=32):
            desk.services.queues.complete(message)
        night(desk)

        assert expected == desk.kept(), f"lost after {rounds} rounds"


def test_a_worker_that_was_overtaken_looks_again(open_desk: OpenDesk) -> None:
    """It is no error: the step is done anew, and everything comes in."""
    desk = open_desk()
    connect(desk, microsoft(desk))
    store = Overtaken(desk.services.deliveries)
    desk.services = replace(desk.services, deliveries=cast("DeliveryStore", store))
    night(desk)
    states = dict(done(desk))

    assert store.save_count > 3
    assert states["reconciliation-billed_G000000001"] is DeliveryState.COMPLETE
    assert all(state.is_resting for state in states.values())
