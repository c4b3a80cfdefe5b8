"""Subscription details: friendly names and purchase orders, from the file to the line."""

from dataclasses import replace
from datetime import date
from io import BytesIO
from typing import Any

import pytest

from shared.documents.subscription_details import read_subscription_details
from shared.domain.errors import InvalidError
from shared.domain.subscription_details import SubscriptionDetails, by_subscription, with_details

HEADER = "SubscriptionId,FriendlyName,PurchaseOrder,PurchaseOrderFrom,PurchaseOrderTo\n"


def _read(text: str) -> list[SubscriptionDetails]:
    return read_subscription_details(BytesIO(text.encode()), "details.csv")


def test_a_row_becomes_details() -> None:
    """The last day of a purchase order is included in the file."""
    assert _read(f"{HEADER}sub-1,Front desk,PO-1,2026-01-01,2026-12-31\n") == [
        SubscriptionDetails(
            subscription_id="sub-1",
            friendly_name="Front desk",
            purchase_order="PO-1",
            valid_from=date(2026, 1, 1),
            valid_until=date(2027, 1, 1),
        )
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "the file is empty"),
        ("Subscription,FriendlyName\nx,y\n", "columns Subscription, FriendlyName; use SubscriptionId"),
        ("FriendlyName\ny\n", "SubscriptionId at least"),
        ("SubscriptionId,subscription id\ny,z\n", "each once"),
        (f"{HEADER},a,b,,\n", "row 2: SubscriptionId is empty"),
        (f"{HEADER}x,a,b,2026-02-01,2026-01-01\n", "PurchaseOrderTo 2026-01-01 is before"),
        (f"{HEADER}x,a,b,1/2/2026,\n", "row 2: write a day as 2026-10-31"),
        (f"{HEADER}x,a,b,,,c\n", "row 2: more cells than column names"),
        (f"{HEADER}x,,A,2026-01-01,2026-01-31\nX,,B,2026-01-31,\n", "rows 2 and 3: two purchase orders for X"),
    ],
)
def test_what_cannot_be_used_is_told(text: str, found: str) -> None:
    """The message names the row and the cure."""
    with pytest.raises(InvalidError) as caught:
        _read(text)

    assert found in str(caught.value)


def test_a_line_takes_the_order_of_its_first_day(make: Any) -> None:
    """An order that ends in the middle of the charge is still the one of the line."""
    line = make.charged(make.source_line())[0]
    details = by_subscription(
        _read(f"{HEADER}SUB-1,Front desk,PO-1,,2026-10-01\nsub-1,,PO-2,2026-10-02,\nsub-2,Other,PO-3,,\n")
    )
    named = with_details(line, details)

    assert (named.friendly_name, named.purchase_order) == ("Front desk", "PO-1")
    assert line == replace(named, friendly_name="", purchase_order="")


def test_an_undated_line_takes_only_an_order_without_dates(make: Any) -> None:
    """Nobody can say whether a dated order covers it."""
    line = replace(make.charged(make.source_line())[0], charge=None)
    dated = [SubscriptionDetails(subscription_id="sub-1", purchase_order="PO-1", valid_from=date(2020, 1, 1))]
    open_ended = [SubscriptionDetails(subscription_id="sub-1", purchase_order="PO-2")]

    assert with_details(line, by_subscription(dated)).purchase_order == ""
    assert with_details(line, by_subscription(open_ended)).purchase_order == "PO-2"


def test_a_line_without_details_stays_as_it_is(make: Any) -> None:
    """What is not known changes nothing."""
    line = make.charged(make.source_line())[0]

    assert with_details(line, by_subscription([])) is line
