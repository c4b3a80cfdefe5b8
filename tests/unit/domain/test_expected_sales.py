"""Expected sales: what the customer pays for each expected line, by the code that prices Microsoft's lines."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from shared.documents.histories import read_history
from shared.domain.adjusted_sales import SpecialTerms
from shared.domain.expected.engine import expected_lines
from shared.domain.expected.history import History
from shared.domain.expected_sales import LEFT_OF_CHARGE, ExpectedSale, SaleTerms, expected_sales
from shared.domain.expected_source_lines import SourceLines, item_of
from shared.domain.explanations import arithmetic, sentence
from shared.domain.issues import IssueCode
from shared.domain.prices import PriceBook, PriceEntry, PriceKeys, PriceMethod, PriceSheet, SheetPrice, Tier
from shared.domain.prices.adjustment_rules import AdjustmentRules
from shared.domain.prices.offers import Offer
from shared.domain.prices.price_locks import PriceLockPolicy, PriceLocks
from shared.domain.prices.promotions import PromotionPolicy, PromotionSwitch
from shared.domain.prices.reach import Reach
from shared.domain.source_lines import Service, SourceLine, service_of
from shared.domain.subscriptions.kinds import ServiceKind

LICENCE: dict[str, Any] = {
    "id": "s1", "customer": "c-1", "kind": "licence", "term": "P1Y", "plan": "monthly", "product": "CFQ7:0001",
    "purchased": "2026-03-01", "quantity": 10, "unit_price": "3",
}  # fmt: skip


def _history(through: str | None = None, usage: list[dict[str, Any]] | None = None, **facts: Any) -> History:
    given: dict[str, Any] = {"currency": "EUR", "subscription": LICENCE | facts, "usage": usage or []}
    given["subscription"] = {name: value for name, value in given["subscription"].items() if value is not None}
    if through:
        given["through"] = through
    return read_history(json.dumps(given).encode(), "test").history


def _entry(value: str, method: PriceMethod = PriceMethod.FIXED, **facts: Any) -> PriceEntry:
    usual: dict[str, Any] = {"scope": "", "keys": PriceKeys(), "currency": "EUR" if method.has_own_currency else ""}
    return PriceEntry(method=method, value=Decimal(value), **(usual | facts))


def _sold(history: History, *entries: PriceEntry, **terms: Any) -> tuple[ExpectedSale, ...]:
    return expected_sales(expected_lines(history).lines, history, SaleTerms(prices=PriceBook(entries), **terms))


def _amounts(sales: tuple[ExpectedSale, ...]) -> list[str]:
    return [str(sale.amount) for sale in sales]


def _source(history: History) -> SourceLine:
    return SourceLines(history).of(expected_lines(history).lines[0]).source


def test_a_promotion_at_cost_leaves_the_margin_at_the_sales_price() -> None:
    """Ten at 3.00 less 10 percent cost 27.00 and are sold at 5.25: 52.50, margin 25.50 (WE-035)."""
    (sale,) = _sold(_history(promotion="10"), _entry("5.25"))

    assert ("27.00 EUR", "52.50 EUR", "25.50 EUR") == (str(sale.cost), str(sale.amount), str(sale.margin))


def test_a_markup_rests_on_the_cost_before_tax() -> None:
    """20 percent on 100.00 is 120.00, margin 20.00; the customer's markup goes before that for all (WE-050)."""
    own = _entry("20", PriceMethod.MARKUP_ON_COST, scope="c-1")
    (sale,) = _sold(_history(unit_price="10"), _entry("15", PriceMethod.MARKUP_ON_COST), own)

    assert ("120.00 EUR", "20.00 EUR") == (str(sale.amount), str(sale.margin))


def test_a_sale_takes_exactly_the_share_and_sign_of_the_cost() -> None:
    """Seats added on the third day: refund and charge for 29 of 31 days, each rounded once."""
    sales = _sold(_history(events=[{"on": "2026-03-03", "quantity": 12}]), _entry("5.25"))
    second, third = sales[1].charge, sales[2].charge
    assert second is not None
    assert third is not None

    assert ["52.50 EUR", "-49.11 EUR", "58.94 EUR"] == _amounts(sales)
    assert "5.25 x -10 x 29 / 31 = -49.11 EUR" == arithmetic(second)
    assert "29 of the 31 days of the cycle 2026-03-01 to 2026-03-31" in sentence(third)
    assert [(29, 31)] * 2 == [(one.explanation.days, one.explanation.cycle_days) for one in (second, third)]


