"""The composition root: which adapters the settings stand for, and when they are built."""

from datetime import UTC, datetime
from pathlib import Path

from shared.bootstrap import FORMATS, build_services, open_stores, services_for, utc_now
from shared.settings import Settings
from shared.storage.azure.blobs import AzureBlobs
from shared.storage.azure.queues import AzureQueues
from shared.storage.azure.tables import AzureTables
from shared.storage.embedded.blobs import EmbeddedBlobs
from shared.storage.embedded.queues import EmbeddedQueues
from shared.storage.embedded.tables import EmbeddedTables

AZURE = {
    "tables_url": "https://data.table.core.windows.net",
    "blobs_url": "https://data.blob.core.windows.net",
    "queues_url": "https://data.queue.core.windows.net",
}


def test_the_embedded_store_comes_into_being_with_its_first_use(tmp_path: Path) -> None:
    """Opening it touches no disk."""
    stores = open_stores(Settings(embedded_root=tmp_path / "store"))

    assert isinstance(stores.tables, EmbeddedTables)
    assert isinstance(stores.blobs, EmbeddedBlobs)
    assert isinstance(stores.queues, EmbeddedQueues)
    assert stores.exports is stores.blobs
    assert list(tmp_path.iterdir()) == []


def test_azure_is_opened_without_asking_it_anything() -> None:
    """Exports may lie on an account of their own; without one they lie with everything else."""
    together = open_stores(Settings(store="azure", **AZURE))
    apart = open_stores(Settings(store="azure", exports_url="https://exports.blob.core.windows.net", **AZURE))

    assert isinstance(together.tables, AzureTables)
    assert isinstance(together.blobs, AzureBlobs)
    assert isinstance(together.queues, AzureQueues)
    addresses = [each._service.account_name for each in (together.exports, apart.exports, apart.blobs)]
    assert addresses == ["data", "exports", "data"]


def test_one_installation_has_its_services_once(tmp_path: Path) -> None:
    """Equal settings give the same services; others give others."""
    first = services_for(Settings(embedded_root=tmp_path / "a"))

    assert first is services_for(Settings(embedded_root=tmp_path / "a"))
    assert first is not services_for(Settings(embedded_root=tmp_path / "b"))


def test_services_take_what_the_settings_say(tmp_path: Path) -> None:
    """Name, hours and clock; the clock is aware and in UTC."""
    settings = Settings(embedded_root=tmp_path, reseller_name="Norrsken", link_hours=2)
    services = build_services(settings, open_stores(settings), lambda: datetime(2026, 11, 9, tzinfo=UTC))

    assert (services.reseller_name, services.link_hours, services.formats) == ("Norrsken", 2, FORMATS)
    assert services.clock() == datetime(2026, 11, 9, tzinfo=UTC)
    assert utc_now().utcoffset() == UTC.utcoffset(None)
