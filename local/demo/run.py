"""The demo: a made-up month goes through the real function app on this machine, as it would in the cloud.

Files and terms go in by HTTP, queues do the work, files come out behind links. A second demo finds nothing to do.

Not here: what is in the month (``month``), the host (``local/functions_host``).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

from local.demo.month import DemoMonth, write_month
from local.serving import open_machine
from shared.domain.errors import StateError
from shared.settings import Settings
from shared.storage.names import EXPORTS_CONTAINER

DRAIN_S = 300
REQUEST_S = 60


@dataclass(slots=True)
class DemoResult:
    """What the demo shows: the run as the API tells it, the exports with links, and whether anything was new."""

    run: dict[str, Any]
    exports: list[dict[str, Any]]
    is_new: bool
    files: Path
    folder: Path
    source_files: list[dict[str, Any]] = field(default_factory=list)


def run_demo(settings: Settings, folder: Path, tell: Callable[[str], None], *, period: str = "2026-10") -> DemoResult:
    """Bill the demo month on the store of *settings*; Microsoft's files are written to *folder*.

    Raises:
        StateError: the function app refused a step.
    """
    tell(f"Writing a made-up month of Microsoft's files to {folder}")
    folder.mkdir(parents=True, exist_ok=True)
    month = write_month(folder, period=period)
    machine = open_machine(settings, port=0, has_timers=False)
    with machine.host as host:
        api = _Api(f"{host.base_url}/api")
        tell("Uploading them to the function app, which reads them from a queue")
        for path in _source_files(month):
            api.send("PUT", f"source-files/{period}/{quote(path.name)}", path.read_bytes())
        for kind, path in _terms(month):
            api.send("PUT", f"billing-terms/{period}/{kind}?name={quote(path.name)}", path.read_bytes())
        host.drain(DRAIN_S)
        tell(f"Starting the billing run for {period}")
        status, _ = api.send("POST", "billing-runs", json.dumps({"period": period}).encode())
        host.drain(DRAIN_S)
        return DemoResult(
            run=api.send("GET", f"billing-runs/{period}")[1],
            exports=api.send("GET", f"exports/{period}")[1],
            is_new=status == 202,
            files=folder,
            folder=settings.embedded_root / "blobs" / EXPORTS_CONTAINER / period,
            source_files=api.send("GET", f"source-files/{period}")[1],
        )


def _source_files(month: DemoMonth) -> tuple[Path, ...]:
    return month.invoice_eur, month.invoice_usd, *month.daily_usage, month.legacy_licence, month.legacy_usage


def _terms(month: DemoMonth) -> tuple[tuple[str, Path], ...]:
    return (
        ("price-list", month.price_list),
        ("price-sheet", month.price_sheet),
        ("subscription-details", month.subscription_details),
        ("control-totals", month.control_totals),
    )


class _Api:
    """The function app's HTTP API, as any client would call it."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url

    def send(self, method: str, path: str, body: bytes | None = None) -> tuple[int, Any]:
        """Return status and JSON value.

        Raises:
            StateError: the answer is a problem; its detail is the message.
        """
        request = Request(f"{self._base_url}/{path}", data=body, method=method)  # noqa: S310 - loopback, http
        try:
            with urlopen(request, timeout=REQUEST_S) as answer:  # noqa: S310 - as above
                content = answer.read()
                return answer.status, json.loads(content) if content else None
        except HTTPError as error:
            with error:
                detail = json.loads(error.read() or b"{}").get("detail", error.reason)
            raise StateError(f"{method} {path.split('?', maxsplit=1)[0]}: {detail}") from error
