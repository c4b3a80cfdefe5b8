"""A time by which an answer has to be complete, headers and body, however it drips.

A socket's own time limit begins anew with every byte, so that one byte a minute holds a worker for ever. Connections of
``mount_deadlines`` give each wait no more time than is left.

Not here: how long is waited (``pace``), what a late answer means (``exchange``).
"""

import http.client
import io
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

POOL_HOSTS: Final = 8
POOL_CONNECTIONS: Final = 32
_ENDS_AT: ContextVar[float] = ContextVar("answer_ends_at", default=float("inf"))


@contextmanager
def answered_within(seconds: float) -> Iterator[None]:
    """Give every answer that begins in here that much time, its body included, wherever that is read."""
    token = _ENDS_AT.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _ENDS_AT.reset(token)


def mount_deadlines(session: requests.Session) -> None:
    """Let the connections of *session* heed ``answered_within``."""
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Adapter(pool_connections=POOL_HOSTS, pool_maxsize=POOL_CONNECTIONS, max_retries=0))


class _Timed(io.RawIOBase):
    """What comes in on a socket; each wait ends with the answer's time at the latest."""

    def __init__(self, raw: io.RawIOBase, connection: socket.socket) -> None:
        super().__init__()
        self._raw, self._socket = raw, connection
        self._patience_s, self._ends_at = connection.gettimeout(), _ENDS_AT.get()

    def readable(self) -> bool:
        """Whether this can be read: always."""
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        """Fill *buffer* with what comes next and return how much that was.

        Raises:
            TimeoutError: the answer's time is over.
        """
        left_s = self._ends_at - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("the answer was not complete in time")
        if left_s != float("inf"):
            self._socket.settimeout(left_s if self._patience_s is None else min(self._patience_s, left_s))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """Let go of the socket."""
        if not self.closed:
            self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self.fp = io.BufferedReader(_Timed(self.fp.detach(), sock))


class _Connection(HTTPConnection):
    response_class = _Response


class _SafeConnection(HTTPSConnection):
    response_class = _Response


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SafePool(HTTPSConnectionPool):
    ConnectionCls = _SafeConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Make the pools, of our connections."""
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SafePool}