def test_a_credit_is_worth_what_was_charged_whatever_the_list_says_since() -> None:
    """The price of the charge's cycle counts for its refund, even after a rise (ADR 7)."""
    before, after = _entry("5", valid_until=date(2026, 3, 4)), _entry("9", valid_from=date(2026, 3, 4))
    sales = _sold(_history(events=[{"on": "2026-03-05", "kind": "cancelled"}], term="P1M"), before, after)

    assert ["50.00 EUR", "-43.55 EUR"] == _amounts(sales)


def test_the_first_day_of_the_next_cycle_has_its_own_price() -> None:
    """A rise reaches a running term at its next cycle, or at its renewal where the price is locked."""
    rise = (_entry("5", valid_until=date(2026, 3, 4)), _entry("9", valid_from=date(2026, 3, 4)))
    history = _history(through="2026-04-01")
    locked = SpecialTerms(locks=PriceLocks(PriceLockPolicy.FROM_NEXT_RENEWAL))
    made = _sold(history, *rise, special=locked)[1].charge
    assert made is not None

    assert ["50.00 EUR", "90.00 EUR"] == _amounts(_sold(history, *rise))
    assert ["50.00 EUR", "50.00 EUR"] == _amounts(_sold(history, *rise, special=locked))
    assert date(2027, 3, 1) == made.explanation.locked_until


def test_the_last_of_several_credits_takes_what_is_left() -> None:
    """Three thirds of a cent more than was charged are no cent more."""
    history = _history(events=[{"on": "2026-03-01", "kind": "cancelled"}], term="P1M")
    charge, credit = expected_lines(history).lines
    half = credit._replace(part=1, whole=2)
    sales = expected_sales([charge, half, half], history, SaleTerms(prices=PriceBook([_entry("0.005")])))
    odd = expected_sales([charge, half, half], history, SaleTerms(prices=PriceBook([_entry("0.001")])))
    alone = expected_sales([half], history, SaleTerms(prices=PriceBook([_entry("0.005")])))

    assert ["0.05 EUR", "-0.03 EUR", "-0.02 EUR"] == _amounts(sales)
    assert [None, "half-up, once per line", LEFT_OF_CHARGE][1:] == [
        sale.charge.explanation.rounding for sale in sales[1:] if sale.charge
    ]
    assert ["0.01 EUR", "-0.01 EUR", "0 EUR"] == _amounts(odd)
    assert ["-0.03 EUR"] == _amounts(alone)


def test_own_services_are_sold_at_what_their_policy_says() -> None:
    """The cost is unknown, or what one unit costs for the same share."""
    history = _history(kind="own-recurring", term=None, plan=None, events=[{"on": "2026-03-16", "quantity": 12}])
    unknown, known = _sold(history), _sold(history, own_costs={"s1": Decimal(2)})

    assert ["30.00 EUR", "-15.48 EUR", "18.58 EUR"] == _amounts(unknown)
    assert [(None, None)] * 3 == [(sale.cost, sale.margin) for sale in unknown]
    assert ["20.00 EUR", "-10.32 EUR", "12.39 EUR"] == [str(sale.cost) for sale in known]
    assert "10.00 EUR" == str(known[0].margin)


def test_a_line_without_a_price_has_no_sale_and_says_why() -> None:
    """Never zero, never the cost."""
    (sale,) = _sold(_history())

    assert (None, None, None) == (sale.amount, sale.margin, sale.charge)
    assert [IssueCode.PRICE_MISSING] == [issue.code for issue in sale.issues]


def test_a_price_in_another_currency_has_no_margin() -> None:
    """Sale and cost cannot be compared."""
    (sale,) = _sold(_history(), _entry("5", scope="c-1", currency="USD"))

    assert ("50.00 USD", None) == (str(sale.amount), sale.margin)


def test_an_upgraded_subscription_is_priced_as_what_it_became() -> None:
    """Refund at the old product's price, charge at the new one's."""
    history = _history(events=[{"on": "2026-03-01", "kind": "upgraded", "product": "E5:0009", "unit_price": "6"}])
    small = _entry("5", keys=PriceKeys(product_id="CFQ7", sku_id="0001"))
    large = _entry("9", keys=PriceKeys(product_id="E5", sku_id="0009"))

    assert ["50.00 EUR", "-50.00 EUR", "90.00 EUR"] == _amounts(_sold(history, small, large))


def test_the_sku_of_the_order_counts_for_its_product_only() -> None:
    """An item code names product and SKU in one."""
    (subscription,) = _history(product="CFQ7", sku="0001").subscriptions

    assert [("CFQ7", "0001"), ("E5", ""), ("E5", "0009")] == [
        item_of(subscription, product) for product in ("CFQ7", "E5", "E5:0009")
    ]


