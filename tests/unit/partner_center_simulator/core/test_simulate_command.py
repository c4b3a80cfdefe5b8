"""``prorata simulate``: what it opens, what it says, and the certificates it leaves."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from local.partner_center.certificates import HOST_NAMES, prepare_tls
from local.partner_center.opening import serve
from local.partner_center.pointing import environment
from local.simulate import SimulateRequest, open_requested, write
from shared.domain.errors import InvalidError
from shared.settings import Settings


def test_the_command_serves_until_it_is_stopped(tmp_path: Path) -> None:
    """It says where everything is first, for programs as JSON."""
    command = [sys.executable, "-m", "local.command", "simulate", "--port", "0", "--json", "--customers", "40"]
    root = Path(__file__).parents[4]
    environment = {"PYTHONPATH": str(root), "PRORATA_EMBEDDED_ROOT": str(tmp_path / "store"), "PATH": ""}
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=tmp_path, env=environment) as process:
        assert process.stdout is not None
        try:
            told = json.loads(process.stdout.readline())
            state = requests.get(f"{told['baseUrl']}/simulator", timeout=10).json()
            process.send_signal(signal.SIGINT)
            code = process.wait(30)
        finally:
            process.kill()

    assert (40, 0) == (state["customers"], code)
    assert "NL,US" == told["settings"]["PRORATA_COUNTRIES"]  # a price sheet for each currency that is billed
    assert told["baseUrl"] == told["settings"]["PRORATA_PARTNER_CENTER_URL"]
    assert Path(told["settings"]["PRORATA_WEBHOOK_TRUST_FILE"]).read_bytes().startswith(b"-----BEGIN CERTIFICATE")


def test_every_setting_that_it_names_is_one_of_the_products(tmp_path: Path) -> None:
    """A name that nobody reads would point nobody anywhere."""
    with serve() as simulator:
        names = {name.removeprefix("PRORATA_").lower() for name in environment(simulator, tmp_path / "a.pem")}

    assert names <= {*Settings.model_fields}
    assert {name for name in Settings.model_fields if name.endswith("_url") and "partner" in name} <= names


def test_the_world_is_what_was_asked_for() -> None:
    """Start, seed, throttling and byte order marks."""
    start = datetime(2026, 5, 1, 8, tzinfo=UTC)
    world = open_requested(SimulateRequest(start=start, seed=3, has_bom=False, requests_per_minute=500))
    switched = world.rooms["switches"]

    assert (start, 3) == (world.clock.now(), world.seed)
    assert (0, 500) == (switched.bom_share, switched.requests_per_minute)


def test_without_a_start_the_clock_runs() -> None:
    """From now, where no start was named: a client goes by the real time."""
    world = open_requested(SimulateRequest())
    first = world.clock.now()

    assert abs((datetime.now(UTC) - first).total_seconds()) < 60
    assert world.clock.now() > first


def test_a_scenario_says_itself_when_it_starts(scenario_file: Callable[[str], Path]) -> None:
    """Two starts would contradict each other; a seed may be another."""
    path = scenario_file("seed: 5\n")
    start = datetime(2026, 5, 1, tzinfo=UTC)

    assert 9 == open_requested(SimulateRequest(scenario=path, seed=9)).seed
    with pytest.raises(InvalidError, match="--scenario"):
        open_requested(SimulateRequest(scenario=path, start=start))


def test_certificates_are_kept_and_cover_microsofts_names(tmp_path: Path) -> None:
    """A client is told once whom to trust; the key is the owner's alone."""
    folder = prepare_tls(tmp_path / "tls")
    first = (folder / "ca.pem").read_bytes()
    prepare_tls(folder)

    assert first == (folder / "ca.pem").read_bytes()
    assert 0o600 == (folder / "server.key").stat().st_mode & 0o777
    assert {"login.microsoftonline.com", "api.partnercenter.microsoft.com", "graph.microsoft.com"} <= {*HOST_NAMES}


def test_a_client_that_keeps_microsofts_names_is_answered_over_https(tmp_path: Path) -> None:
    """As with an entry in the hosts file: the name is in the certificate, and addresses in answers begin with it."""
    name = "graph.microsoft.com"
    with serve(tls=tmp_path) as simulator:
        import urllib3  # noqa: PLC0415 - only here a connection is made to another address than its name

        port = int(simulator.base_url.rpartition(":")[2])
        with urllib3.HTTPSConnectionPool(
            "127.0.0.1", port, ca_certs=str(tmp_path / "ca.pem"), assert_hostname=name, server_hostname=name
        ) as pool:
            path = "/common/v2.0/.well-known/openid-configuration"
            found = pool.request("GET", path, headers={"Host": "login.microsoftonline.com"}).json()

    assert "https://login.microsoftonline.com/common/oauth2/v2.0/token" == found["token_endpoint"]


def test_made_up_customers_are_written_as_a_scenario_that_plays_back(tmp_path: Path) -> None:
    """More customers than a day has minutes: nobody is hired before the licence is there."""
    path = tmp_path / "customers.yaml"
    events = write(SimulateRequest(customers=600, seed=5), path)
    world = open_requested(SimulateRequest(scenario=path))

    assert (600, True) == (len(world.customers), events > 600)


def test_a_scenario_is_written_of_made_up_customers_only(tmp_path: Path) -> None:
    """Without a number there is nothing to write."""
    with pytest.raises(InvalidError, match="--customers"):
        write(SimulateRequest(), tmp_path / "customers.yaml")
