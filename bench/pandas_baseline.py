"""The same month as a pandas user would bill it: read with the pyarrow engine, merge with the rules, price, group, sum.

Two forms, both timed: *plain* keeps the frame as it was read; *selected* drops every column that is not needed right
after reading each part, which takes some care and saves two thirds of the memory. Both price each row by the most
specific rule (the customer's own before the global ones; meter, SKU, product, category, everything) that is in force
on the day of the usage, vectorised, in float64, which is what ``read_json`` gives; both add up the rows of an invoice
line, round it to cents, and add up the lines of a customer.

Run by ``run.py`` in a process of its own. Prints one JSON object. With ``--keep`` it also writes the cost and sale of
each row and the invoice lines, for the oracle; that is not timed.

Not here: comparing (``oracle``).
"""

import argparse
import json
import resource
import time
from pathlib import Path
from typing import Any

import pandas as pd

NEEDED = [
    "customerId",
    "subscriptionId",
    "entitlementId",
    "meterId",
    "productId",
    "skuId",
    "meterCategory",
    "chargeType",
    "benefitType",
    "invoiceNumber",
    "billingCurrency",
    "usageDate",
    "unitPrice",
    "quantity",
    "billingPreTaxTotal",
    "pcToBCExchangeRate",
]
COLUMN_OF = {
    "CustomerId": "customerId",
    "MeterId": "meterId",
    "ProductId": "productId",
    "SkuId": "skuId",
    "MeterCategory": "meterCategory",
}
LADDER = [["MeterId"], ["ProductId", "SkuId"], ["ProductId"], ["MeterCategory"], []]
LINE_KEYS = [
    "customerId",
    "subscriptionId",
    "meterId",
    "entitlementId",
    "productId",
    "skuId",
    "chargeType",
    "benefitType",
    "billingCurrency",
    "invoiceNumber",
    "pcToBCExchangeRate",
    "rule",
]


def read_lines(folder: Path, *, is_selected: bool) -> Any:
    """Return all rows of all parts."""
    parts = []
    for path in sorted(folder.iterdir()):
        part = pd.read_json(path, lines=True, engine="pyarrow")
        parts.append(part[NEEDED] if is_selected else part)
    lines = pd.concat(parts, ignore_index=True)
    lines["day"] = lines["usageDate"].dt.strftime("%Y-%m-%d")
    return lines


def read_rules(path: Path) -> Any:
    """Return the price list; an open end sorts behind every day."""
    rules = pd.read_csv(path, dtype=str, keep_default_na=False)
    rules["Value"] = rules["Value"].astype(float)
    rules["ValidTo"] = rules["ValidTo"].replace("", "9999-12-31")
    rules["rule"] = rules.index
    return rules


def find_rules(lines: Any, rules: Any) -> None:
    """Give each row the number of the rule that applies: rung by rung, for the rows that have none yet."""
    lines["rule"] = -1
    rest = lines
    for scope in (["CustomerId"], []):
        for rung in LADDER:
            keys = scope + rung
            others = [name for name in COLUMN_OF if name not in keys]
            of_rung = rules[(rules[keys] != "").all(axis=1) & (rules[others] == "").all(axis=1)]
            some = of_rung[[*keys, "ValidFrom", "ValidTo", "rule"]].rename(columns=COLUMN_OF)
            on = [COLUMN_OF[key] for key in keys]
            rows = rest[[*on, "day"]].reset_index()
            found = rows.merge(some, on=on) if on else rows.merge(some, how="cross")
            found = found[(found["ValidFrom"] <= found["day"]) & (found["day"] <= found["ValidTo"])]
            lines.loc[found["index"], "rule"] = found["rule"].to_numpy()
            rest = lines[lines["rule"] < 0]


def price(lines: Any, rules: Any) -> Any:
    """Return the rows with their sale."""
    priced = lines.merge(rules[["rule", "Method", "Value"]], on="rule", how="left")
    retail = priced["unitPrice"] * priced["quantity"] * priced["pcToBCExchangeRate"]
    priced["sale"] = (
        (priced["billingPreTaxTotal"] * (1 + priced["Value"] / 100))
        .where(priced["Method"] == "markup_on_cost", retail * priced["Value"] / 100)
        .where(priced["Method"] != "fixed", priced["Value"] * priced["quantity"])
    )
    return priced


def add_up(priced: Any) -> tuple[Any, Any]:
    """Return the invoice lines and the customers' totals."""
    lines = priced.groupby(LINE_KEYS, as_index=False, dropna=False).agg(
        rows=("day", "size"),
        first_on=("day", "min"),
        last_on=("day", "max"),
        quantity=("quantity", "sum"),
        cost=("billingPreTaxTotal", "sum"),
        sale=("sale", "sum"),
    )
    lines["amount"] = lines["sale"].round(2)
    return lines, lines.groupby(["customerId", "billingCurrency"], as_index=False)["amount"].sum()


def bill(folder: Path, keep: Path | None, *, is_selected: bool) -> dict[str, Any]:
    """Bill the month in *folder* and return what it took."""
    began = time.perf_counter()
    lines = read_lines(folder / "parts", is_selected=is_selected)
    read = time.perf_counter()
    rules = read_rules(folder / "prices.csv")
    find_rules(lines, rules)
    found = time.perf_counter()
    priced = price(lines, rules)
    charged, customers = add_up(priced)
    done = time.perf_counter()
    if keep:
        keep.mkdir(exist_ok=True)
        priced["billingPreTaxTotal"].to_numpy().tofile(keep / "cost.f64")
        priced["sale"].to_numpy().tofile(keep / "sale.f64")
        charged.to_json(keep / "lines.jsonl", orient="records", lines=True, double_precision=15)
        customers.to_json(keep / "customers.jsonl", orient="records", lines=True, double_precision=15)
    totals = customers.groupby("billingCurrency")["amount"].sum()
    return {
        "seconds": {"read": read - began, "rules": found - read, "price": done - found},
        "peak_mib": [resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 0.0],
        "totals": {str(currency): f"{total:.2f}" for currency, total in totals.items()},
        "charge_lines": len(charged),
    }


def main() -> None:
    """Read the command line, bill, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--selected", action="store_true")
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    print(json.dumps(bill(options.folder, options.keep, is_selected=options.selected)))


if __name__ == "__main__":
    main()
