"""What both stores promise of deliveries, Microsoft's invoices and sales documents: which version counts, and when."""

import io
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from shared.domain.errors import ConflictError
from shared.domain.periods import BillingPeriod
from shared.domain.snapshots.deliveries import ExportKind
from shared.domain.snapshots.values import MicrosoftInvoice
from shared.domain.source_lines import Family
from shared.storage.ports import Blobs, Tables
from shared.storage.repositories.codec import read_whole
from shared.storage.repositories.deliveries import Delivery, DeliveryState, DeliveryStore, gone_way
from shared.storage.repositories.microsoft_invoices import MicrosoftInvoices
from shared.storage.repositories.sales import SalesDocuments
from shared.storage.repositories.source_files import SourceFileRecord, SourceFileStore

OCTOBER = BillingPeriod(2026, 10)
UNBILLED = Delivery(period=OCTOBER, kind=ExportKind.UNBILLED_RECONCILIATION, currency="EUR")
BILLED = Delivery(period=OCTOBER, kind=ExportKind.BILLED_RECONCILIATION, currency="EUR", invoice_id="G000000001")
PARTS = ("part-00000.c000.json.gz", "part-00001.c000.json.gz")


@pytest.fixture
def deliveries(own_tables: Tables) -> DeliveryStore:
    """An empty store of deliveries."""
    return DeliveryStore(own_tables)


@pytest.fixture
def files(own_tables: Tables, own_blobs: Blobs) -> SourceFileStore:
    """The source files on the same tables."""
    return SourceFileStore(own_tables, own_blobs)


def taken_in(files: SourceFileStore, delivery: Delivery, count: int) -> None:
    """Record the first parts of a delivery's version."""
    for index in range(count):
        name = delivery.file_name(index)
        record = SourceFileRecord(
            name=name,
            content_hash=name,
            family=Family.NEW_COMMERCE,
            row_count=1,
            customer_count=1,
            delivery=delivery.row,
        )
        files.record(OCTOBER, record, None, version=delivery.version)


def ready(delivery: Delivery, etag: str) -> Delivery:
    """Return the delivery with a version of two parts on its way."""
    return delivery.answered(manifest_id="m", etag=etag, parts=PARTS)


def names(files: SourceFileStore) -> list[str]:
    """Return the files that count."""
    return [record.name for record in files.records(OCTOBER)]


def test_a_delivery_comes_back_as_it_was_kept(deliveries: DeliveryStore) -> None:
    """With all of its parts; one that nobody asked for is None."""
    kept = deliveries.save(replace(ready(BILLED, "e1"), operation="https://graph.example/o", attempts=2))

    assert kept == deliveries.get(OCTOBER, BILLED.row)
    assert deliveries.get(OCTOBER, UNBILLED.row) is None
    assert deliveries.of_period(OCTOBER) == [kept]
    assert deliveries.of_period(OCTOBER.previous) == []


def test_a_slow_worker_does_not_put_an_older_state_back(deliveries: DeliveryStore) -> None:
    """Each state is guarded by the one that it was made from."""
    first = deliveries.save(BILLED)
    deliveries.save(ready(first, "e1"))

    for stale in (first, BILLED):
        with pytest.raises(ConflictError):
            deliveries.save(ready(stale, "e2"))


def test_a_version_counts_from_one_write_on(deliveries: DeliveryStore, files: SourceFileStore) -> None:
    """No part counts before it, and no part of the version before after it; both can be read."""
    old = ready(deliveries.save(BILLED), "e1")
    taken_in(files, old, 2)
    assert names(files) == []
    old = deliveries.save(old.completed(2))
    new = deliveries.save(ready(old, "e2"))
    taken_in(files, new, 2)
    counted_before = names(files)
    deliveries.save(new.completed(2))

    assert [old.file_name(0), old.file_name(1)] == counted_before
    assert [new.file_name(0), new.file_name(1)] == names(files)
    assert set(files.delivered(OCTOBER, old.file_prefix)) == {old.file_name(0), old.file_name(1)}


def test_unbilled_counts_until_billed_of_its_family_and_currency_does(
    deliveries: DeliveryStore, files: SourceFileStore
) -> None:
    """An invoice in another currency, or one without a part, changes nothing."""
    unbilled = ready(deliveries.save(UNBILLED), "u1")
    taken_in(files, unbilled, 2)
    deliveries.save(unbilled.completed(2))
    dollars = replace(BILLED, invoice_id="G000000002", currency="USD")
    deliveries.save(ready(deliveries.save(dollars), "d1").completed(2))
    deliveries.save(replace(BILLED, invoice_id="G000000003", counting="v"))
    before = names(files)
    billed = ready(deliveries.save(BILLED), "b1")
    taken_in(files, billed, 2)
    deliveries.save(billed.completed(2))

    assert [unbilled.file_name(0), unbilled.file_name(1)] == before
    assert [billed.file_name(0), billed.file_name(1)] == names(files)
    assert {UNBILLED.row} == gone_way(deliveries.of_period(OCTOBER))


def test_a_delivery_at_rest_remembers_nothing_that_led_to_it() -> None:
    """Killed or not, asked once or thrice: the row is the same."""
    asked = replace(BILLED, operation="o", span="", attempts=2, manifest_id="m", note="later")

    assert ready(BILLED, "e").completed(1) == ready(asked, "e").completed(1)
    assert asked.resting(DeliveryState.EMPTY, "none") == BILLED.resting(DeliveryState.EMPTY, "none")
    assert ready(BILLED, "e").completed(1).resting(DeliveryState.FAILED, "x").state is DeliveryState.COMPLETE


def test_an_invoice_is_written_when_it_changed(own_tables: Tables) -> None:
    """The list is given whole every night."""
    invoices = MicrosoftInvoices(own_tables)
    listed = [
        MicrosoftInvoice(
            id=f"G00000000{number}",
            invoice_on=date(2026, 9 + number, 8),
            starts_on=date(2026, 8 + number, 1),
            ends_on=date(2026, 8 + number, 28),
            total=Decimal("10.10"),
            currency="EUR",
            contents=("one_time/billing_line_items",),
        )
        for number in (1, 2)
    ]

    assert [2, 0] == [invoices.keep_all(listed), invoices.keep_all(listed)]
    paid = replace(listed[0], paid=Decimal("10.10"))
    assert invoices.keep_all([paid, listed[1]]) == 1
    assert [paid, listed[1]] == invoices.all()
    assert [listed[1]] == invoices.all(OCTOBER)


def test_a_sales_document_keeps_its_versions(own_tables: Tables, own_blobs: Blobs) -> None:
    """The same content again is nothing; the newest is found by country and view."""
    sales = SalesDocuments(own_tables, own_blobs)
    puts = [sales.put("price-sheet", "NL", "software", io.BytesIO(content)) for content in (b"1", b"1", b"2")]
    newest = sales.newest("price-sheet", "NL", "software")

    assert [True, False, True] == puts
    assert newest is not None
    assert read_whole(newest.file.open()) == b"2"
    assert sales.newest("price-sheet", "DE", "software") is None


@pytest.mark.parametrize(("offset", "length"), [(0, 4), (3, None), (5, 100), (9, 1), (0, None)])
def test_a_range_of_a_blob_is_read(own_blobs: Blobs, offset: int, length: int | None) -> None:
    """As of any sequence; more than there is gives what there is."""
    own_blobs.put("ranges", "blob", b"0123456789")
    end = None if length is None else offset + length

    assert b"0123456789"[offset:end] == read_whole(own_blobs.open("ranges", "blob", offset=offset, length=length))
