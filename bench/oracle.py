"""An oracle that shares no code with what it checks: every row and every invoice line, to the last digit.

It reads the parts with ``gzip`` and ``json`` of the standard library, numbers as Decimal, and has its own reading of
the price list, its own precedence and its own rounding. From the product it takes results only:

* every row by itself: the row goes alone through the product's own reader, folding and pricing; its exact cost and its
  exact, unrounded sale must equal the oracle's;
* every invoice line of the month: rows, quantity, exact cost, first and last day, rounded amount;
* the total of every customer and currency.

The same is said of the pandas result, which is in float64: how many rows and sums are not exact, how many are off by a
cent. Its lines are not cut where a price could change but did not, so they are compared by rule.

Not here: timing (``run``).
"""

import argparse
import csv
import gzip
import json
from array import array
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal, Inexact, localcontext
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from shared.documents.price_lists import read_price_list
from shared.domain.charging import charge
from shared.domain.prices import PriceBook
from shared.domain.usage_folding import UsageFolds
from shared.partner_center.source_files.columns import recognise
from shared.partner_center.source_files.daily_usage import DailyUsage
from shared.partner_center.source_files.row_sink import Reading, RowSink

EXACT = Context(prec=200, traps=[Inexact])
CENT = Decimal("0.01")
LADDER = (("MeterId",), ("ProductId", "SkuId"), ("ProductId",), ("MeterCategory",), ())
COLUMN_OF = {"MeterId": "meterId", "ProductId": "productId", "SkuId": "skuId", "MeterCategory": "meterCategory"}
IDENTIFYING = (
    "customerId",
    "subscriptionId",
    "entitlementId",
    "productId",
    "skuId",
    "meterName",
    "chargeType",
    "billingCurrency",
    "invoiceNumber",
)
LineKey = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of the price list; *last* is the last day on which it applies."""

    number: int
    method: str
    value: Decimal
    first: str
    last: str


@dataclass(slots=True)
class Sums:
    """What an invoice line must say."""

    rule: int
    rows: int = 0
    quantity: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    sale: Decimal = Decimal(0)
    first: str = "9"
    last: str = ""

    def add(self, other: "Sums") -> None:
        """Take over what another part of the files adds to the same line."""
        self.rows += other.rows
        self.quantity += other.quantity
        self.cost += other.cost
        self.sale += other.sale
        self.first, self.last = min(self.first, other.first), max(self.last, other.last)


@dataclass(slots=True)
class Verdict:
    """What one part gave: how much was compared, what differed, and the sums of its invoice lines."""

    counts: Counter[str] = field(default_factory=Counter)
    lines: dict[tuple[LineKey, int], Sums] = field(default_factory=dict)


class Rules:
    """The price list as the oracle reads it."""

    def __init__(self, path: Path) -> None:
        self._by_keys: dict[tuple[str, ...], list[Rule]] = defaultdict(list)
        with path.open(newline="") as file:
            for number, row in enumerate(csv.DictReader(file)):
                named = tuple(name for name in COLUMN_OF if row[name])
                keys = (row["CustomerId"], *named, *(row[name] for name in named))
                ends = row["ValidFrom"], row["ValidTo"] or "9999-12-31"
                self._by_keys[keys].append(Rule(number, row["Method"], Decimal(row["Value"]), *ends))
        self._found: dict[tuple[str, ...], tuple[list[Rule], list[str]]] = {}

    def of(self, row: Mapping[str, Any], day: str) -> tuple[Rule, int]:
        """Return the rule for a row, and how many days of possible price changes lie before or on its day."""
        entity = (row["customerId"], *(row[column] for column in COLUMN_OF.values()))
        known = self._found.get(entity)
        if known is None:
            known = self._found[entity] = self._all_of(row)
        rules, changes = known
        return next(rule for rule in rules if rule.first <= day <= rule.last), bisect_right(changes, day)

    def _all_of(self, row: Mapping[str, Any]) -> tuple[list[Rule], list[str]]:
        rules = []
        for customer in (row["customerId"], ""):
            for rung in LADDER:
                named = tuple(name for name in COLUMN_OF if name in rung)
                rules += self._by_keys.get((customer, *named, *(row[COLUMN_OF[name]] for name in named)), [])
        changes = {rule.first for rule in rules if rule.first}
        changes |= {_day_after(rule.last) for rule in rules if rule.last != "9999-12-31"}
        return rules, sorted(changes)


def check(folder: Path, product: Path, pandas: Path | None) -> dict[str, int]:
    """Return how much was compared, and what differed; the names say of what."""
    parts = sorted((folder / "parts").iterdir())
    verdict = Verdict()
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        for each in pool.map(_check_part, parts, [folder / "prices.csv"] * len(parts)):
            _merge(verdict, each)
    with localcontext(EXACT):
        verdict.counts.update(_product_lines(verdict.lines, product))
        if pandas:
            verdict.counts.update(_pandas_rows(folder, pandas))
            verdict.counts.update(_pandas_lines(verdict.lines, pandas))
    return dict(verdict.counts)


def _merge(whole: Verdict, part: Verdict) -> None:
    whole.counts.update(part.counts)
    with localcontext(EXACT):
        for key, sums in part.lines.items():
            if key in whole.lines:
                whole.lines[key].add(sums)
            else:
                whole.lines[key] = sums


def _check_part(path: Path, prices: Path) -> Verdict:
    """Compare every row of one part with what the product makes of that row alone."""
    rules, alone = Rules(prices), _Alone(path, prices)
    verdict = Verdict()
    with localcontext(EXACT):
        for number, line, row in _rows(path):
            day = row["usageDate"][:10]
            rule, stretch = rules.of(row, day)
            cost, sale = row["billingPreTaxTotal"], _sale(row, rule)
            key = (*(row[name] for name in IDENTIFYING), str(row["pcToBCExchangeRate"]))
            sums = verdict.lines.setdefault((key, stretch), Sums(rule.number))
            sums.add(Sums(rule.number, 1, row["quantity"], cost, sale, day, day))
            verdict.counts["rows"] += 1
            verdict.counts["rows_off"] += alone.bill(line, number) != (cost, sale)
    return verdict


class _Alone:
    """The product's own functions, one row at a time."""

    def __init__(self, path: Path, prices: Path) -> None:
        with prices.open("rb") as stream:
            self._prices = PriceBook(read_price_list(stream, prices.name))
        with gzip.open(path) as first:
            headers = list(json.loads(first.readline()))
        boundaries = self._prices.boundaries
        self._sink = RowSink(path.name, recognise(headers, path.name), headers, Reading(boundaries))
        self._reader = DailyUsage(self._sink, headers)

    def bill(self, line: bytes, number: int) -> tuple[Decimal, Decimal] | None:
        """Return the exact cost and the exact sale of one row, or None if the product made no line of it."""
        self._sink.read.folds = UsageFolds(self._prices.boundaries)
        self._reader.read_json(line, iter(()), number)
        (folded,) = self._sink.read.folds.lines()
        made = charge(folded, self._prices).line
        if made is None or self._sink.read.issues:
            return None
        return made.cost.amount, made.explanation.dividend / made.explanation.divisor


