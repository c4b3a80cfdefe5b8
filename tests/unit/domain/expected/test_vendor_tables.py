"""Vendor tables: dated rows, and the cancellation windows that follow from them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from shared.domain.expected.cancellation_windows import (
    full_refund_ends_at,
    window_ends_at,
    window_in_force,
    window_kind,
)
from shared.domain.expected.conventions import CancelWindow, EarlyCancelWindow, EarlyReturnFee, ExtendedServiceTerm
from shared.domain.expected.vendor_tables import (
    CANCELLATION_WINDOWS,
    EXTENDED_SERVICE_TERMS,
    MONTHLY_PLAN_FACTORS,
    MONTHLY_TERM_FACTORS,
    RESERVATION_RETURN_FEES,
    RESERVATION_RETURN_LIMITS,
    TRIAL_MONTHS,
    Row,
    WindowKind,
    in_force,
)
from shared.domain.subscriptions.kinds import ServiceKind

_DAYS = CancelWindow.CALENDAR_DAYS
_BLOCKS = CancelWindow.BLOCKS_OF_24_HOURS
_TABLES: list[Sequence[Row[object]]] = [
    *CANCELLATION_WINDOWS.values(),
    *EXTENDED_SERVICE_TERMS.values(),
    *RESERVATION_RETURN_FEES.values(),
    MONTHLY_PLAN_FACTORS,
    MONTHLY_TERM_FACTORS,
    RESERVATION_RETURN_LIMITS,
    TRIAL_MONTHS,
]
_AT = datetime(2026, 3, 1, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize("table", _TABLES)
def test_rows_of_a_table_follow_one_another_and_name_their_source(table: Sequence[Row[object]]) -> None:
    """No two rows hold on one day, no day between two rows has none, and every row says where it is written."""
    assert all(row.source for row in table)
    assert all(earlier.valid_until == later.valid_from is not None for earlier, later in pairwise(table))
    assert table[-1].valid_until is None


@pytest.mark.parametrize("kind", WindowKind)
def test_every_kind_has_a_window_on_every_day(kind: WindowKind) -> None:
    """The first row has always been in force."""
    assert window_in_force(kind, date.min).source
    assert window_in_force(kind, date.max).source


@pytest.mark.parametrize(("on", "factor"), [(date(2025, 3, 31), "1"), (date(2025, 4, 1), "1.05")])
def test_a_row_holds_from_its_first_day_on(on: date, factor: str) -> None:
    """Years billed by the month cost five percent more from 1 April 2025 on."""
    row = in_force(MONTHLY_PLAN_FACTORS, on)

    assert row is not None
    assert Decimal(factor) == row.value


def test_before_the_first_row_nothing_holds() -> None:
    """The extended service term did not exist before its start, which is a convention."""
    first, second = ExtendedServiceTerm.FROM_APRIL_2026, ExtendedServiceTerm.FROM_MAY_2026

    assert in_force(EXTENDED_SERVICE_TERMS[first], date(2026, 3, 31)) is None
    assert in_force(EXTENDED_SERVICE_TERMS[first], date(2026, 4, 1)) is not None
    assert in_force(EXTENDED_SERVICE_TERMS[second], date(2026, 5, 3)) is None
    assert in_force(EXTENDED_SERVICE_TERMS[second], date(2026, 5, 4)) is not None


def test_the_extended_service_term_costs_a_premium() -> None:
    """Three percent over the monthly term, 23 percent over the annual one."""
    (row,) = EXTENDED_SERVICE_TERMS[ExtendedServiceTerm.FROM_MAY_2026]

    assert (Decimal("1.03"), Decimal("1.23")) == (row.value.over_monthly_term, row.value.over_annual)


def test_returned_reservations_have_a_limit_and_a_fee_by_convention() -> None:
    """50,000 USD in twelve months; no fee at present, or twelve percent."""
    limit = RESERVATION_RETURN_LIMITS[0].value

    assert (Decimal(50_000), "USD", 12) == (limit.amount, limit.currency, limit.months)
    assert Decimal(0) == RESERVATION_RETURN_FEES[EarlyReturnFee.NONE][0].value
    assert Decimal(12) == RESERVATION_RETURN_FEES[EarlyReturnFee.TWELVE_PERCENT][0].value


@pytest.mark.parametrize(
    ("service", "facts", "kind"),
    [
        (ServiceKind.LICENCE, {}, WindowKind.LICENCE),
        (ServiceKind.LICENCE, {"is_trial": True}, WindowKind.TRIAL),
        (ServiceKind.LICENCE, {"name": "Dynamics 365 Business Central Essentials"}, WindowKind.BUSINESS_CENTRAL),
        (ServiceKind.LEGACY_LICENCE, {"name": "Business Central"}, WindowKind.LEGACY_LICENCE),
        (ServiceKind.MARKETPLACE, {"months": 1}, WindowKind.SAAS_MONTHLY),
        (ServiceKind.MARKETPLACE, {"months": 12}, WindowKind.SAAS_YEARLY),
        (ServiceKind.SOFTWARE_SUBSCRIPTION, {"months": 36}, WindowKind.SOFTWARE_SUBSCRIPTION),
        (ServiceKind.PERPETUAL_SOFTWARE, {}, WindowKind.PERPETUAL_SOFTWARE),
        (ServiceKind.RESERVATION, {}, WindowKind.RESERVATION),
        (ServiceKind.SAVINGS_PLAN, {}, WindowKind.SAVINGS_PLAN),
        (ServiceKind.AZURE_USAGE, {}, None),
        (ServiceKind.OWN_RECURRING, {}, None),
    ],
)
def test_each_service_has_the_window_of_its_kind(
    service: ServiceKind, facts: dict[str, object], kind: WindowKind | None
) -> None:
    """Trials and Business Central have their own; software as a service differs by term; usage has none."""
    assert kind is window_kind(service, **facts)


@pytest.mark.parametrize(
    ("kind", "bought_on", "full", "open_for"),
    [
        (WindowKind.LICENCE, date(2022, 3, 9), timedelta(hours=72), timedelta(hours=72)),
        (WindowKind.LICENCE, date(2022, 3, 10), timedelta(hours=24), timedelta(days=7)),
        (WindowKind.SAAS_MONTHLY, date(2023, 6, 1), timedelta(hours=24), timedelta(hours=24)),
        (WindowKind.SAAS_MONTHLY, date(2024, 6, 1), timedelta(hours=72), timedelta(hours=72)),
        (WindowKind.SAAS_YEARLY, date(2023, 6, 1), timedelta(days=14), timedelta(days=14)),
        (WindowKind.SAAS_YEARLY, date(2024, 6, 1), timedelta(hours=72), timedelta(hours=72)),
        (WindowKind.BUSINESS_CENTRAL, date(2024, 6, 1), timedelta(days=7), timedelta(days=7)),
        (WindowKind.SOFTWARE_SUBSCRIPTION, date(2022, 7, 10), timedelta(days=30), timedelta(days=30)),
        (WindowKind.SOFTWARE_SUBSCRIPTION, date(2022, 7, 11), timedelta(0), timedelta(days=7)),
        (WindowKind.PERPETUAL_SOFTWARE, date(2024, 6, 1), timedelta(days=30), timedelta(days=30)),
        (WindowKind.RESERVATION, date(2024, 6, 1), timedelta(days=5), None),
        (WindowKind.SAVINGS_PLAN, date(2024, 6, 1), timedelta(0), timedelta(0)),
        (WindowKind.LEGACY_LICENCE, date(2017, 6, 1), timedelta(days=30), None),
        (WindowKind.TRIAL, date(2024, 6, 1), timedelta(0), None),
        (WindowKind.EXTENDED_SERVICE_TERM, date(2026, 6, 1), timedelta(0), None),
    ],
)
def test_a_window_lasts_as_its_row_says(
    kind: WindowKind, bought_on: date, full: timedelta, open_for: timedelta | None
) -> None:
    """In blocks of 24 hours both lengths are exact."""
    since = datetime(bought_on.year, bought_on.month, bought_on.day, 15, 30, tzinfo=UTC)
    window = window_in_force(kind, bought_on).value

    assert since + full == full_refund_ends_at(window, since, _BLOCKS)
    assert (None if open_for is None else since + open_for) == window_ends_at(window, since, _BLOCKS)


def test_licences_bought_early_may_have_the_window_of_today() -> None:
    """Microsoft's own example of 2021 refunds by days; other things keep the window of their day."""
    early, day = EarlyCancelWindow.AS_TODAY, date(2021, 7, 1)

    assert CANCELLATION_WINDOWS[WindowKind.LICENCE][1] is window_in_force(WindowKind.LICENCE, day, early)
    assert CANCELLATION_WINDOWS[WindowKind.LICENCE][0] is window_in_force(WindowKind.LICENCE, day)
    assert CANCELLATION_WINDOWS[WindowKind.SAAS_YEARLY][0] is window_in_force(WindowKind.SAAS_YEARLY, day, early)


def test_days_end_at_midnight_and_hours_do_not() -> None:
    """By calendar days seven days after 1 March end with the 8th; 24 hours are 24 hours."""
    window = window_in_force(WindowKind.LICENCE, _AT.date()).value

    assert datetime(2026, 3, 9, tzinfo=UTC) == window_ends_at(window, _AT, _DAYS)
    assert datetime(2026, 3, 2, 15, 30, tzinfo=UTC) == full_refund_ends_at(window, _AT, _DAYS)


@pytest.mark.parametrize("convention", [_DAYS, _BLOCKS])
def test_a_window_never_outlives_the_calendar(convention: CancelWindow) -> None:
    """What is bought in the calendar's last days can be given back until its last instant."""
    window = window_in_force(WindowKind.PERPETUAL_SOFTWARE, date.max).value
    last = datetime.max.replace(tzinfo=UTC)

    assert last == window_ends_at(window, datetime(9999, 12, 30, tzinfo=UTC), convention)
