"""``prorata bill --customer-groups``: a group's prices reach its customers, and are never passed over in silence."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from local.command import INPUT_UNUSABLE
from local.demo.month import DemoMonth

Bill = Callable[..., int]


def _lines(out: Path) -> list[dict[str, str]]:
    (path,) = out.glob("reseller/*.csv")
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    """Everything at cost for schools, a tenth above it for everybody else."""
    path = tmp_path / "prices.csv"
    path.write_text("CustomerGroup,Method,Value\n,markup_on_cost,10\nSchools,markup_on_cost,0\n")
    return path


def test_a_groups_price_is_charged_to_its_customers(
    bill: Bill, month: DemoMonth, out: Path, tmp_path: Path, prices: Path
) -> None:
    """And only to them."""
    bill()
    customers = sorted({line["CustomerId"] for line in _lines(out)})
    groups = tmp_path / "groups.csv"
    groups.write_text(f"CustomerId,Group\n{customers[0]},Schools\n")
    bill(*month.microsoft_files, prices=prices, to=tmp_path / "grouped", more=("--customer-groups", str(groups)))
    lines = [line for line in _lines(tmp_path / "grouped") if "free (" not in line["PriceSource"]]

    assert {customers[0]} == {line["CustomerId"] for line in lines if "customer group" in line["PriceSource"]}
    assert {"customer group"} == {
        "customer group" if "customer group" in line["PriceSource"] else line["PriceSource"]
        for line in lines
        if line["CustomerId"] == customers[0]
    }


def test_a_list_with_groups_needs_the_groups(
    bill: Bill, out: Path, prices: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else the group's customers would pay what everybody pays."""
    code = bill(prices=prices)

    assert INPUT_UNUSABLE == code
    assert "nobody is in the customer group 'Schools'" in capsys.readouterr().err
    assert not out.exists()
