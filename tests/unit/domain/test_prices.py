"""Prices: the customer's own before the global ones, then the most specific keys, then the one in force."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.charging import charge
from shared.domain.errors import PriceListError
from shared.domain.issues import IssueCode
from shared.domain.money import Money
from shared.domain.prices import PriceBook, PriceEntry, PriceKeys, PriceMethod, PriceSheet, SheetPrice, subject_of
from shared.domain.source_lines import SourceLine

MakeLine = Callable[..., SourceLine]
MakeEntry = Callable[..., PriceEntry]
ON = date(2026, 10, 1)
CONTOSO = "0F3A21BC-1111-4222-8333-444455556666"
LADDER: list[dict[str, str]] = [
    {"product_id": "CFQ7TTC0LCHC", "sku_id": "0002", "term": "P1Y", "billing_plan": "Monthly"},
    {"product_id": "CFQ7TTC0LCHC", "sku_id": "0002", "term": "P1Y"},
    {"product_id": "CFQ7TTC0LCHC", "sku_id": "0002", "billing_plan": "Monthly"},
    {"product_id": "CFQ7TTC0LCHC", "sku_id": "0002"},
    {"product_id": "CFQ7TTC0LCHC", "term": "P1Y", "billing_plan": "Monthly"},
    {"product_id": "CFQ7TTC0LCHC", "term": "P1Y"},
    {"product_id": "CFQ7TTC0LCHC", "billing_plan": "Monthly"},
    {"product_id": "CFQ7TTC0LCHC"},
    {"term": "P1Y", "billing_plan": "Monthly"},
    {"term": "P1Y"},
    {"billing_plan": "Monthly"},
    {},
]


def _price(book: PriceBook, line: SourceLine, on: date | None = ON) -> str | None:
    found = book.find(subject_of(line), on)
    return None if found is None else str(found.entry.value)


def test_the_most_specific_keys_win_whatever_the_order_of_rows(licence: MakeLine, entry: MakeEntry) -> None:
    """Each rung is taken away in turn; what is left is ranked the same from either end of the list."""
    rungs = [*({"charge_type": "cycle charge", **keys} for keys in LADDER), *LADDER]
    entries = [entry(str(number), **keys) for number, keys in enumerate(rungs)]

    for number in range(len(entries)):
        assert str(number) == _price(PriceBook(entries[number:]), licence())
        assert str(number) == _price(PriceBook(reversed(entries[number:])), licence())


def test_a_meter_comes_before_its_product_and_a_product_before_its_category(usage: MakeLine, entry: MakeEntry) -> None:
    """For usage: charge type, meter, product, meter category, everything."""
    rungs: list[dict[str, str]] = [
        {"charge_type": "new", "meter_category": "Storage"},
        {"meter_id": "METER-1"},
        {"product_id": "DZH318Z0BPS6", "sku_id": "0001"},
        {"product_id": "DZH318Z0BPS6"},
        {"meter_category": "storage"},
        {},
    ]
    entries = [entry(str(number), **keys) for number, keys in enumerate(rungs)]

    for number in range(len(entries)):
        assert str(number) == _price(PriceBook(entries[number:]), usage())


def test_the_customers_own_entry_comes_before_a_more_specific_global_one(licence: MakeLine, entry: MakeEntry) -> None:
    """Scope outranks keys; ids are compared without regard to case, and others' entries are never seen."""
    book = PriceBook([entry("1", scope=CONTOSO), entry("2", **LADDER[0]), entry("3", scope="another")])
    own, other = (book.find(subject_of(line), ON) for line in (licence(), licence(customer_id="fabrikam")))

    assert own is not None
    assert own.is_customers_own
    assert "1" == str(own.entry.value)
    assert other is not None
    assert not other.is_customers_own
    assert "2" == str(other.entry.value)


def test_an_entry_that_does_not_fit_is_not_taken(licence: MakeLine, usage: MakeLine, entry: MakeEntry) -> None:
    """Another product, SKU or term; and a key that the line does not have at all."""
    book = PriceBook([entry(product_id="other"), entry(sku_id="0099", product_id="CFQ7TTC0LCHC"), entry(term="P3Y")])

    assert _price(book, licence()) is None
    assert _price(PriceBook([entry(billing_plan="Monthly")]), usage()) is None
    assert _price(PriceBook([]), licence()) is None


@pytest.mark.parametrize(
    ("on", "price"),
    [
        (date(2026, 9, 30), "1"),
        (date(2026, 10, 1), "2"),
        (date(2026, 10, 31), "2"),
        (date(2026, 11, 1), "3"),
        (None, None),
    ],
)
def test_the_entry_in_force_on_the_day_is_taken(
    licence: MakeLine, entry: MakeEntry, on: date | None, price: str | None
) -> None:
    """From the first day, up to and without the day it ends; an undated line has no dated price."""
    october, november = date(2026, 10, 1), date(2026, 11, 1)
    book = PriceBook(
        [
            entry("2", valid_from=october, valid_until=november),
            entry("1", valid_until=october),
            entry("3", valid_from=november),
        ]
    )

    assert price == _price(book, licence(), on)
    assert (october, november) == book.boundaries(licence())
    assert 3 == book.entry_count


