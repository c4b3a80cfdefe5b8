"""Measure Prorata against pandas, and its engine against bare arithmetic: ``make bench``, or ``bench/run.py``.

Every measurement is a process of its own, from its start to its end; sides take turns, round by round, so that other
work on the machine meets all of them. Medians are shown. The goals are ratios, not seconds; exit code 1 says that one
of them was missed.

Not here: the two sides (``product``, ``pandas_baseline``), whether their results are right (``oracle``).
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent
DATA = ROOT / ".prorata" / "bench"
RESULTS = HERE / "results"
CUSTOMERS, RULES, PARTS, SEED = 5_000, 8_000, 10, 7
RATIO_MAX, PEAK_MIB_MAX = 0.25, 128
SYNC_CALLS_MAX = 5.1
ENGINE_S_MAX, LOOKUP_US_MAX = 1.0, 2.0
INGEST_RATIO_MAX = 1.3
INGEST_KINDS = ("usage", "reconciliation")
ENGINE_KINDS = ("new_commerce", "legacy", "own_service")
SIDES: Mapping[str, Sequence[str]] = {
    "Prorata": ("bench/product.py",),
    "pandas": ("bench/pandas_baseline.py",),
    "pandas, columns selected": ("bench/pandas_baseline.py", "--selected"),
}
_COLD_STARTS = 7


@dataclass(frozen=True, slots=True)
class Measured:
    """One process: *told* is the JSON object it printed, if it printed one."""

    wall_s: float
    cpu_s: float
    told: Mapping[str, Any]


def measure(arguments: Sequence[str]) -> Measured:
    """Run Python with *arguments* and measure the process and all that it started.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    with tempfile.TemporaryFile() as output:
        began = time.perf_counter()
        process = subprocess.Popen([sys.executable, *arguments], stdout=output, cwd=ROOT)  # noqa: S603 - our own scripts
        _, status, used = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, list(arguments))
        output.seek(0)
        printed = output.read()
    return Measured(wall_s, used.ru_utime + used.ru_stime, json.loads(printed) if printed.startswith(b"{") else {})


def make_data(lines: int) -> Path:
    """Return the folder with the parts and the price list of a run of *lines*; they are made once."""
    from local.demo.usage import write_usage_parts  # noqa: PLC0415 - this process stays small, see measure()
    from local.demo.usage_rules import write_price_rules  # noqa: PLC0415 - as above

    folder = DATA / f"{lines}-{SEED}"
    if not folder.exists():
        making = DATA / f"{lines}-{SEED}.making"
        shutil.rmtree(making, ignore_errors=True)
        write_usage_parts(making / "parts", lines=lines, parts=PARTS, customers=CUSTOMERS, seed=SEED)
        write_price_rules(making / "prices.csv", customers=CUSTOMERS, rules=RULES, seed=SEED)
        making.rename(folder)
    return folder


def race(folder: Path, rounds: int) -> dict[str, dict[str, Any]]:
    """Let the sides take turns and return, for each, medians and the highest peaks."""
    runs: dict[str, list[Measured]] = {side: [] for side in SIDES}
    for number in range(1, rounds + 1):
        for side, script in SIDES.items():
            runs[side].append(measure([*script, str(folder)]))
            last = runs[side][-1]
            print(f"round {number}  {side:26} {last.wall_s:7.2f} s wall  {last.cpu_s:7.2f} s CPU", flush=True)
    return {side: _summary(each) for side, each in runs.items()}


def _summary(runs: Sequence[Measured]) -> dict[str, Any]:
    told = [run.told for run in runs]
    return {
        "wall_s": round(median(run.wall_s for run in runs), 2),
        "cpu_s": round(median(run.cpu_s for run in runs), 2),
        "peak_mib": [round(max(each["peak_mib"][place] for each in told), 1) for place in (0, 1)],
        "seconds": {stage: round(median(each["seconds"][stage] for each in told), 2) for stage in told[0]["seconds"]},
        "totals": told[0]["totals"],
        "charge_lines": told[0]["charge_lines"],
    }


def verify(folder: Path) -> dict[str, int]:
    """Compare both results with the oracle; nothing of this is timed."""
    with tempfile.TemporaryDirectory() as kept:
        product, pandas = Path(kept) / "product.jsonl", Path(kept) / "pandas"
        measure(["bench/product.py", str(folder), "--keep", str(product)])
        measure(["bench/pandas_baseline.py", str(folder), "--selected", "--keep", str(pandas)])
        checked = measure(["bench/oracle.py", str(folder), "--product", str(product), "--pandas", str(pandas)])
    return dict(checked.told)


