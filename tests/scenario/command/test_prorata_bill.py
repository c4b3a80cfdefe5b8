"""A person bills a month from files: what is written, what is said, and what happens the second time."""

import csv
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from local.bill_files import _folder
from local.command import BLOCKED, DONE, INPUT_UNUSABLE, OUTPUT_UNWRITABLE, main
from local.demo.month import DemoMonth
from local.parallel_reading import PARALLEL_FROM_BYTES, read_files
from shared.partner_center.source_files.row_sink import no_boundaries

Bill = Callable[..., int]
Told = Callable[[], Any]


def all_files(folder: Path) -> dict[str, bytes]:
    """The documents in the folder, by name, without the memory beside them."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".prorata" not in path.parts
    }


def rows_of(paths: Iterable[Path]) -> list[dict[str, str]]:
    """All rows of CSV files."""
    rows: list[dict[str, str]] = []
    for path in paths:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows.extend(csv.DictReader(stream))
    return rows


def test_a_month_is_billed_for_everybody_but_the_customer_without_a_price(bill: Bill, told: Told) -> None:
    """One missing price parks one customer; the exit code says that somebody has to look."""
    code = bill(more=("--json",))
    result = told()

    assert code == BLOCKED
    assert len(result["customers"]) >= 40
    assert [customer["is_parked"] for customer in result["customers"]].count(True) == 1
    assert {issue["code"] for issue in result["issues"] if issue["severity"] == "blocking"} == {"PRICE_MISSING"}


def test_the_cost_on_the_lines_is_what_microsoft_invoiced(bill: Bill, told: Told, month: DemoMonth, out: Path) -> None:
    """Without daily usage, all costs but those of unpriced lines add up to Microsoft's totals to the cent."""
    bill(month.invoice_usd, more=("--json",))
    result = told()
    rows = rows_of(out.glob("reseller/*.csv"))
    total = next(total for total in month.totals if total.currency == "USD")

    assert Decimal(result["costs"]["USD"]) == total.subtotal
    assert sum(Decimal(row["CostAmount"]) for row in rows) == total.subtotal


def test_workbook_and_csv_of_a_customer_say_the_same(bill: Bill, out: Path) -> None:
    """The sum of the Detail sheet is the sum of the CSV, and of the total on the Summary sheet."""
    bill()
    book = next(iter(sorted(out.glob("customers/*.xlsx"))))
    sheet = load_workbook(book, data_only=True)["Detail"]
    header, *lines = sheet.iter_rows(values_only=True)
    amounts = [Decimal(str(line[header.index("SalesAmount")])) for line in lines]
    text = rows_of(path for path in out.glob("customers/*.csv") if path.stem[:-9] == book.stem[:-9])

    assert sum(amounts) == sum(Decimal(row["SalesAmount"]) for row in text)
    assert len(amounts) == len(text)


def test_the_second_run_writes_nothing(bill: Bill, told: Told, out: Path) -> None:
    """Same input, same files: run again -> nothing to do."""
    bill(more=("--json",))
    told()
    before = all_files(out)
    bill(more=("--json",))
    result = told()

    assert result["written"] == []
    assert result["unchanged_count"] == len(before)
    assert all_files(out) == before


def test_a_changed_row_makes_a_new_revision_that_says_what_changed(
    bill: Bill, told: Told, month: DemoMonth, out: Path, tmp_path: Path
) -> None:
    """Only the customer of that row gets new files; the old ones are kept aside."""
    bill(more=("--json",))
    told()
    before = all_files(out)
    changed = tmp_path / month.invoice_eur.name
    changed.write_bytes(doubled_first_quantity(month.invoice_eur))
    bill(changed, *(path for path in month.microsoft_files if path != month.invoice_eur), more=("--json",))
    result = told()
    after = all_files(out)
    fresh = [name for name in after if name not in before and name.startswith("customers/")]

    assert [customer["invoices"][0]["key"] for customer in result["customers"] if "r002" in str(customer)] == [
        "2026-10_EUR_invoice_r002"
    ]
    assert sorted(Path(name).suffix for name in fresh) == [".csv", ".xlsx"]
    assert all("_r2_" in name for name in fresh)
    assert "Changes" in load_workbook(out / next(name for name in fresh if name.endswith("xlsx"))).sheetnames
    assert sum(name.startswith("superseded/customers/") for name in after) == 2


def doubled_first_quantity(path: Path) -> bytes:
    """The file with one licence line's billable quantity doubled."""
    rows = list(csv.reader(path.read_text("utf-8-sig").splitlines()))
    quantity, charge_type = rows[0].index("BillableQuantity"), rows[0].index("ChargeType")
    row = next(row for row in rows if row[charge_type] == "renew" and row[quantity].isdigit())
    row[quantity] = str(2 * int(row[quantity]))
    return "".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) + "\r\n" for row in rows).encode()


