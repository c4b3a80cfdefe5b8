"""Offers and discounts from a file: every kind of row, and how everything else is told."""

from datetime import date
from decimal import Decimal
from io import BytesIO

import openpyxl
import pytest

from shared.documents.handed_in import FILE_BYTES_MAX
from shared.documents.offers_and_discounts import COLUMNS, OFFERS_SHEET, read_offers_and_discounts
from shared.domain.agreed_terms import Agreed, agreed_terms
from shared.domain.errors import LimitError, PriceListError
from shared.domain.prices import PriceKeys
from shared.domain.prices.discounts import RelationshipDiscount, SeveralServicesDiscount, Threshold
from shared.domain.prices.guards import Guard, GuardAction, GuardBase, GuardKind
from shared.domain.prices.offers import Offer
from shared.domain.prices.price_locks import AgreedLock, PriceLockPolicy
from shared.domain.prices.promotions import PromotionPolicy, PromotionSwitch
from shared.domain.prices.reach import Reach


def _read(*rows: dict[str, str], separator: str = ",") -> list[Agreed]:
    lines = [separator.join(COLUMNS), *(separator.join(row.get(name, "") for name in COLUMNS) for row in rows)]
    return read_offers_and_discounts(BytesIO("\n".join(lines).encode()), "offers.csv")


def _problem(*rows: dict[str, str]) -> str:
    with pytest.raises(PriceListError) as caught:
        _read(*rows)
    return str(caught.value)


ROWS = [
    {"Kind": "Offer", "Name": "Autumn", "Percent": "10", "Combinable": "Yes", "ValidFrom": "2026-10-01"},
    {
        "Kind": "offer",
        "Name": "Fixed",
        "Price": "9.50",
        "Currency": "eur",
        "CustomerId": "c-1",
        "ProductId": "P",
        "SkuId": "0002",
        "Term": "p1y",
        "BillingPlan": "monthly",
        "ValidTo": "2026-12-31",
    },
    {"Kind": "relationship", "Percent": "5", "CustomerGroup": "Schools", "Vendor": "Adobe"},
    {"Kind": "several_services", "Vendor": "Microsoft", "Thresholds": "2:3; 5:7.5", "SubscriptionId": "sub-1"},
    {"Kind": "promotion", "Action": "KEPT", "PromotionId": "promo:1"},
    {"Kind": "floor", "Percent": "105", "Of": "Cost", "Action": "clamp", "MeterCategory": "Storage"},
    {"Kind": "cap", "Price": "20", "Currency": "EUR", "Action": "tell", "MeterId": "m-1", "ChargeType": "new"},
    {"Kind": "price_lock", "Action": "From_next_renewal", "CustomerId": "c-2"},
    {"Kind": "Price_Lock", "Name": "Usual", "Action": "at_once", "Note": "in the contract"},
]
KEYS = PriceKeys(product_id="P", sku_id="0002", term="P1Y", billing_plan="Monthly")
RULES = [
    Offer(
        name="Autumn",
        reach=Reach(valid_from=date(2026, 10, 1)),
        percent_off=Decimal(10),
        is_combinable=True,
        row=2,
    ),
    Offer(
        name="Fixed",
        reach=Reach(customer_id="c-1", keys=KEYS, valid_until=date(2027, 1, 1)),
        fixed_price=Decimal("9.50"),
        currency="EUR",
        row=3,
    ),
    RelationshipDiscount(
        name="relationship of row 4",
        reach=Reach(customer_group="Schools", keys=PriceKeys(vendor="Adobe")),
        percent_off=Decimal(5),
        row=4,
    ),
    SeveralServicesDiscount(
        name="several_services of row 5",
        reach=Reach(subscription_id="sub-1"),
        vendor="Microsoft",
        thresholds=(Threshold(2, Decimal(3)), Threshold(5, Decimal("7.5"))),
        row=5,
    ),
    PromotionSwitch(
        name="promotion of row 6",
        policy=PromotionPolicy.KEPT,
        reach=Reach(),
        promotion_id="promo:1",
        row=6,
    ),
    Guard(
        name="floor of row 7",
        kind=GuardKind.FLOOR,
        base=GuardBase.PERCENT_OF_COST,
        value=Decimal(105),
        action=GuardAction.CLAMP,
        reach=Reach(keys=PriceKeys(meter_category="Storage")),
        row=7,
    ),
    Guard(
        name="cap of row 8",
        kind=GuardKind.CAP,
        base=GuardBase.AMOUNT,
        value=Decimal(20),
        currency="EUR",
        action=GuardAction.TELL,
        reach=Reach(keys=PriceKeys(charge_type="new", meter_id="m-1")),
        row=8,
    ),
    AgreedLock(
        policy=PriceLockPolicy.FROM_NEXT_RENEWAL,
        customer_id="c-2",
        name="price_lock of row 9",
        row=9,
    ),
    AgreedLock(policy=PriceLockPolicy.AT_ONCE, name="Usual", row=10),
]


