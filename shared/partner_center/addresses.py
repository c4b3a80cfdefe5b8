"""Which addresses may be asked, and with what: checked before a connection is made.

Invariants: a bearer token goes to the base address of its API and nowhere else; a part of an export is had over https
from an allowed host, without a token. Plain http is for this machine only, and only where the settings name it.

Not here: certificates of webhooks, asking (``transport``).
"""

import ipaddress
import re
from typing import Final
from urllib.parse import SplitResult, quote, urlsplit

from shared.domain.errors import ForgedError, InvalidError
from shared.partner_center.hosts import Audience, Hosts

_PORTS: Final = {"https": 443, "http": 80}
_PART_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.=-]{0,254}(/[A-Za-z0-9_][A-Za-z0-9_.=-]{0,254}){0,9}")
_UNSAFE = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\\]")
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*|[0-9a-f:.]+", re.IGNORECASE)


def check_bases(hosts: Hosts) -> None:
    """Check that every API is asked over https, or over http on this machine.

    Raises:
        InvalidError: an address is none, or would send tokens in the clear.
    """
    for audience in Audience:
        base = hosts.base(audience)
        parts = _split(base)
        is_safe = parts is not None and (parts.scheme == "https" or _is_loopback(parts.hostname or ""))
        if parts is None or not is_safe or parts.query or parts.fragment or base.endswith("/"):
            raise InvalidError(
                f"{_shown(base)} is no address for {audience}: give https://host without a slash at its end"
            )


def own_path(hosts: Hosts, audience: Audience, address: str) -> str:
    """Return path and query of *address* below the base address of *audience*; a relative one is taken as it is.

    Raises:
        ForgedError: it lies elsewhere, so no token may go there.
    """
    if address.startswith("/") and not address.startswith("//") and not _UNSAFE.search(address):
        return address
    parts, base = _split(address), _split(hosts.base(audience))
    if parts is None or base is None or _origin(parts) != _origin(base):
        raise ForgedError(f"{_shown(address)} is not on {hosts.base(audience)}; no token is sent there")
    if base.path and not parts.path.startswith(f"{base.path}/"):
        raise ForgedError(f"{_shown(address)} is not below {hosts.base(audience)}; no token is sent there")
    return parts.path[len(base.path) :] + (f"?{parts.query}" if parts.query else "")


def part_address(hosts: Hosts, root: str, name: str, token: str) -> str:
    """Return the address of a part of an export. It is a secret: it must be in no log and no error.

    Raises:
        ForgedError: the host is not allowed, or *name* is no name.
    """
    check_part_name(name)
    parts = _split(root)
    if parts is None or parts.query or parts.fragment or not _may_serve_exports(hosts, parts):
        raise ForgedError(
            f"the export lies on {_shown(root)}, which is not allowed. Nothing was asked there; if Microsoft moved its "
            "exports, add the host to PRORATA_EXPORT_HOSTS"
        )
    return f"{root.rstrip('/')}/{quote(name)}?{token.removeprefix('?')}"


def check_part_name(name: str) -> None:
    """Check the name of a part: plain characters, no way out of its folder.

    Raises:
        ForgedError: it is not a plain name.
    """
    if not _PART_NAME.fullmatch(name) or ".." in name:
        raise ForgedError(f"{name[:80]!r} is no name of an export's part")


def _may_serve_exports(hosts: Hosts, parts: SplitResult) -> bool:
    host, port = (parts.hostname or ""), _port(parts)
    is_here = _is_loopback(host)
    if parts.scheme != "https" and not is_here:
        return False
    for allowed in hosts.export_hosts:
        pattern = allowed.strip().lower()
        if is_here and pattern in {host, f"{host}:{port}", f"[{host}]", f"[{host}]:{port}"}:
            return True
        if not is_here and port == _PORTS["https"] and _matches(host, pattern):
            return True
    return False


def _matches(host: str, pattern: str) -> bool:
    if pattern.startswith("*."):
        return len(pattern) > 2 and host.endswith(pattern[1:]) and len(host) > len(pattern) - 1
    return host == pattern


def _split(address: str) -> SplitResult | None:
    """Return the parts of an address; None where it is none, or hides where it leads."""
    try:
        parts = urlsplit(address)
        is_plain = not _UNSAFE.search(address) and parts.scheme in _PORTS and "@" not in parts.netloc
        return parts if is_plain and _HOST.fullmatch(parts.hostname or "") and _port(parts) else None
    except ValueError:
        return None


def _port(parts: SplitResult) -> int:
    return parts.port or _PORTS[parts.scheme]


def _origin(parts: SplitResult) -> tuple[str, str | None, int]:
    return parts.scheme, parts.hostname, _port(parts)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _shown(address: str) -> str:
    """Return of an address what may be seen: scheme and host."""
    try:
        parts = urlsplit(address)
        return f"{parts.scheme}://{parts.hostname or '?'}"[:120]
    except ValueError:
        return "an address that is none"
