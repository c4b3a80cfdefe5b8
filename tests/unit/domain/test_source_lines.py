"""Source lines: what kind of service a row is for, whether it takes money back, and whether it is free."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.charge_types import ChargeKind
from shared.domain.money import Money
from shared.domain.source_lines import Family, Origin, Service, SourceLine, service_of

MakeLine = Callable[..., SourceLine]
ZERO = Money(Decimal(0), "EUR")


@pytest.mark.parametrize(
    ("changed", "service"),
    [
        ({}, Service.LICENCE),
        ({"publisher": "Contoso Apps", "publisher_id": "123"}, Service.MARKETPLACE),
        ({"publisher": "Contoso Apps", "publisher_id": "na"}, Service.LICENCE),
        ({"publisher": "", "publisher_id": ""}, Service.LICENCE),
        ({"publisher": "Microsoft", "publisher_id": "123"}, Service.LICENCE),
        ({"term_and_billing_cycle": "1 Year Reservation"}, Service.RESERVATION),
        ({"term_and_billing_cycle": "1 Year Savings Plan"}, Service.SAVINGS_PLAN),
        ({"term_and_billing_cycle": "1 Year Subscription"}, Service.SOFTWARE_SUBSCRIPTION),
        ({"term_and_billing_cycle": "One-Month commitment for trial"}, Service.LICENCE),
        ({"term_and_billing_cycle": "Three-3 Years commitment"}, Service.LICENCE),
        ({"term_and_billing_cycle": "Trial"}, Service.LICENCE),
        ({"term_and_billing_cycle": "", "charge": None}, Service.PERPETUAL_SOFTWARE),
        ({"term_and_billing_cycle": "", "subscription_name": "Azure plan"}, Service.AZURE_USAGE),
        ({"term_and_billing_cycle": "", "meter_name": "Compute hours"}, Service.AZURE_USAGE),
        ({"term_and_billing_cycle": "", "billing_frequency": "", "unit": "1 Hour"}, Service.AZURE_USAGE),
        ({"term_and_billing_cycle": "", "billing_frequency": "", "unit": "Licenses"}, Service.LICENCE),
        ({"term_and_billing_cycle": "", "billing_frequency": "Monthly", "unit": ""}, Service.LICENCE),
    ],
)
def test_the_first_documented_rule_that_fits_names_the_service(
    licence: MakeLine, changed: dict[str, Any], service: Service
) -> None:
    """Publisher first, then the words of the term, then its absence, then Azure's marks."""
    assert service is service_of(licence(**changed))


def test_the_family_decides_for_legacy_and_daily_files(legacy: MakeLine, usage: MakeLine) -> None:
    """A legacy licence file holds licences only, the usage files usage only."""
    assert Service.LICENCE is service_of(legacy(publisher="Contoso", publisher_id="1"))
    assert Service.AZURE_USAGE is service_of(usage(publisher="Contoso", publisher_id="1"))
    assert Service.AZURE_USAGE is service_of(legacy(family=Family.LEGACY_USAGE))


def test_licences_reservations_savings_plans_and_software_are_prorated() -> None:
    """Usage, marketplace purchases and perpetual software are not."""
    unprorated = {Service.AZURE_USAGE, Service.PERPETUAL_SOFTWARE, Service.MARKETPLACE}

    assert unprorated == {service for service in Service if not service.is_prorated}


@pytest.mark.parametrize(
    ("cost", "quantity", "effective", "is_credit"),
    [
        ("94.08", "10", "9.408", False),
        ("-94.08", "10", "-9.408", True),  # older files: positive quantity, negative effective price
        ("-94.08", "-10", "9.408", True),  # newer files: negative quantity
        ("0", "-10", "0", True),
        ("0", "10", "-0.0001", True),
        ("0", "-10", "-0.0001", False),
        ("0", "10", None, False),
        ("0", "0", "1", False),
    ],
)
def test_the_sign_of_a_line_is_microsofts_in_both_generations(
    licence: MakeLine, cost: str, quantity: str, effective: str | None, is_credit: object
) -> None:
    """The cost's sign decides; where it is zero, those of quantity and effective price together."""
    line = licence(
        cost=Money(Decimal(cost), "EUR"),
        quantity=Decimal(quantity),
        effective_unit_price=None if effective is None else Decimal(effective),
    )

    assert is_credit is line.is_credit
    assert abs(Decimal(quantity)) == line.units


def test_units_keep_every_digit(usage: MakeLine) -> None:
    """Folded sums may have more digits than ordinary decimal arithmetic carries."""
    quantity = Decimal("-123456789.1999968000511991808131")

    assert "123456789.1999968000511991808131" == str(usage(quantity=quantity).units)


@pytest.mark.parametrize(
    ("changed", "is_free"),
    [
        ({"cost": ZERO, "unit_price": Decimal(0)}, True),
        ({"cost": ZERO, "qualifiers": '["Trial"]'}, True),
        ({"cost": ZERO, "benefit_type": "SavingsPlan"}, True),
        ({"cost": ZERO}, False),
        ({"qualifiers": '["Trial"]'}, False),
        ({"unit_price": Decimal(0)}, False),
    ],
)
def test_what_microsoft_gives_away_is_told_from_what_rounds_to_nothing(
    licence: MakeLine, changed: dict[str, Any], is_free: object
) -> None:
    """A trial, a benefit or a zero price, and only with an amount of zero."""
    assert is_free is licence(**changed).is_free_at_vendor


def test_an_unbilled_line_is_an_estimate(licence: MakeLine, usage: MakeLine, legacy: MakeLine) -> None:
    """Without an invoice number, except in the legacy licence file, which never has one."""
    assert licence(invoice_number="").is_estimate
    assert usage(invoice_number="").is_estimate
    assert not licence().is_estimate
    assert not legacy().is_estimate


def test_daily_usage_is_usage_whatever_its_type_says(usage: MakeLine, licence: MakeLine) -> None:
    """Daily rows carry the type New; a credit among them stays a credit."""
    assert ChargeKind.USAGE is usage(charge_type="New").kind
    assert ChargeKind.CREDIT is usage(charge_type="customerCredit").kind
    assert ChargeKind.NEW is licence(charge_type="New").kind


def test_only_legacy_months_run_from_an_anniversary() -> None:
    """New commerce and daily usage follow the calendar month."""
    assert {Family.LEGACY_LICENCE, Family.LEGACY_USAGE} == {each for each in Family if each.has_anniversary_months}


def test_an_origin_says_how_many_rows_it_stands_for() -> None:
    """File and line of the first row, and how many more there are."""
    assert "a.csv:7" == str(Origin(file="a.csv", line=7))
    assert "a.csv:7 and 2 more rows" == str(Origin(file="a.csv", line=7, row_count=3))