def test_an_expired_specific_entry_gives_way_to_the_general_one(licence: MakeLine, entry: MakeEntry) -> None:
    """The ladder goes on where no entry of a rung is in force."""
    book = PriceBook([entry("1", **LADDER[0], valid_until=ON), entry("2")])

    assert "2" == _price(book, licence())


def test_an_undated_line_takes_an_undated_entry(licence: MakeLine, entry: MakeEntry) -> None:
    """And only that."""
    assert "10" == _price(PriceBook([entry()]), licence(), None)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {}),
        ({"valid_from": date(2026, 1, 1)}, {}),
        ({"valid_until": date(2026, 2, 1)}, {"valid_from": date(2026, 1, 31)}),
        ({"valid_from": date(2026, 1, 31)}, {"valid_until": date(2026, 2, 1)}),
    ],
)
def test_two_prices_for_one_day_are_refused_with_both_rows(
    entry: MakeEntry, first: dict[str, Any], second: dict[str, Any]
) -> None:
    """The list contradicts itself; the message names the rows, the keys and the cure."""
    rows = [entry(term="P1Y", row=4, **first), entry(term="p1y", row=9, **second)]

    with pytest.raises(PriceListError, match=r"list\.csv, rows 4 and 9: two prices for Term p1y \(all customers\)"):
        PriceBook(rows, name="list.csv")


def test_a_contradiction_in_a_customers_own_prices_names_the_customer(entry: MakeEntry) -> None:
    """So that the row is found."""
    with pytest.raises(PriceListError, match=r"two prices for everything \(customer C1\) on the same days"):
        PriceBook([entry(scope="c1"), entry(scope="C1")])


def test_prices_that_follow_each_other_do_not_overlap(entry: MakeEntry) -> None:
    """The end is exclusive."""
    turn = date(2026, 2, 1)

    assert not entry(valid_until=turn).overlaps(entry(valid_from=turn))
    assert not entry(valid_from=turn).overlaps(entry(valid_until=turn))


@pytest.mark.parametrize(
    "keys", [{"sku_id": "0002"}, {"meter_id": "m", "product_id": "p"}, {"meter_category": "Storage", "term": "P1Y"}]
)
def test_keys_that_do_not_go_together_are_refused(entry: MakeEntry, keys: dict[str, str]) -> None:
    """A SKU number alone means nothing; the message says which sets do."""
    with pytest.raises(PriceListError, match=r"prices, row 7: the keys .* do not go together\. Use a meter id"):
        PriceBook([entry(row=7, **keys)], name="prices")


def test_keys_read_as_the_columns_of_a_list() -> None:
    """Named as in a price list; no keys mean everything."""
    assert "ProductId P, Term P1Y" == str(PriceKeys(product_id="P", term="P1Y"))
    assert "everything" == str(PriceKeys())
    assert ("ChargeType c, MeterId m, ProductId p, SkuId s, Term t, BillingPlan b, MeterCategory k, Vendor v") == str(
        PriceKeys(
            charge_type="c",
            meter_id="m",
            product_id="p",
            sku_id="s",
            term="t",
            billing_plan="b",
            meter_category="k",
            vendor="v",
        )
    )


def _row(**changed: Any) -> SheetPrice:
    values: dict[str, Any] = {
        "product_id": "cfq7ttc0lchc",
        "sku_id": "0002",
        "term": "P1Y",
        "billing_plan": "Monthly",
        "currency": "EUR",
        "cost": Decimal("8.41"),
        "erp": Decimal("10.50"),
    }
    return SheetPrice(**{**values, **changed})


@pytest.mark.parametrize(
    ("rows", "title"),
    [
        ([_row(title="a"), _row(title="b", currency="USD")], "a"),
        ([_row(title="a", market="US"), _row(title="b", market="DE")], "b"),
        ([_row(title="a", segment="Education"), _row(title="b", segment="Commercial")], "b"),
        ([_row(title="a", valid_from=date(2026, 1, 1)), _row(title="b", valid_from=date(2026, 9, 1))], "b"),
        ([_row(title="a"), _row(title="b", valid_from=date(2026, 10, 2))], "a"),
        ([_row(title="a", valid_until=ON), _row(title="b")], "b"),
        ([_row(title="a", valid_until=ON)], None),
        ([_row(title="a", valid_from=ON)], "a"),
        ([_row(title="a", market="US"), _row(title="b", market="")], "b"),
        ([_row(title="a", segment="Education"), _row(title="b", segment="")], "b"),
        ([_row(title="a", term="P3Y")], None),
        ([], None),
    ],
)
def test_the_price_sheets_row_is_found_by_product_plan_currency_and_market(
    licence: MakeLine, rows: list[SheetPrice], title: str | None
) -> None:
    """The customer's country, the commercial segment and the later row are preferred, in that order."""
    found = PriceSheet(rows).find(licence(customer_country="de"), ON)

    assert title == (found.title if found else None)


