"""An office: the function app at work on one store, and what a person does with it in a month."""

import hashlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient

from local.azurite import find_azurite, running_azurite
from local.demo.small_month import FOUR_CUSTOMERS, PRICES, Licence, invoice_csv, price_list_csv
from local.embedded_store import rows_in
from local.free_ports import free_port
from local.functions_host.keys import AccessKeys
from local.serving import Machine, open_machine
from shared.application.services import Services
from shared.bootstrap import build_services, utc_now
from shared.domain.periods import BillingPeriod
from shared.settings import Settings
from shared.storage.embedded.blobs import EmbeddedBlobs
from shared.storage.embedded.database import Database
from shared.storage.names import EXPORTS_CONTAINER
from shared.storage.repositories.exports import Export

sys.path.insert(0, str(Path(__file__).parent))  # for the modules beside this file

DRAIN_S = 60


@dataclass(slots=True)
class Office:
    """What a person has: the API's address, the machine behind it, and the month that is billed."""

    machine: Machine
    connection_string: str = ""
    period: str = field(default_factory=lambda: str(BillingPeriod.of(utc_now().date()).previous))

    def send(self, method: str, path: str, **arguments: Any) -> requests.Response:
        """Send one request to the API."""
        return requests.request(method, f"{self.machine.host.base_url}/api/{path}", timeout=30, **arguments)

    def get(self, path: str) -> Any:
        """Return the JSON value of an answer that must be 200."""
        answer = self.send("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def drain(self) -> None:
        """Wait until the queues are empty."""
        self.machine.host.drain(DRAIN_S)

    def upload(self, name: str, content: bytes) -> dict[str, Any]:
        """Upload a source file, wait until it was read, and return what is recorded of it."""
        answer = self.send("PUT", f"source-files/{self.period}/{name}", data=content)
        assert answer.status_code == 202, answer.text
        self.drain()
        found: dict[str, Any] = next(one for one in self.get(f"source-files/{self.period}") if one["name"] == name)
        return found

    def put_terms(self, kind: str, content: bytes) -> bool:
        """Upload billing terms; return whether they are new."""
        answer = self.send("PUT", f"billing-terms/{self.period}/{kind}?name={kind}.csv", data=content)
        assert answer.status_code == 200, answer.text
        return bool(answer.json()["changed"])

    def run(self) -> int:
        """Start the run, wait until it rests, and return the status of the start."""
        answer = self.send("POST", "billing-runs", json={"period": self.period})
        self.drain()
        return answer.status_code

    def approve(self) -> requests.Response:
        """Approve the run and wait until it rests."""
        answer = self.send("POST", f"billing-runs/{self.period}/approve", json={"approved_by": "Ada"})
        self.drain()
        return answer

    def fire(self, timer: str) -> None:
        """Fire a timer by hand and wait until everything it began is done."""
        host = self.machine.host
        assert requests.post(f"{host.base_url}/admin/functions/{timer}", json={}, timeout=30).status_code == 202
        self.drain()

    def shown(self) -> dict[str, Any]:
        """Return the run as the API shows it."""
        run: dict[str, Any] = self.get(f"billing-runs/{self.period}")
        return run

    def customer(self, name: str) -> dict[str, Any]:
        """Return what the run made for the customer of that name."""
        found: dict[str, Any] = next(one for one in self.shown()["customers"] if one["customer_name"] == name)
        return found

    def files(self) -> dict[str, list[str]]:
        """Return the names of the exported files by whose they are."""
        names: dict[str, list[str]] = {}
        for export in self.get(f"exports/{self.period}"):
            names.setdefault(export["label"], []).append(export["file_name"])
        return names

    def invoices(self, name: str) -> list[tuple[str, str, str]]:
        """Return key, state and number of every revision of a customer's invoice."""
        partition = Licence(customer=name).customer_id
        rows = self.machine.stores.tables.query("invoices", partition)
        return [(row.row, str(row.values["state"]), str(row.values["number"])) for row in rows]

    def services(self) -> Services:
        """Return the use cases' services on the office's store."""
        return build_services(self.machine.settings, self.machine.stores)

    @property
    def billing_period(self) -> BillingPeriod:
        """The month that is billed."""
        return BillingPeriod.parse(self.period)

    def past_link(self, export: Export) -> str:
        """Return a link to the file as it was made two hours ago, for one hour."""
        then = utc_now() - timedelta(hours=2)
        settings = self.machine.settings
        database = Database(settings.embedded_root)
        blobs = EmbeddedBlobs(database, base_url=settings.base_url, clock=lambda: then)
        link = blobs.link(
            EXPORTS_CONTAINER, export.blob, expires_at=then + timedelta(hours=1), filename=export.file_name
        )
        database.close()
        return link

    def kept(self) -> dict[str, Any]:
        """Return every table row with its ETag and every blob with a hash of its content."""
        if self.connection_string:
            return _kept_in_azure(self.connection_string)
        return _kept_embedded(self.machine)

    def start_month(self, licences: tuple[Licence, ...] = FOUR_CUSTOMERS) -> None:
        """Hand in Microsoft's file and the price list."""
        self.upload("invoice.csv", invoice_csv(self.period, licences))
        self.put_terms("price-list", price_list_csv(PRICES))


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    """The environment as it was: a machine puts its settings there for the function app."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


def open_office(root: Path, connection_string: str = "", keys: AccessKeys | None = None) -> Office:
    """Return an office that is not at work yet."""
    port = free_port()
    settings = Settings(
        store="azure" if connection_string else "embedded",
        connection_string=connection_string,
        embedded_root=root / "store",
        base_url=f"http://127.0.0.1:{port}",
        reseller_name="Norrsken",
        link_hours=1,
    )
    return Office(open_machine(settings, port=port, has_timers=False, keys=keys), connection_string)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """An office on the embedded store."""
    office = open_office(tmp_path)
    with office.machine.host:
        yield office


@pytest.fixture(scope="module")
def module_office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office that the tests of one module share."""
    before = dict(os.environ)
    office = open_office(tmp_path_factory.mktemp("office"))
    with office.machine.host:
        yield office
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def locked_office(tmp_path: Path) -> Iterator[Office]:
    """An office that asks for keys."""
    office = open_office(tmp_path, keys=AccessKeys(master="the-master-key", host={"default": "a-host-key"}))
    with office.machine.host:
        yield office


@pytest.fixture(params=["embedded", pytest.param("azurite", marks=pytest.mark.azurite)])
def any_office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    """An office on each store in turn; the emulator is one of its own, for queues and tables have fixed names."""
    if request.param == "embedded":
        yield request.getfixturevalue("office")
        return
    request.getfixturevalue("azurite")  # skips aloud where it is missing
    with running_azurite(find_azurite() or []) as connection_string:
        office = open_office(tmp_path, connection_string)
        with office.machine.host:
            yield office


def _kept_embedded(machine: Machine) -> dict[str, Any]:
    database = Database(machine.settings.embedded_root)
    kept: dict[str, Any] = {
        f"row {one.table}/{one.partition}/{one.row}": (one.body, one.etag) for one in rows_in(database)
    }
    with database.read() as connection:
        found = connection.execute("SELECT container, name, token FROM blobs").fetchall()
    for container, name, token in found:
        with machine.stores.blobs.open(container, name) as stream:
            kept[f"blob {container}/{name}"] = (hashlib.sha256(stream.read()).hexdigest(), token)
    database.close()
    return kept


def _kept_in_azure(connection_string: str) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    with TableServiceClient.from_connection_string(connection_string) as tables:
        for table in tables.list_tables():
            for row in tables.get_table_client(table.name).list_entities():
                key = f"row {table.name}/{row['PartitionKey']}/{row['RowKey']}"
                kept[key] = (dict(row), row.metadata["etag"])
    with BlobServiceClient.from_connection_string(connection_string) as blobs:
        for container in blobs.list_containers():
            client = blobs.get_container_client(container.name)
            for blob in client.list_blobs():
                content = client.download_blob(blob.name).readall()
                kept[f"blob {container.name}/{blob.name}"] = (hashlib.sha256(content).hexdigest(), blob.etag)
    return kept
