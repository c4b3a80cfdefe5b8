"""The values of a history file: exact, dated, named, and refused with a cure."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from pydantic_core import PydanticCustomError

from shared.documents.histories_billing import anchor, every
from shared.documents.histories_values import (
    amount,
    closest,
    counted,
    currency,
    day,
    difference,
    exact_number,
    instant,
    percentage,
    plain,
    term,
)
from shared.domain.subscriptions.own_billing import Span


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("10.08", Decimal("10.08")),
        (Decimal("0.000882"), Decimal("0.000882")),
        (7, Decimal(7)),
        (" -3.50 ", Decimal("-3.50")),
        ("+2", Decimal(2)),
        ("1e3", Decimal(1000)),
        ("0." + "1" * 30, Decimal("0." + "1" * 30)),
        ("9" * 15, Decimal("9" * 15)),
    ],
)
def test_a_number_is_taken_exactly_as_it_is_written(written: object, meant: Decimal) -> None:
    """Text or a JSON number, with every digit."""
    assert meant == exact_number(written)


@pytest.mark.parametrize(
    ("read", "written", "cure"),
    [
        (exact_number, True, "write it as text"),
        (exact_number, 1.5, "write it as text"),
        (exact_number, "1,50", "without thousands separators"),
        (exact_number, "NaN", "write digits"),
        (exact_number, "٣", "write digits"),
        (exact_number, "9" * 16, "at most 15 digits"),
        (exact_number, "1e99", "at most 15 digits"),
        (exact_number, "0." + "1" * 31, "at most 30 digits"),
        (amount, "-1", "without a sign"),
        (counted, "-1", "without a sign"),
        (percentage, "101", "more than 100 percent"),
        (day, "2026-02-29", "write a day that exists"),
        (day, "31.10.2026", "write year, month and day"),
        (day, 20261031, "write year, month and day"),
        (day, "1989-12-31", "correct the year"),
        (instant, "2026-10-31T09:30:00", "add Z for UTC"),
        (instant, "soon", "write a day, or a time with its zone"),
        (instant, 5, "write a day, or a time with its zone"),
        (instant, "0001-01-01T00:00:00+14:00", "correct the year"),
        (term, "1Y", "write P1M, P1Y or P3Y"),
        (term, "P0Y", "write P1M, P1Y or P3Y"),
        (term, 12, "write P1M, P1Y or P3Y"),
        (currency, "EURO", "ISO 4217"),
        (currency, 978, "ISO 4217"),
        (every, "fortnight", "write such as"),
        (every, "0 months", "from 1 to 1200"),
        (every, 3, "write such as"),
        (anchor, 32, "write 'start'"),
        (anchor, True, "write 'start'"),
        (anchor, "monday", "write 'start'"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_its_cure(
    read: Callable[[object], object], written: object, cure: str
) -> None:
    """The message says what to write in its place."""
    with pytest.raises(PydanticCustomError, match=cure):
        read(written)


@pytest.mark.parametrize(
    ("read", "written", "meant"),
    [
        (counted, "10", 10),
        (counted, "2.50", Decimal("2.50")),
        (difference, "-4", -4),
        (difference, "+0.5", Decimal("0.5")),
        (percentage, "10%", Decimal(10)),
        (percentage, 15, Decimal(15)),
        (day, "2024-02-29", date(2024, 2, 29)),
        (instant, "2024-02-29", datetime(2024, 2, 29, tzinfo=UTC)),
        (instant, "2024-02-29T01:30:00+02:00", datetime(2024, 2, 28, 23, 30, tzinfo=UTC)),
        (term, "p1y", "P1Y"),
        (term, "6 months", "P6M"),
        (currency, "eur", "EUR"),
        (every, "month", (1, Span.MONTHS)),
        (every, "2 quarters", (6, Span.MONTHS)),
        (every, "half-year", (6, Span.MONTHS)),
        (every, "2 weeks", (14, Span.DAYS)),
        (every, "term", (1, Span.TERM)),
        (anchor, "calendar", "calendar"),
        (anchor, 31, 31),
        (anchor, "2026-01-15", date(2026, 1, 15)),
    ],
)
def test_a_value_means_what_it_says(read: Callable[[object], object], written: object, meant: object) -> None:
    """Whole quantities are whole numbers; instants are in UTC; lengths of cycles are months or days."""
    assert meant == read(written)
    assert type(meant) is type(read(written))


def test_words_are_compared_without_case_and_hyphens() -> None:
    """And the American licence is the British one."""
    assert {"legacy-licence"} == {plain(word) for word in ("Legacy_License", "legacy licence", "LEGACY-LICENCE ")}


def test_a_near_miss_is_met_with_the_word_that_is_meant() -> None:
    """Whatever is far from all words is met with all of them."""
    assert closest("quantty", ["quantity", "plan"]) == ": did you mean quantity?"
    assert closest("xyz", ["quantity", "plan"]) == ": use one of quantity, plan"
    assert closest("xyz", []) == ""
