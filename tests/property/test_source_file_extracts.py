"""Whatever stands in a file: each customer's extract reads back to exactly that customer's lines."""

import csv
import json
from dataclasses import dataclass
from io import BytesIO, StringIO
from typing import Any, BinaryIO

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.source_files import FileRead
from shared.partner_center.source_files.reading import read_file
from shared.partner_center.source_files.splitting import split_file

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12) | st.sampled_from(
    ['"', "a,b", "a;b", "a\nb", "a\r\nb", "\r", "'x", "\t", "{", "[]", "\ufeff", "=1+1", "\u2028", "null"]
)
rows_of_customers = st.fixed_dictionaries(
    {
        "CustomerName": texts,
        "CustomerId": st.sampled_from(["c-1", "C-1", "c-2 ", "\u00df", ""]),
        "SubscriptionDescription": texts,
        "ChargeType": st.sampled_from(["new", "cycleCharge"]),
        "UnitPrice": st.sampled_from(["1", "0.1999968000511991808131", "x"]),
        "BillableQuantity": st.sampled_from(["1", "-2", ""]),
        "Subtotal": st.sampled_from(["1.00", "4.2E-06", "NaN"]),
        "Currency": st.just("EUR"),
        "ProductName": texts,
    }
)


@dataclass(frozen=True)
class _File:
    content: bytes
    name: str = "file"

    def open(self) -> BinaryIO:
        return BytesIO(self.content)


def _csv(rows: list[dict[str, str]], delimiter: str) -> bytes:
    text = StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(rows[0])
    writer.writerows(row.values() for row in rows)
    return text.getvalue().encode()


def _json(rows: list[dict[str, str]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def _read(content: bytes) -> FileRead:
    (read,) = read_file(_File(content))
    return read


def _blocked(read: FileRead, customer_id: str) -> list[tuple[Any, ...]]:
    return [
        (issue.code, issue.line, issue.column, issue.value)
        for issue in read.issues
        if issue.is_blocking and issue.customer_id.strip().casefold() == customer_id
    ]


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(rows_of_customers, min_size=1, max_size=8), kind=st.sampled_from([",", ";", "json"]))
def test_extracts_read_back_to_the_lines_of_their_file(rows: list[dict[str, str]], kind: str) -> None:
    """With their values, line numbers and problems; a row of nobody is in none."""
    content = _json(rows) if kind == "json" else _csv(rows, kind)
    whole = _read(content)
    found = []
    with split_file(_File(content)) as extracts:
        for customer_id in extracts.customers():
            target = BytesIO()
            extracts.write(customer_id, target)
            part = _read(target.getvalue())
            found.extend(part.lines)

            assert [line for line in whole.lines if line.customer_id.casefold() == customer_id] == part.lines
            assert _blocked(whole, customer_id) == _blocked(part, customer_id)

    assert len(whole.lines) == len(found)
