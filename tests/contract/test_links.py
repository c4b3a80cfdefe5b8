"""What signed links promise: one blob, read-only, until an instant, and nothing to anybody who changed them."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from azure.storage.blob import BlobServiceClient, UserDelegationKey

from shared.domain.errors import InvalidError, LimitError
from shared.storage.azure.blobs import AzureBlobs
from shared.storage.azure.clients import AzureAccount
from shared.storage.azure.links import LinkSigner
from shared.storage.clock import system_clock
from shared.storage.embedded.blobs import EmbeddedBlobs
from shared.storage.embedded.database import Database
from shared.storage.ports import Blobs

NAME = "2026-11/Ä & b#?.xlsx"
HOUR = timedelta(hours=1)


def _get(url: str) -> tuple[int, bytes, str]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - the emulator's own URL
            return answer.status, answer.read(), answer.headers.get("Content-Disposition", "")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, b"", ""


def _parts(url: str) -> tuple[str, str, dict[str, str]]:
    """Take a link apart as a server does: container, name, query."""
    _, kind, container, name = urlsplit(url).path.split("/", 3)
    assert kind == "blobs"
    return container, unquote(name), dict(parse_qsl(urlsplit(url).query))


@pytest.mark.parametrize("filename", ["", "a/b", 'a"b', "a\\b", "a\r\nX: y", "x" * 201])
def test_a_download_name_that_is_no_file_name_is_refused(blobs: Blobs, bucket: str, filename: str) -> None:
    """The name becomes a header and a file on somebody's disk."""
    with pytest.raises(LimitError, match="filename"):
        blobs.link(bucket, "n", expires_at=system_clock() + HOUR, filename=filename)


@pytest.mark.parametrize("lifetime", [timedelta(0), -HOUR, timedelta(days=6, minutes=1)])
def test_a_link_ends_within_six_days(blobs: Blobs, bucket: str, lifetime: timedelta) -> None:
    """A past or distant end is refused; both stores have the limit of Azure's delegation keys."""
    with pytest.raises(LimitError, match="expires_at"):
        blobs.link(bucket, "n", expires_at=system_clock() + lifetime, filename="f")


def test_a_link_needs_an_end_with_a_time_zone(blobs: Blobs, bucket: str) -> None:
    """A naive instant would mean another moment on every machine."""
    with pytest.raises(LimitError, match="time zone"):
        blobs.link(bucket, "n", expires_at=datetime(2026, 11, 1), filename="f")  # noqa: DTZ001 - what is refused


@pytest.fixture
def embedded(database: Database) -> EmbeddedBlobs:
    """Embedded blobs whose server would answer on port 7071."""
    return EmbeddedBlobs(database, base_url="http://127.0.0.1:7071/")


def test_an_embedded_link_is_good_for_its_blob_and_time(embedded: EmbeddedBlobs, bucket: str) -> None:
    """The server learns the file name from a link that is whole and in time."""
    expires_at = system_clock() + HOUR
    url = embedded.link(bucket, NAME, expires_at=expires_at, filename="Rechnung ä.xlsx")
    container, name, query = _parts(url)

    assert url.startswith("http://127.0.0.1:7071/blobs/")
    assert (container, name) == (bucket, NAME)
    assert embedded.verify_link(container, name, query, system_clock()) == "Rechnung ä.xlsx"
    with pytest.raises(InvalidError, match="expired"):
        embedded.verify_link(container, name, query, expires_at)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("expires", "99999999999"),
        ("expires", "soon"),
        ("expires", ""),
        ("filename", "g"),
        ("signature", "0" * 64),
        ("signature", "ä"),
        ("signature", ""),
        ("container", "other"),
        ("name", "other"),
    ],
)
def test_an_embedded_link_that_was_changed_is_refused(
    embedded: EmbeddedBlobs, bucket: str, field: str, value: str
) -> None:
    """No part can be changed, left out, or moved into another part."""
    url = embedded.link(bucket, "n", expires_at=system_clock() + HOUR, filename="f")
    container, name, query = _parts(url)
    parts = {"container": container, "name": name, **query, field: value}

    with pytest.raises(InvalidError, match="changed"):
        embedded.verify_link(parts["container"], parts["name"], parts, system_clock())
    with pytest.raises(InvalidError, match="incomplete"):
        embedded.verify_link(container, name, {}, system_clock())


def test_a_link_of_another_store_is_refused(embedded: EmbeddedBlobs, bucket: str, tmp_path: Path) -> None:
    """Every store has its own key, which outlives a restart and which only its owner can read."""
    other = Database(tmp_path / "other")
    url = EmbeddedBlobs(other).link(bucket, "n", expires_at=system_clock() + HOUR, filename="f")
    with pytest.raises(InvalidError):
        embedded.verify_link(*_parts(url), system_clock())

    assert EmbeddedBlobs(other).verify_link(*_parts(url), system_clock()) == "f"
    assert (tmp_path / "other" / "link.key").stat().st_mode & 0o777 == 0o600
    assert len((tmp_path / "other" / "link.key").read_bytes()) == 32


