"""A full sync from the simulator: calls for each customer, time outside waiting, memory, and what a second one writes.

The simulator is a process of its own; this one is the product: settings, tokens, client and embedded store as an
installation builds them, one worker, one message at a time. Waiting is the time that calls to Microsoft took, as the
client's own observer is told; the rest is ours. Prints one JSON object.

Not here: goals (``run``).
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

sys.path.insert(0, str(Path(__file__).parents[1]))

CUSTOMERS, CHUNK = 5_000, 25
_WRITES = {"insert", "replace", "upsert", "delete", "transact", "put"}


def main() -> None:
    """Serve with ``--serve``, else measure and print."""
    customers = int(sys.argv[-1]) if sys.argv[-1].isdigit() else CUSTOMERS
    if "--serve" in sys.argv:
        _serve(customers)
        return
    with _simulator(customers) as served, tempfile.TemporaryDirectory() as folder:
        print(json.dumps(_measured(served, Path(folder))))


def _serve(customers: int) -> None:
    from local.partner_center.opening import open_world, serve  # noqa: PLC0415 - the other process never needs it
    from local.partner_center.pointing import environment  # noqa: PLC0415 - as above
    from local.partner_center.population import populate  # noqa: PLC0415 - as above

    world = open_world()
    populate(world, customers)
    with serve(world) as simulator:
        told = {
            "settings": environment(simulator, Path("unused.pem")),
            "refresh_token": simulator.refresh_token(),
            "now": world.clock.now().isoformat(),
            "subscriptions": sum(len(customer.subscriptions) for customer in world.customers.values()),
        }
        print(json.dumps(told), flush=True)
        sys.stdin.read()


@contextmanager
def _simulator(customers: int) -> Iterator[dict[str, Any]]:
    arguments = [sys.executable, __file__, "--serve", str(customers)]
    process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603 - ourselves
    try:
        line = process.stdout.readline() if process.stdout else ""
        yield json.loads(line)
    finally:
        process.communicate("")


class _Counted:
    """A port that counts its calls by name."""

    def __init__(self, port: Any, counts: Counter[str]) -> None:
        self._port, self._counts = port, counts

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._port, name)

        def call(*arguments: Any, **named: Any) -> Any:
            self._counts[name] += 1
            return method(*arguments, **named)

        return call


class _Token:
    """The one refresh token of this measurement."""

    def __init__(self, value: str, now: datetime) -> None:
        from shared.domain.consent import RefreshToken  # noqa: PLC0415 - only this side

        self._token = RefreshToken(consent_id="bench", value=value, obtained_at=now)

    def refresh_token(self) -> Any:
        return self._token

    def keep_refresh_token(self, token: Any) -> bool:
        self._token = token
        return True

    def note_standing(self, consent_id: str, standing: Any) -> None:
        """Nobody asks for it here."""


def _timed_login(login: str, calls: Counter[str], waited: list[float]) -> Any:
    """Return how the token library reaches the token service, telling how often that was and how long it took."""
    from shared.partner_center.login_transport import LoginTransport  # noqa: PLC0415 - only this side

    class Timed(LoginTransport):
        def post(self, url: str, **options: Any) -> Any:
            began, cpu = time.perf_counter(), time.thread_time()
            try:
                return super().post(url, **options)
            finally:
                calls["token"] += 1
                waited[0] += time.perf_counter() - began - (time.thread_time() - cpu)

    return Timed(login)


def _measured(served: dict[str, Any], folder: Path) -> dict[str, Any]:
    os.environ.update(served["settings"])
    from shared.bootstrap import build_services, hosts_of, open_stores  # noqa: PLC0415 - reads the environment
    from shared.partner_center.credentials import AppCredentials  # noqa: PLC0415 - as above
    from shared.partner_center.gateway import PartnerCenter  # noqa: PLC0415 - as above
    from shared.partner_center.tokens import MsalTokens  # noqa: PLC0415 - as above
    from shared.settings import Settings  # noqa: PLC0415 - as above

    settings, now = Settings(embedded_root=folder), datetime.fromisoformat(served["now"])
    app = AppCredentials(
        tenant_id=settings.partner_tenant_id,
        client_id=settings.client_id,
        secret=settings.client_secret.get_secret_value(),
    )
    calls, waited, hosts = Counter[str](), [0.0], hosts_of(settings)
    kept = _Token(served["refresh_token"], datetime.now(UTC))
    tokens = MsalTokens(app, hosts, kept, lambda: datetime.now(UTC), _timed_login(hosts.login, calls, waited))

    def observe(_: Any, outcome: Any) -> None:
        calls[str(outcome.status)] += outcome.tries
        waited[0] += outcome.waited_s

    counts = Counter[str]()
    client = PartnerCenter(hosts, tokens, observe=observe)
    stores = open_stores(settings)
    counted = replace(
        stores, tables=cast("Any", _Counted(stores.tables, counts)), blobs=cast("Any", _Counted(stores.blobs, counts))
    )
    services = build_services(settings, counted, lambda: now)
    services = replace(services, microsoft=lambda: client, chunk_customers=CHUNK)
    runs = [_run(services, calls, counts, waited) for _ in range(2)]
    tenants = len(services.synced.tenants())
    return {
        "customers": tenants,
        "subscriptions": served["subscriptions"],
        "runs": [{**run, "calls_per_customer": round(run["calls"] / tenants, 3)} for run in runs],
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


def _run(services: Any, calls: Counter[str], counts: Counter[str], waited: list[float]) -> dict[str, Any]:
    from shared.application.messages import SyncMessage  # noqa: PLC0415 - after the environment
    from shared.application.sync import start_sync, sync_chunk  # noqa: PLC0415 - as above
    from shared.storage.names import SYNC_QUEUE  # noqa: PLC0415 - as above

    calls.clear()
    counts.clear()
    waited[0] = 0.0
    began, cpu = time.perf_counter(), time.process_time()
    start_sync(services)
    while messages := services.queues.receive(SYNC_QUEUE, limit=1):
        for message in messages:
            sync_chunk(services, SyncMessage.parse(message.body))
            services.queues.complete(message)
    wall_s = time.perf_counter() - began
    return {
        "wall_s": round(wall_s, 1),
        "cpu_s": round(time.process_time() - cpu, 1),
        "waited_s": round(waited[0], 1),
        "outside_waiting": round(1 - waited[0] / wall_s, 3),
        "calls": sum(calls.values()),
        "statuses": dict(calls),
        "writes": sum(count for name, count in counts.items() if name in _WRITES),
        "reads": sum(count for name, count in counts.items() if name not in _WRITES),
        "troubles": len(services.synced.troubles()),
    }


if __name__ == "__main__":
    main()
