"""``prorata simulate``: Microsoft's side on this machine, and how to point clients at it.

Not here: the simulator (``partner_center``), the command line (``command``).
"""

import json
import shlex
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local.partner_center.opening import START, open_world
from local.partner_center.pointing import TRUST_FILE, environment
from local.partner_center.scenario import open_scenario, read_scenario
from local.partner_center.server import Simulator
from local.partner_center.switches import switches
from local.partner_center.world import World
from shared.domain.errors import InvalidError, StorageUnavailableError


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulateRequest:
    """What to simulate. *customers* is how many the generator makes; *folder* is for certificates.

    *start* None is the scenario's, or now, with a clock that runs: who is pointed here mostly goes by the real time.
    """

    scenario: Path | None = None
    customers: int = 0
    seed: int | None = None
    port: int = 0
    tls: Path | None = None
    start: datetime | None = None
    follows_real_time: bool = False
    has_bom: bool = True
    requests_per_minute: int = 0
    folder: Path = field(default_factory=lambda: Path(".prorata/simulator"))


def simulate(request: SimulateRequest, say: Callable[[str], None], *, as_json: bool = False) -> None:
    """Serve until Ctrl+C; *say* is told where everything is once it is there.

    Raises:
        InvalidError: the scenario cannot be used.
        StorageUnavailableError: the port is taken, or the folder cannot be written.
    """
    simulator = Simulator(
        open_requested(request), port=request.port, tls=request.tls, renew=lambda: open_requested(request)
    )
    try:
        with simulator:
            trust = (request.tls or request.folder).resolve()
            trust.mkdir(parents=True, exist_ok=True)
            (trust / TRUST_FILE).write_bytes(simulator.trust_pem)
            settings = environment(simulator, trust / TRUST_FILE)
            own_store = {"PRORATA_EMBEDDED_ROOT": str((request.folder / "store").resolve())}  # apart from real months
            text = _as_json(simulator, settings) if as_json else _as_text(simulator, settings | own_store, request.tls)
            say(text)
            for number in (signal.SIGINT, signal.SIGTERM):  # a shell may have the first ignored in what it starts
                signal.signal(number, signal.default_int_handler)
            simulator.wait()
    except KeyboardInterrupt:
        say("" if as_json else "Stopped.")
    except OSError as error:
        cure = "name another --tls or PRORATA_EMBEDDED_ROOT" if error.filename else "choose another --port"
        what = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
        raise StorageUnavailableError(f"the simulator cannot start: {what}; {cure}") from error


def write(request: SimulateRequest, path: Path) -> int:
    """Write the generated customers and everything that happens to them as a scenario file; return how many events.

    Raises:
        InvalidError: too few customers, or a scenario was given instead of a number of customers.
        StorageUnavailableError: the file cannot be written.
    """
    from local.partner_center.population import rich_scenario, write_scenario  # noqa: PLC0415 - only who asks pays

    if request.scenario is not None or not request.customers:
        raise InvalidError("--write: give --customers N, the number of customers to make up")
    written = rich_scenario(request.start or START, request.customers, seed=7 if request.seed is None else request.seed)
    try:
        write_scenario(path, written)
    except OSError as error:
        raise StorageUnavailableError(f"{path} cannot be written: {error.strerror}") from error
    return len(written["events"])


def open_requested(request: SimulateRequest) -> World:
    """Return the world that was asked for.

    Raises:
        InvalidError: the scenario cannot be used.
    """
    if request.scenario is not None:
        scenario = read_scenario(request.scenario)
        if request.start is not None or request.customers:
            raise InvalidError("--scenario: says itself when it starts and who its customers are; change it there")
        scenario = scenario if request.seed is None else replace(scenario, seed=request.seed)
        world = open_scenario(scenario, follows_real_time=request.follows_real_time)
    else:
        world = open_world(start=request.start or datetime.now(UTC), seed=7 if request.seed is None else request.seed)
    if request.customers:
        from local.partner_center.population import populate  # noqa: PLC0415 - only who asks for it pays

        populate(world, request.customers)
    if request.follows_real_time or (request.scenario is None and request.start is None):
        world.clock.follow_real_time()
    if not request.has_bom:
        switches(world).bom_share = 0
    switches(world).requests_per_minute = request.requests_per_minute or switches(world).requests_per_minute
    return world


def _as_json(simulator: Simulator, settings: Mapping[str, str]) -> str:
    found: dict[str, Any] = {"baseUrl": simulator.base_url, "settings": dict(settings)}
    return json.dumps(found)


def _as_text(simulator: Simulator, settings: Mapping[str, str], tls: Path | None) -> str:
    world, address = simulator.world, simulator.base_url
    tenant = world.partner.tenant_id
    exports = "\n".join(f"  export {name}={shlex.quote(value)}" for name, value in settings.items())
    by_name = (
        f"  Over HTTPS every one of Microsoft's names works too, once the hosts file leads it to 127.0.0.1 (port 443)\n"
        f"  and the client trusts {tls / 'ca.pem'} (REQUESTS_CA_BUNDLE, NODE_EXTRA_CA_CERTS, SSL_CERT_FILE).\n"
        if tls
        else ""
    )
    return (
        f"Microsoft's side of {world.partner.name} on {address}\n"
        f"  {len(world.customers)} customers; the clock stands at {world.clock.now():%Y-%m-%d %H:%M} UTC\n\n"
        f'Prorata, after which "prorata serve" and "prorata doctor" work with it:\n{exports}\n\n'
        f"Other clients:\n"
        f"  tokens          POST {address}/{tenant}/oauth2/v2.0/token\n"
        f"  Partner Center  {address}/v1/customers\n"
        f"  prices          {address}/v1.0/sales/pricesheets(Market='{world.partner.country}',PricesheetView='...')\n"
        f"  Graph           {address}/v1.0/reports/partners/billing\n"
        f"  a refresh token POST {address}/simulator/refresh-token\n"
        f"{by_name}\n"
        f"Controls: {address}/simulator (clock, faults, switches, happen, webhooks, log, reset). Stop with Ctrl+C."
    )
