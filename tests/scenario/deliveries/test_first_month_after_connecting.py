"""A reseller connects in November and bills October: real function app, real HTTP, and no price sheet handed in."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from local.demo.arithmetic import Month
from local.demo.organisations import make_customers
from local.demo.own_terms import write_terms
from local.partner_center.consenting import consent_at
from local.partner_center.opening import open_world
from local.partner_center.pointing import with_everything
from local.partner_center.population import populate
from local.partner_center.server import Simulator
from local.serving import open_machine
from shared.settings import Settings

CUSTOMERS, SEED = 40, 7
DRAIN_S = 180
START = datetime(2026, 11, 9, 9, tzinfo=UTC)


@pytest.fixture
def prices(tmp_path: Path) -> bytes:
    """The demo's price list: most licences in percent of ERP."""
    terms = write_terms(tmp_path, Month(2026, 10), make_customers(SEED, CUSTOMERS), (), SEED)
    return dict(terms)["price-list"].read_bytes()


class Newcomer:
    """The API of an installation that was connected this minute."""

    def __init__(self, host: Any) -> None:
        self._host = host

    def send(self, method: str, path: str, **arguments: Any) -> Any:
        """Send a request, wait until everything it began is done, and return the JSON value."""
        answer = requests.request(method, f"{self._host.base_url}/api/{path}", timeout=60, **arguments)
        assert answer.status_code < 300, answer.text
        self._host.drain(DRAIN_S)
        return answer.json()


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[Newcomer]:
    """Forty customers with a year of history, connected on 9 November."""
    world = open_world(start=START, seed=SEED)
    populate(world, CUSTOMERS, since=Month(2026, 10))
    settings = Settings(embedded_root=tmp_path / "store", countries="NL,US")
    with Simulator(world) as simulator:
        trust = tmp_path / "trust.pem"
        trust.write_bytes(simulator.trust_pem)
        machine = open_machine(with_everything(simulator, settings, trust), port=0, has_timers=False)
        with machine.host as host:
            consent_at(host.base_url)
            yield Newcomer(host)


def test_the_month_before_is_billed_by_microsofts_own_price_sheet(newcomer: Newcomer, prices: bytes) -> None:
    """Prices in percent of ERP for everybody: parked is only who bought what the list does not price."""
    newcomer.send("POST", "sync")
    newcomer.send("PUT", "billing-terms/2026-10/price-list?name=prices.csv", data=prices)
    newcomer.send("POST", "billing-runs", json={"period": "2026-10"})
    run = newcomer.send("GET", "billing-runs/2026-10")
    parked = [each["customer_name"] for each in run["customers"] if each["is_parked"]]

    assert ("ready", CUSTOMERS) == (run["state"], run["customer_count"])
    assert {"PRICE_MISSING": 1} == run["issue_counts"]
    assert ["Maison Lefèvre-Brûlé SA"] == parked
