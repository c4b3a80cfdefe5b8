"""The demo's price list and price sheet fit the bills: everything has a price except one product."""

from decimal import Decimal

from demo_rows import Row, Rows

KEYS = ("CustomerId", "ProductId", "SkuId", "Term", "BillingPlan", "MeterId", "MeterCategory", "ChargeType")
SPECIAL = ("Term", "BillingPlan", "MeterId", "MeterCategory")


def applies(price: Row, line: Row) -> bool:
    """Whether a price list row could apply to an invoice line of any plan."""
    if any(price[name] for name in SPECIAL):
        return False
    return all(
        not price[name] or price[name] == line[name] for name in ("CustomerId", "ProductId", "SkuId", "ChargeType")
    )


def test_exactly_one_customer_buys_a_product_without_a_price(rows: Rows) -> None:
    """Azure usage is priced by category; every other line has a row of its own, but one."""
    lines = [row for row in rows.invoices if not (row["MeterDescription"] and row["Currency"] == "EUR")]
    missing = [line for line in lines if not any(applies(price, line) for price in rows.prices)]

    assert [(row["CustomerName"], row["SkuName"]) for row in missing] == [("Maison Lefèvre-Brûlé SA", "Visio Plan 2")]


def test_every_meter_category_has_a_price(rows: Rows) -> None:
    """Daily usage and legacy usage alike."""
    used = {str(row["meterCategory"]) for row in rows.daily} | {row["ServiceName"] for row in rows.usage}
    priced = {row["MeterCategory"] for row in rows.prices if not row["CustomerId"]}

    assert used <= priced


def test_every_way_of_pricing_is_used(rows: Rows) -> None:
    """Three methods; rows for everyone and for one customer; an offer from the 15th."""
    offer = [(row["ValidFrom"], row["ValidTo"]) for row in rows.prices if row["MeterCategory"] == "Storage"]

    assert {"fixed", "percent_of_erp", "markup_on_cost"} == {row["Method"] for row in rows.prices}
    assert {True, False} == {bool(row["CustomerId"]) for row in rows.prices}
    assert offer[:3] == [("", "2026-10-14"), ("2026-10-15", "2026-10-31"), ("2026-11-01", "")]


def test_fixed_prices_have_a_currency_and_others_none(rows: Rows) -> None:
    """Percentages work in any currency."""
    assert all((row["Method"] == "fixed") == bool(row["Currency"]) for row in rows.prices)


def test_customers_in_dollars_never_meet_a_price_in_euro(rows: Rows) -> None:
    """Each has an entry of its own for everything, and its fixed prices are in dollars."""
    dollar = {row["CustomerId"] for row in rows.dollar}
    own = [row for row in rows.prices if row["CustomerId"] in dollar]
    catch_all = {row["CustomerId"] for row in own if not any(row[name] for name in KEYS[1:])}

    assert dollar == catch_all
    assert {"USD", ""} == {row["Currency"] for row in own}


def test_no_two_undated_rows_have_the_same_keys(rows: Rows) -> None:
    """A list that contradicts itself would be refused."""
    keys = [tuple(row[name] for name in KEYS) for row in rows.prices if not (row["ValidFrom"] or row["ValidTo"])]

    assert len(keys) == len(set(keys))


def test_licence_lines_cost_what_the_price_sheet_says(rows: Rows) -> None:
    """The list price of a line is the sheet's, by product, SKU and currency; two lines share the price of one E5."""
    listed = {(row["ProductId"], row["SkuId"], row["Currency"], Decimal(row["UnitPrice"])) for row in rows.sheet}
    lines = [
        row
        for row in rows.invoices
        if row["ProductId"].startswith("CFQ7TTC0")
        and Decimal(row["UnitPrice"])
        and row["SkuName"] != "Microsoft 365 E5"
    ]

    assert lines
    assert {(row["ProductId"], row["SkuId"], row["Currency"], Decimal(row["UnitPrice"])) for row in lines} <= listed


def test_paying_by_the_month_costs_five_percent_more(rows: Rows) -> None:
    """Twelve monthly payments of an annual commitment are 1.05 times the year, but for the rounding of each."""
    prices = {
        (row["ProductId"], row["TermDuration"], row["BillingPlan"]): Decimal(row["ERP Price"])
        for row in rows.sheet
        if (row["Currency"], row["Segment"]) == ("EUR", "Commercial")
    }
    products = {product for product, _, _ in prices}

    assert len(products) == 11
    assert all(
        abs(12 * prices[product, "P1Y", "Monthly"] - Decimal("1.05") * prices[product, "P1Y", "Annual"])
        <= Decimal("0.06")
        for product in products
    )


def test_the_sheet_has_two_currencies_and_another_segment(rows: Rows) -> None:
    """Charity prices stand beside the commercial ones for some products."""
    assert {"EUR", "USD"} == {row["Currency"] for row in rows.sheet}
    assert {"Commercial", "Charity"} == {row["Segment"] for row in rows.sheet}
