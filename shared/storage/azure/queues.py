"""Queues in Azure Queue Storage.

Invariants: a body travels as base64, which is what the Functions host expects; a message never expires; the SDK's own
types do not leave this module. A message that somebody else sent and that is no base64 arrives as it was sent: whoever
works it off finds it unreadable and lets it go to the poison queue.

Not here: retries and poison queues (the host moves a message by its dequeue count).
"""

import base64
import binascii
import logging
from collections.abc import Sequence

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.storage.queue import QueueClient, QueueMessage, QueueServiceClient

from shared.storage import limits
from shared.storage.azure.clients import AzureAccount, code_of, translated, with_home
from shared.storage.ports import Message

_NEVER_EXPIRES = -1
_log = logging.getLogger(__name__)


class AzureQueues:
    """The port ``Queues`` on Azure Queue Storage."""

    def __init__(self, service: QueueServiceClient) -> None:
        self._service = service
        self._clients: dict[str, QueueClient] = {}

    @classmethod
    def connect(cls, account: AzureAccount) -> "AzureQueues":
        """Return the queues of *account*; nothing is sent yet.

        Raises:
            InvalidError: the account names neither a connection string nor a URL.
        """
        options = account.options()
        if account.connection_string:
            return cls(QueueServiceClient.from_connection_string(account.connection_string, **options))
        return cls(QueueServiceClient(account.url("queue"), credential=account.credential(), **options))

    def send(self, queue: str, body: str | bytes, *, delay_s: int = 0) -> None:
        """Add a message that becomes visible after *delay_s* seconds.

        Raises:
            LimitError: empty or over 48 KiB, or the delay is over 7 days.
            StorageUnavailableError: no answer, or access was refused.
        """
        limits.check_delay(delay_s)
        content = base64.b64encode(limits.checked_body(body)).decode("ascii")
        client = self._client(queue)
        with translated(f"send to queue {queue}"):
            with_home(
                lambda: client.send_message(content, visibility_timeout=delay_s, time_to_live=_NEVER_EXPIRES),
                client.create_queue,
            )

    def receive(self, queue: str, *, limit: int = 1, lock_s: int = 600) -> Sequence[Message]:
        """Take up to *limit* visible messages; each is hidden from others for *lock_s* seconds.

        Raises:
            LimitError: *limit* is not 1 to 32, or *lock_s* not 1 to 604,800.
            StorageUnavailableError: no answer, or access was refused.
        """
        limits.check_receive(limit, lock_s)
        client = self._client(queue)
        with translated(f"receive from queue {queue}"):
            try:
                pages = client.receive_messages(
                    messages_per_page=limit, max_messages=limit, visibility_timeout=lock_s
                ).by_page()
                return [_message(queue, found) for found in next(pages, ())]
            except ResourceNotFoundError:
                return []

    def complete(self, message: Message) -> None:
        """Remove a message that was worked off. A lock lost meanwhile is no error: it will come again.

        Raises:
            StorageUnavailableError: no answer, or access was refused.
        """
        client = self._client(message.queue)
        with translated(f"completion of a message of queue {message.queue}"):
            try:
                client.delete_message(message.id, message.receipt)
            except HttpResponseError as error:
                _forgive_lost_lock(error, message)

    def release(self, message: Message, *, delay_s: int = 0) -> None:
        """Give a message back; it becomes visible after *delay_s* seconds. A lost lock is no error.

        Raises:
            LimitError: the delay is over 7 days.
            StorageUnavailableError: no answer, or access was refused.
        """
        limits.check_delay(delay_s)
        client = self._client(message.queue)
        with translated(f"release of a message of queue {message.queue}"):
            try:
                client.update_message(message.id, message.receipt, visibility_timeout=delay_s)
            except HttpResponseError as error:
                _forgive_lost_lock(error, message)

    def depth(self, queue: str) -> int:
        """Return about how many messages wait or are held.

        Raises:
            StorageUnavailableError: no answer, or access was refused.
        """
        client = self._client(queue)
        with translated(f"depth of queue {queue}"):
            try:
                return client.get_queue_properties().approximate_message_count or 0
            except ResourceNotFoundError:
                return 0

    def _client(self, queue: str) -> QueueClient:
        """Return the client of *queue*, which sends text as it is; all share one pool of connections."""
        limits.check_queue(queue)
        client = self._clients.get(queue)
        if client is None:
            client = self._clients[queue] = self._service.get_queue_client(queue)
        return client


def _forgive_lost_lock(error: HttpResponseError, message: Message) -> None:
    """Let a message go whose lock ended: somebody else has it or has finished it."""
    if not isinstance(error, ResourceNotFoundError) and code_of(error) != "PopReceiptMismatch":
        raise error
    _log.info("message %s of queue %s: the lock was lost, it was or will be handled again", message.id, message.queue)


def _message(queue: str, found: QueueMessage) -> Message:
    if not found.pop_receipt or found.inserted_on is None:
        raise TypeError("a received message has a receipt and an insertion instant")
    body, is_decoded = _decoded(found.content)
    count = found.dequeue_count or 0
    return Message(queue, found.id, found.pop_receipt, body, count, found.inserted_on, is_decoded)


def _decoded(content: str | None) -> tuple[bytes, bool]:
    text = (content or "").encode()
    try:
        return base64.b64decode(text, validate=True), True
    except binascii.Error:
        return text, False
