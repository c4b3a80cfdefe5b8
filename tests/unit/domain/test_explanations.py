"""Explanations: whoever redoes the printed arithmetic arrives at the amount; the customer never reads cost or ERP."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.charging import ChargeLine, charge
from shared.domain.explanations import arithmetic, arithmetic_for_reseller, plain, price_source, sentence
from shared.domain.money import Money, minor_digits, quotient_half_up
from shared.domain.periods import Period
from shared.domain.prices import PriceBook, PriceEntry, PriceMethod, PriceSheet, SheetPrice
from shared.domain.source_lines import SourceLine
from shared.domain.texts import LANGUAGES

MakeLine = Callable[..., SourceLine]
MakeEntry = Callable[..., PriceEntry]
LATER = Period.inclusive(date(2026, 10, 16), date(2026, 10, 31))
ERP = SheetPrice(
    product_id="CFQ7TTC0LCHC",
    sku_id="0002",
    term="P1Y",
    billing_plan="Monthly",
    currency="USD",
    cost=Decimal("8.41"),
    erp=Decimal("10.5137"),
)
SHEET = PriceSheet([ERP])


def _made(line: SourceLine, *entries: PriceEntry) -> ChargeLine:
    made = charge(line, PriceBook(entries, name="prices.xlsx"), SHEET).line
    assert made is not None
    return made


def redone(printed: str, currency: str) -> str:
    """Do the printed calculation as a person with a calculator would, from left to right, and round once."""
    left, right = printed.split("=")
    tokens = re.findall(r"-?[\d.]+|[x/+()]", left.replace(" ", ""))
    if "(" in tokens:  # base x (100 + percent) / 100
        first, _, _, hundred, _, percent, _, _, divisor = tokens
        above, below = Decimal(first) * (Decimal(hundred) + Decimal(percent)), Decimal(divisor)
    else:
        above, below = Decimal(1), Decimal(1)
        for operator, number in zip(["x", *tokens[1::2]], tokens[::2], strict=True):
            above, below = (above * Decimal(number), below) if operator == "x" else (above, below * Decimal(number))
    result = Money(quotient_half_up(above, below, minor_digits(currency)), currency)
    assert right.strip() == str(result), printed
    return str(result)


CASES: list[tuple[dict[str, Any], str, dict[str, Any]]] = [
    ({}, "8.415", {}),
    ({"charge": LATER}, "8.415", {}),
    ({"charge": LATER, "cost": Money(Decimal("-43.40"), "EUR")}, "12", {}),
    ({"charge": LATER, "quantity": Decimal("7.125")}, "100", {"currency": "JPY"}),
    ({"charge": LATER}, "12.5", {"method": PriceMethod.MARKUP_ON_COST}),
    ({"cost": Money(Decimal("-43.40"), "EUR"), "charge": LATER}, "-3", {"method": PriceMethod.MARKUP_ON_COST}),
    ({"fx_rate": Decimal("0.912345")}, "87.5", {"method": PriceMethod.PERCENT_OF_ERP}),
    ({"fx_rate": Decimal("0.912345"), "charge": LATER}, "110", {"method": PriceMethod.PERCENT_OF_ERP}),
]


@pytest.mark.parametrize(("changed", "value", "price"), CASES)
def test_the_printed_arithmetic_leads_to_the_amount(
    licence: MakeLine, entry: MakeEntry, changed: dict[str, Any], value: str, price: dict[str, Any]
) -> None:
    """The customer's and the reseller's version both, for every method, sign and currency."""
    made = _made(licence(pricing_currency="USD", **changed), entry(value, **price))

    assert str(made.amount) == redone(arithmetic(made), made.amount.currency)
    assert str(made.amount) == redone(arithmetic_for_reseller(made), made.amount.currency)


@pytest.mark.parametrize(
    ("quantity", "cost", "value", "price"),
    [
        ("12345.1999968000511991808131", "1049.34", "0.1234", {}),
        ("12345.1999968000511991808131", "1049.3419997", "7.5", {"method": PriceMethod.MARKUP_ON_COST}),
        ("12.5", "1.0625", "90", {"method": PriceMethod.PERCENT_OF_ERP}),
        ("-12.5", "-1.0625", "90", {"method": PriceMethod.PERCENT_OF_ERP}),
        ("0.0000013", "0.00000011", "0", {"method": PriceMethod.MARKUP_ON_COST}),
    ],
)
def test_usage_can_be_redone_too(
    usage: MakeLine, entry: MakeEntry, quantity: str, cost: str, value: str, price: dict[str, Any]
) -> None:
    """Where a sum was priced, its average price a unit has enough digits to lead back to the amount."""
    line = usage(quantity=Decimal(quantity), cost=Money(Decimal(cost), "EUR"))
    made = _made(replace(line, list_amount=line.quantity * Decimal("0.1")), entry(value, **price))

    assert str(made.amount) == redone(arithmetic(made), "EUR")
    assert str(made.amount) == redone(arithmetic_for_reseller(made), "EUR")


def test_a_prorated_charge_is_told_in_one_sentence(licence: MakeLine, entry: MakeEntry) -> None:
    """Units, price, period, and which part of the cycle; the arithmetic stands beside it."""
    made = _made(licence(charge=LATER), entry("8.40"))

    assert (
        "10 x 8.4 EUR for 2026-10-16 to 2026-10-31, 16 of the 31 days of the cycle 2026-10-01 to 2026-10-31."
        == sentence(made)
    )
    assert "8.4 x 10 x 16 / 31 = 43.35 EUR" == arithmetic(made)


PERPETUAL = {"term_and_billing_cycle": "", "billing_frequency": ""}


def test_a_whole_cycle_a_credit_and_an_undated_line_are_told(licence: MakeLine, entry: MakeEntry) -> None:
    """Without a share, with the word Credit, and as one time."""
    credit = _made(licence(cost=Money(Decimal(-1), "EUR")), entry())

    assert "10 x 10 EUR for 2026-10-01 to 2026-10-31." == sentence(_made(licence(), entry()))
    assert "Credit: 10 x 10 EUR for 2026-10-01 to 2026-10-31." == sentence(credit)
    assert "10 x -10 = -100.00 EUR" == arithmetic(credit)
    assert "10 x 10 EUR for one time." == sentence(_made(licence(charge=None, **PERPETUAL), entry()))


def test_usage_is_told_with_its_unit_and_price(usage: MakeLine, entry: MakeEntry) -> None:
    """A price that is an average is called one."""
    average = _made(usage(charge=None), entry("0", method=PriceMethod.MARKUP_ON_COST))

    assert "12.5 1 GB/Month used from 2026-10-01 to 2026-10-31 at 0.2 EUR." == sentence(_made(usage(), entry("0.2")))
    assert "12.5 1 GB/Month used at 0.085 EUR on average." == sentence(average)


def test_usage_without_a_unit_price_is_told_by_its_quantity(usage: MakeLine, entry: MakeEntry) -> None:
    """A line of no units has no price a unit."""
    made = _made(usage(quantity=Decimal(0)), entry("0", method=PriceMethod.MARKUP_ON_COST))

    assert made.unit_price is None
    assert "New as agreed." == sentence(made)
    assert "= 1.06 EUR" == arithmetic(made)


def test_what_is_free_says_why(licence: MakeLine, entry: MakeEntry) -> None:
    """Instead of a calculation."""
    made = _made(licence(cost=Money(Decimal(0), "EUR"), qualifiers='["Trial"]'), entry())

    assert "No charge: trial." == sentence(made)
    assert "= 0.00 EUR" == arithmetic(made)
    assert "free (trial)" == price_source(made)


def test_an_adjustment_is_told_as_agreed_and_only_to_the_reseller_with_its_base(
    licence: MakeLine, entry: MakeEntry
) -> None:
    """The customer reads the amount, the reseller what it was made from."""
    line = licence(charge_type="customerCredit", cost=Money(Decimal("-5.005"), "EUR"))
    made = _made(line, entry("10", method=PriceMethod.MARKUP_ON_COST, row=3))

    assert "customerCredit as agreed." == sentence(made)
    assert "= -5.51 EUR" == arithmetic(made)
    assert "-5.005 x (100 + 10) / 100 = -5.51 EUR" == arithmetic_for_reseller(made)
    assert "prices.xlsx row 3 (global: everything): markup_on_cost 10%" == price_source(made)


def test_the_price_source_names_list_row_scope_keys_and_value(licence: MakeLine, entry: MakeEntry) -> None:
    """Enough to find the row in the reseller's own list."""
    line = licence()
    made = _made(line, entry("8.4", scope=line.customer_id, row=12, term="P1Y"))

    assert "prices.xlsx row 12 (customer: Term P1Y): fixed 8.4 EUR" == price_source(made)


