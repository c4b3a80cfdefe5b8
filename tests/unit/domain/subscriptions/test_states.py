"""States: what a subscription is at an instant, from its events alone."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from shared.domain.errors import InvalidError
from shared.domain.expected.conventions import (
    CancelWindow,
    Conventions,
    EarlyCancelWindow,
    ExtendedServiceTerm,
    MonthEnd,
)
from shared.domain.periods import Period
from shared.domain.subscriptions.events import Event, EventKind
from shared.domain.subscriptions.kinds import Plan, ServiceKind
from shared.domain.subscriptions.states import Status, SubscriptionState, state_at, timeline
from shared.domain.subscriptions.subscription import Subscription

_Happened = Callable[..., Event]
_Sold = Callable[..., Subscription]


def _at(subscription: Subscription, on: str, **conventions: Any) -> SubscriptionState:
    return state_at(subscription, datetime.fromisoformat(on).replace(tzinfo=UTC), Conventions(**conventions))


def _term(first: str, end: str) -> Period:
    return Period(date.fromisoformat(first), date.fromisoformat(end))


def test_before_its_purchase_a_subscription_is_what_was_ordered(sold: _Sold) -> None:
    """Nothing is held, and nothing runs."""
    state = _at(sold(parent_id="base"), "2026-01-14T23:59")

    assert (Status.NOT_STARTED, 0, "p", "P1Y", "base") == (
        state.status,
        state.quantity,
        state.product,
        state.term,
        state.parent_id,
    )
    assert (None, None, None) == (state.term_period, state.renews_on, state.price_locked_until)


def test_a_purchase_begins_a_term(sold: _Sold) -> None:
    """From its instant on: the seats, the term, the price locked to its end, and one batch of seats."""
    state = _at(sold(), "2026-01-15")

    assert (Status.ACTIVE, 10, Plan.MONTHLY) == (state.status, state.quantity, state.plan)
    assert _term("2026-01-15", "2027-01-15") == state.term_period
    assert date(2027, 1, 15) == state.renews_on == state.price_locked_until
    assert date(2026, 1, 15) == state.price_fixed_on
    assert [(10, datetime(2026, 1, 23, tzinfo=UTC))] == [(batch.quantity, batch.until) for batch in state.batches]


def test_windows_are_counted_by_convention(sold: _Sold) -> None:
    """Seven blocks of 24 hours end at the hour of the purchase."""
    state = _at(sold(bought="2026-01-15T10:30"), "2026-01-16", cancel_window=CancelWindow.BLOCKS_OF_24_HOURS)

    assert datetime(2026, 1, 22, 10, 30, tzinfo=UTC) == state.batches[0].until


@pytest.mark.parametrize(
    ("early", "closes_on"),
    [
        (EarlyCancelWindow.AS_TODAY, datetime(2021, 7, 9, tzinfo=UTC)),
        (EarlyCancelWindow.SEVENTY_TWO_HOURS, datetime(2021, 7, 4, tzinfo=UTC)),
    ],
)
def test_early_windows_are_a_convention(sold: _Sold, early: EarlyCancelWindow, closes_on: datetime) -> None:
    """What was bought in 2021 had seven days or 72 hours."""
    assert closes_on == _at(sold(bought="2021-07-01"), "2021-07-02", early_cancel_window=early).batches[0].until


@pytest.mark.parametrize("ends_on", [date(2026, 12, 1), date(2026, 1, 15), date(2026, 1, 1)])
def test_a_first_term_may_end_on_a_chosen_day(sold: _Sold, ends_on: date) -> None:
    """A later term runs its full length; a chosen end that is not after the start does not count."""
    subscription = sold(ends_on=ends_on)
    first = ends_on if ends_on > date(2026, 1, 15) else date(2027, 1, 15)

    assert first == _at(subscription, "2026-01-15").renews_on
    assert first.replace(year=first.year + 1) == _at(subscription, first.isoformat()).renews_on


def test_a_term_renews_by_itself_and_fixes_its_price_anew(sold: _Sold) -> None:
    """Each month is a term of its own: bought on the 31st it renews on the 28th, and stays there."""
    subscription = sold(bought="2026-01-31", term="P1M")

    before, after = _at(subscription, "2026-02-27T23:59"), _at(subscription, "2026-02-28")
    assert _term("2026-01-31", "2026-02-28") == before.term_period
    assert _term("2026-02-28", "2026-03-28") == after.term_period
    assert date(2026, 2, 28) == after.price_fixed_on
    assert datetime(2026, 3, 8, tzinfo=UTC) == after.batches[0].until
    assert _term("2026-12-28", "2027-01-28") == _at(subscription, "2026-12-31").term_period


def test_the_day_before_the_last_is_kept_by_convention(sold: _Sold) -> None:
    """27 February 2023 is the day before the last: the year ends with 27 February 2024 or the day after."""
    subscription = sold(bought="2023-02-27")

    assert date(2024, 2, 27) == _at(subscription, "2023-03-01").renews_on
    assert date(2024, 2, 28) == _at(subscription, "2023-03-01", month_end=MonthEnd.DAY_BEFORE_LAST).renews_on


def test_without_automatic_renewal_it_expires(sold: _Sold) -> None:
    """On the day of the end it is over; before the extended service term nothing follows."""
    subscription = sold(bought="2024-01-15", auto_renews=False)

    assert Status.ACTIVE is _at(subscription, "2025-01-14").status
    state = _at(subscription, "2025-01-15")
    assert (Status.EXPIRED, False, 10, None) == (state.status, state.is_running, state.quantity, state.renews_on)


def test_a_licence_that_does_not_renew_runs_on_by_the_month(sold: _Sold) -> None:
    """From the start of the extended service term on, month after month, and its seats can always be returned."""
    subscription = sold(bought="2025-04-15", auto_renews=False)
    early = ExtendedServiceTerm.FROM_APRIL_2026

    assert not _at(subscription, "2026-04-15").is_extended
    state = _at(subscription, "2026-06-20", extended_service_term=early)
    assert (Status.EXPIRED, True, True, "P1M") == (state.status, state.is_extended, state.is_running, state.term)
    assert _term("2026-06-15", "2026-07-15") == state.term_period
    assert state.batches[0].until is None


@pytest.mark.parametrize("facts", [{"kind": ServiceKind.SOFTWARE_SUBSCRIPTION}, {"is_trial": True}])
def test_only_paid_licences_run_on(sold: _Sold, facts: dict[str, Any]) -> None:
    """Software and trials end."""
    state = _at(sold(bought="2025-06-15", auto_renews=False, **facts), "2026-06-20")

    assert (Status.EXPIRED, False) == (state.status, state.is_extended)


def test_a_trial_runs_for_a_month_and_then_becomes_a_year(sold: _Sold) -> None:
    """It renews into a paid year, billed by the month, unless that is switched off."""
    trial = sold(is_trial=True, term="", plan=Plan.MONTHLY, seats=25)

    state = _at(trial, "2026-01-20")
    assert (Status.TRIAL, _term("2026-01-15", "2026-02-15")) == (state.status, state.term_period)
    assert state.batches[0].until is None
    paid = _at(trial, "2026-02-15")
    assert (Status.ACTIVE, "P1Y", False) == (paid.status, paid.term, paid.is_trial)
    assert Status.EXPIRED is _at(replace(trial, auto_renews=False), "2026-02-15").status


@pytest.mark.parametrize(
    ("kind", "term", "becomes"),
    [
        (ServiceKind.LICENCE, "P3Y", "P3Y"),
        (ServiceKind.LICENCE, "P1M", "P1Y"),
        (ServiceKind.MARKETPLACE, "P1M", "P1M"),
    ],
)
def test_the_term_of_a_trial_is_the_one_that_follows_it(
    sold: _Sold, kind: ServiceKind, term: str, becomes: str
) -> None:
    """The trial itself lasts a month, as its lines say; a licence is then bound for a year or longer."""
    trial = sold(is_trial=True, kind=kind, term=term)

    assert _term("2026-01-15", "2026-02-15") == _at(trial, "2026-01-20").term_period
    assert (becomes, False) == (_at(trial, "2026-02-15").term, _at(trial, "2026-02-15").is_trial)


def test_without_a_commitment_there_is_no_term(sold: _Sold) -> None:
    """Own services run until they are cancelled, and give seats back at any time."""
    state = _at(sold(kind=ServiceKind.OWN_RECURRING, term=""), "2030-01-01")

    assert (Status.ACTIVE, None, None) == (state.status, state.term_period, state.renews_on)
    assert state.batches[0].until is None


def test_a_purchase_without_seats_has_no_batch(sold: _Sold) -> None:
    """An Azure plan holds nothing."""
    state = _at(sold(kind=ServiceKind.AZURE_USAGE, term="", seats=None), "2026-02-01")

    assert (Status.ACTIVE, 0, ()) == (state.status, state.quantity, state.batches)


def test_every_order_of_arrival_makes_the_same_state(sold: _Sold, happened: _Happened) -> None:
    """Events are put in order before they count."""
    events = sold(
        happened(EventKind.QUANTITY_CHANGED, "2026-01-17", quantity=12),
        happened(EventKind.QUANTITY_CHANGED, "2026-01-18", quantity=9),
        happened(EventKind.SUSPENDED, "2026-02-01"),
    ).events
    states = {_at(replace(sold(), events=arrived), "2026-03-01") for arrived in permutations(events)}

    assert 1 == len(states)
    assert (Status.SUSPENDED, 9) == (next(iter(states)).status, next(iter(states)).quantity)


def test_every_batch_of_seats_has_its_own_window(sold: _Sold, happened: _Happened) -> None:
    """Added seats open a window of their own; removed ones are the youngest."""
    subscription = sold(
        happened(EventKind.QUANTITY_CHANGED, "2026-01-20", quantity=15),
        happened(EventKind.QUANTITY_CHANGED, "2026-01-25", quantity=12),
        happened(EventKind.QUANTITY_CHANGED, "2026-01-26", quantity=12),
    )

    state = _at(subscription, "2026-01-31")
    assert [(10, date(2026, 1, 15)), (2, date(2026, 1, 20))] == [
        (batch.quantity, batch.added_at.date()) for batch in state.batches
    ]


def test_the_timeline_tells_what_each_event_did(sold: _Sold, happened: _Happened) -> None:
    """Each event stands with the states right before and after it; one that makes no sense says why it did nothing."""
    subscription = sold(
        happened(EventKind.QUANTITY_CHANGED, "2026-03-01", quantity=5),
        happened(EventKind.QUANTITY_CHANGED, "2026-03-02", quantity=15),
    )

    created, refused, added = timeline(subscription)

    assert (0, 10, "") == (created.before.quantity, created.after.quantity, created.refusal)
    assert "5 seats cannot be removed" in refused.refusal
    assert refused.before == refused.after
    assert (10, 15) == (added.before.quantity, added.after.quantity)


def test_a_timeline_shows_renewals_that_nobody_told(sold: _Sold, happened: _Happened) -> None:
    """The state before an event has rolled into the term of its day."""
    subscription = sold(happened(EventKind.QUANTITY_CHANGED, "2027-01-15T10:00", quantity=4))

    assert _term("2027-01-15", "2028-01-15") == timeline(subscription)[1].before.term_period
    assert 4 == timeline(subscription)[1].after.quantity


def test_an_instant_needs_a_zone(sold: _Sold) -> None:
    """A naive instant could be any of a day's two dates."""
    with pytest.raises(InvalidError, match="in UTC"):
        state_at(sold(), datetime(2026, 1, 1))  # noqa: DTZ001 - the naive instant is the point


def test_parts_of_units_are_counted_exactly(sold: _Sold, happened: _Happened) -> None:
    """Quantities may have decimals."""
    subscription = sold(
        happened(EventKind.QUANTITY_CHANGED, "2026-02-01", quantity=Decimal("0.75")),
        kind=ServiceKind.OWN_RECURRING,
        term="",
        seats=Decimal("1.5"),
    )

    assert Decimal("0.75") == _at(subscription, "2026-02-01").batches[0].quantity