def _rows(path: Path) -> Iterator[tuple[int, bytes, dict[str, Any]]]:
    with gzip.open(path) as lines:
        for number, line in enumerate(lines, 1):
            yield number, line, json.loads(line, parse_float=Decimal, parse_int=Decimal)


def _sale(row: Mapping[str, Any], rule: Rule) -> Decimal:
    hundred = Decimal(100)
    if rule.method == "fixed":
        return Decimal(row["quantity"] * rule.value)
    if rule.method == "percent_of_erp":
        return Decimal(row["unitPrice"] * row["quantity"] * row["pcToBCExchangeRate"] * rule.value / hundred)
    return Decimal(row["billingPreTaxTotal"] * (hundred + rule.value) / hundred)


def _product_lines(lines: Mapping[tuple[LineKey, int], Sums], kept: Path) -> Counter[str]:
    """Compare every charge line and every total of the product's."""
    counts: Counter[str] = Counter()
    wanted = {(*key, sums.first): sums for (key, _), sums in lines.items()}
    totals: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for (key, _), sums in lines.items():
        totals[(key[0], key[7])] += _cents(sums.sale)
    for invoice in _json_lines(kept):
        customer, currency, total = invoice["invoice"]
        counts["totals"] += 1
        counts["totals_off"] += Decimal(total) != totals.pop((customer, currency), None)
        for line in invoice["lines"]:
            counts["lines"] += 1
            key = tuple(line["key"])
            counts["lines_off"] += key not in wanted or _as_told(wanted.pop(key)) != _as_told_by(line)
    counts["lines_off"] += len(wanted)
    counts["totals_off"] += len(totals)
    return counts


