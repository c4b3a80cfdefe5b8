"""Transitions: what each kind of event does, and why it does nothing where it makes no sense."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.periods import Period
from shared.domain.subscriptions.events import Event, EventKind
from shared.domain.subscriptions.kinds import Plan, ServiceKind
from shared.domain.subscriptions.states import Status, Step, SubscriptionState, state_at, timeline
from shared.domain.subscriptions.subscription import Subscription

_Happened = Callable[..., Event]
_Sold = Callable[..., Subscription]
_LEGACY = {"kind": ServiceKind.LEGACY_LICENCE}
_TRIAL = {"is_trial": True, "term": ""}


def _after(subscription: Subscription) -> SubscriptionState:
    """The state after the last event, which must have counted."""
    step = timeline(subscription)[-1]
    assert step.refusal == ""
    return step.after


def _last(subscription: Subscription) -> Step:
    return timeline(subscription)[-1]


def _term(first: str, end: str) -> Period:
    return Period(date.fromisoformat(first), date.fromisoformat(end))


@pytest.mark.parametrize(
    ("renewed_at", "first"),
    [
        ("2027-01-15T00:00", "2027-01-15"),
        ("2027-01-16T10:00", "2027-01-15"),
        ("2027-01-20T00:00", "2027-01-20"),
        ("2026-12-20T00:00", "2026-12-20"),
    ],
)
def test_a_renewal_begins_where_the_term_ended(sold: _Sold, happened: _Happened, renewed_at: str, first: str) -> None:
    """It may be processed a day late; otherwise the new term begins on the day it was told for."""
    state = _after(sold(happened(EventKind.RENEWED, renewed_at, quantity=7, plan=Plan.ANNUAL)))

    assert state.term_period is not None
    assert date.fromisoformat(first) == state.price_fixed_on == state.term_period.start
    assert (7, Plan.ANNUAL, Status.ACTIVE) == (state.quantity, state.plan, state.status)
    assert 1 == len(state.batches)


def test_a_late_renewal_keeps_the_term_that_began_by_itself(sold: _Sold, happened: _Happened) -> None:
    """Another event on the day of the renewal does not move the term to the day after."""
    subscription = sold(
        happened(EventKind.QUANTITY_CHANGED, "2027-01-15T01:00", quantity=12),
        happened(EventKind.RENEWED, "2027-01-16T01:00", quantity=12),
    )

    assert _term("2027-01-15", "2028-01-15") == _after(subscription).term_period


def test_a_renewal_may_choose_another_term_and_its_end(sold: _Sold, happened: _Happened) -> None:
    """Scheduled changes come with the renewal."""
    state = _after(sold(happened(EventKind.RENEWED, "2027-01-15", term="P3Y", product="q", ends_on=date(2029, 7, 1))))

    assert ("P3Y", "q", _term("2027-01-15", "2029-07-01")) == (state.term, state.product, state.term_period)


def test_an_expired_term_can_be_renewed_late(sold: _Sold, happened: _Happened) -> None:
    """The new term begins on the day of the renewal, extended service term or not."""
    renewed = happened(EventKind.RENEWED, "2026-09-01")
    ended = sold(renewed, bought="2024-01-15", auto_renews=False)
    extended = sold(renewed, bought="2025-07-15", auto_renews=False, term="P1Y")

    assert (Status.ACTIVE, _term("2026-09-01", "2027-09-01")) == (_after(ended).status, _after(ended).term_period)
    assert (Status.ACTIVE, False) == (_after(extended).status, _after(extended).is_extended)


def test_a_renewal_without_a_term_fixes_the_price_anew(sold: _Sold, happened: _Happened) -> None:
    """Own services without commitment have nothing else to renew."""
    state = _after(sold(happened(EventKind.RENEWED, "2026-06-01"), kind=ServiceKind.OWN_RECURRING, term=""))

    assert (None, date(2026, 6, 1)) == (state.term_period, state.price_fixed_on)


def test_a_renewed_trial_is_paid_for(sold: _Sold, happened: _Happened) -> None:
    """Only a conversion or the trial's own end chooses the usual year; a renewal names its term."""
    state = _after(sold(happened(EventKind.RENEWED, "2026-02-14", term="P1M"), **_TRIAL))

    assert (Status.ACTIVE, False, "P1M") == (state.status, state.is_trial, state.term)


