"""Whether memory grows with the number of rows: the same resources for one month of days, and for two.

Makes a second set of parts in which every row of the first stands once more, a month earlier, and prints the peak of
both runs. One process reads each set, so that each holds all resources, and what grows would grow with the rows.

Not here: comparing with others (``run``).
"""

import gzip
import shutil
import sys
from pathlib import Path

from run import DATA, make_data, measure

_DAY = b'"usageDate":"2026-10-'
_MONTH_EARLIER = b'"usageDate":"2026-09-'


def doubled(folder: Path) -> Path:
    """Return a folder with the parts of *folder* and their rows again, a month earlier; it is made once."""
    target = DATA / f"{folder.name}-twice"
    if not target.exists():
        making = DATA / f"{folder.name}-twice.making"
        shutil.rmtree(making, ignore_errors=True)
        shutil.copytree(folder, making)
        for path in sorted((folder / "parts").iterdir()):
            with gzip.open(path) as rows, gzip.open(making / "parts" / f"earlier_{path.name}", "wb", 1) as earlier:
                earlier.writelines(row.replace(_DAY, _MONTH_EARLIER) for row in rows)
        making.rename(target)
    return target


def main() -> int:
    """Print both peaks; 1 if twice the rows needed over a tenth more."""
    once = make_data(1_000_000)
    peaks = []
    for folder in (once, doubled(once)):
        told = measure(["bench/product.py", str(folder), "--workers", "1"]).told
        peaks.append(told["peak_mib"][0])
        print(f"{folder.name:20} peak {peaks[-1]:.1f} MiB, {told['charge_lines']} invoice lines", flush=True)
    return 0 if peaks[1] <= 1.1 * peaks[0] else 1


if __name__ == "__main__":
    sys.exit(main())
