"""The way out: an answer as JSON for programs, and as a table for people."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from shared.application.explain import explain
from shared.documents.expected_lines_json import answer_json, answer_values, number_text, quantity_value
from shared.documents.expected_lines_table import answer_table
from shared.documents.histories import read_history
from shared.domain.expected.lines import Expected
from shared.domain.expected.questions import Answer

SEATS = {
    "kind": "licence",
    "product": "CFQ7TTC0LH18",
    "term": "P1M",
    "purchased": "2021-06-18",
    "quantity": 10,
    "unit_price": "10.08",
    "events": [{"on": "2021-06-20", "quantity": 12, "note": "two new colleagues"}],
}
PRINTED = {"amount": "112.90", "unit_price": "10.08", "quantity": 12, "start": "2021-06-20", "end": "2021-07-17"}
CYCLE = {"start": "2021-06-18", "end": "2021-07-17"}


def answered(subscription: dict[str, Any] | None = None, **file: Any) -> Answer:
    """The answer to a history."""
    told = {"currency": "EUR", **({"subscription": subscription} if subscription else {}), **file}
    return explain(read_history(json.dumps(told).encode(), "h.json"))


def test_a_line_says_everything_that_made_its_amount() -> None:
    """Last days included, amounts as text, the exact value, the event, the rule and the sentence."""
    charge = answer_values(answered(SEATS))["lines"][2]
    rule, told = (
        charge.pop("rule"),
        {name: charge.pop(name) for name in ("sentence", "arithmetic", "inputs", "variants")},
    )

    assert {
        "index": 2,
        "subscription": "1",
        "product": "CFQ7TTC0LH18",
        "charge_type": "addQuantity",
        "start": "2021-06-20",
        "end": "2021-07-17",
        "days": 28,
        "cycle_days": 30,
        "counted": "days",
        "cycle": {"start": "2021-06-18", "end": "2021-07-17"},
        "quantity": 12,
        "quantity_before": 10,
        "quantity_after": 12,
        "unit_price": "10.08",
        "effective_unit_price": "9.408",
        "amount": "112.89",
        "currency": "EUR",
        "unrounded": {"fraction": "14112/125", "decimal": "112.896"},
        "rounding": "nce.product_rounddown",
        "invoice": "2021-06",
        "price": {"amount": "10.08", "listed": "10.08", "percent_off": "0", "origin": None},
        "event": {
            "kind": "quantity-changed",
            "at": "2021-06-20T00:00:00Z",
            "quantity": 12,
            "note": "two new colleagues",
        },
        "corrects": None,
        "exchange": None,
        "pieces": [],
    } == charge
    assert all((rule["key"], rule["says"], rule["source"], told["sentence"], told["arithmetic"]))


def test_an_event_tells_what_it_says_and_nothing_else() -> None:
    """A price of zero is a price; last days are included."""
    told = {"kind": "renewed", "on": "2022-06-01", "unit_price": "0", "last_day": "2023-03-31", "auto_renews": False}
    licence = {**SEATS, "term": "P1Y", "plan": "annual", "purchased": "2021-06-01", "events": [told]}
    renewed = answer_values(answered(licence))["lines"][-1]["event"]

    assert {
        "kind": "renewed",
        "at": "2022-06-01T00:00:00Z",
        "unit_price": "0",
        "last_day": "2023-03-31",
        "auto_renews": False,
    } == renewed


def test_a_credit_names_the_line_it_takes_back() -> None:
    """By its number in the answer; its effective price is negative."""
    credit = answer_values(answered(SEATS))["lines"][1]

    assert (0, "-94.08", "-9.408", "10.08") == (
        credit["corrects"],
        credit["amount"],
        credit["effective_unit_price"],
        credit["unit_price"],
    )


def test_a_credit_finds_its_line_even_if_it_is_a_copy() -> None:
    """Equal lines are the same line; one that is not in the answer has no number."""
    answer = answered(SEATS)
    lines = list(answer.expected.lines)
    lines[1] = lines[1]._replace(corrects=lines[0]._replace())
    lines[2] = lines[2]._replace(corrects=lines[0]._replace(quantity=99))
    copied = replace(answer, expected=Expected(tuple(lines)))

    assert [None, 0, None] == [line["corrects"] for line in answer_values(copied)["lines"]]


def test_the_whole_answer_is_plain_json_without_a_float() -> None:
    """Totals, invoices, what was asked besides, and issues."""
    answer = answered(
        SEATS, title="June", vendor_lines=[{**PRINTED, "cycle": CYCLE}], sales=[{"method": "fixed", "value": "5.25"}]
    )
    values = json.loads(answer_json(answer), parse_float=lambda text: pytest.fail(f"{text} is a float"))

    assert answer_values(answer) == values
    assert ("June", {"EUR": "119.61"}, None) == (values["title"], values["totals"], values["tax"])
    assert [{"EUR": "119.61"}] == [{each["currency"]: each["total"]} for each in values["invoices"]]
    (printed,) = values["vendor_lines"]
    assert ("112.90", 2, "0.01") == (printed["amount"], printed["expected_line"], printed["difference"])
    assert "half_up" in printed["reproduced_by"]
    assert [("5.25", "5.25", None)] == [
        (each["amount"], each["unit_price"], each["margin"]) for each in values["sales"]
    ]


def test_tax_stands_in_the_answer_where_it_was_asked_for() -> None:
    """For each currency, for each invoice, and for each line of it."""
    values = answer_values(answered({**SEATS, "events": []}, tax={"percent": "25"}))

    assert {"EUR": {"net": "100.80", "tax": "25.20", "gross": "126.00"}} == values["tax"]
    assert [("25.20", "126.00", ["25.20"])] == [
        (each["tax"], each["gross"], each["line_taxes"]) for each in values["invoices"]
    ]


def test_rates_and_tiers_stand_on_the_line() -> None:
    """The rate with its day and source; each tier with its units."""
    answer = answered(
        {
            "kind": "azure-usage",
            "currency": "USD",
            "purchased": "2026-05-01",
            "tiers": [{"first": 1, "unit_price": "1"}, {"first": 101, "unit_price": "0.80"}],
        },
        usage=[{"on": "2026-05-10", "quantity": "101.5", "meter": "storage"}],
        exchange_rates=[
            {"from_currency": "USD", "to_currency": "EUR", "rate": "0.91", "on": "2026-04-28", "source": "the bank"}
        ],
        through="2026-06-01",
    )
    (line,) = answer_values(answer)["lines"]

    assert [{"quantity": 100, "unit_price": "1"}, {"quantity": "1.5", "unit_price": "0.80"}] == line["pieces"]
    assert {
        "rate": "0.91",
        "on": "2026-04-28",
        "source": "the bank",
        "from_currency": "USD",
        "to_currency": "EUR",
    } == line["exchange"]


def test_issues_name_their_subscription_and_cure() -> None:
    """What makes no sense is said, and the rest is answered."""
    (issue,) = answer_values(answered({**SEATS, "unit_price": None}))["issues"][:1]

    assert ("PRICE_MISSING", "1") == (issue["code"], issue["subscription"])
    assert issue["cure"]


@pytest.mark.parametrize(
    ("number", "text"), [("0E-20", "0.00000000000000000000"), ("-0.00", "0.00"), ("1E+3", "1000"), ("-3.64", "-3.64")]
)
def test_numbers_are_written_in_ordinary_digits(number: str, text: str) -> None:
    """No exponent, no minus zero."""
    assert text == number_text(Decimal(number))


def test_quantities_are_numbers_if_they_are_whole() -> None:
    """Parts are text with all their digits."""
    assert [None, 3, 3, "0.000882"] == [quantity_value(each) for each in (None, 3, Decimal("3.0"), Decimal("0.000882"))]


def test_the_table_shows_lines_sentences_arithmetic_and_totals() -> None:
    """Numbers stand under each other, and nothing is cut off."""
    text = answer_table(answered({**SEATS, "events": []}, title="June", tax={"percent": "25"}))

    assert text.splitlines() == [
        "June",
        "",
        "   Invoice  Charge type  First day   Last day    Share  Quantity  Unit price  Amount",
        "1  2021-06  new          2021-06-18  2021-07-17               10       10.08  100.80  EUR",
        "    Bought on 2021-06-18: 10 x 10.08 EUR, 2021-06-18 to 2021-07-17.",
        "    10.08 x 10 = 100.80 EUR",
        "",
        "Total 100.80 EUR",
        "    tax 25.20 EUR, 126.00 EUR in all",
    ]


def test_the_table_shows_invoices_conventions_and_issues() -> None:
    """Whatever a person has to know besides the lines."""
    licence = {**SEATS, "events": [], "cancelled": "2021-06-20"}
    service = {"kind": "own-recurring", "id": "b", "purchased": "2021-06-18", "unit_price": "1"}
    unpriced = {**SEATS, "id": "c", "unit_price": None}
    text = answer_table(answered(subscriptions=[licence, service, unpriced]))

    assert text.startswith("   Subscription  Invoice     Charge type ")
    assert "\n3  b             2021-06-18  recurring " in text
    assert "    invoice 2021-06: " in text
    assert "    invoice 2021-06-18: 1.00 EUR" in text
    assert "Rests on cancel window: calendar days." in text
    assert "Blocking PRICE_MISSING: " in text


def test_the_table_shows_printed_lines_and_sales() -> None:
    """Which arithmetic it was, the line it is, and what is earned."""
    text = answer_table(
        answered(
            SEATS,
            vendor_lines=[
                {**PRINTED, "cycle": CYCLE, "name": "row 7"},
                {**PRINTED, "cycle": CYCLE, "amount": "112.89"},
                {**PRINTED, "cycle": CYCLE, "amount": "99"},
            ],
            sales=[
                {"method": "markup_on_cost", "value": "20", "cost": "100", "name": "support"},
                {"method": "percent_of_erp", "value": "90"},
                {"method": "fixed", "value": "1"},
            ],
        )
    )

    assert "Printed line 1 row 7: 112.90 EUR is what comes out by " in text
    assert "    Expected line 3 differs by 0.01." in text
    assert "Printed line 3: 99 EUR is what comes out by no arithmetic that we know." in text
    assert "Sale 1 support: 120.00 EUR by markup_on_cost, 20.00 EUR above the cost." in text
    assert "Sale 2: no amount, percent_of_erp rests on an amount that is not given." in text
    assert "Sale 3: 1.00 EUR by fixed." in text


def test_a_table_without_lines_says_so() -> None:
    """Usage of a month that is not over makes none."""
    azure = {"kind": "azure-usage", "purchased": "2026-05-01"}

    assert answer_table(answered(azure)) == "No line.\n"