def _as_told(sums: Sums) -> tuple[object, ...]:
    return sums.rows, sums.last, sums.quantity, sums.cost, _cents(sums.sale)


def _as_told_by(line: Mapping[str, Any]) -> tuple[object, ...]:
    return line["rows"], line["last_day"], *(Decimal(line[name]) for name in ("quantity", "cost", "amount"))


def _pandas_rows(folder: Path, kept: Path) -> Counter[str]:
    """Compare every row of the pandas result, exactly and in cents."""
    counts: Counter[str] = Counter()
    rules = Rules(folder / "prices.csv")
    results = zip(_floats(kept / "cost.f64"), _floats(kept / "sale.f64"), strict=True)
    for path in sorted((folder / "parts").iterdir()):
        for _, _, row in _rows(path):
            rule, _ = rules.of(row, row["usageDate"][:10])
            exact = row["billingPreTaxTotal"], _sale(row, rule)
            found = next(results)
            counts["pandas_rows_inexact"] += tuple(Decimal(repr(each)) for each in found) != exact
            counts["pandas_rows_off_by_cents"] += tuple(map(_rounded_float, found)) != tuple(map(_cents, exact))
    return counts


def _pandas_lines(lines: Mapping[tuple[LineKey, int], Sums], kept: Path) -> Counter[str]:
    """Compare every line and every total of the pandas result in cents."""
    counts: Counter[str] = Counter()
    by_rule: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    for (key, _), sums in lines.items():
        by_rule[(*key[:5], *key[6:9], str(sums.rule))] += sums.sale
    totals: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for sold, sale in by_rule.items():
        totals[(sold[0], sold[6])] += _cents(sale)
    names = (*(name for name in IDENTIFYING if name != "meterName"), "rule")
    for line in _json_lines(kept / "lines.jsonl"):
        sale = by_rule.pop(tuple(str(line[name]) for name in names))
        counts["pandas_lines"] += 1
        counts["pandas_lines_off_by_cents"] += _cents(Decimal(repr(line["amount"]))) != _cents(sale)
    for customer in _json_lines(kept / "customers.jsonl"):
        total = totals.pop((customer["customerId"], customer["billingCurrency"]))
        counts["pandas_totals_off_by_cents"] += _cents(Decimal(repr(customer["amount"]))) != total
    counts["pandas_lines_off_by_cents"] += len(by_rule)
    counts["pandas_totals_off_by_cents"] += len(totals)
    return counts


def _json_lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open() as rows:
        for row in rows:
            yield json.loads(row)


def _floats(path: Path) -> Iterable[float]:
    values = array("d")
    values.frombytes(path.read_bytes())
    return values


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP, context=_ROUNDING)


def _rounded_float(amount: float) -> Decimal:
    """Return what ``round(2)`` of pandas shows: binary, half to even."""
    return Decimal(repr(round(amount, 2))).quantize(CENT, ROUND_HALF_EVEN, context=_ROUNDING)


_ROUNDING = Context(prec=200)


def _day_after(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(1)).isoformat()


def main() -> None:
    """Read the command line, compare, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--product", type=Path, required=True)
    parser.add_argument("--pandas", type=Path)
    options = parser.parse_args()
    print(json.dumps(check(options.folder, options.product, options.pandas)))


if __name__ == "__main__":
    main()
