"""Signed links to Azure blobs: a service signature with the account key, or one with a user delegation key.

Invariants: a link reads one blob and nothing else; it begins 15 minutes ago, because clocks differ; over https
endpoints it is good for https only. A delegation key is asked for once and used as long as it outlives the link.

Not here: who may get a link.
"""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from azure.storage.blob import (
    BlobClient,
    BlobSasPermissions,
    BlobServiceClient,
    UserDelegationKey,
    generate_blob_sas,
)

from shared.storage import limits
from shared.storage.azure.clients import translated
from shared.storage.clock import system_clock

CLOCK_DIFFERENCE: Final = timedelta(minutes=15)
DELEGATION_LIFETIME: Final = timedelta(days=7) - CLOCK_DIFFERENCE


class LinkSigner:
    """Signs links for the blobs of *service*, with its account key when it has one. *clock* is in UTC."""

    def __init__(self, service: BlobServiceClient, *, clock: Callable[[], datetime] = system_clock) -> None:
        self._service = service
        self._clock = clock
        self._lock = threading.Lock()
        self._delegation: tuple[datetime, UserDelegationKey] | None = None

    def sign(self, client: BlobClient, expires_at: datetime, filename: str) -> str:
        """Return the URL that downloads the blob of *client* as *filename* until *expires_at*.

        Raises:
            LimitError: *filename* is not allowed, or *expires_at* is past, over 6 days away or without a time zone.
            StorageUnavailableError: the delegation key was refused, or no answer.
        """
        now = self._clock()
        limits.check_filename(filename)
        limits.check_expiry(expires_at, now)
        protocol: dict[str, Any] = {"protocol": "https"} if client.scheme == "https" else {}
        signature = generate_blob_sas(
            str(client.account_name),
            client.container_name,
            client.blob_name,
            permission=BlobSasPermissions(read=True),
            start=now - CLOCK_DIFFERENCE,
            expiry=expires_at,
            content_disposition=disposition(filename),
            **self._key(now, expires_at),
            **protocol,
        )
        return f"{client.url}?{signature}"

    def _key(self, now: datetime, expires_at: datetime) -> dict[str, Any]:
        key = getattr(self._service.credential, "account_key", None)
        if key:
            return {"account_key": key}
        with self._lock:
            if self._delegation is None or self._delegation[0] < expires_at:
                self._delegation = self._new_delegation(now)
            return {"user_delegation_key": self._delegation[1]}

    def _new_delegation(self, now: datetime) -> tuple[datetime, UserDelegationKey]:
        ends_at = now + DELEGATION_LIFETIME
        with translated("request of a user delegation key"):
            return ends_at, self._service.get_user_delegation_key(now - CLOCK_DIFFERENCE, ends_at)


def disposition(filename: str) -> str:
    """Return the header that makes a browser save the download as *filename* (no quotes or control characters)."""
    plain = filename.encode("ascii", "replace").decode().replace("?", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"