@pytest.mark.azurite
def test_an_azure_link_downloads_without_credentials(azure_account: AzureAccount, bucket: str) -> None:
    """Whoever has the URL reads this one blob, under the name it was given."""
    blobs = AzureBlobs.connect(azure_account)
    blobs.put(bucket, NAME, b"content")
    url = blobs.link(bucket, NAME, expires_at=system_clock() + HOUR, filename="Rechnung ä.xlsx")
    status, content, disposition = _get(url)

    assert (status, content) == (200, b"content")
    assert disposition == "attachment; filename=\"Rechnung _.xlsx\"; filename*=UTF-8''Rechnung%20%C3%A4.xlsx"
    assert _get(url.split("?")[0])[0] in (401, 403, 404)


@pytest.mark.azurite
def test_an_azure_link_is_for_one_blob_and_for_reading(azure_account: AzureAccount, bucket: str) -> None:
    """The signature opens no other blob, no longer time and no writing."""
    blobs = AzureBlobs.connect(azure_account)
    blobs.put(bucket, "one", b"1")
    blobs.put(bucket, "two", b"2")
    url = blobs.link(bucket, "one", expires_at=system_clock() + HOUR, filename="f")
    query = dict(parse_qsl(urlsplit(url).query))
    deletion = urllib.request.Request(url, method="DELETE")  # noqa: S310 - the emulator's own URL

    assert _get(url.replace("/one?", "/two?"))[0] == 403
    assert _get(url.replace(f"sp={query['sp']}", "sp=rwd"))[0] == 403
    assert _get(url.replace("se=20", "se=21"))[0] == 403
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(deletion, timeout=10)  # noqa: S310 - the emulator's own URL
    refused.value.close()
    assert refused.value.code == 403
    assert blobs.info(bucket, "one") is not None


@pytest.mark.azurite
def test_an_azure_link_ends(azure_account: AzureAccount, bucket: str) -> None:
    """A link made yesterday for an hour opens nothing today."""
    service = BlobServiceClient.from_connection_string(azure_account.connection_string)
    yesterday = system_clock() - timedelta(days=1)
    blobs = AzureBlobs(service, LinkSigner(service, clock=lambda: yesterday))
    blobs.put(bucket, "n", b"1")
    url = blobs.link(bucket, "n", expires_at=yesterday + HOUR, filename="f")

    assert _get(url)[0] == 403


class DelegatingService(BlobServiceClient):
    """A service that is signed in as an identity and hands out delegation keys."""

    handed_out: int = 0

    def get_user_delegation_key(
        self, key_start_time: datetime, key_expiry_time: datetime, **_: object
    ) -> UserDelegationKey:
        """Hand out a made-up key as the service would."""
        self.handed_out += 1
        key = UserDelegationKey()
        key.signed_oid, key.signed_tid, key.signed_service, key.value = "oid", "tid", "b", "c2VjcmV0"
        key.signed_start = key_start_time.strftime("%Y-%m-%dT%H:%M:%SZ")
        key.signed_expiry = key_expiry_time.strftime("%Y-%m-%dT%H:%M:%SZ")
        key.signed_version = "2025-01-05"
        return key


@pytest.fixture
def delegating() -> Iterator[DelegatingService]:
    """A service without an account key."""
    with DelegatingService("https://account.blob.core.windows.net") as service:
        yield service


def test_an_identity_signs_with_a_delegation_key(delegating: DelegatingService) -> None:
    """Without an account key: delegated, read-only, https only, from 15 minutes ago, and one key for many links."""
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    instants = [now]
    blobs = AzureBlobs(delegating, LinkSigner(delegating, clock=lambda: instants[-1]))
    url = blobs.link("container", "a/b c", expires_at=now + HOUR, filename="f.csv")
    query = dict(parse_qsl(urlsplit(url).query))

    assert url.startswith("https://account.blob.core.windows.net/container/a/b%20c?")
    assert {name: query[name] for name in ("sp", "spr", "sr", "st", "se", "skoid", "ske")} == {
        "sp": "r",
        "spr": "https",
        "sr": "b",
        "st": "2026-11-21T11:45:00Z",
        "se": "2026-11-21T13:00:00Z",
        "skoid": "oid",
        "ske": "2026-11-28T11:45:00Z",
    }
    blobs.link("container", "other", expires_at=now + timedelta(days=6), filename="f.csv")
    assert delegating.handed_out == 1
    instants.append(now + timedelta(days=2))
    blobs.link("container", "other", expires_at=instants[-1] + timedelta(days=6), filename="f.csv")
    assert delegating.handed_out == 2