def cold_start() -> dict[str, float]:
    """Return how long a fresh interpreter takes to import the function app, and the Functions library alone."""
    app, control = [], []
    for _ in range(_COLD_STARTS):
        app.append(measure(["-c", "import function_app"]).wall_s)
        control.append(measure(["-c", "import azure.functions"]).wall_s)
    return {
        "function_app_s": round(median(app), 3),
        "azure_functions_s": round(median(control), 3),
        "ratio": round(median(app) / median(control), 2),
    }


def demo_month() -> float:
    """Return the seconds of ``prorata bill`` for the demo month, documents included; its issues are meant (code 3)."""
    from local.demo.month import write_month  # noqa: PLC0415 - as in make_data()

    command = "import sys; from local.command import main; code = main(); sys.exit(0 if code == 3 else code)"
    with tempfile.TemporaryDirectory() as folder:
        month = write_month(Path(folder) / "month")
        files = [str(path) for path in month.microsoft_files]
        options = ["--prices", str(month.price_list), "--price-sheet", str(month.price_sheet)]
        options += ["--subscriptions", str(month.subscription_details), "--control", str(month.control_totals)]
        options += ["--out", str(Path(folder) / "out"), "--json"]
        return round(measure(["-c", command, "bill", "--lines", *files, *options]).wall_s, 2)


def engine() -> tuple[dict[str, Any], dict[str, bool]]:
    """Measure the engine and price look-ups; return what was measured and the goals."""
    told = dict(measure(["bench/engine.py"]).told)
    print(f"\n{told['subscriptions']:,} subscriptions, {told['changes']} changes each, one core")
    print(f"{'':26} {'engine s':>9} {'bare s':>8} {'engine/bare':>12} {'lines':>9} {'cents off':>10}")
    for kind in ENGINE_KINDS:
        each = told[kind]
        columns = f"{each['engine_s']:9.3f} {each['bare_s']:8.3f} {each['ratio']:12.2f}"
        print(f"{kind:26} {columns} {each['lines']:9,} {each['cents_off']:10}")
    lookup = told["price_lookup"]
    print(f"price look-up, {lookup['entries']:,} entries: {lookup['us_each']} us")
    goals = {
        f"{kind}: at most {ENGINE_S_MAX} s, and the bare calculation's cents": told[kind]["engine_s"] <= ENGINE_S_MAX
        and told[kind]["cents_off"] == 0
        for kind in ENGINE_KINDS
    }
    goals[f"a price look-up at most {LOOKUP_US_MAX} us"] = lookup["us_each"] <= LOOKUP_US_MAX
    show(goals)
    return told, goals


def ingest(lines: int, rounds: int) -> tuple[dict[str, Any], dict[str, bool]]:
    """Measure the way in of export parts against just reading them; return what was measured and the goals."""
    folders = {"usage": make_data(lines) / "parts", "reconciliation": DATA / f"reconciliation-{lines}-{SEED}" / "parts"}
    if not folders["reconciliation"].exists():
        measure(["bench/ingest.py", str(folders["reconciliation"]), "reconciliation", "--make", str(lines)])
    told: dict[str, Any] = {}
    print(f"\n{PARTS} parts of {lines // PARTS:,} lines: downloaded, kept, laid out by customer")
    print(f"{'':26} {'read s':>8} {'way in s':>9} {'ratio':>7} {'peak MiB':>9}")
    for kind in INGEST_KINDS:
        runs = [measure(["bench/ingest.py", str(folders[kind]), kind]).told for _ in range(rounds)]
        alone = measure(["bench/ingest.py", str(folders[kind]), kind, "--memory"]).told
        read, way_in = (median(run["seconds"][side] for run in runs) for side in ("read", "ingest"))
        peak = round(alone["peak_mib"], 1)
        told[kind] = {"read_s": read, "way_in_s": way_in, "ratio": round(way_in / read, 2), "peak_mib": peak}
        print(f"{kind:26} {read:8.2f} {way_in:9.2f} {way_in / read:7.2f} {peak:9.1f}")
    both = sum(told[kind]["way_in_s"] for kind in INGEST_KINDS) / sum(told[kind]["read_s"] for kind in INGEST_KINDS)
    told["ratio"] = round(both, 2)
    print(f"{'both':26} {'':8} {'':9} {both:7.2f}")
    goals = {f"the way in at most {INGEST_RATIO_MAX} of reading, both kinds": both <= INGEST_RATIO_MAX}
    for kind in INGEST_KINDS:
        goals[f"{kind}: the way in at most {INGEST_RATIO_MAX} of reading"] = told[kind]["ratio"] <= INGEST_RATIO_MAX
        goals[f"{kind}: the way in at most {PEAK_MIB_MAX} MiB"] = told[kind]["peak_mib"] <= PEAK_MIB_MAX
    show(goals)
    return told, goals


