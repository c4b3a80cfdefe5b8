"""Azurite, the storage emulator of Azure, as a child process: for tests, and to try the cloud adapters on a desk.

Invariants: it listens on 127.0.0.1 only, on free ports, with an account key made for this one run; it keeps
everything in memory, and it ends with the context that started it.

Not here: installing it (``npm install -g azurite``).
"""

import base64
import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from local.free_ports import free_ports
from shared.domain.errors import StorageUnavailableError

START_TIMEOUT_S: Final = 30.0
STOP_TIMEOUT_S: Final = 10.0
_START_ATTEMPTS: Final = 3  # a port found free may be taken before Azurite opens it
_POLL_S: Final = 0.05
_ACCOUNT: Final = "devstoreaccount1"
_OPTIONS: Final = ("--silent", "--skipApiVersionCheck", "--inMemoryPersistence", "--disableTelemetry")


def find_azurite(folder: Path | None = None) -> list[str] | None:
    """Return the command that starts Azurite, or None where it is not installed.

    Looks on the PATH, then in ``node_modules/.bin`` below *folder* (the current one), then asks ``npx``.
    """
    found = shutil.which("azurite") or shutil.which(
        "azurite", path=str((folder or Path.cwd()) / "node_modules" / ".bin")
    )
    if found:
        return [found]
    npx = shutil.which("npx")
    if npx and _answers([npx, "--no-install", "azurite", "--version"]):
        return [npx, "--no-install", "azurite"]
    return None


@contextlib.contextmanager
def running_azurite(command: Sequence[str]) -> Iterator[str]:
    """Run Azurite and give its connection string; it is stopped at the end and forgets everything.

    Raises:
        StorageUnavailableError: it ended or did not listen within 30 seconds, three times.
    """
    process, connection_string = _start(command)
    try:
        yield connection_string
    finally:
        _stop(process)


def _start(command: Sequence[str]) -> tuple[subprocess.Popen[bytes], str]:
    for _ in range(_START_ATTEMPTS):
        ports = free_ports(3)
        key = base64.b64encode(secrets.token_bytes(64)).decode("ascii")
        process = _launch(command, ports, key)
        if _listens(process, ports):
            return process, _connection_string(ports, key)
        _stop(process)
    raise StorageUnavailableError(
        f"Azurite did not listen within {START_TIMEOUT_S:.0f} s; start {command[0]} by hand to see why"
    )


def _launch(command: Sequence[str], ports: Sequence[int], key: str) -> subprocess.Popen[bytes]:
    names = ("--blobPort", "--queuePort", "--tablePort")
    addresses = [part for name, port in zip(names, ports, strict=True) for part in (name, str(port))]
    return subprocess.Popen(  # noqa: S603 - the command was found by find_azurite
        [*command, *_OPTIONS, *addresses],
        env={**os.environ, "AZURITE_ACCOUNTS": f"{_ACCOUNT}:{key}"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _connection_string(ports: Sequence[int], key: str) -> str:
    endpoints = [
        f"{kind}Endpoint=http://127.0.0.1:{port}/{_ACCOUNT}"
        for kind, port in zip(("Blob", "Queue", "Table"), ports, strict=True)
    ]
    return ";".join(["DefaultEndpointsProtocol=http", f"AccountName={_ACCOUNT}", f"AccountKey={key}", *endpoints])


def _listens(process: subprocess.Popen[bytes], ports: Sequence[int]) -> bool:
    give_up_at_s = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < give_up_at_s and process.poll() is None:
        if all(map(_is_open, ports)):
            return True
        time.sleep(_POLL_S)
    return False


def _is_open(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _answers(command: Sequence[str]) -> bool:
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        return subprocess.run(command, capture_output=True, check=False, timeout=30).returncode == 0  # noqa: S603 - npx from the PATH
    return False
