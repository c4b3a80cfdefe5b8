"""``prorata bill --offers``: what is agreed beside the price list reaches the invoices and says why."""

import csv
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from local.command import INPUT_UNUSABLE, main
from local.demo.month import DemoMonth

Bill = Callable[..., int]
Told = Callable[[], Any]
OFFERS = "Kind,Name,Percent,ValidFrom,ValidTo\noffer,October,10,2000-01-01,2026-10-10\nrelationship,Partner,50,,\n"


def _lines(out: Path) -> dict[str, dict[str, str]]:
    rows: dict[str, dict[str, str]] = {}
    for path in out.glob("reseller/*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows.update({row["LineKey"]: row for row in csv.DictReader(stream)})
    return rows


@pytest.fixture
def offers(tmp_path: Path) -> Path:
    """An offer that ends on 10 October, and half the price for everybody."""
    path = tmp_path / "offers.csv"
    path.write_text(OFFERS, encoding="utf-8")
    return path


def test_offers_and_discounts_reach_every_priced_line(bill: Bill, out: Path, tmp_path: Path, offers: Path) -> None:
    """Half of what the price list says, a further tenth off until the offer ends; told on the line."""
    bill()
    bill(to=tmp_path / "less", more=("--offers", str(offers)))
    usual, less = _lines(out), _lines(tmp_path / "less")
    licences = [
        (Decimal(usual[key]["SalesUnitPrice"]), Decimal(row["SalesUnitPrice"]))
        for key, row in less.items()
        if key in usual and key.startswith("nce") and row["SalesUnitPrice"] and "Included" in row["Explanation"]
    ]
    told = {row["Explanation"].partition("Included: ")[2] for row in less.values()}

    assert 40 < len(licences)
    assert {Decimal("0.5"), Decimal("0.45")} >= {
        (after / before).quantize(Decimal("0.01")) for before, after in licences if before
    }
    assert {"relationship discount Partner (50% off)."} < told
    assert {"offer October (10% off), relationship discount Partner (50% off)."} < told


def test_an_offer_that_ends_in_the_month_splits_the_usage_of_the_month(
    bill: Bill, out: Path, tmp_path: Path, offers: Path, month: DemoMonth
) -> None:
    """The days before its end and the days from it on are lines of their own."""
    bill()
    bill(to=tmp_path / "less", more=("--offers", str(offers)))
    usage = [row for key, row in _lines(tmp_path / "less").items() if key.startswith("use")]

    assert len(usage) > len([key for key in _lines(out) if key.startswith("use")])


@pytest.mark.parametrize("policy", ["at_once", "from_next_renewal"])
def test_a_price_lock_is_taken_from_the_command_line(bill: Bill, told: Told, policy: str) -> None:
    """The demo's prices have no past, so both policies find the same."""
    bill(more=("--price-lock", policy, "--json"))

    assert 40 <= len(told()["customers"])


def test_a_list_that_contradicts_itself_bills_nobody(
    bill: Bill, out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both rows are named, and nothing is written."""
    path = tmp_path / "offers.csv"
    path.write_text("Kind,Name,Percent\noffer,a,10\noffer,b,20\n", encoding="utf-8")
    code = bill(more=("--offers", str(path)))

    assert INPUT_UNUSABLE == code
    assert "rows 2 and 3: two offers (a, b) for all customers" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize(("policy", "code"), [("at_once", 3), ("from_next_renewal", INPUT_UNUSABLE)])
def test_a_price_lock_in_the_list_must_not_say_something_else(
    bill: Bill, tmp_path: Path, capsys: pytest.CaptureFixture[str], policy: str, code: int
) -> None:
    """The same policy twice is no contradiction."""
    path = tmp_path / "offers.csv"
    path.write_text("Kind,Action\nprice_lock,at_once\n", encoding="utf-8")

    assert code == bill(more=("--offers", str(path), "--price-lock", policy))
    assert ("row 2: the price lock for all customers is at_once" in capsys.readouterr().err) is (code == INPUT_UNUSABLE)


def test_an_unknown_price_lock_is_refused(month: DemoMonth) -> None:
    """By the command line itself."""
    with pytest.raises(SystemExit):
        main(["bill", "--lines", "x", "--prices", "y", "--out", "z", "--price-lock", "never"])