def test_every_kind_of_row_becomes_its_rule() -> None:
    """ValidTo is the last day in the file and an exclusive end inside; a row without a name is named by its place."""
    rules = _read(*ROWS)

    assert RULES == rules
    assert agreed_terms(rules, name="offers.csv", groups={"Schools": ["c-9"]})


def test_a_workbook_is_read_from_its_sheet() -> None:
    """And a file with semicolons takes a decimal comma."""
    workbook = openpyxl.Workbook()
    sheet = workbook.create_sheet(OFFERS_SHEET)
    sheet.append(["Kind", "Percent", "Note"])
    sheet.append(["relationship", 7.5, "anything"])
    stream = BytesIO()
    workbook.save(stream)
    expected = [Decimal("7.5")]

    for rules in (
        read_offers_and_discounts(BytesIO(stream.getvalue()), "offers.xlsx"),
        _read({"Kind": "relationship", "Percent": "7,5"}, separator=";"),
    ):
        assert expected == [rule.percent_off for rule in rules if isinstance(rule, RelationshipDiscount)]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"Kind": "gift"}, "row 2: Kind 'gift': write one of offer, relationship"),
        ({"Kind": "relationship"}, "row 2: Percent is empty: write a number"),
        ({"Kind": "relationship", "Percent": "5%"}, "row 2: Percent '5%': a percentage is written without the sign"),
        ({"Kind": "relationship", "Percent": "101"}, "row 2: discount relationship of row 2: 101 percent off"),
        ({"Kind": "relationship", "Percent": "5", "Price": "1"}, "a relationship does not use Price: empty the cell"),
        ({"Kind": "offer"}, "either a percentage off or a fixed price"),
        ({"Kind": "offer", "Price": "1", "Currency": "euro"}, "Currency 'EURO': write an ISO code"),
        ({"Kind": "offer", "Percent": "1", "Combinable": "perhaps"}, "Combinable 'perhaps': write one of no, yes"),
        ({"Kind": "offer", "Percent": "1", "CustomerId": "c", "CustomerGroup": "g"}, "not two of them"),
        (
            {"Kind": "offer", "Percent": "1", "ValidFrom": "2026-02-01", "ValidTo": "2026-01-01"},
            "its last day 2026-01-01 is before its first, 2026-02-01",
        ),
        ({"Kind": "offer", "Percent": "1", "ProductId": "P", "SkuId": "2"}, "SkuId '2': leading zeros were lost"),
        ({"Kind": "several_services", "Vendor": "Microsoft", "Thresholds": "1.5:3"}, "write whole numbers"),
        ({"Kind": "several_services", "Vendor": "Microsoft"}, "at least one threshold"),
        ({"Kind": "promotion"}, "Action '': write one of passed_on, kept"),
        ({"Kind": "floor", "Percent": "5", "Price": "5", "Currency": "EUR", "Action": "tell"}, "not both"),
        ({"Kind": "cap", "Percent": "5", "Action": "tell"}, "Of '': write one of cost, erp"),
        ({"Kind": "price_lock", "Action": "never"}, "Action 'never': write one of at_once, from_next_renewal"),
        (
            {"Kind": "price_lock", "Action": "at_once", "CustomerGroup": "Schools", "ValidFrom": "2026-01-01"},
            "a price_lock does not use CustomerGroup, ValidFrom: empty the cell",
        ),
    ],
)
def test_a_row_that_cannot_be_used_is_told(row: dict[str, str], said: str) -> None:
    """With its number, its column and the cure; nothing is read from the file then."""
    assert said in _problem({"Kind": "promotion", "Action": "kept"} | {"Kind": "promotion"}, row).replace(
        "row 3", "row 2"
    )


def test_all_problems_are_told_at_once() -> None:
    """Each with its row."""
    told = _problem({"Kind": "gift"}, {"Kind": "present"})

    assert "offers.csv: 2 problems, nothing was read from it." in told
    assert "- row 2: Kind 'gift'" in told
    assert "- row 3: Kind 'present'" in told


@pytest.mark.parametrize("content", [b"", b"Kind,Kind\n", b"Name\n", b"Kind,Colour\n", b"Kind,\nrelationship,5\n"])
def test_a_file_that_cannot_be_used_is_refused(content: bytes) -> None:
    """Empty, a column twice, missing, unknown or without a name."""
    with pytest.raises(PriceListError, match=r"offers\.csv"):
        read_offers_and_discounts(BytesIO(content), "offers.csv")


def test_damaged_and_large_files_are_told_as_they_are() -> None:
    """A workbook that is none, more cells than columns, and a file beyond the limit."""
    with pytest.raises(PriceListError):
        read_offers_and_discounts(BytesIO(b"PK\x03\x04 no workbook"), "offers.xlsx")
    with pytest.raises(PriceListError, match="column without a name"):
        read_offers_and_discounts(BytesIO(b"Kind,Percent\nrelationship,5,6\n"), "offers.csv")
    with pytest.raises(LimitError):
        read_offers_and_discounts(BytesIO(b"x" * (FILE_BYTES_MAX + 1)), "offers.csv")