def test_a_file_given_twice_counts_once(bill: Bill, told: Told, month: DemoMonth, tmp_path: Path) -> None:
    """The same content under any name is read once, and that is said."""
    bill(month.invoice_usd, more=("--json",))
    once = told()
    copy = tmp_path / "copy.gz"
    copy.write_bytes(month.invoice_usd.read_bytes())
    code = bill(month.invoice_usd, copy, more=("--json",))
    twice = told()

    assert code == DONE
    assert twice["costs"] == once["costs"]
    assert [issue["file"] for issue in twice["issues"] if issue["code"] == "FILE_REPEATED"] == ["copy.gz"]


def test_another_version_of_a_file_is_refused_rather_than_billed_twice(
    bill: Bill, told: Told, month: DemoMonth, tmp_path: Path
) -> None:
    """Two versions of one invoice: the first counts, the second blocks, and both are named."""
    bill(month.invoice_eur, more=("--json",))
    once = told()
    changed = tmp_path / "changed.csv"
    changed.write_bytes(doubled_first_quantity(month.invoice_eur))
    code = bill(month.invoice_eur, changed, more=("--json",))
    result = told()
    issue = next(issue for issue in result["issues"] if issue["code"] == "FILE_OVERLAPS")

    assert code == BLOCKED
    assert result["costs"] == once["costs"]
    assert issue["message"].startswith("changed.csv repeats ")
    assert month.invoice_eur.name in issue["message"]


@pytest.mark.parametrize("cut_at", [20_000, 200_000, -20])
def test_a_gzip_file_cut_in_the_middle_stops_everything(
    bill: Bill, month: DemoMonth, out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], cut_at: int
) -> None:
    """A cut file is named with the cure, nothing is written, and the exit code says so."""
    cut = tmp_path / "cut.json.gz"
    cut.write_bytes(month.daily_usage[0].read_bytes()[:cut_at])
    code = bill(month.invoice_eur, cut)

    assert code == INPUT_UNUSABLE
    assert "cut.json.gz: the file is cut off in the middle. Download it again." in capsys.readouterr().err
    assert not out.exists()


def test_a_csv_file_cut_in_the_middle_does_not_add_up(bill: Bill, told: Told, month: DemoMonth, tmp_path: Path) -> None:
    """The unfinished row blocks, and so does the control total of the invoice."""
    cut = tmp_path / "cut.csv"
    cut.write_bytes(month.invoice_eur.read_bytes()[:200_000])
    code = bill(cut, more=("--json", "--control", str(month.control_totals)))
    issues = [issue for issue in told()["issues"] if issue["severity"] == "blocking"]
    codes = {issue["code"] for issue in issues}

    assert code == BLOCKED
    assert {"ROW_UNREADABLE", "CONTROL_TOTAL_DIFFERS"} <= codes


def test_control_totals_that_hold_are_silent_and_others_say_by_how_much(
    bill: Bill, told: Told, month: DemoMonth
) -> None:
    """The demo month is complete by its control file; a wrong total on the command line blocks."""
    bill(more=("--json", "--control", str(month.control_totals)))
    complete = told()
    code = bill(month.invoice_usd, more=("--json", "--invoice-total", "G104455668=1.00 USD"))
    wrong = told()

    assert not [issue for issue in complete["issues"] if issue["code"].startswith("CONTROL_TOTAL")]
    assert code == BLOCKED
    assert "instead of 1.00" in next(
        issue["message"] for issue in wrong["issues"] if issue["code"] == "CONTROL_TOTAL_DIFFERS"
    )