@pytest.mark.parametrize(
    ("kind", "service", "text"),
    [
        ("licence", Service.LICENCE, "One-Year commitment for monthly billing"),
        ("legacy-licence", Service.LICENCE, "One-Year commitment for monthly billing"),
        ("software-subscription", Service.SOFTWARE_SUBSCRIPTION, "1 Year Subscription"),
        ("reservation", Service.RESERVATION, "1 Year Reservation"),
        ("perpetual-software", Service.PERPETUAL_SOFTWARE, ""),
    ],
)
def test_lines_are_worded_as_in_microsofts_files(kind: str, service: Service, text: str) -> None:
    """So that price keys and prorations find what they find there."""
    is_perpetual = kind == ServiceKind.PERPETUAL_SOFTWARE
    source = _source(
        _history(kind=kind, term=None if is_perpetual else "P1Y", plan=None if is_perpetual else "monthly")
    )

    assert (service, text) == (service_of(source), source.term_and_billing_cycle)


def test_a_vendor_of_the_marketplace_is_its_publisher() -> None:
    """And a month without commitment has no text."""
    source = _source(_history(kind="marketplace", vendor="Fabrikam", term=None))

    assert (Service.MARKETPLACE, "Fabrikam", "") == (
        service_of(source),
        source.publisher,
        source.term_and_billing_cycle,
    )


def test_a_trial_is_given_away() -> None:
    """It costs nothing and is sold for nothing, without a price."""
    (sale,) = _sold(_history(trial=True, quantity=25, unit_price=None))

    assert "0.00 EUR" == str(sale.amount)


def test_a_credit_as_an_amount_needs_a_rule_on_cost() -> None:
    """A fixed price cannot tell what it is worth."""
    history = _history(events=[{"on": "2026-03-05", "kind": "credited", "amount": "4"}])
    fixed = _sold(history, _entry("5"))[1]
    marked = _sold(history, _entry("5"), _entry("0", PriceMethod.MARKUP_ON_COST, keys=PriceKeys(product_id="CFQ7")))[1]

    assert [IssueCode.CREDIT_NEEDS_RULE] == [issue.code for issue in fixed.issues]
    assert "-4.00 EUR" == str(marked.amount)


USAGE = {"on": "2026-03-03", "quantity": "100", "meter": "m-1", "unit": "1 h", "unit_price": "0.10"}
AZURE: dict[str, Any] = {"kind": "azure-usage", "term": None, "plan": None, "unit_price": None, "quantity": None}


def test_usage_is_priced_by_its_days_and_by_its_category() -> None:
    """Retail is what the usage costs at list price; the category comes from the usage."""
    usage = USAGE | {"attributes": {"category": "Storage"}, "credited": True}
    history = _history("2026-04-05", [usage], **AZURE)
    storage = _entry("100", PriceMethod.PERCENT_OF_ERP, keys=PriceKeys(meter_category="Storage"))
    (sale,) = _sold(history, storage)
    (line,) = expected_lines(history).lines
    source = SourceLines(history).of(line).source

    assert ("8.50 EUR", "10.00 EUR") == (str(sale.cost), str(sale.amount))
    assert "15% partner earned credit" == source.adjustments
    assert sale.charge is not None
    assert date(2026, 3, 1) == sale.charge.explanation.price_on


def test_usage_in_tiers_has_the_retail_amount_of_its_tiers() -> None:
    """Without partner earned credit the tiers add up to it exactly."""
    tiers = [{"first": 1, "unit_price": "0.10"}, {"first": 61, "unit_price": "0.05"}]
    history = _history("2026-04-05", [{**USAGE, "unit_price": None, "credited": False}], **AZURE, tiers=tiers)
    source = _source(history)

    assert Decimal("8.00") == source.list_amount


def test_units_of_a_month_count_together() -> None:
    """Two meters under one graduated price."""
    usage = [USAGE, USAGE | {"meter": "m-2"}]
    tiers = (Tier(Decimal(1), Decimal("1.00")), Tier(Decimal(101), Decimal("0.50")))
    history = _history("2026-04-05", usage, **AZURE)
    sales = _sold(history, _entry("0", PriceMethod.GRADUATED, tiers=tiers))

    assert ["100.00 EUR", "50.00 EUR"] == _amounts(sales)


def test_an_estimate_of_an_open_month_is_one() -> None:
    """Every other expected line is final."""
    history = _history("2026-03-10", [USAGE], **AZURE)
    history = replace(history, conventions=replace(history.conventions, open_month=_estimated()))
    (sale,) = _sold(history, _entry("1"))
    (final,) = _sold(_history(), _entry("1"))

    assert [True, False] == [one.charge.is_estimate for one in (sale, final) if one.charge]


