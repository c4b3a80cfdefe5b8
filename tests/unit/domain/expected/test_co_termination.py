"""Co-termination: the ends that a new term may be given, and a reason for each that it may not."""

from datetime import date

import pytest

from shared.domain.expected.co_termination import MONTH_END, Companion, NewTerm, allowed_end_dates
from shared.domain.subscriptions.kinds import ServiceKind


def _order(term: str = "P1Y", starts_on: date = date(2026, 3, 10), **other: bool) -> NewTerm:
    return NewTerm(kind=ServiceKind.LICENCE, term=term, starts_on=starts_on, **other)


@pytest.mark.parametrize(
    ("term", "starts_on", "ends_on"),
    [
        ("P1Y", date(2026, 3, 10), date(2027, 3, 1)),
        ("P1M", date(2026, 3, 10), date(2026, 4, 1)),
        ("P3Y", date(2026, 3, 10), date(2029, 3, 1)),
        ("P1Y", date(2026, 3, 1), date(2027, 3, 1)),
        ("P1M", date(2026, 2, 10), date(2026, 3, 1)),
    ],
)
def test_a_term_may_end_with_the_last_month_that_fits(term: str, starts_on: date, ends_on: date) -> None:
    """The month's end is the last one not later than the term's own end."""
    (month_end,) = allowed_end_dates(_order(term, starts_on))

    assert (ends_on, MONTH_END, True) == (month_end.on, month_end.aligned_to, month_end.is_allowed)


def test_a_year_may_end_with_another_year() -> None:
    """Another subscription's end inside the term is allowed, its own end included."""
    others = (Companion("a", "P1Y", date(2026, 9, 15)), Companion("b", "P3Y", date(2027, 3, 10)))

    _, first, second = allowed_end_dates(_order(), others)

    assert ("a", True) == (first.aligned_to, first.is_allowed)
    assert ("b", True) == (second.aligned_to, second.is_allowed)


@pytest.mark.parametrize(
    ("companion", "reason"),
    [
        (Companion("a", "P1M", date(2026, 4, 1)), "cannot end with a monthly one"),
        (Companion("a", "P1Y", date(2027, 3, 11)), "after the term would end by itself"),
        (Companion("a", "P1Y", date(2026, 3, 10)), "before the term starts"),
    ],
)
def test_an_end_that_does_not_fit_says_why(companion: Companion, reason: str) -> None:
    """A monthly end, one after the term's own, and one before its start are refused with the reason."""
    _, end = allowed_end_dates(_order(), (companion,))

    assert not end.is_allowed
    assert reason in end.refusal


@pytest.mark.parametrize(
    ("last_day", "is_allowed"),
    [
        (date(2026, 3, 27), True),
        (date(2026, 3, 28), False),
        (date(2026, 3, 29), False),
        (date(2026, 3, 30), False),
        (date(2026, 3, 31), True),
        (date(2026, 4, 5), True),
    ],
)
def test_a_month_does_not_end_on_day_28_29_or_30(last_day: date, is_allowed: bool) -> None:  # noqa: FBT001 - a table's column
    """Those days do not come in every month."""
    companion = Companion("a", "P1M", date.fromordinal(last_day.toordinal() + 1))

    _, end = allowed_end_dates(_order("P1M"), (companion,))

    assert is_allowed == end.is_allowed


@pytest.mark.parametrize(
    ("starts_on", "last_day"), [(date(2026, 4, 5), date(2026, 4, 30)), (date(2026, 2, 5), date(2026, 2, 28))]
)
def test_a_month_ends_on_day_28_or_30_where_that_is_the_last(starts_on: date, last_day: date) -> None:
    """The last day of the month is always allowed."""
    companion = Companion("a", "P1Y", date.fromordinal(last_day.toordinal() + 1))

    _, end = allowed_end_dates(_order("P1M", starts_on), (companion,))

    assert end.is_allowed


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (_order(is_trial=True), "trial"),
        (_order(is_third_party=True), "third party"),
        (NewTerm(kind=ServiceKind.MARKETPLACE, term="P1Y", starts_on=date(2026, 3, 10)), "third party"),
        (NewTerm(kind=ServiceKind.RESERVATION, term="P1Y", starts_on=date(2026, 3, 10)), "reservation"),
        (NewTerm(kind=ServiceKind.SOFTWARE_SUBSCRIPTION, term="P1Y", starts_on=date(2026, 3, 10)), "software"),
    ],
)
def test_some_services_cannot_choose_their_end(order: NewTerm, reason: str) -> None:
    """Trials, third parties' products, reservations and software run their full term."""
    (end,) = allowed_end_dates(order)

    assert not end.is_allowed
    assert reason in end.refusal
