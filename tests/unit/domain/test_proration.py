"""Proration: days of a line over days of its charge cycle, both inclusive, and the day whose price applies."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.money import Money
from shared.domain.periods import Period
from shared.domain.proration import WHOLE, plan_name, price_date, prorate, proration_of, shares_differ, term_name
from shared.domain.source_lines import SourceLine

MakeLine = Callable[..., SourceLine]


def _days(first: str, last: str) -> Period:
    return Period.inclusive(date.fromisoformat(first), date.fromisoformat(last))


YEAR = _days("2026-10-05", "2027-10-04")
ODD = _days("2026-10-20", "2027-06-30")


@pytest.mark.parametrize(
    ("charge", "term", "frequency", "days", "cycle_days"),
    [
        # one month of a yearly term billed monthly, whole and from a change to its end
        (_days("2026-10-05", "2026-11-04"), YEAR, "Monthly", 31, 31),
        (_days("2026-10-20", "2026-11-04"), YEAR, "Monthly", 16, 31),
        (_days("2027-02-10", "2027-03-04"), YEAR, "Monthly", 23, 28),
        # the year at once, whole and from a change to its end, and over a leap day
        (YEAR, YEAR, "Annual", 365, 365),
        (_days("2027-01-01", "2027-10-04"), YEAR, "Annual", 277, 365),
        (_days("2027-10-05", "2028-10-04"), _days("2027-10-05", "2028-10-04"), "Annual", 366, 366),
        # three years: paid at once, yearly, monthly
        (_days("2026-10-05", "2029-10-04"), _days("2026-10-05", "2029-10-04"), "Triennial", 1096, 1096),
        (_days("2027-11-01", "2028-10-04"), _days("2026-10-05", "2029-10-04"), "Annual", 339, 366),
        (_days("2026-10-05", "2026-11-04"), _days("2026-10-05", "2029-10-04"), "Monthly", 31, 31),
        # one payment for the term: no frequency
        (YEAR, YEAR, "", 365, 365),
        # a first term of a month, cut short of a year to end with another subscription's
        (_days("2026-10-05", "2026-11-04"), _days("2026-10-05", "2026-11-04"), "", 31, 365),
        # coterminated: the term makes no natural span, so the cycle is counted back from the end
        (_days("2026-10-20", "2026-10-31"), _days("2026-10-20", "2027-01-31"), "Monthly", 12, 31),
        (_days("2026-10-20", "2027-06-30"), _days("2026-10-20", "2027-06-30"), "Annual", 254, 365),
        # a term that started on the 31st has its November cycle from the 30th
        (_days("2026-11-30", "2026-12-30"), _days("2026-10-31", "2027-10-30"), "Monthly", 31, 31),
        # ends inside a cycle of its term: the end decides
        (_days("2026-10-05", "2026-10-20"), YEAR, "Monthly", 16, 30),
        # without the subscription's dates
        (_days("2026-10-20", "2026-10-31"), None, "Monthly", 12, 31),
        # charged whole by Microsoft: a first cycle some days longer than a month
        (_days("2026-09-29", "2026-11-01"), None, "Monthly", 34, 34),
    ],
)
def test_a_new_commerce_line_covers_its_days_of_its_cycle(
    licence: MakeLine, charge: Period, term: Period | None, frequency: str, days: int, cycle_days: int
) -> None:
    """New-commerce charges run to the end of a cycle, so the cycle is found from that end."""
    found = proration_of(licence(charge=charge, term=term, billing_frequency=frequency))

    assert found is not None
    assert (days, cycle_days) == (found.days, found.cycle_days)
    assert found.cycle is not None
    assert charge in found.cycle
    assert (days == cycle_days) is found.is_whole


@pytest.mark.parametrize(
    ("charge", "term", "frequency", "days", "cycle_days"),
    [
        (_days("2018-01-13", "2018-01-31"), _days("2018-01-13", "2019-01-12"), "Annual", 19, 365),
        (_days("2018-02-01", "2019-01-12"), _days("2018-01-13", "2019-01-12"), "Annual", 346, 365),
        (_days("2026-10-05", "2026-10-11"), YEAR, "Monthly", 7, 31),
        (_days("2026-10-12", "2026-10-20"), YEAR, "Monthly", 9, 31),
        (_days("2026-10-05", "2026-11-04"), None, "Monthly", 31, 31),
        # a short segment at the end of a long cycle
        (_days("2027-02-01", "2027-02-04"), YEAR, "Monthly", 4, 31),
        # a free first stretch makes the term longer than its anchor's cycles: counted from the charge itself
        (_days("2021-02-20", "2022-02-19"), _days("2020-03-20", "2023-03-19"), "Annually", 365, 365),
    ],
)
def test_a_legacy_segment_may_stop_anywhere(
    legacy: MakeLine, charge: Period, term: Period | None, frequency: str, days: int, cycle_days: int
) -> None:
    """Legacy cycles are found from the segment's start, counted from the start of the subscription."""
    found = proration_of(legacy(charge=charge, term=term, billing_frequency=frequency))

    assert found is not None
    assert (days, cycle_days) == (found.days, found.cycle_days)