@pytest.mark.parametrize(
    ("number", "text"),
    [("100", "100"), ("1.500", "1.5"), ("2.00", "2"), ("1E+3", "1000"), ("0E-20", "0"), ("1E-7", "0.0000001")],
)
def test_numbers_are_written_in_ordinary_digits(number: str, text: str) -> None:
    """No exponent, and no zeros behind the last digit that counts."""
    assert text == plain(Decimal(number))


@pytest.mark.parametrize(
    ("language", "sentences", "sums"),
    [
        (
            "de",
            (
                "10 x 8,415 EUR für 16.10.2026 bis 31.10.2026, 16 der 31 Tage des Abrechnungszeitraums "
                "01.10.2026 bis 31.10.2026."
            ),
            "8,415 x 10 x 16 / 31 = 43,43 EUR",
        ),
        (
            "sv",
            "10 x 8,415 EUR för 2026-10-16 till 2026-10-31, 16 av de 31 dagarna i perioden 2026-10-01 till 2026-10-31.",
            "8,415 x 10 x 16 / 31 = 43,43 EUR",
        ),
    ],
)
def test_a_line_speaks_the_customers_language(
    licence: MakeLine, entry: MakeEntry, language: str, sentences: str, sums: str
) -> None:
    """Words, dates and decimal signs are those of the language."""
    made = _made(licence(charge=LATER, quantity=Decimal(10)), entry("8.415"))

    assert sentences == sentence(made, language)
    assert sums == arithmetic(made, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_for_a_gift_has_words(licence: MakeLine, entry: MakeEntry, language: str) -> None:
    """What Microsoft gives away is told in every language, for each reason there is."""
    given = [
        _made(licence(cost=Money(Decimal(0), "EUR"), qualifiers='["Trial"]'), entry("5")),
        _made(licence(cost=Money(Decimal(0), "EUR"), benefit_type="SavingsPlan"), entry("5")),
        _made(licence(cost=Money(Decimal(0), "EUR"), unit_price=Decimal(0)), entry("5")),
    ]
    part = charge(licence(), PriceBook([entry("5")], name="prices.xlsx"), SHEET, is_part=True).line
    assert part is not None

    for line in [*given, part]:
        key = f"sale.free.{line.explanation.price.matched}"
        reason = LANGUAGES[language].messages[key]
        assert LANGUAGES[language].say("sale.free", reason=reason) == sentence(line, language)


def test_a_reason_without_words_is_told_as_it_is_stored(licence: MakeLine, entry: MakeEntry) -> None:
    """A line that was stored with another reason still says it."""
    made = _made(licence(cost=Money(Decimal(0), "EUR"), unit_price=Decimal(0)), entry("5"))
    price = replace(made.explanation.price, matched="a gift")

    assert "Kostenlos: a gift." == sentence(replace(made, explanation=replace(made.explanation, price=price)), "de")
