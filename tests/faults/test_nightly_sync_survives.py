"""A nightly sync survives the end of its process at any call, be it of the store or of Microsoft's.

Killed before or after any call and begun again, it leaves the same rows and blobs as one that nobody disturbed.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from local.embedded_store import digests_in, messages_in, rows_in, stores_on
from shared.application.messages import SyncMessage
from shared.application.services import Services
from shared.application.sync import start_due_sync, sync_chunk
from shared.bootstrap import build_services
from shared.domain.errors import MicrosoftRefusedError
from shared.domain.snapshots.values import AuditRecord, LicenceCount, SubscriptionSnapshot, Tenant, TenantProfile, User
from shared.settings import Settings
from shared.storage.embedded.database import Database
from shared.storage.names import SYNC_QUEUE

LOCK_S = 600
FIRST_NIGHT = datetime(2026, 10, 1, 7, tzinfo=UTC)
NAMES = ("adatum", "contoso", "fabrikam", "litware", "tailspin")


class Directory:
    """Microsoft's side in memory: what it shows on the second night is another thing than on the first."""

    def __init__(self) -> None:
        self.is_second_night = False

    def tenants(self) -> Iterator[Tenant]:
        """Yield the customers; the last one leaves."""
        for name in NAMES[: 4 if self.is_second_night else 5]:
            yield Tenant(id=name, name=name.title(), domain=f"{name}.example", relationship="reseller")

    def tenant(self, tenant_id: str) -> TenantProfile:
        """Return who is behind a customer."""
        return TenantProfile(tenant=Tenant(id=tenant_id, name=tenant_id.title(), domain=""), city="Utrecht")

    def subscriptions(self, tenant_id: str) -> list[SubscriptionSnapshot]:
        """Return two subscriptions; on the second night one has more seats, one is gone, one cannot be read."""
        if tenant_id == "fabrikam" and self.is_second_night:
            raise MicrosoftRefusedError("refused", status=403, code="900308")
        quantities = {"a": 5, "b": 7} if not self.is_second_night else {"a": 9}
        return [
            SubscriptionSnapshot(
                id=f"{tenant_id}-{key}",
                tenant_id=tenant_id,
                offer_id=f"CFQ7TTC0LH18:000{number}:X",
                quantity=quantity,
                status="active",
                term="P1Y",
                cycle="monthly",
                created_at=datetime(2026, 3, 1, tzinfo=UTC),
                ends_on=date(2027, 2, 28),
                auto_renews=True,
            )
            for number, (key, quantity) in enumerate(quantities.items())
        ]

    def licence_counts(self, tenant_id: str) -> list[LicenceCount]:
        """Return one SKU whose consumption moves."""
        return [LicenceCount(sku_id="sku", name="Basic", total=12, consumed=8 if self.is_second_night else 3)]

    def users(self, tenant_id: str) -> list[User]:
        """Return one user; of one customer nobody lets us read them at first."""
        if tenant_id == "contoso" and not self.is_second_night:
            raise MicrosoftRefusedError("no delegated role", status=403, code="900316")
        return [User(id="u", principal_name=f"u@{tenant_id}", licences=("sku",) if self.is_second_night else ())]

    def audit_records(self, on: date) -> Iterator[AuditRecord]:
        """Yield one change of seats that somebody made between the nights."""
        if self.is_second_night and on == date(2026, 10, 1):
            before, after = ({"Id": "adatum-a", "Quantity": quantity} for quantity in (5, 9))
            yield AuditRecord(
                id="r1",
                at=datetime(2026, 10, 1, 15, tzinfo=UTC),
                tenant_id="adatum",
                resource="subscription",
                operation="update_subscription",
                status="succeeded",
                actor="ada@reseller.example",
                before=json.dumps(before),
                after=json.dumps(after),
            )


class Behind:
    """A port whose every call goes through a fuse; what it yields is one call for each page, here one."""

    def __init__(self, port: Any, fuse: Any) -> None:
        self._port, self._fuse = port, fuse

    def __getattr__(self, name: str) -> Any:
        """Return the port's method behind the fuse."""
        method = getattr(self._port, name)

        def call(*arguments: Any, **named: Any) -> Any:
            def made() -> Any:
                try:
                    result = method(*arguments, **named)
                except MicrosoftRefusedError as error:
                    return error
                return iter(list(result)) if name in {"query", "list", "tenants", "audit_records"} else result

            answer = self._fuse.burn(f"{type(self._port).__name__}.{name}", made)
            if isinstance(answer, MicrosoftRefusedError):
                raise answer  # an answer too: the process may end right after it
            return answer

        return call