@pytest.mark.parametrize(
    ("changed", "cycle_days"),
    [
        ({"term_and_billing_cycle": "One-Year commitment for monthly billing"}, 31),
        ({"charge": YEAR}, 365),
        ({"charge": _days("2026-10-05", "2026-10-11")}, 30),
        ({"charge": _days("2026-10-05", "2027-06-30")}, 365),
        ({"charge": _days("2026-10-05", "2028-06-30")}, 1096),
    ],
)
def test_a_plan_that_nobody_names_is_read_from_text_or_length(
    licence: MakeLine, changed: dict[str, Any], cycle_days: int
) -> None:
    """Microsoft leaves the frequency empty for one payment and on unbilled lines."""
    defaults: dict[str, Any] = {"term": None, "billing_frequency": "", "charge": _days("2026-10-05", "2026-11-04")}
    found = proration_of(licence(**{**defaults, **changed}))

    assert found is not None
    assert cycle_days == found.cycle_days


@pytest.mark.parametrize(
    ("last", "plan"),
    [
        ("2026-03-04", "Monthly"),  # a month of 28 days
        ("2026-03-07", "Monthly"),  # 31 days
        ("2026-03-08", "Annual"),
        ("2027-02-05", "Annual"),  # 366 days
        ("2027-02-06", "Triennial"),
        ("2031-02-04", "Quinquennial"),
    ],
)
def test_a_charge_without_words_is_of_the_next_plan_that_is_long_enough(
    licence: MakeLine, last: str, plan: str
) -> None:
    """Up to 31 days a month, up to 366 a year; whole months of a plan are that plan."""
    line = licence(term=None, billing_frequency="", term_and_billing_cycle="", charge=_days("2026-02-05", last))

    assert plan == plan_name(line)


def test_a_monthly_plan_is_read_from_the_words(licence: MakeLine) -> None:
    """A line without dates is told from its text alone."""
    undated = {"charge": None, "term": None, "billing_frequency": ""}

    assert "Monthly" == plan_name(licence(**undated, term_and_billing_cycle="One-Year commitment for Monthly billing"))
    assert "Annual" == plan_name(licence(**undated, term_and_billing_cycle="One-Year, monthly/yearly billing"))


@pytest.mark.parametrize(
    ("charge", "frequency", "changed", "is_told"),
    [
        (_days("2026-10-01", "2026-11-07"), "Monthly", {}, True),  # 38 days
        (_days("2026-10-01", "2026-11-08"), "Monthly", {}, False),
        (_days("2026-10-01", "2027-10-14"), "Annual", {}, True),  # 379 days
        (_days("2026-10-01", "2027-10-15"), "Annual", {}, False),
        (_days("2026-10-01", "2026-11-07"), "Monthly", {"effective_unit_price": None}, False),
        (_days("2026-10-01", "2026-11-07"), "Monthly", {"unit_price": None}, False),
        (_days("2026-10-01", "2026-11-07"), "Monthly", {"effective_unit_price": Decimal("8.40")}, False),
    ],
)
def test_a_cycle_some_days_too_long_is_whole_where_microsoft_charged_the_whole_price(
    licence: MakeLine, charge: Period, frequency: str, changed: dict[str, Any], *, is_told: bool
) -> None:
    """By at most a week, and only where both of Microsoft's prices say so."""
    found = proration_of(licence(charge=charge, term=None, billing_frequency=frequency, **changed))

    assert is_told is (found is not None and found.is_whole)


@pytest.mark.parametrize(
    ("charge", "term", "basis"),
    [
        (_days("2026-10-05", "2026-10-11"), YEAR, "cycle counted from the start of the subscription"),
        (
            _days("2026-10-05", "2026-11-04"),
            _days("2026-09-20", "2027-09-19"),
            "cycle counted from the start of the charge",
        ),
    ],
)
def test_a_legacy_line_says_how_its_cycle_was_found(legacy: MakeLine, charge: Period, term: Period, basis: str) -> None:
    """The basis stands in the explanation."""
    found = proration_of(legacy(charge=charge, term=term, billing_frequency="Monthly"))

    assert found is not None
    assert basis == found.basis