def test_a_trial_is_converted_to_a_year_unless_told_otherwise(sold: _Sold, happened: _Happened) -> None:
    """The paid term begins on the day of the conversion, with a window."""
    usual = _after(sold(happened(EventKind.CONVERTED, "2026-02-01"), **_TRIAL))
    other = _after(sold(happened(EventKind.CONVERTED, "2026-02-01", term="P1M", product="q", quantity=3), **_TRIAL))

    assert (Status.ACTIVE, "P1Y", Plan.MONTHLY, _term("2026-02-01", "2027-02-01")) == (
        usual.status,
        usual.term,
        usual.plan,
        usual.term_period,
    )
    assert datetime(2026, 2, 9, tzinfo=UTC) == usual.batches[0].until
    assert ("P1M", "q", 3) == (other.term, other.product, other.quantity)


def test_a_conversion_on_the_trials_last_day_counts(sold: _Sold, happened: _Happened) -> None:
    """The trial is not renewed by itself before its conversion is heard."""
    state = _after(sold(happened(EventKind.CONVERTED, "2026-02-14T08:00", term="P1M"), **_TRIAL))

    assert _term("2026-02-14", "2026-03-14") == state.term_period


def test_another_plan_leaves_the_terms_dates(sold: _Sold, happened: _Happened) -> None:
    """New commerce keeps the term and its price's day; another term begins at once."""
    plan = _after(sold(happened(EventKind.PLAN_CHANGED, "2026-03-01", plan=Plan.ANNUAL)))
    term = _after(sold(happened(EventKind.PLAN_CHANGED, "2026-03-01", term="P3Y")))

    assert (Plan.ANNUAL, _term("2026-01-15", "2027-01-15"), date(2026, 1, 15)) == (
        plan.plan,
        plan.term_period,
        plan.price_fixed_on,
    )
    assert (_term("2026-03-01", "2029-03-01"), date(2026, 3, 1)) == (term.term_period, term.price_fixed_on)
    assert date(2026, 1, 15) == term.batches[0].added_at.date()


def test_seats_that_come_or_go_with_a_plan_or_a_reactivation_are_batches_too(sold: _Sold, happened: _Happened) -> None:
    """However the quantity changes, the batches add up to it."""
    more = sold(happened(EventKind.PLAN_CHANGED, "2026-03-01", plan=Plan.ANNUAL, quantity=12))
    suspended, back = (
        happened(EventKind.SUSPENDED, "2026-02-01"),
        happened(EventKind.REACTIVATED, "2026-03-01", quantity=4),
    )

    assert [10, 2] == [batch.quantity for batch in _after(more).batches]
    assert [4] == [batch.quantity for batch in _after(sold(suspended, back)).batches]


def test_another_legacy_plan_restarts_the_term(sold: _Sold, happened: _Happened) -> None:
    """Legacy frequency changes end the running year."""
    state = _after(sold(happened(EventKind.PLAN_CHANGED, "2026-03-01", plan=Plan.ANNUAL), **_LEGACY))

    assert _term("2026-03-01", "2027-03-01") == state.term_period


def test_an_upgrade_opens_no_window_and_closes_none(sold: _Sold, happened: _Happened) -> None:
    """The term goes on, the price is that of the day, and what was bought two days ago can be given back as before."""
    state = _after(sold(happened(EventKind.UPGRADED, "2026-01-17", product="q")))

    assert ("q", _term("2026-01-15", "2027-01-15"), date(2026, 1, 17)) == (
        state.product,
        state.term_period,
        state.price_fixed_on,
    )
    assert [datetime(2026, 1, 23, tzinfo=UTC)] == [batch.until for batch in state.batches]


def test_an_upgrade_may_begin_another_term(sold: _Sold, happened: _Happened) -> None:
    """A longer term starts on the day of the upgrade; without seats there is no batch."""
    state = _after(sold(happened(EventKind.UPGRADED, "2026-02-01", product="q", term="P3Y"), seats=0))

    assert _term("2026-02-01", "2029-02-01") == state.term_period
    assert () == state.batches


@pytest.mark.parametrize("kind", [EventKind.SEATS_UPGRADED, EventKind.SEATS_MOVED])
def test_seats_that_go_elsewhere_need_no_window(sold: _Sold, happened: _Happened, kind: EventKind) -> None:
    """What stays is billed on; with the last seat the subscription ends."""
    some = _after(sold(happened(kind, "2026-06-01", quantity=4, target="t")))
    everything = _after(sold(happened(kind, "2026-06-01", quantity=10, target="t")))

    assert (6, Status.ACTIVE, 6) == (some.quantity, some.status, some.batches[0].quantity)
    assert (0, Status.CANCELLED, ()) == (everything.quantity, everything.status, everything.batches)


