"""Price subjects: what a line of Microsoft's files, or a line made from a history, asks a price list for."""

from collections.abc import Callable

import pytest

from shared.domain.prices import PriceBook, PriceEntry, PriceSubject, subject_of
from shared.domain.source_lines import SourceLine

MakeLine = Callable[..., SourceLine]
MakeEntry = Callable[..., PriceEntry]


def test_a_seat_line_asks_by_product_term_and_plan(licence: MakeLine) -> None:
    """Term and plan as the price sheet writes them, currency of the cost."""
    assert subject_of(licence()) == PriceSubject(
        customer_id="0f3a21bc-1111-4222-8333-444455556666",
        subscription_id="sub-1",
        vendor="Microsoft Corporation",
        charge_type="cycleCharge",
        product_id="CFQ7TTC0LCHC",
        sku_id="0002",
        term="P1Y",
        billing_plan="Monthly",
        currency="EUR",
    )


def test_a_usage_line_asks_by_meter_and_category(usage: MakeLine) -> None:
    """Usage has neither term nor plan; an adjustment says so."""
    subject = subject_of(usage(charge_type="customerCredit"))

    assert ("meter-1", "Storage", "", "") == (
        subject.meter_id,
        subject.meter_category,
        subject.term,
        subject.billing_plan,
    )
    assert subject.is_adjustment


@pytest.mark.parametrize(
    ("publisher", "publisher_id", "vendor"),
    [
        ("", "", "Microsoft"),
        ("", "NA", "Microsoft"),
        ("Acronis", "acronis", "Acronis"),
        ("", "acronis", ""),
    ],
)
def test_a_line_without_a_publisher_is_microsofts(
    usage: MakeLine, publisher: str, publisher_id: str, vendor: str
) -> None:
    """Older files name none; one that is known by its id only is somebody else's."""
    assert vendor == subject_of(usage(publisher=publisher, publisher_id=publisher_id)).vendor


@pytest.mark.parametrize("name", ["Microsoft", "microsoft corporation", " Microsoft Ireland Operations Limited"])
def test_all_of_microsofts_names_are_one_vendor(licence: MakeLine, entry: MakeEntry, name: str) -> None:
    """A reseller writes Microsoft, its files write Microsoft Corporation."""
    book = PriceBook([entry("1", vendor=name)])

    assert book.find(subject_of(licence()), None) is not None
    assert book.find(PriceSubject(vendor="Acronis", currency="EUR"), None) is None


def test_a_subject_of_a_history_is_priced_like_a_line(entry: MakeEntry) -> None:
    """No source line is needed: what is not told matches entries without that key."""
    book = PriceBook([entry("1", vendor="Acronis"), entry("2")])
    own = book.find(PriceSubject(vendor="ACRONIS", product_id="backup", currency="EUR"), None)
    other = book.find(PriceSubject(vendor="Veeam", currency="EUR"), None)

    assert own is not None
    assert other is not None
    assert ("1", "2") == (str(own.entry.value), str(other.entry.value))
