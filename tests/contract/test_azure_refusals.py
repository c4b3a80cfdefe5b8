"""What the cloud adapters make of strangers, refusals and silence."""

import base64
import logging
import socket

import pytest
from azure.storage.queue import QueueClient

from shared.domain.errors import InvalidError, StorageUnavailableError
from shared.storage.azure.blobs import AzureBlobs
from shared.storage.azure.clients import AzureAccount
from shared.storage.azure.queues import AzureQueues
from shared.storage.azure.tables import AzureTables

WRONG_KEY = base64.b64encode(b"wrong" * 12).decode()


def _all_fail(account: AzureAccount) -> list[str]:
    """Call every adapter of *account* and return the messages of its errors, causes and all."""
    texts = []
    for step in (
        lambda: AzureTables.connect(account).insert("table", "p", "r", {}),
        lambda: AzureTables.connect(account).get("table", "p", "r"),
        lambda: list(AzureTables.connect(account).query("table", "p")),
        lambda: AzureBlobs.connect(account).put("container", "n", b"1"),
        lambda: AzureBlobs.connect(account).open("container", "n"),
        lambda: AzureBlobs.connect(account).info("container", "n"),
        lambda: list(AzureBlobs.connect(account).list("container")),
        lambda: AzureQueues.connect(account).send("queue", "m"),
        lambda: AzureQueues.connect(account).receive("queue"),
        lambda: AzureQueues.connect(account).depth("queue"),
    ):
        with pytest.raises(StorageUnavailableError) as refused:
            step()
        texts.append(str(refused.value))
    return texts


@pytest.mark.azurite
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_wrong_key_is_an_operational_problem(azure_account: AzureAccount) -> None:
    """Access refused: try again once it is put right; the message carries no key and no signature."""
    right = azure_account.connection_string
    key = next(part for part in right.split(";") if part.startswith("AccountKey="))
    texts = _all_fail(AzureAccount(right.replace(key, f"AccountKey={WRONG_KEY}"), retry_count=0))

    assert all("403" in text for text in texts)
    assert not any("http://" in text or WRONG_KEY in text or "Signature" in text for text in texts)


def test_a_store_that_does_not_answer_is_an_operational_problem() -> None:
    """Nobody listens: every call says so."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/name"
        endpoints = ";".join(f"{kind}Endpoint={address}" for kind in ("Table", "Blob", "Queue"))
        texts = _all_fail(AzureAccount(f"AccountName=name;AccountKey={WRONG_KEY};{endpoints}", retry_count=0))

    assert all("did not answer" in text for text in texts)


def test_an_account_without_any_address_is_a_mistake() -> None:
    """The message names the setting that is missing."""
    with pytest.raises(InvalidError, match="table_url"):
        AzureTables.connect(AzureAccount())


@pytest.mark.azurite
def test_messages_travel_as_base64_and_strangers_arrive_as_sent(azure_account: AzureAccount, bucket: str) -> None:
    """The Functions host expects base64; plain text of another sender must not stop the queue."""
    queues = AzureQueues.connect(azure_account)
    queues.send(bucket, "ours")
    with QueueClient.from_connection_string(azure_account.connection_string, bucket) as client:
        (seen,) = client.peek_messages()
        client.send_message("not base64!")
    bodies = {message.body for message in queues.receive(bucket, limit=2)}

    assert base64.b64decode(seen.content) == b"ours"
    assert bodies == {b"ours", b"not base64!"}


def test_an_account_never_shows_its_key(caplog: pytest.LogCaptureFixture) -> None:
    """The connection string stays out of representations, and so out of logs."""
    account = AzureAccount(f"AccountKey={WRONG_KEY}", table_url="https://t")
    with caplog.at_level(logging.INFO):
        logging.getLogger(__name__).info("%r %s", account, account)

    assert WRONG_KEY not in caplog.text
    assert "https://t" in caplog.text


@pytest.mark.parametrize("client_id", ["", "11111111-2222-3333-4444-555555555555"])
def test_an_identity_connects_without_sending_anything(client_id: str) -> None:
    """URLs and an identity are enough; nothing is asked of the network before the first call."""
    account = AzureAccount(
        table_url="https://a.table.core.windows.net",
        blob_url="https://a.blob.core.windows.net",
        queue_url="https://a.queue.core.windows.net",
        client_id=client_id,
    )

    assert all(adapter.connect(account) for adapter in (AzureTables, AzureBlobs, AzureQueues))
