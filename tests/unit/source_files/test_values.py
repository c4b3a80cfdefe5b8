"""Delivered text becomes exact numbers and dates, or a reason with a cure."""

from datetime import date
from decimal import Decimal

import pytest

from shared.partner_center.source_files.values import day, number


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("0.1999968000511991808131", "0.1999968000511991808131"),
        ("'1.50", "1.50"),
        (" -2 ", "-2"),
        ("$3.5", "3.5"),
        ("0E-20", "0E-20"),
        ("4.2E-06", "0.0000042"),
        ("1e3", "1000"),
        ("9" * 40 + "." + "9" * 40, "9" * 40 + "." + "9" * 40),
    ],
)
def test_a_number_keeps_each_of_its_digits(text: str, exact: str) -> None:
    """Plain, with Excel's apostrophe, or in exponent form."""
    assert Decimal(exact) == number(text)
    assert Decimal(exact).as_tuple().digits == number(text).as_tuple().digits or "E" in text.upper()


@pytest.mark.parametrize("text", ["", "x", "1,234.56", "1.234,56", "1 234", "0x10", "1-", "--1"])
def test_what_is_no_plain_number_is_refused_with_the_cure(text: str) -> None:
    """A thousands separator means two things in two countries."""
    with pytest.raises(ValueError, match=r"is not a number\. Give a plain number such as 1234\.56"):
        number(text)


@pytest.mark.parametrize("text", ["NaN", "sNaN", "Infinity", "-inf", "1E+999999", "1E+41", "1E-41", "9" * 42])
def test_numbers_beyond_reason_are_refused(text: str) -> None:
    """Not finite, or longer than any price or quantity can be."""
    with pytest.raises(ValueError, match="is no finite number of at most 40 digits"):
        number(text)
    with pytest.raises(ValueError, match="is no finite number"):
        number(Decimal(text))


@pytest.mark.parametrize(
    "text",
    [
        "2026-10-31",
        "10/31/2026",
        "2026-10-31T23:59:59Z",
        "2026-10-31 00:00:00",
        "10/31/2026 11:59:59 PM",
        "2026-10-31T00:00:00.0000000+00:00",
        " '2026-10-31",
    ],
)
def test_a_date_is_read_in_every_form_that_microsoft_prints(text: str) -> None:
    """The time of day is not looked at."""
    assert date(2026, 10, 31) == day(text)


@pytest.mark.parametrize(
    "text", ["", "  ", "0001-01-01T00:00:00Z", "1/1/0001 12:00:00 AM", "9999-12-31T23:59:59Z", "12/31/9999"]
)
def test_no_date_and_an_open_end_are_none(text: str) -> None:
    """Microsoft writes the first or the last day of the calendar for a date that does not exist."""
    assert day(text) is None


@pytest.mark.parametrize(
    "text", ["31.10.2026", "31/10/2026", "2026-13-01", "10/31", "yesterday", "1/2/3/4", "2026-10-31x"]
)
def test_a_date_in_another_form_is_refused_with_the_cure(text: str) -> None:
    """A file that was re-saved in another country's format must be downloaded again."""
    with pytest.raises(ValueError, match=r"is not a date\. Microsoft writes 10/31/2026 or 2026-10-31"):
        day(text)
