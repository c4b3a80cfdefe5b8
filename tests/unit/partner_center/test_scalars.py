"""Single values as Microsoft writes them."""

from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import pytest

from shared.partner_center.retry_after import retry_after_s
from shared.partner_center.wire.scalars import (
    Scalar,
    amount,
    as_text,
    canonical,
    day,
    flag,
    instant,
    lower_keys,
    text,
    whole,
    word,
)


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("2026-10-08T16:57:15.0966728Z", datetime(2026, 10, 8, 16, 57, 15, 96672, UTC)),
        ("2026-10-08T16:57:15.1Z", datetime(2026, 10, 8, 16, 57, 15, 100000, UTC)),
        ("2026-10-08T16:57:15", datetime(2026, 10, 8, 16, 57, 15, tzinfo=UTC)),
        ("2026-10-08T16:57:15+00:00", datetime(2026, 10, 8, 16, 57, 15, tzinfo=UTC)),
        ("2026-10-08T16:57:15+02:00", datetime(2026, 10, 8, 14, 57, 15, tzinfo=UTC)),
        ("2026-10-08T16:57:15.5-0530", datetime(2026, 10, 8, 22, 27, 15, 500000, UTC)),
        ("2015-11-25T06: 41: 12Z", datetime(2015, 11, 25, 6, 41, 12, tzinfo=UTC)),
        ("2026-10-08", datetime(2026, 10, 8, tzinfo=UTC)),
        ("2026-10-08 16:57", datetime(2026, 10, 8, 16, 57, tzinfo=UTC)),
        ("0001-01-01T00:00:00", None),
        ("9999-12-10T00:00:00Z", None),
        ("2026-02-30T00:00:00Z", None),
        ("2026-10-08T25:00:00Z", None),
        ("0002-01-01T00:00:00+23:59", datetime(1, 12, 31, 0, 1, tzinfo=UTC)),
        ("soon", None),
        ("", None),
        (None, None),
        (20261008, None),
        (True, None),
    ],
)
def test_an_instant_is_read_in_every_form(written: Scalar, at: datetime | None) -> None:
    """Up to seven digits of a second, any zone or none; years one and 9999 stand for nothing."""
    assert at == instant(written)


def test_a_day_is_the_utc_day() -> None:
    """Microsoft's terms end in UTC."""
    assert date(2027, 1, 13) == day("2027-01-13T23:59:59Z")
    assert date(2027, 1, 12) == day("2027-01-13T00:30:00+02:00")
    assert day(None) is None


@pytest.mark.parametrize(
    ("value", "count"),
    [(5, 5), ("5", 5), (5.0, 5), (" 7 ", 7), ("5.0", 5), ("-1", -1), (None, 0), ("", 0), ("x", 0), (True, 0)],
)
def test_a_count_is_read_from_any_type(value: Scalar, count: int) -> None:
    """What is no number counts nothing."""
    assert count == whole(value)


@pytest.mark.parametrize("value", ["nan", "inf", "-Infinity", "1e999999999", 1e300, float("inf"), float("nan")])
def test_a_count_that_is_no_number_counts_nothing(value: Scalar) -> None:
    """Not even where Decimal knows a word for it."""
    assert 0 == whole(value)


@pytest.mark.parametrize(
    ("value", "claim"),
    [
        (True, True),
        (False, False),
        ("True", True),
        ("false", False),
        (1, True),
        ("0", False),
        (None, None),
        ("x", None),
    ],
)
def test_a_claim_is_read_from_any_type(value: Scalar, claim: bool | None) -> None:  # noqa: FBT001 - a table
    """None where nothing is said."""
    assert claim is flag(value)


def test_texts_and_words() -> None:
    """Words of enumerations are in lower case, known or not."""
    assert ("", "12", "a b") == (text(None), text(12), text(" a b "))
    assert ("onetime", "") == (word("OneTime"), word(None))


@pytest.mark.parametrize(
    ("written", "exact"),
    [
        (b"1234.560", "1234.560"),
        (b'"1234.560"', "1234.560"),
        (b"0.1", "0.1"),
        (b"-1e2", "-1E+2"),
        (b"null", "0"),
        (b'""', "0"),
        (b"123456789012345678.123456789", "123456789012345678.123456789"),
    ],
)
def test_an_amount_keeps_each_of_its_digits(written: bytes, exact: str) -> None:
    """It never passes through a float."""
    assert str(Decimal(exact)) == str(amount(msgspec.Raw(written)))


@pytest.mark.parametrize(
    "written", [b'"much"', b"true", b"[1]", b'"NaN"', b'"Infinity"', b"1e400", b"1e-400", b"1" * 60, b"{}"]
)
def test_an_amount_that_is_none_is_an_error(written: bytes) -> None:
    """It would pass for zero."""
    with pytest.raises(ValueError, match="is no amount"):
        amount(msgspec.Raw(written))


def test_json_inside_a_string_is_taken_out() -> None:
    """The audit feed writes resources both ways."""
    values = [msgspec.Raw(each) for each in (b'"{\\"a\\":1}"', b'{"a":1}', b"null", b"")]

    assert ['{"a":1}', '{"a":1}', "", ""] == [as_text(value) for value in values]


def test_the_same_content_has_the_same_canonical_text() -> None:
    """Order, nulls, empty parts and links do not count."""
    one = {"b": [{"x": 1, "y": None}], "a": "t", "links": {"self": 1}, "attributes": {"etag": "1"}, "c": {}}

    assert '{"a":"t","b":[{"x":1}]}' == canonical(one)
    assert canonical(one) == canonical({"a": "t", "b": [{"y": "", "x": 1}]})
    assert "" == canonical({"nextTerm": None, "actions": []})


def test_keys_in_any_case_become_lower() -> None:
    """At every level."""
    assert {"a": [{"bc": {"D": 1}["D"]}]} == lower_keys({"A": [{"Bc": 1}]})


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "57"}, 57),
        ({"retry-after": "1.2"}, 2),
        ({"retry-after": "999999999"}, 86400),
        ({"retry-after": "Thu, 08 Oct 2026 12:00:30 GMT", "date": "Thu, 08 Oct 2026 12:00:00 GMT"}, 30),
        ({"retry-after": "Thu, 08 Oct 2026 12:00:30 GMT"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "Thu, 99 Oct 2026 12:00:30 GMT"}, None),
        ({}, None),
    ],
)
def test_how_long_to_wait_is_read(headers: dict[str, str], seconds: int | None) -> None:
    """Seconds or a date, at most a day; a date needs a clock, its own or ours."""
    assert seconds == retry_after_s(headers)
