"""The demo: Microsoft's side is simulated, and a month goes through the real function app as it would in the cloud.

An administrator consents at the simulated sign-in, customers are synced, invoices and usage come in by exports and as
lines, the reseller's own prices are uploaded, the month is billed, and files come out behind links. A second demo finds
nothing to do.

Invariants: the same month gives the same customers and invoices on any day; the simulated clock stands on the 9th of
the month after, or where the caller says that it is later.

Not here: who the customers are (``local/partner_center/population``), the reseller's prices (``own_terms``), the host
(``local/functions_host``).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

from local.demo.arithmetic import Month
from local.demo.organisations import make_customers
from local.demo.own_terms import write_terms
from local.partner_center.billing.books import open_books
from local.partner_center.billing.parts import open_parts
from local.partner_center.consenting import consent_at
from local.partner_center.opening import open_world
from local.partner_center.pointing import TRUST_FILE, with_everything
from local.partner_center.population import populate, rich_scenario, write_scenario
from local.partner_center.server import Simulator
from local.partner_center.world import World
from local.serving import open_machine
from shared.domain.errors import StateError
from shared.settings import Settings
from shared.storage.names import EXPORTS_CONTAINER

DRAIN_S: Final = 300
REQUEST_S: Final = 60
CUSTOMERS: Final = 42
SEED: Final = 7
ROWS_PER_PART: Final = 2_000
CLOSED_ON_DAY: Final = 9
CLOSED_AT_H: Final = 8
SCENARIO: Final = "microsoft.yaml"


@dataclass(slots=True)
class DemoResult:
    """What the demo shows: the run as the API tells it, the exports with links, and whether anything was new.

    *files* is the folder of the reseller's own files and of the scenario; *deliveries* is what Microsoft delivered.
    """

    run: dict[str, Any]
    exports: list[dict[str, Any]]
    is_new: bool
    files: Path
    folder: Path
    source_files: list[dict[str, Any]] = field(default_factory=list)
    deliveries: list[dict[str, Any]] = field(default_factory=list)


def closed_month(now: datetime) -> str:
    """Return the latest month whose invoices there are at *now*."""
    month = Month(now.year, now.month)
    back = 1 if now >= _closed_at(_moved(month, -1)) else 2
    return str(_moved(month, -back))


def run_demo(
    settings: Settings,
    folder: Path,
    tell: Callable[[str], None],
    *,
    period: str = "2026-10",
    now: datetime | None = None,
) -> DemoResult:
    """Bill the demo month on the store of *settings*; the reseller's own files are written to *folder*.

    *now* is where the simulated clock stands, if that is later than the day on which the month's invoices are there.

    Raises:
        StateError: the function app refused a step.
    """
    month = Month.parse(period)
    tell(f"Simulating Microsoft's side: {CUSTOMERS} customers with a year of history")
    folder.mkdir(parents=True, exist_ok=True)
    world = _simulated(month, folder)
    if now is not None:
        world.clock.advance_to(max(now, world.clock.now()))
    people = make_customers(SEED, CUSTOMERS)
    lines = [row for each in _invoices_of(world, period) for row in open_books(world).rows(each)]
    terms = write_terms(folder, month, people, lines, SEED)
    with Simulator(world) as simulator:
        (folder / TRUST_FILE).write_bytes(simulator.trust_pem)
        machine = open_machine(with_everything(simulator, settings, folder / TRUST_FILE), port=0, has_timers=False)
        with machine.host as host:
            api = _Api(f"{host.base_url}/api")
            tell("Consenting at the simulated sign-in, as an administrator would")
            consent_at(host.base_url)
            tell("Syncing customers, subscriptions and users; asking for invoices, lines and usage")
            api.send("POST", "sync")  # which asks for deliveries, too
            host.drain(DRAIN_S)
            for kind, path in terms:
                name = f"billing-terms/{period}/{kind}?name={quote(path.name)}"
                api.send("PUT", name, path.read_bytes())
            host.drain(DRAIN_S)
            tell(f"Starting the billing run for {period}")
            status, _ = api.send("POST", "billing-runs", json.dumps({"period": period}).encode())
            host.drain(DRAIN_S)
            return DemoResult(
                run=api.send("GET", f"billing-runs/{period}")[1],
                exports=api.send("GET", f"exports/{period}")[1],
                is_new=status == 202,
                files=folder,
                folder=settings.embedded_root / "blobs" / EXPORTS_CONTAINER / period,
                source_files=api.send("GET", f"source-files/{period}")[1],
                deliveries=api.send("GET", f"deliveries/{period}")[1],
            )


def _simulated(month: Month, folder: Path) -> World:
    """Return Microsoft's side on the day on which the month's invoices are there; its scenario is written down."""
    at = _closed_at(month)
    world = open_world(start=at, seed=SEED)
    populate(world, CUSTOMERS, since=month)
    open_parts(open_books(world)).rows_per_part = ROWS_PER_PART
    write_scenario(folder / SCENARIO, rich_scenario(at, CUSTOMERS, seed=SEED))
    return world


def _closed_at(month: Month) -> datetime:
    day = month.day(CLOSED_ON_DAY, months=1)
    return datetime(day.year, day.month, day.day, CLOSED_AT_H, tzinfo=UTC)


def _moved(month: Month, months: int) -> Month:
    day = month.day(1, months=months)
    return Month(day.year, day.month)


def _invoices_of(world: World, period: str) -> list[Any]:
    invoices = open_books(world).invoices.values()
    return [each for each in invoices if str(each.month) == period and not each.is_legacy]


class _Api:
    """The function app's HTTP API, as any client would call it."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url

    def send(self, method: str, path: str, body: bytes | None = None) -> tuple[int, Any]:
        """Return status and JSON value.

        Raises:
            StateError: the answer is a problem; its detail is the message.
        """
        request = Request(f"{self._base_url}/{path}", data=body, method=method)  # noqa: S310 - loopback, http
        try:
            with urlopen(request, timeout=REQUEST_S) as answer:  # noqa: S310 - as above
                content = answer.read()
                return answer.status, json.loads(content) if content else None
        except HTTPError as error:
            with error:
                detail = json.loads(error.read() or b"{}").get("detail", error.reason)
            raise StateError(f"{method} {path.split('?', maxsplit=1)[0]}: {detail}") from error