@pytest.mark.parametrize(
    ("charge", "term", "share", "basis"),
    [
        # a month paid at once that clips at its end: counted back it would have 31 days
        (_days("2026-01-31", "2026-02-27"), _days("2026-01-31", "2026-02-27"), (28, 28), "one payment for the term"),
        # a cycle of the term that begins on a clipped day
        (
            _days("2027-04-10", "2027-04-29"),
            _days("2026-10-31", "2027-10-30"),
            (20, 30),
            "cycle counted from the start of the term",
        ),
        (_days("2026-10-20", "2026-10-31"), None, (12, 31), "cycle counted back from the end of the charge"),
        # ends in the middle of a cycle of a term that is no whole number of months
        (
            _days("2027-03-15", "2027-03-30"),
            _days("2026-10-31", "2027-10-20"),
            (16, 31),
            "cycle counted back from the end of the charge",
        ),
        (_days("2026-09-29", "2026-11-01"), None, (34, 34), "Microsoft charged the whole price"),
        (_days("2026-01-31", "2026-03-01"), None, (30, 30), "Microsoft charged the whole price"),
    ],
)
def test_a_new_commerce_line_says_how_its_cycle_was_found(
    licence: MakeLine, charge: Period, term: Period | None, share: tuple[int, int], basis: str
) -> None:
    """The basis stands in the explanation; the term goes before the charge's own end."""
    found = proration_of(licence(charge=charge, term=term, billing_frequency="Monthly"))

    assert found is not None
    assert (*share, basis) == (found.days, found.cycle_days, found.basis)


def test_one_payment_for_an_odd_term_takes_the_named_commitment(licence: MakeLine) -> None:
    """A coterminated year paid at once: the text says one-year, the dates say 254 days."""
    found = proration_of(licence(charge=ODD, term=ODD, billing_frequency=""))

    assert found is not None
    assert (254, 365) == (found.days, found.cycle_days)


@pytest.mark.parametrize(
    "changed",
    [
        # one payment for an odd term whose commitment nobody names
        {"charge": ODD, "term": ODD, "billing_frequency": "", "term_and_billing_cycle": "trial"},
        # longer than the month it is billed for
        {"charge": _days("2026-10-01", "2026-12-15"), "billing_frequency": "Monthly"},
        # its cycle would begin before the calendar does
        {"charge": _days("0001-01-02", "0001-01-10"), "billing_frequency": "Monthly", "term": None},
    ],
)
def test_a_line_whose_cycle_cannot_be_told_has_no_share(licence: MakeLine, changed: dict[str, Any]) -> None:
    """None, so that it becomes an issue; never a guess."""
    assert proration_of(licence(**changed)) is None


def test_usage_and_undated_lines_are_not_prorated(usage: MakeLine, licence: MakeLine) -> None:
    """Their amount is a price times a quantity."""
    assert WHOLE is proration_of(usage())
    assert WHOLE is proration_of(licence(charge=None, charge_type="customerCredit"))


def test_a_licence_without_dates_has_no_share(licence: MakeLine) -> None:
    """An empty end date is no whole cycle."""
    assert proration_of(licence(charge=None)) is None


@pytest.mark.parametrize(
    ("term", "text", "name"),
    [
        (_days("2026-10-05", "2026-11-04"), "", "P1M"),
        (YEAR, "Three-year commitment", "P3Y"),  # cut short to end with another subscription
        (YEAR, "One-month commitment", "P1Y"),
        (_days("2026-10-05", "2029-10-04"), "", "P3Y"),
        (_days("2026-10-20", "2027-06-30"), "One-Year commitment", "P1Y"),
        (None, "1 Month", "P1M"),
        (None, "P5Y", "P5Y"),
        (None, "", ""),
        (_days("2026-10-05", "2027-01-04"), "", ""),
    ],
)
def test_the_dates_name_the_commitment_before_the_text(
    licence: MakeLine, term: Period | None, text: str, name: str
) -> None:
    """Microsoft's text only decides where the dates make no natural term, or a shorter one."""
    assert name == term_name(licence(term=term, term_and_billing_cycle=text))


def test_the_billing_plan_is_named_as_the_price_sheet_does(licence: MakeLine, usage: MakeLine) -> None:
    """Monthly, Annual or Triennial; nothing for usage, and nothing where it is unknown."""
    unknown = licence(charge=ODD, term=ODD, billing_frequency="", term_and_billing_cycle="trial")

    assert ["Monthly", "Annual", "Triennial"] == [
        plan_name(licence(billing_frequency=frequency)) for frequency in ("monthly", "Annually", "TRIENNIAL")
    ]
    assert "" == plan_name(usage())
    assert ["Annual", "", ""] == [
        plan_name(licence(publisher="Contoso", publisher_id="123", billing_frequency=frequency))
        for frequency in ("ANNUAL", "OneTime", "")
    ]
    assert "" == plan_name(unknown)
    assert "Annual" == plan_name(
        licence(charge=None, billing_frequency="", term_and_billing_cycle="1 Year Subscription")
    )