def test_two_rows_for_one_price_are_named_and_nothing_is_priced(
    bill: Bill, month: DemoMonth, out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both rows, the key and the cure are told; nothing is written."""
    prices = tmp_path / "prices.csv"
    text = month.price_list.read_text("utf-8")
    prices.write_text(text + text.splitlines()[1] + "\n", "utf-8")
    code = bill(prices=prices)
    said = capsys.readouterr().err

    assert code == INPUT_UNUSABLE
    assert "rows 2 and" in said
    assert "Remove one of the rows" in said
    assert not out.exists()


def test_an_output_folder_that_cannot_be_written_is_said(
    bill: Bill, month: DemoMonth, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file stands where the folder should be: the message names it, and the file is untouched."""
    locked = tmp_path / "locked"
    locked.write_text("mine")
    code = bill(month.invoice_usd, to=locked)

    assert code == OUTPUT_UNWRITABLE
    assert f"the output folder {locked} cannot be written" in capsys.readouterr().err
    assert locked.read_text() == "mine"


def test_a_file_that_is_none_of_microsofts_is_named(
    bill: Bill, month: DemoMonth, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every unusable file is named at once, each with what it is instead."""
    code = bill(month.price_list, month.price_sheet)
    said = capsys.readouterr().err

    assert code == INPUT_UNUSABLE
    assert month.price_list.name in said
    assert month.price_sheet.name in said
    assert not out.exists()


def test_a_missing_file_is_told_before_anything_is_read(
    bill: Bill, out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The path is named; nothing is written."""
    code = bill(tmp_path / "nowhere.csv")

    assert code == INPUT_UNUSABLE
    assert "nowhere.csv" in capsys.readouterr().err
    assert not out.exists()


def test_names_from_files_are_text_on_the_screen_and_in_paths(
    bill: Bill, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Markup in a customer's name is shown, not obeyed; no file leaves the folder or carries odd characters."""
    bill()
    shown = capsys.readouterr().out
    names = [path.name for path in out.rglob("*") if path.is_file() and ".prorata" not in path.parts]

    assert "<script>alert(1)</script> GmbH" in shown
    assert all(name.isascii() and not set(name) & set(" <>=+@'\"\\/") for name in names)


def test_the_month_is_told_from_the_rows_or_given(bill: Bill, told: Told, month: DemoMonth) -> None:
    """Without --period most rows decide; a period that does not fit is a warning on the file."""
    bill(month.invoice_usd, more=("--json",))
    told_by_rows = told()
    bill(month.invoice_usd, more=("--json", "--period", "2026-09"))
    given = told()

    assert told_by_rows["period"] == "2026-10"
    assert given["period"] == "2026-09"
    assert "PERIOD_OUTSIDE" in {issue["code"] for issue in given["issues"]}


@pytest.mark.parametrize("period", ["2026-13", "October", "2026-1"])
def test_a_period_that_is_no_month_is_refused(
    bill: Bill, month: DemoMonth, period: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message shows how to write a month."""
    with pytest.raises(SystemExit) as stopped:
        bill(month.invoice_usd, more=("--period", period))

    assert stopped.value.code == INPUT_UNUSABLE
    assert "write the year and month as 2026-10" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["prices.xlsx", "prices.csv"])
def test_the_price_list_template_prices_nothing_as_it_is(
    bill: Bill, month: DemoMonth, tmp_path: Path, name: str
) -> None:
    """As it is it prices nothing, and that is said; it is never overwritten."""
    path = tmp_path / name
    written = main(["prices", "template", str(path)])
    before = path.read_bytes()
    again = main(["prices", "template", str(path)])

    assert (written, again) == (DONE, INPUT_UNUSABLE)
    assert path.read_bytes() == before
    assert bill(month.invoice_usd, prices=path) == INPUT_UNUSABLE


def test_the_next_month_leaves_the_month_before_in_its_place(bill: Bill, out: Path, month: DemoMonth) -> None:
    """One folder may hold many months; only what a run of the same month replaced is put aside."""
    bill(month.invoice_usd)
    october = all_files(out)
    bill(month.invoice_usd, more=("--period", "2026-11"))
    both = all_files(out)

    assert october.items() <= both.items()
    assert not [name for name in both if name.startswith("superseded")]


def test_a_second_run_on_the_folder_waits_its_turn(
    bill: Bill, out: Path, month: DemoMonth, capsys: pytest.CaptureFixture[str]
) -> None:
    """While one writes, another is told so and writes nothing."""
    with _folder(out):
        code = bill(month.invoice_usd)

    assert code == OUTPUT_UNWRITABLE
    assert "another prorata bill is writing" in capsys.readouterr().err
    assert all_files(out) == {}


def test_two_equal_files_of_one_name_count_once_however_large(tmp_path: Path) -> None:
    """Read by two processes, the first of the two counts and everything else is kept."""
    header = (
        "CustomerId,ChargeType,UnitPrice,Subtotal,Currency,BillableQuantity,SubscriptionId,OrderDate,ReferenceId\r\n"
    )
    rows = "".join(f"C1,new,1,1,EUR,1,S{number},10/5/2026,{'x' * 300}\r\n" for number in range(16_000))
    paths = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        paths.append(tmp_path / folder / "part-00000.csv")
        paths[-1].write_text(header + rows)
    other = tmp_path / "other.csv"
    other.write_text(header + "C2,new,7,7,EUR,1,S1,10/5/2026,y\r\n")

    files = read_files([*paths, other], no_boundaries, workers=2)

    assert sum(path.stat().st_size for path in paths) > PARALLEL_FROM_BYTES
    assert len(files.lines) == 16_001
    assert [issue.code for issue in files.issues if issue.code != "CONTROL_TOTAL_ABSENT"] == ["FILE_REPEATED"]