def _estimated() -> Any:
    from shared.domain.expected.conventions import OpenMonth  # noqa: PLC0415 - one test needs it

    return OpenMonth.ESTIMATED


def test_legacy_usage_is_usage() -> None:
    """Its charge type is Microsoft's own."""
    history = _history("2026-05-05", [USAGE], **(AZURE | {"kind": "legacy-usage"}))
    (sale,) = _sold(history, _entry("1"))

    assert ("100.00 EUR", ()) == (str(sale.amount), sale.issues)


def test_a_product_in_parts_is_sold_once_at_its_price() -> None:
    """The small part is included in the main one; by markup each part is sold."""
    prices = [{"amount": "28.40", "part": "non-telco"}, {"amount": "2.00", "part": "telco"}]
    history = _history(kind="legacy-licence", unit_price=None, prices=prices, quantity=1)
    whole = _sold(history, _entry("40", keys=PriceKeys(product_id="CFQ7")))
    parts = _sold(history, _entry("10", PriceMethod.MARKUP_ON_COST))

    assert ["40.00 EUR", "0.00 EUR"] == _amounts(whole)
    assert ["31.24 EUR", "2.20 EUR"] == _amounts(parts)


def test_rates_and_erp_are_those_of_microsofts_lines() -> None:
    """A percent of ERP in the pricing currency, converted with the rate of the line."""
    given = {
        "currency": "EUR", "subscription": LICENCE | {"kind": "reservation", "currency": "USD"},
        "exchange_rates": [
            {"from_currency": "USD", "to_currency": "EUR", "rate": "0.5", "on": "2026-03-01", "source": "test"},
        ],
    }  # fmt: skip
    history = read_history(json.dumps(given).encode(), "test").history
    row = SheetPrice(
        product_id="CFQ7", sku_id="0001", term="P1Y", billing_plan="Monthly", currency="USD",
        cost=Decimal(3), erp=Decimal(4),
    )  # fmt: skip
    (sale,) = _sold(history, _entry("100", PriceMethod.PERCENT_OF_ERP), sheet=PriceSheet([row]))

    assert ("15.00 EUR", "20.00 EUR") == (str(sale.cost), str(sale.amount))


@pytest.mark.parametrize(("note", "name"), [("Spring", "Spring"), ("", "promotion")])
def test_a_promotion_is_switched_by_its_name(note: str, name: str) -> None:
    """Passed on, it is taken off the sale too; a refund takes the steps of its charge."""
    event = {"kind": "promotion-began", "on": "2026-03-01", "percent": "10", "note": note}
    history = _history(events=[event, {"on": "2026-03-01", "kind": "cancelled"}], term="P1M")
    switch = PromotionSwitch(policy=PromotionPolicy.PASSED_ON, reach=Reach(), promotion_id=name)
    sales = _sold(history, _entry("5"), special=SpecialTerms(AdjustmentRules([switch])))

    assert ["45.00 EUR", "-45.00 EUR"] == _amounts(sales)


def test_a_change_of_plan_leaves_the_prices_of_the_plan_that_runs_until_the_cycle_ends() -> None:
    """The cycle says how often it is paid: a month, then the rest of the year at once."""
    events = [{"on": "2026-03-20", "kind": "plan-changed", "plan": "annual"}]
    sales = _sold(_history("2026-04-01", events=events), _entry("60"))

    assert ["Monthly", "Annual"] == [sale.charge.billing_plan for sale in sales if sale.charge]


def test_offers_and_guards_work_as_on_microsofts_lines() -> None:
    """An offer below cost is told."""
    offer = Offer(name="Autumn", reach=Reach(), percent_off=Decimal(50))
    (sale,) = _sold(_history(), _entry("5"), special=SpecialTerms(AdjustmentRules([offer])))

    assert ("25.00 EUR", "-5.00 EUR") == (str(sale.amount), str(sale.margin))
    assert [IssueCode.SALE_BELOW_COST] == [issue.code for issue in sale.issues]


def test_a_share_in_months_is_said_in_months() -> None:
    """A changed billing plan is charged by months."""
    events = [{"on": "2026-03-20", "kind": "plan-changed", "plan": "annual", "unit_price": "30"}]
    sales = _sold(_history("2026-04-01", events=events, term="P3Y"), _entry("60"))
    made = sales[-1].charge
    assert made is not None

    assert ("550.00 EUR", "Annual") == (str(made.amount), made.billing_plan)
    assert "11 of the 12 months of the cycle" in sentence(made)