def test_a_suspension_switches_renewal_off_for_new_commerce(sold: _Sold, happened: _Happened) -> None:
    """It stays off after the reactivation, until somebody switches it on again."""
    suspended = happened(EventKind.SUSPENDED, "2026-02-01")
    back = happened(EventKind.REACTIVATED, "2026-03-01")
    on = happened(EventKind.AUTO_RENEW_CHANGED, "2026-03-02", is_on=True)

    assert (Status.SUSPENDED, False) == (_after(sold(suspended)).status, _after(sold(suspended)).auto_renews)
    assert (Status.ACTIVE, None) == (_after(sold(suspended, back)).status, _after(sold(suspended, back)).renews_on)
    assert date(2027, 1, 15) == _after(sold(suspended, back, on)).renews_on
    assert _after(sold(suspended, **_LEGACY)).auto_renews


def test_a_suspended_trial_comes_back_as_a_trial(sold: _Sold, happened: _Happened) -> None:
    """Nothing was paid for."""
    events = (happened(EventKind.SUSPENDED, "2026-01-20"), happened(EventKind.REACTIVATED, "2026-01-21"))

    assert Status.TRIAL is _after(sold(*events, **_TRIAL)).status


def test_a_cancelled_legacy_licence_can_be_reactivated(sold: _Sold, happened: _Happened) -> None:
    """New commerce cannot: what is cancelled there is gone."""
    events = (happened(EventKind.CANCELLED, "2026-02-01"), happened(EventKind.REACTIVATED, "2026-03-01", quantity=4))

    assert (Status.ACTIVE, 4) == (_after(sold(*events, **_LEGACY)).status, _after(sold(*events, **_LEGACY)).quantity)
    assert "it is cancelled" == _last(sold(*events)).refusal


def test_a_cancellation_ends_everything(sold: _Sold, happened: _Happened) -> None:
    """The last quantity stays readable; nothing renews and no price is locked."""
    cancelled = sold(happened(EventKind.CANCELLED, "2026-01-20"))
    state = state_at(cancelled, datetime(2028, 1, 1, tzinfo=UTC))

    assert (Status.CANCELLED, 10, None, None) == (
        state.status,
        state.quantity,
        state.renews_on,
        state.price_locked_until,
    )


def test_an_extended_term_ends_with_its_cancellation(sold: _Sold, happened: _Happened) -> None:
    """It can be cancelled at any time."""
    state = _after(sold(happened(EventKind.CANCELLED, "2026-08-01"), bought="2025-07-15", auto_renews=False))

    assert (Status.CANCELLED, False, False) == (state.status, state.is_extended, state.is_running)


@pytest.mark.parametrize(("at", "is_extended"), [("2026-05-15", True), ("2026-05-16", True), ("2026-05-01", False)])
def test_an_expiry_ends_the_term(sold: _Sold, happened: _Happened, at: str, is_extended: bool) -> None:  # noqa: FBT001 - a table's column
    """It may be told a day late; what ends once the extended service term exists runs on."""
    state = _after(sold(happened(EventKind.EXPIRED, at), bought="2025-05-15"))

    assert (Status.EXPIRED, is_extended) == (state.status, state.is_extended)
    assert (
        _term("2026-05-15", "2026-06-15") if is_extended else _term("2025-05-15", "2026-05-15")
    ) == state.term_period


def test_an_expiry_without_a_term_is_just_the_end(sold: _Sold, happened: _Happened) -> None:
    """There is nothing to run on."""
    state = _after(sold(happened(EventKind.EXPIRED, "2026-06-01"), term=""))

    assert (Status.EXPIRED, False) == (state.status, state.is_extended)


def test_an_end_can_be_moved(sold: _Sold, happened: _Happened) -> None:
    """The term's start stays."""
    moved = _after(sold(happened(EventKind.END_DATE_CHANGED, "2026-01-16", ends_on=date(2026, 12, 1))))
    longer = _after(sold(happened(EventKind.TERM_EXTENDED, "2026-01-16", ends_on=date(2026, 3, 16)), **_TRIAL))

    assert _term("2026-01-15", "2026-12-01") == moved.term_period
    assert _term("2026-01-15", "2026-03-16") == longer.term_period


def test_a_promotion_holds_from_its_begin_to_its_end(sold: _Sold, happened: _Happened) -> None:
    """It may begin before the purchase; prices and credits change nothing of what is held."""
    early = happened(EventKind.PROMOTION_BEGAN, "2026-01-01", percent=Decimal(15))
    over = happened(EventKind.PROMOTION_ENDED, "2026-02-01")

    steps = timeline(sold(early, over))
    assert ["", "", ""] == [step.refusal for step in steps]
    assert [Decimal(15), Decimal(15), Decimal(0)] == [step.after.promotion_percent for step in steps]