def test_the_price_sheet_is_searched_in_the_pricing_currency(licence: MakeLine) -> None:
    """A line priced in dollars and billed in euros has its ERP in dollars; an undated line takes any row."""
    sheet = PriceSheet([_row(currency="USD", title="dollars", valid_from=date(2027, 1, 1))])
    found = sheet.find(licence(pricing_currency="USD"), None)

    assert found is not None
    assert "dollars" == found.title
    assert sheet.find(licence(), None) is None


def test_a_global_price_is_no_price_in_another_currency(licence: MakeLine, entry: MakeEntry) -> None:
    """A list in euro leaves a line billed in dollars without a price; a customer's own price may cross."""
    dollars = licence(cost=Money(Decimal(84), "USD"))
    own = entry("12", scope=dollars.customer_id)

    assert PriceBook([entry("10")]).find(subject_of(dollars), None) is None
    found = PriceBook([own]).find(subject_of(dollars), None)
    assert found is not None
    assert found.entry is own


def test_one_product_may_have_a_price_in_each_currency(licence: MakeLine, entry: MakeEntry) -> None:
    """The one in the line's currency is found; two in one currency are refused."""
    euro, dollar = entry("10", scope=""), entry("11", scope="", currency="USD")
    book = PriceBook([euro, dollar])

    for currency, price in (("EUR", euro), ("USD", dollar)):
        found = book.find(subject_of(licence(cost=Money(Decimal(84), currency))), None)
        assert found is not None
        assert found.entry is price
    with pytest.raises(PriceListError):
        PriceBook([dollar, entry("12", scope="", currency="USD")])


def test_of_a_customers_own_prices_the_one_in_the_lines_currency_is_taken(licence: MakeLine, entry: MakeEntry) -> None:
    """Both could be invoiced, so the one that needs no other currency goes first."""
    line = licence()
    dollar, euro = (entry("10", scope=line.customer_id, currency=currency) for currency in ("USD", "EUR"))
    found = PriceBook([dollar, euro]).find(subject_of(line), None)

    assert found is not None
    assert found.entry is euro
    assert found.passed_over is None


def test_a_row_that_says_more_but_is_not_in_force_is_named(licence: MakeLine, entry: MakeEntry) -> None:
    """The vaguer row prices the line, and the charge says which row was passed over."""
    line = licence()
    future = entry("99", product_id=line.product_id, valid_from=date(2030, 1, 1), row=7)
    made = charge(line, PriceBook([future, entry("10", row=8)], name="prices.xlsx"))

    assert made.line is not None
    assert made.line.explanation.price.row == 8
    assert [issue.code for issue in made.issues] == [IssueCode.PRICE_ROW_PASSED_OVER]
    assert "row 7 names" in made.issues[0].message


def test_lists_have_a_name_for_messages() -> None:
    """Their file's, or what they are."""
    assert ["price list", "p.csv"] == [PriceBook(()).name, PriceBook((), name="p.csv").name]
    assert PriceBook(()).counts_units is False
    assert ["price sheet", "sheet.csv"] == [PriceSheet(()).name, PriceSheet((), name="sheet.csv").name]


def test_a_price_without_currency_stands_beside_no_other(entry: MakeEntry) -> None:
    """A percentage and an amount for the same thing on the same days contradict each other."""
    markup = entry("10", method=PriceMethod.MARKUP_ON_COST, row=1)

    with pytest.raises(PriceListError, match=r"rows 1 and 2: .*\. Remove one of the rows or let the first end before "):
        PriceBook([markup, entry("10", row=2)])


def test_a_credit_takes_a_rule_on_cost_before_a_closer_price(licence: MakeLine, entry: MakeEntry) -> None:
    """An amount can only be scaled; where no rule on cost is in force the closest price is found, and refused."""
    credit = subject_of(licence(charge_type="customerCredit"))
    fixed = entry("10", product_id=credit.product_id)
    markup = entry("0", method=PriceMethod.MARKUP_ON_COST, valid_until=ON)
    book = PriceBook([fixed, markup])
    found = [book.find(credit, day) for day in (date(2026, 9, 30), ON)]

    assert [markup, fixed] == [each.entry for each in found if each is not None]
