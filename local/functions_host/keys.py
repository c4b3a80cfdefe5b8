"""Access keys, as the Functions host checks them in front of HTTP functions and its own admin API.

Invariants: a key is compared in constant time and appears in no log and no message. Without :class:`AccessKeys` the
host asks for none, as `func start` does on a developer's machine.

Not here: the storefront's signatures and any other authentication of the app itself.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.requests import Request


@dataclass(frozen=True, slots=True, repr=False)
class AccessKeys:
    """The master key, the host keys by name, and the keys of single functions by function and key name."""

    master: str
    host: Mapping[str, str] = field(default_factory=dict)
    functions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def opens_function(self, name: str, level: str, given: str | None) -> bool:
        """Return whether *given* suffices for the function *name* of authorisation *level* (Azure's words)."""
        if level.upper() == "ANONYMOUS":
            return True
        if level.upper() == "ADMIN":
            return self.opens_admin(given)
        named = next((keys for key, keys in self.functions.items() if key.lower() == name.lower()), {})
        return _is_one_of(given, [self.master, *self.host.values(), *named.values()])

    def opens_admin(self, given: str | None) -> bool:
        """Return whether *given* is the master key."""
        return _is_one_of(given, [self.master])


def key_of(request: Request) -> str | None:
    """Return the key a caller sent: the ``x-functions-key`` header, else the ``code`` parameter."""
    return request.headers.get("x-functions-key") or request.query_params.get("code")


def _is_one_of(given: str | None, keys: list[str]) -> bool:
    if not given:
        return False
    matches = [hmac.compare_digest(given.encode(), key.encode()) for key in keys if key]
    return any(matches)
