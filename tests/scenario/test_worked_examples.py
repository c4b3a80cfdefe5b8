"""Worked billing examples of vendors and billing engines, told as histories and answered by ``prorata explain``."""

import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from shared.application.explain import explain
from shared.documents.expected_lines_json import answer_values
from shared.documents.histories import read_history

EXAMPLES = Path(__file__).parents[1] / "fixtures" / "worked_examples"
RECORDS: list[dict[str, Any]] = [json.loads(path.read_text("utf-8")) for path in sorted(EXAMPLES.glob("WE-*.json"))]
EVERY_RECORD = {f"WE-{number:03d}" for number in range(1, 88)}
NOT_RUN = {
    "WE-024": "The page divides by 28, where its own rule says the 31 days of the month in which the cycle starts.",
    "WE-025": "The page counts 181 days between dates that are 177 days apart.",
    "WE-070": "The page credits the used days in the place of the unused ones; 36.00 would be right.",
    "WE-071": "The same slip as WE-070; 12.00 would be right.",
}
PLAIN = {"charge_type", "start", "end", "invoice", "days", "cycle_days"}
NUMBERS = {"quantity", "unit_price", "effective_unit_price", "amount"}


@dataclass(frozen=True)
class Case:
    """One history of a record, and what its source prints."""

    name: str
    history: dict[str, Any]
    expect: dict[str, Any]


CASES = [
    Case(f"{record['id']} {case.get('name', record['name'])}", case["history"], case["expect"])
    for record in RECORDS
    for case in record["cases"]
]


def answered(history: dict[str, Any]) -> dict[str, Any]:
    """What ``prorata explain`` says."""
    return answer_values(explain(read_history(json.dumps(history).encode(), "history.json")))


def since(lines: list[dict[str, Any]], day: str) -> list[dict[str, Any]]:
    """The lines that an event from that day on made, or that begin then."""
    return [line for line in lines if (line["event"]["at"][:10] if line["event"] else line["start"]) >= day]


def is_shown(printed: dict[str, Any], line: dict[str, Any]) -> bool:
    """Whether *line* has everything that is *printed*."""
    return all(_fits(name, value, line) for name, value in printed.items())


def _fits(name: str, value: Any, line: dict[str, Any]) -> bool:
    if name in NUMBERS:
        return Decimal(value) == Decimal(line[name])
    if name == "charge_type":
        return bool(value.casefold() == line[name].casefold())
    if name == "sign":
        return bool(value == (-1 if Decimal(line["amount"]) < 0 else 1))
    if name == "amount_begins":
        return bool(line["amount"].startswith(value))
    if name == "unrounded_begins":
        return bool(line["unrounded"]["decimal"].startswith(value))
    if name in PLAIN:
        return bool(value == line[name])
    raise KeyError(name)


def pick(printed: dict[str, Any], free: list[dict[str, Any]]) -> bool:
    """Take one line that shows *printed* out of *free*; say whether there is one."""
    for number, line in enumerate(free):
        if is_shown(printed, line):
            del free[number]
            return True
    return False


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_worked_example_comes_out_as_printed(case: Case) -> None:
    """Charge type, days, quantity, unit price, amount and invoice of every printed line, and no line besides."""
    answer, expect = answered(case.history), case.expect
    lines = since(answer["lines"], expect["since"]) if "since" in expect else answer["lines"]
    free = list(lines)
    absent = [printed for printed in expect.get("lines", []) if not pick(printed, free)]

    assert absent == [], _short(lines, answer)
    assert free == [] or expect.get("subset", "lines" not in expect), _short(free, answer)
    if "total" in expect:
        assert {Decimal(expect["total"])} == {Decimal(total) for total in _nets(answer)}, _short(lines, answer)
    if "since_total" in expect:
        assert Decimal(expect["since_total"]) == sum(Decimal(line["amount"]) for line in lines)


@pytest.mark.parametrize("case", [case for case in CASES if "tax" in case.expect], ids=lambda case: case.name)
def test_the_tax_of_an_example_is_the_printed_one(case: Case) -> None:
    """Computed from the rounded net, rounded as the history says."""
    answer, expect = answered(case.history), case.expect
    (currency,) = answer["totals"]

    assert (expect["tax"], expect["gross"]) == (answer["tax"][currency]["tax"], answer["tax"][currency]["gross"])


@pytest.mark.parametrize("case", [case for case in CASES if "vendor_lines" in case.expect], ids=lambda case: case.name)
def test_the_arithmetic_of_a_printed_line_is_named(case: Case) -> None:
    """The modes that lead to the printed amount, and what the others lead to."""
    answer = answered(case.history)

    for printed, found in zip(case.expect["vendor_lines"], answer["vendor_lines"], strict=True):
        assert set(printed["reproduced_by"]) <= set(found["reproduced_by"])
        assert printed["amounts"].items() <= found["amounts"].items()


@pytest.mark.parametrize("case", [case for case in CASES if "sales" in case.expect], ids=lambda case: case.name)
def test_a_sales_price_is_worked_out_as_printed(case: Case) -> None:
    """The amount, and what is earned where a cost is given."""
    answer = answered(case.history)

    for printed, found in zip(case.expect["sales"], answer["sales"], strict=True):
        assert printed.items() <= found.items()


def test_every_record_is_run_or_listed_with_its_reason() -> None:
    """Nothing is left out in silence, and nothing is both."""
    run = {record["id"] for record in RECORDS}

    assert run | NOT_RUN.keys() == EVERY_RECORD
    assert run & NOT_RUN.keys() == set()
    assert all(record["source"]["title"] and record["source"]["where"] and record["cases"] for record in RECORDS)


def _nets(answer: dict[str, Any]) -> list[str]:
    return list(answer["totals"].values())


def _short(lines: list[dict[str, Any]], answer: dict[str, Any]) -> str:
    """What came out instead, for whoever reads the failure."""
    rows = [
        f"{line['charge_type']} {line['start']}..{line['end']} {line['quantity']} x {line['unit_price']} "
        f"({line['effective_unit_price']}) {line['days']}/{line['cycle_days']} = {line['amount']} on {line['invoice']}"
        for line in lines
    ]
    return "\n".join([*rows, *(f"{issue['code']}: {issue['message']}" for issue in answer["issues"])])
