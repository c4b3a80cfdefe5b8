"""Measure the way in: parts of an export are downloaded, kept and laid out by customer, against just reading them.

Both sides work on the same files in this process and take turns, part by part; the parts come over HTTP from a process
of their own. With ``--memory`` only the way in is taken, and the peak of this process is printed.

Not here: whether the result is right (``tests``), comparing with the goals (``run``).
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

PERIOD = "2026-10"
CUSTOMERS = 5_000
INVOICE = "G000000001"
KINDS = {"usage": "usage/billed", "reconciliation": "reconciliation/billed"}
_AT = datetime(2026, 11, 9, tzinfo=UTC)


def write_reconciliation(folder: Path, *, lines: int, parts: int, seed: int) -> None:
    """Write parts of a reconciliation export: every documented column, lines of all customers mixed."""
    from local.demo.columns import NEW_COMMERCE  # noqa: PLC0415 - only where parts are made
    from local.demo.small_month import Licence, invoice_csv  # noqa: PLC0415 - as above
    from local.made_exports import json_lines, rows_of  # noqa: PLC0415 - as above

    folder.mkdir(parents=True)
    chance = random.Random(seed)  # noqa: S311 - figures to measure with
    (row,) = rows_of(invoice_csv(PERIOD, [Licence(customer="Adatum")]))
    row = {**dict.fromkeys(NEW_COMMERCE, ""), **row}
    for number in range(parts):
        rows = []
        for index in range(lines // parts):
            customer = chance.randrange(CUSTOMERS)
            seats = chance.randrange(1, 500)
            cost = f"{seats * 8}.{chance.randrange(100):02d}"
            own = {"CustomerId": f"{customer:08d}-0000-4000-8000-000000000001", "CustomerName": f"Customer {customer}"}
            numbers = {"Quantity": seats, "BillableQuantity": seats, "Subtotal": cost, "Total": cost}
            rows.append({**row, **own, **numbers, "OrderId": f"{number:03d}{index:09d}"})
        (folder / f"part-{number:05d}.json.gz").write_bytes(json_lines(rows))


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve the files of a folder from another process and yield its address."""
    code = (
        "import functools, http.server, sys\n"
        "handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])\n"
        "server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler)\n"
        "print(server.server_port, flush=True)\n"
        "server.serve_forever()\n"
    )
    arguments = [sys.executable, "-c", code, str(folder)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:  # noqa: S603 - our own code
        try:
            yield f"http://127.0.0.1:{cast('Any', process.stdout).readline().strip()}"
        finally:
            process.terminate()


def measure(folder: Path, kind: str, *, reads: bool, limit: int) -> dict[str, Any]:
    """Take the parts of *folder* in, reading each by itself before where *reads*, and return seconds and the peak."""
    import requests  # noqa: PLC0415 - only this process needs it

    from local.made_exports import Made, MadeExports  # noqa: PLC0415 - as above
    from shared.application.billing_sync import work_off_billing  # noqa: PLC0415 - as above
    from shared.application.messages import DeliveryMessage  # noqa: PLC0415 - as above
    from shared.bootstrap import build_services, open_stores  # noqa: PLC0415 - as above
    from shared.domain.periods import BillingPeriod  # noqa: PLC0415 - as above
    from shared.domain.snapshots.deliveries import ExportKind  # noqa: PLC0415 - as above
    from shared.settings import Settings  # noqa: PLC0415 - as above
    from shared.storage.names import DELIVERIES_QUEUE  # noqa: PLC0415 - as above

    paths = sorted(folder.iterdir())[:limit]
    root = Path(tempfile.mkdtemp(prefix="store-", dir=folder.parent))
    settings = Settings(embedded_root=root, billing_currencies="EUR")
    microsoft, session = MadeExports(lambda: _AT, polls=0), requests.Session()
    services = build_services(settings, open_stores(settings), lambda: _AT)
    services = replace(services, microsoft=lambda: cast("Any", microsoft))
    spent = {"read": 0.0, "ingest": 0.0}
    with served(folder) as address:

        def opened(name: str) -> BinaryIO:
            return cast("BinaryIO", session.get(f"{address}/{name}", stream=True, timeout=60).raw)

        parts = tuple(lambda name=path.name: opened(name) for path in paths)
        microsoft.offered[ExportKind(KINDS[kind]), INVOICE, ""] = Made(cast("Any", parts), "e1")
        ask = DeliveryMessage(step="ask", period=PERIOD, kind=KINDS[kind], invoice_id=INVOICE, currency="EUR")
        work_off_billing(services, ask)
        period = BillingPeriod.parse(PERIOD)
        (delivery,) = services.deliveries.of_period(period)
        work_off_billing(services, DeliveryMessage(step="look", period=PERIOD, row=delivery.row))
        for message in services.queues.receive(DELIVERIES_QUEUE, limit=32):
            step = DeliveryMessage.parse(message.body)
            if step.step == "part":
                if reads:
                    spent["read"] += _timed(lambda part=step.part: _read(paths[part]))
                spent["ingest"] += _timed(lambda part=step: work_off_billing(services, part))
    (delivery,) = services.deliveries.of_period(period)
    customers = len(services.sources.customers(period))
    shutil.rmtree(root)
    return {
        "seconds": spent,
        "peak_mib": own_peak_mib(),
        "state": delivery.state.value,
        "lines": delivery.row_count,
        "customers": customers,
    }


def _timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _read(path: Path) -> None:
    from shared.partner_center.source_files.reading import read_file  # noqa: PLC0415 - only where files are read
    from shared.partner_center.source_files.row_sink import Reading  # noqa: PLC0415 - as above

    read_file(_Local(path), Reading(keeps_lines=False))


class _Local:
    """A part on the disk."""

    def __init__(self, path: Path) -> None:
        self.name, self._path = path.name, path

    def open(self) -> BinaryIO:
        return self._path.open("rb")


def own_peak_mib() -> float:
    """Return the most memory this process ever had."""
    status = Path("/proc/self/status").read_text()
    return next(int(row.split()[1]) for row in status.splitlines() if row.startswith("VmHWM")) / 1024


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--parts", type=int, default=10)
    parser.add_argument("--make", type=int, default=0, help="write parts of so many lines in all, and measure nothing")
    options = parser.parse_args()
    if options.make:
        write_reconciliation(options.folder, lines=options.make, parts=options.parts, seed=7)
        return
    print(json.dumps(measure(options.folder, options.kind, reads=not options.memory, limit=options.parts)))


if __name__ == "__main__":
    main()
