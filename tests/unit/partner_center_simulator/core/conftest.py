"""A simulator with a few calls of the tests' own beside Microsoft's, and a session to ask it with."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from local.partner_center.customers_making import create_customer
from local.partner_center.entities import Customer
from local.partner_center.opening import serve
from local.partner_center.server import Simulator


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """A simulator of a world with one customer, without byte order marks."""
    with serve() as running:
        running.switches.bom_share = 0
        create_customer(running.world, name="Bakkerij Jansen", domain="bakkerijjansen.onmicrosoft.com")
        yield running


@pytest.fixture
def customer(simulator: Simulator) -> Customer:
    """The one customer."""
    return next(iter(simulator.world.customers.values()))


@pytest.fixture
def session() -> Iterator[requests.Session]:
    """A session that asks whatever it is told to."""
    with requests.Session() as one:
        one.trust_env = False
        yield one


@pytest.fixture
def ask(simulator: Simulator, session: requests.Session) -> Callable[..., requests.Response]:
    """Ask the simulator: method, address, and what ``requests`` takes; with a user's token unless headers say more."""
    session.headers["Authorization"] = f"Bearer {simulator.access_token()}"

    def ask_it(method: str, address: str, **options: Any) -> requests.Response:
        return session.request(method, f"{simulator.base_url}{address}", timeout=10, **options)

    return ask_it


@pytest.fixture
def scenario_file(tmp_path: Path) -> Callable[[str], Path]:
    """Write a scenario and return its path."""

    def write(text: str) -> Path:
        path = tmp_path / "scenario.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write
