"""Reading a file only to check it keeps no lines, whatever the family."""

import tracemalloc
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

from shared.partner_center.source_files.fingerprints import ALL_KEPT_MAX, ONE_IN, Fingerprints
from shared.partner_center.source_files.reading import read_file
from shared.partner_center.source_files.row_sink import Reading

HEADER = (
    "CustomerId,CustomerName,ProductId,SkuId,ChargeType,UnitPrice,Quantity,Subtotal,TaxTotal,Total,Currency,"
    "SubscriptionId,ChargeStartDate,ChargeEndDate,EffectiveUnitPrice,BillableQuantity,BillingFrequency,InvoiceNumber"
)


@dataclass(frozen=True)
class Given:
    """An invoice file of so many rows."""

    rows: int
    name: str = "recon.csv"

    def open(self) -> BinaryIO:
        """The content from its start."""
        row = "C1,Contoso,P1,0001,new,10,{0},{0}0,0,{0}0,EUR,S{0},10/1/2026,10/31/2026,10,{0},Monthly,G1\r\n"
        return BytesIO((HEADER + "\r\n" + "".join(row.format(index) for index in range(1, self.rows + 1))).encode())


def peak_bytes(given: Given) -> int:
    """The most memory that checking the file took, beside the file itself."""
    content = given.open()

    @dataclass(frozen=True)
    class Opened:
        name: str = given.name

        def open(self) -> BinaryIO:
            return content

    tracemalloc.start()
    read = read_file(Opened(), Reading(keeps_lines=False))[0]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert read.row_count == given.rows
    assert read.lines == []
    return peak


def test_checking_a_file_takes_no_more_memory_for_more_rows() -> None:
    """Four times the rows of an invoice file, about the same memory: lines are counted and forgotten."""
    small, large = peak_bytes(Given(20_000)), peak_bytes(Given(80_000))

    assert large < small * 1.5


def test_two_versions_of_a_large_file_choose_the_same_lines_to_compare() -> None:
    """Of many lines one in sixteen is kept, by what it is; a version with one row more still overlaps nearly whole."""
    one, other = Fingerprints(), Fingerprints()
    for index in range(4 * ALL_KEPT_MAX):
        one.add(f"line {index}")
        other.add(f"line {4 * ALL_KEPT_MAX - index}")

    assert len(one.all()) < 2 * 4 * ALL_KEPT_MAX / ONE_IN
    assert len(one.all() ^ other.all()) <= 2