def sync() -> tuple[dict[str, Any], dict[str, bool]]:
    """Measure two full syncs in a row from the simulator; return what was measured and the goals."""
    told = dict(measure(["bench/sync.py", str(CUSTOMERS)]).told)
    first, second = told["runs"]
    print(f"\n{told['customers']:,} customers, {told['subscriptions']:,} subscriptions, one worker")
    print(f"{'':26} {'wall s':>8} {'CPU s':>8} {'waited s':>9} {'ours':>6} {'calls each':>11} {'writes':>8}")
    for name, run in (("first sync", first), ("second sync", second)):
        columns = f"{run['wall_s']:8.1f} {run['cpu_s']:8.1f} {run['waited_s']:9.1f} {run['outside_waiting']:6.0%}"
        print(f"{name:26} {columns} {run['calls_per_customer']:11.2f} {run['writes']:8,}")
    print(f"{'peak':26} {told['peak_mib']:8.1f} MiB")
    goals = {
        "a second sync in a row writes nothing": second["writes"] == 0,
        f"at most {SYNC_CALLS_MAX} calls for a customer, its token among them": first["calls_per_customer"]
        <= SYNC_CALLS_MAX,
        f"a sync at most {PEAK_MIB_MAX} MiB": told["peak_mib"] <= PEAK_MIB_MAX,
    }
    show(goals)
    return told, goals


def show(goals: Mapping[str, bool]) -> None:
    """Print the goals, met and missed."""
    for goal, is_met in goals.items():
        print(f"{'met   ' if is_met else 'MISSED'}  {goal}")


def report(sides: Mapping[str, Mapping[str, Any]], checked: Mapping[str, int]) -> dict[str, Any]:
    """Print the table and the goals; return the ratios and what was missed."""
    product = sides["Prorata"]
    ratios = {side: round(product["wall_s"] / each["wall_s"], 3) for side, each in sides.items()}
    cpu_ratios = {side: round(product["cpu_s"] / each["cpu_s"], 3) for side, each in sides.items()}
    print(f"\n{'':26} {'wall s':>8} {'Prorata/it':>11} {'CPU s':>8} {'Prorata/it':>11} {'peak MiB: own, workers':>24}")
    for side, each in sides.items():
        own, workers = each["peak_mib"]
        columns = f"{each['wall_s']:8.2f} {ratios[side]:11.3f} {each['cpu_s']:8.2f} {cpu_ratios[side]:11.3f}"
        print(f"{side:26} {columns} {own:15.1f} {workers:8.1f}")
    off = sum(checked[name] for name in ("rows_off", "lines_off", "totals_off"))
    print(f"\nagainst the oracle: {json.dumps(checked, indent=2)}\n")
    goals = {
        f"wall at most {RATIO_MAX} of pandas": ratios["pandas"] <= RATIO_MAX,
        f"at most {PEAK_MIB_MAX} MiB a process": max(product["peak_mib"]) <= PEAK_MIB_MAX,
        "equal to the oracle on every row, line and total": off == 0,
    }
    show(goals)
    return {"wall_ratio": ratios, "cpu_ratio": cpu_ratios, "goals": goals}


def main() -> int:
    """Read the command line, measure, print, write the results; 1 if a goal was missed."""
    parser = argparse.ArgumentParser(description="Measure Prorata against pandas.")
    parser.add_argument("--lines", type=int, default=0, help="rows of daily usage: 1,000,000, or 100,000 with --quick")
    parser.add_argument("--quick", action="store_true", help="one round; the results are not kept")
    parser.add_argument("--engine", action="store_true", help="the engine and price look-ups only")
    parser.add_argument("--ingest", action="store_true", help="the way in of Microsoft's exports only")
    parser.add_argument("--sync", action="store_true", help="two full syncs from the simulator only")
    options = parser.parse_args()
    if options.sync:
        return 0 if all(sync()[1].values()) else 1
    if options.ingest:
        return 0 if all(ingest(options.lines or 1_000_000, 1 if options.quick else 3)[1].values()) else 1
    if options.engine:
        return 0 if all(engine()[1].values()) else 1
    lines = options.lines or (100_000 if options.quick else 1_000_000)
    folder = make_data(lines)
    sides = race(folder, 1 if options.quick else 3)
    checked = verify(folder)
    judged = report(sides, checked)
    others: dict[str, Any] = {"cold_start": cold_start(), "prorata_bill_demo_month_s": demo_month()}
    print(f"\n{json.dumps(others, indent=2)}")
    others["engine"], engine_goals = engine()
    judged["goals"].update(engine_goals)
    machine = f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}"
    result = {"lines": lines, "machine": machine, "sides": sides, "oracle": checked, **judged, **others}
    if not options.quick:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "latest.json").write_text(json.dumps(result, indent=2) + "\n")
    return 0 if all(judged["goals"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())