@pytest.mark.parametrize(
    ("changed", "on"),
    [
        ({"charge": _days("2026-10-20", "2026-11-04"), "term": YEAR}, date(2026, 10, 5)),
        ({"charge": _days("2026-10-20", "2026-10-31"), "term": _days("2026-10-20", "2027-01-31")}, date(2026, 10, 20)),
        ({"charge": _days("2026-10-20", "2026-10-31"), "term": None}, date(2026, 10, 1)),
        ({"charge": None, "charge_type": "customerCredit", "ordered_on": date(2026, 10, 9)}, date(2026, 10, 9)),
        ({"charge": None, "charge_type": "customerCredit"}, None),
    ],
)
def test_one_price_holds_for_a_whole_cycle(licence: MakeLine, changed: dict[str, Any], on: date | None) -> None:
    """The cycle's first day, but not before the subscription began; else the order's day."""
    line = licence(**changed)
    found = proration_of(line)

    assert found is not None
    assert on == price_date(line, found)


def test_usage_is_priced_on_its_own_first_day(usage: MakeLine) -> None:
    """There is no cycle."""
    assert date(2026, 10, 7) == price_date(usage(charge=_days("2026-10-07", "2026-10-09")), WHOLE)


@pytest.mark.parametrize(
    ("changed", "differs"),
    [
        ({"effective_unit_price": Decimal("4.34")}, False),  # 8.41 x 16 / 31 = 4.3406
        ({"effective_unit_price": Decimal("-4.34")}, False),
        ({"effective_unit_price": Decimal("4.20")}, True),
        ({"effective_unit_price": Decimal("516.12"), "unit_price": Decimal(1000)}, False),  # cut, not rounded
        (
            {"effective_unit_price": Decimal("516.14"), "unit_price": Decimal(1000)},
            True,
        ),  # it is 516.129
        ({"effective_unit_price": Decimal("4.20"), "promotion_id": "P"}, False),
        ({"effective_unit_price": Decimal("4.20"), "adjustments": '["15%"]'}, False),
        ({"effective_unit_price": None}, False),
        ({"unit_price": None}, False),
        ({"unit_price": Decimal(0)}, False),
    ],
)
def test_a_share_that_microsofts_price_contradicts_is_told(
    licence: MakeLine, changed: dict[str, Any], differs: object
) -> None:
    """Only for lines without discounts, and beyond the last digit that is printed."""
    line = licence(charge=_days("2026-10-20", "2026-11-04"), term=YEAR, **changed)
    found = proration_of(line)

    assert found is not None
    assert differs is shares_differ(line, found)


def test_shares_are_compared_for_prorated_new_commerce_only(usage: MakeLine, legacy: MakeLine) -> None:
    """Legacy unit prices are already prorated, and usage is not prorated at all."""
    off = {"effective_unit_price": Decimal("0.01")}

    assert not shares_differ(usage(**off), WHOLE)
    assert not shares_differ(legacy(**off), WHOLE)


def test_a_difference_of_one_in_the_last_printed_digit_is_none(licence: MakeLine) -> None:
    """Microsoft cuts where it does not round."""
    whole = {"unit_price": Decimal("8.41"), "charge": _days("2026-10-05", "2026-11-04"), "term": YEAR}
    off = [licence(**whole, effective_unit_price=Decimal(price)) for price in ("8.40", "8.42", "8.39", "8.43")]

    assert [False, False, True, True] == [shares_differ(line, WHOLE) for line in off]


def test_shares_of_third_parties_are_compared_and_those_of_bought_software_are_not(licence: MakeLine) -> None:
    """Marketplace products are billed for whole cycles, so their prices must agree; software is bought once."""
    off = {"effective_unit_price": Decimal("4.20")}

    assert shares_differ(licence(**off, publisher="Contoso", publisher_id="123"), WHOLE)
    assert not shares_differ(licence(**off, term_and_billing_cycle="", charge=None), WHOLE)


def test_a_part_of_a_price_is_rounded_once() -> None:
    """16 of 31 days of 8.41."""
    full = Money(Decimal("8.41"), "EUR")

    assert Money(Decimal("4.34"), "EUR") == prorate(
        full, _days("2026-10-16", "2026-10-31"), _days("2026-10-01", "2026-10-31")
    )