@dataclass(slots=True)
class Night:
    """One store and the nightly sync on it; the clock stands within a night."""

    root: Path
    fuse: Any
    now: datetime = FIRST_NIGHT
    queue_now: datetime = FIRST_NIGHT
    directory: Directory = field(default_factory=Directory)
    database: Database = field(init=False)
    services: Services = field(init=False)

    def __post_init__(self) -> None:
        self.database = Database(self.root)
        self.restart(self.fuse)

    def restart(self, fuse: Any) -> None:
        """Begin a new process on the same store; messages that the old one held come back."""
        self.fuse = fuse
        self.queue_now += timedelta(seconds=LOCK_S + 1)
        stores = stores_on(self.database, lambda: self.queue_now, lambda port: Behind(port, fuse))
        services = build_services(Settings(embedded_root=self.root), stores, lambda: self.now)
        microsoft = cast("Any", Behind(self.directory, fuse))
        self.services = replace(services, chunk_customers=2, microsoft=lambda: microsoft)

    def turn(self) -> None:
        """Let the second night come."""
        self.now += timedelta(days=1)
        self.queue_now += timedelta(days=1)
        self.directory.is_second_night = True

    def run(self) -> None:
        """Start the night's sync if it is due, and work until nothing waits."""
        start_due_sync(self.services)
        while messages := self.services.queues.receive(SYNC_QUEUE, limit=1, lock_s=LOCK_S):
            for message in messages:
                sync_chunk(self.services, SyncMessage.parse(message.body))
                self.services.queues.complete(message)

    def kept(self, *, with_etags: bool = False) -> dict[str, str]:
        """Return every table row and blob, and how many messages are left."""
        kept = {
            f"row {one.table}/{one.partition}/{one.row}": f"{one.body}{one.etag if with_etags else ''}"
            for one in rows_in(self.database)
        }
        return kept | digests_in(self.database) | {"messages": str(messages_in(self.database))}


@pytest.fixture
def open_night(tmp_path: Path, fuse: Any) -> Iterator[Callable[..., Night]]:
    """Open nights, each on a store of its own; all are closed at the end."""
    nights: list[Night] = []

    def open_one(copy_of: Night | None = None) -> Night:
        root = tmp_path / f"night-{len(nights)}"
        if copy_of is not None:
            copy_of.database.close()
            if copy_of.root.exists():
                shutil.copytree(copy_of.root, root)
        nights.append(Night(root, fuse()))
        if copy_of is not None and copy_of.directory.is_second_night:
            nights[-1].turn()
        return nights[-1]

    yield open_one
    for night in nights:
        night.database.close()


@pytest.mark.parametrize("is_after", [False, True], ids=["before the call", "after the call"])
@pytest.mark.parametrize("nights", [1, 2])
def test_a_kill_at_any_call_changes_nothing_in_the_end(
    open_night: Callable[..., Night],
    fuse: Any,
    killed: type[BaseException],
    nights: int,
    is_after: bool,  # noqa: FBT001 - a column
    record_property: Callable[[str, object], None],
) -> None:
    """The timer comes again, the messages come again: same rows, same bytes, nothing left over."""
    before = open_night()
    if nights == 2:
        before.run()
        before.turn()
    undisturbed = open_night(before)
    undisturbed.restart(fuse())
    undisturbed.run()
    expected, calls = undisturbed.kept(), list(undisturbed.fuse.calls)
    feed = "Directory.audit_records"  # asked for day by day, and nothing is written in between
    points = [number for number in range(1, len(calls) + 1) if calls[number - 1 : number + 1] != [feed, feed]]
    for point in points:
        night = open_night(before)
        night.restart(fuse(at=point, is_after=is_after))
        with pytest.raises(killed):
            night.run()
        night.restart(fuse())
        night.run()

        assert expected == night.kept(), f"killed at {calls[point - 1]}, call {point}"
        night.database.close()
        shutil.rmtree(night.root)
    record_property("points", len(points))
    print(f"night {nights}: {len(points)} kills in {len(calls)} calls")  # noqa: T201 - the figure is the report
    assert "0" == expected["messages"]


def test_the_second_night_shows_what_happened(open_night: Callable[..., Night]) -> None:
    """Seats by the feed, a subscription that is gone, a customer that left, one parked, one trouble that is over."""
    night = open_night()
    night.run()
    troubled = {(each.tenant_id, each.kind.value) for each in night.services.synced.troubles()}
    night.turn()
    night.run()

    synced = night.services.synced
    assert {("contoso", "users")} == troubled
    assert {("fabrikam", "parked")} == {(each.tenant_id, each.kind.value) for each in synced.troubles()}
    kinds = [(each.kind.value, each.source) for each in synced.subscriptions.changes("adatum")]
    assert [("created", "snapshot"), ("quantity-changed", "audit"), ("created", "snapshot")] == kinds[:3]
    assert ("disappeared", "snapshot") in kinds
    assert NAMES[:4] == tuple(tenant.id for tenant in synced.tenants())
    assert night.now == synced.known_tenants()["tailspin"].gone_since
    assert ["done", "done"] == [day.state.value for day in synced.days.before(date(2026, 10, 9))]
    first = night.kept(with_etags=True)
    night.run()
    assert first == night.kept(with_etags=True)