@pytest.mark.parametrize("kind", [EventKind.PRICE_CHANGED, EventKind.CREDITED])
def test_prices_and_credits_leave_the_state_alone(sold: _Sold, happened: _Happened, kind: EventKind) -> None:
    """They count when amounts are computed, even after the end."""
    step = _last(sold(happened(EventKind.CANCELLED, "2026-01-20"), happened(kind, "2026-02-01", amount=Decimal(1))))

    assert ("", step.before) == (step.refusal, step.after)


@pytest.mark.parametrize(
    ("kind", "fields", "facts", "reason"),
    [
        (EventKind.CREATED, {}, {}, "exists already"),
        (EventKind.QUANTITY_CHANGED, {"quantity": -1}, {}, "-1 does not exist"),
        (EventKind.QUANTITY_CHANGED, {}, {}, "names no quantity"),
        (EventKind.QUANTITY_CHANGED, {"quantity": 9}, {}, "1 seats cannot be removed"),
        (EventKind.QUANTITY_CHANGED, {"quantity": 11}, _TRIAL, "trial"),
        (EventKind.SEATS_MOVED, {}, {}, "names no quantity"),
        (EventKind.SEATS_UPGRADED, {"quantity": 11}, {}, "11 of 10 seats"),
        (EventKind.UPGRADED, {}, {}, "names no product"),
        (EventKind.CONVERTED, {}, {}, "no trial"),
        (EventKind.REACTIVATED, {}, {}, "not suspended"),
        (EventKind.PLAN_CHANGED, {}, {}, "names no plan"),
        (EventKind.END_DATE_CHANGED, {}, {}, "names no end"),
        (EventKind.END_DATE_CHANGED, {"ends_on": date(2026, 9, 1)}, {"term": ""}, "no term"),
        (EventKind.END_DATE_CHANGED, {"ends_on": date(2026, 1, 31)}, {}, "is over"),
        (EventKind.TERM_EXTENDED, {"ends_on": date(2026, 9, 1)}, {}, "no trial"),
        (EventKind.TERM_EXTENDED, {}, _TRIAL, "names no end"),
        (EventKind.AUTO_RENEW_CHANGED, {}, {}, "names no setting"),
        (EventKind.PROMOTION_BEGAN, {}, {}, "percentage"),
        (EventKind.PROMOTION_BEGAN, {"percent": Decimal(101)}, {}, "percentage"),
    ],
)
def test_an_event_that_makes_no_sense_changes_nothing_and_says_why(
    sold: _Sold, happened: _Happened, kind: EventKind, fields: dict[str, Any], facts: dict[str, Any], reason: str
) -> None:
    """The rest of the history still counts."""
    step = _last(sold(happened(kind, "2026-01-31", **fields), **facts))

    assert reason in step.refusal
    assert step.before == step.after


@pytest.mark.parametrize(
    ("kind", "first", "reason"),
    [
        (EventKind.SUSPENDED, EventKind.SUSPENDED, "suspended already"),
        (EventKind.QUANTITY_CHANGED, EventKind.CANCELLED, "it is cancelled"),
        (EventKind.RENEWED, EventKind.CANCELLED, "it is cancelled"),
        (EventKind.QUANTITY_CHANGED, EventKind.EXPIRED, "it is expired"),
    ],
)
def test_an_event_that_comes_too_late_changes_nothing(
    sold: _Sold, happened: _Happened, kind: EventKind, first: EventKind, reason: str
) -> None:
    """What has ended cannot change."""
    step = _last(sold(happened(first, "2026-01-20"), happened(kind, "2026-01-21", quantity=11)))

    assert reason in step.refusal


def test_an_extended_term_expires_only_once(sold: _Sold, happened: _Happened) -> None:
    """It has expired already, and runs on."""
    step = _last(sold(happened(EventKind.EXPIRED, "2026-08-01"), bought="2025-07-15", auto_renews=False))

    assert "expired already" in step.refusal


def test_nothing_happens_to_what_was_never_bought(sold: _Sold, happened: _Happened) -> None:
    """An event before the purchase is refused; without a purchase nothing ever starts."""
    early = sold(happened(EventKind.QUANTITY_CHANGED, "2026-01-01", quantity=3))

    assert "does not exist yet" in timeline(early)[0].refusal
    assert 10 == timeline(early)[1].after.quantity


def test_seats_can_be_removed_at_any_time_where_there_is_no_window(sold: _Sold, happened: _Happened) -> None:
    """Legacy licences and own services have none."""
    changed = happened(EventKind.QUANTITY_CHANGED, "2026-06-01", quantity=3)

    assert 3 == _after(sold(changed, **_LEGACY)).quantity
    assert 3 == _after(sold(changed, kind=ServiceKind.OWN_RECURRING, term="")).quantity
