"""The timed path of Prorata, as ``prorata bill`` takes it: read files, group by customer, bill each, add up.

Run by ``run.py`` in a process of its own, once for each round. Prints one JSON object: peak memory of this process and
of the largest one that it started, seconds by stage, totals by currency. With ``--keep`` it also writes every charge
line, for the oracle; that is not timed.

Not here: comparing (``oracle``), the other side (``pandas_baseline``).
"""

import argparse
import json
import resource
import time
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

PERIOD = "2026-10"


def bill(folder: Path, workers: int | None, keep: Path | None) -> dict[str, Any]:
    """Bill the month in *folder* (``parts`` and ``prices.csv``) and return what it took."""
    # Imported here because every process that reads files imports this module first, and needs none of it.
    from local.parallel_reading import read_files  # noqa: PLC0415 - see above
    from shared.documents.price_lists import read_price_list  # noqa: PLC0415 - see above
    from shared.domain.customer_bills import CustomerBill, Terms, bill_customer, by_customer  # noqa: PLC0415 - see above
    from shared.domain.periods import BillingPeriod  # noqa: PLC0415 - see above
    from shared.domain.prices import PriceBook  # noqa: PLC0415 - see above

    began = time.perf_counter()
    with (folder / "prices.csv").open("rb") as stream:
        prices = PriceBook(read_price_list(stream, "prices.csv"), name="prices.csv")
    listed = time.perf_counter()
    files = read_files(sorted((folder / "parts").iterdir()), prices.boundaries, workers=workers)
    read = time.perf_counter()
    terms = Terms(BillingPeriod.parse(PERIOD), prices)
    totals: dict[str, Decimal] = defaultdict(Decimal)
    kept: list[CustomerBill] = []
    line_count = issue_count = 0
    customers = by_customer(files.lines, files.folds, files.issues)
    del files
    for customer_id in list(customers):
        billed = bill_customer(customers.pop(customer_id), terms)
        issue_count += len(billed.issues)
        for invoice in billed.invoices:
            totals[invoice.total.currency] += invoice.total.amount
            line_count += len(invoice.lines)
        if keep:
            kept.append(billed)
    done = time.perf_counter()
    if keep:
        _write(kept, keep)
    return {
        "seconds": {"prices": listed - began, "read": read - listed, "bill": done - read},
        "peak_mib": [_own_peak_mib(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024],
        "totals": {currency: str(total) for currency, total in sorted(totals.items())},
        "charge_lines": line_count,
        "issues": issue_count,
    }


def _own_peak_mib() -> float:
    """Return the most memory this process ever had; unlike ``getrusage`` without that of the process it came from."""
    status = Path("/proc/self/status").read_text()
    return next(int(row.split()[1]) for row in status.splitlines() if row.startswith("VmHWM")) / 1024


def _write(bills: Iterable[Any], path: Path) -> None:
    with path.open("w") as target:
        for billed in bills:
            for invoice in billed.invoices:
                head = [invoice.customer_id, invoice.key.currency, str(invoice.total.amount)]
                target.write(json.dumps({"invoice": head, "lines": [_told(line) for line in invoice.lines]}) + "\n")


def _told(line: Any) -> dict[str, Any]:
    return {
        "key": [
            line.customer_id,
            line.subscription_id,
            line.entitlement_id,
            line.product_id,
            line.sku_id,
            line.meter_name,
            line.charge_type,
            line.cost.currency,
            line.invoice_number,
            str(line.fx_rate),
            line.charge.start.isoformat(),
        ],
        "last_day": line.charge.last_day.isoformat(),
        "rows": line.origin.row_count,
        "quantity": str(line.quantity),
        "cost": str(line.cost.amount),
        "amount": str(line.amount.amount),
    }


def main() -> None:
    """Read the command line, bill, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--workers", type=int)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    print(json.dumps(bill(options.folder, options.workers, options.keep)))


if __name__ == "__main__":
    main()
