"""The demo month's files, read again by the simplest means: csv, json, Decimal."""

import csv
import gzip
import io
import json
import zipfile
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from local.demo.month import DemoMonth

Row = dict[str, str]
JsonRow = dict[str, Any]


def read_csv(content: bytes) -> list[Row]:
    """Return the rows of a CSV by column name."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def read_json_lines(path: Path) -> list[JsonRow]:
    """Return the rows of a gzip file of JSON lines; every number is a Decimal."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line, parse_float=Decimal, parse_int=Decimal) for line in lines]


def pascal(row: JsonRow) -> Row:
    """Return a camelCase invoice row with the CSV's names, its values as text."""
    renamed = {"totalForCustomer": "Total"}
    return {
        renamed.get(name, name[0].upper() + name[1:]): "" if value is None else str(value)
        for name, value in row.items()
    }


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a month's files."""

    euro: list[Row]
    dollar: list[Row]
    daily: list[JsonRow]
    licence: list[Row]
    usage: list[Row]
    prices: list[Row]
    sheet: list[Row]
    details: list[Row]
    totals: list[Row]

    @property
    def invoices(self) -> list[Row]:
        """The lines of both new-commerce invoices."""
        return self.euro + self.dollar


def read_rows(month: DemoMonth) -> Rows:
    """Return all rows of a month."""
    with zipfile.ZipFile(month.legacy_licence) as archive:
        licence = archive.read(archive.namelist()[0])
    return Rows(
        euro=read_csv(month.invoice_eur.read_bytes()),
        dollar=[pascal(row) for row in read_json_lines(month.invoice_usd)],
        daily=[row for part in month.daily_usage for row in read_json_lines(part)],
        licence=read_csv(licence),
        usage=read_csv(month.legacy_usage.read_bytes()),
        prices=read_csv(month.price_list.read_bytes()),
        sheet=read_csv(month.price_sheet.read_bytes()),
        details=read_csv(month.subscription_details.read_bytes()),
        totals=read_csv(month.control_totals.read_bytes()),
    )
