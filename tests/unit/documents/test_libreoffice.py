"""Opening the workbooks in a real office program: it loads them, and calculates the totals that we stored."""

import csv
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from shared.documents.workbook import customer_workbook, reseller_workbook
from shared.domain.money import Money

pytestmark = pytest.mark.libreoffice

Sheets = dict[str, list[list[str]]]
_ALL_SHEETS = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,-1"
_CONVERSION_S_MAX = 120


@pytest.fixture
def office() -> str:
    """The path of LibreOffice; skips where it is not installed, unless PRORATA_REQUIRE names it."""
    found = shutil.which("soffice") or shutil.which("libreoffice")
    if found is None and "libreoffice" in os.environ.get("PRORATA_REQUIRE", "").split(","):
        pytest.fail("LibreOffice is required (PRORATA_REQUIRE) but not installed")
    if found is None:
        pytest.skip("LibreOffice is not installed")
    return found


@pytest.fixture
def opened(office: str, tmp_path: Path) -> Callable[[str], Sheets]:
    """Opens the workbook of that name in ``tmp_path`` and returns its sheets as rows of text."""

    def open_(name: str) -> Sheets:
        command = [
            office,
            f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}",
            *("--headless", "--norestore", "--convert-to", _ALL_SHEETS, "--outdir", str(tmp_path)),
            str(tmp_path / name),
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=_CONVERSION_S_MAX)
        files = tmp_path.glob(f"{Path(name).stem}-*.csv")
        return {file.stem.partition("-")[2]: list(csv.reader(file.read_text("utf-8").splitlines())) for file in files}

    return open_


def _without_values(content: bytes) -> bytes:
    """Return the workbook without the values of its formulas, so that whoever opens it must calculate."""
    target = BytesIO()
    with ZipFile(BytesIO(content)) as archive, ZipFile(target, "w") as stripped:
        for name in archive.namelist():
            stripped.writestr(name, re.sub(rb"</f><v>[^<]*</v>", b"</f>", archive.read(name)))
    return target.getvalue()


def _beside(sheet: list[list[str]], label: str, places: int = 1) -> str:
    return next(row[places] for row in sheet if row[0] == label)


def test_a_customers_workbook_opens_with_the_right_totals(
    make: Any, tmp_path: Path, opened: Callable[[str], Sheets]
) -> None:
    """The formulas over the table give what the invoice says."""
    invoice = make.invoice()
    stream = BytesIO()
    customer_workbook(invoice, reseller_name="Reseller", run_id="run-1", stream=stream)
    (tmp_path / "customer.xlsx").write_bytes(_without_values(stream.getvalue()))
    sheets = opened("customer.xlsx")
    amount = sheets["Detail"][0].index("SalesAmount")

    assert set(sheets) == {"Summary", "Detail", "Read me"}
    assert invoice.total.amount == sum(Decimal(row[amount]) for row in sheets["Detail"][1:])
    assert invoice.total.amount == Decimal(_beside(sheets["Summary"], "Sum of Detail"))
    assert Decimal(_beside(sheets["Summary"], "Difference")) == 0


def test_a_resellers_workbook_opens_with_the_sums_of_each_currency(
    make: Any, tmp_path: Path, opened: Callable[[str], Sheets]
) -> None:
    """Hostile names are text, and currencies stay apart."""
    euro = make.invoice(make.source_line(subscription_name='=HYPERLINK("http://example.com";"x")'))
    krona = make.invoice(make.source_line(cost=Money(Decimal("8.00"), "EUR")), currency="SEK")
    stream = BytesIO()
    reseller_workbook([euro, krona], reseller_name="Reseller", run_id="run-1", stream=stream)
    (tmp_path / "reseller.xlsx").write_bytes(_without_values(stream.getvalue()))
    sheets = opened("reseller.xlsx")

    assert Decimal(_beside(sheets["Summary"], "EUR", 2)) == euro.total.amount
    assert Decimal(_beside(sheets["Summary"], "SEK", 2)) == krona.total.amount
    assert sheets["Detail"][1][2] == '=HYPERLINK("http://example.com";"x")'
