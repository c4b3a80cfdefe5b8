"""Terms: cycles, renewals, chosen ends, the extended service term."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.expected.conventions import ExtendedServiceTerm, FirstShortCycle, MonthEnd
from shared.domain.subscriptions.events import EventKind
from shared.domain.subscriptions.kinds import Plan, ServiceKind
from shared.domain.subscriptions.subscription import DatedPrice

K = EventKind


def _price(amount: str, since: str = "", **facts: Any) -> DatedPrice:
    return DatedPrice(amount=Decimal(amount), valid_from=date.fromisoformat(since) if since else None, **facts)


def test_the_price_is_locked_for_the_term_and_new_at_renewal(shop: Any) -> None:
    """A price list of the running term changes nothing until the renewal."""
    prices = (_price("10"), _price("12", "2024-03-01"))
    sold = shop.sold("0", shop.bought("2024-01-10", 1), shop.seats("2024-04-10", 2), prices=prices)

    expected = shop.bill(sold, through="2025-01-10")

    assert {"10"} == {str(line.price.amount) for line in expected.lines[:-1]}
    assert ("renew", "2025-01-10", "2025-02-09", 2, "24.00") == shop.rows(expected)[-1]
    assert expected.lines[-1].event is None


def test_a_price_told_by_an_event_counts_from_the_next_renewal(shop: Any) -> None:
    """A changed price is locked out by the running term."""
    told = shop.event(K.PRICE_CHANGED, "2024-02-15", unit_price=Decimal(12))
    sold = shop.sold("10", shop.bought("2024-01-10", 1), told, shop.seats("2024-02-20", 2), term="P1M")

    expected = shop.bill(sold, through="2024-03-10")

    assert ["10", "10", "10", "10", "12"] == [str(line.price.amount) for line in expected.lines]


def test_a_promotion_is_lost_at_renewal_unless_it_is_still_in_force(shop: Any) -> None:
    """Ten percent for the first term; nothing for the second, though the promotion ended inside the first."""
    sold = shop.sold(
        "10", shop.event(K.PROMOTION_BEGAN, "2024-01-01", percent=Decimal(10)), shop.bought("2024-01-10", 1),
        shop.event(K.PROMOTION_ENDED, "2024-02-15"), term="P1M",
    )  # fmt: skip

    expected = shop.bill(sold, through="2024-03-10")

    assert ["9.00", "9.00", "10.00"] == [str(line.amount) for line in expected.lines]
    assert {"10"} == {str(line.price.listed) for line in expected.lines}
    assert [] == shop.codes(expected)


def test_a_promotion_without_a_percentage_takes_nothing(shop: Any) -> None:
    """Neither does one beyond reason."""
    empty = shop.sold("10", shop.bought("2024-01-10", 1), shop.event(K.PROMOTION_BEGAN, "2024-01-10"))
    beyond = shop.sold("10", shop.bought("2024-01-10", 1, percent=Decimal(101)))

    assert "10.00" == str(shop.bill(empty).lines[0].amount)
    assert "10.00" == str(shop.bill(beyond).lines[0].amount)


@pytest.mark.parametrize("told_on", ["2025-01-10", "2025-01-11T06:00"])
def test_a_scheduled_change_comes_with_the_renewal(shop: Any, told_on: str) -> None:
    """Quantity, product, term and plan of the next term; a renewal may be told a day late."""
    prices = (_price("10", product="A"), _price("20", product="B"))
    renewed = shop.event(K.RENEWED, told_on, quantity=7, product="B", term="P3Y", plan=Plan.ANNUAL, percent=Decimal(50))
    sold = shop.sold("0", shop.bought("2024-01-10", 1), renewed, product="A", prices=prices, plan=Plan.ANNUAL)

    expected = shop.bill(sold, through="2025-02-01")

    assert ("renew", "2025-01-10", "2026-01-09", 7, "70.00") == shop.rows(expected)[-1]
    assert renewed is expected.lines[-1].event
    assert (1, 7) == (expected.lines[-1].quantity_before, expected.lines[-1].quantity_after)


def test_a_renewal_without_seats_keeps_those_there_are(shop: Any) -> None:
    """An end of the term is told by other events."""
    sold = shop.sold("10", shop.bought("2024-01-10", 3), shop.event(K.RENEWED, "2024-02-10", quantity=0), term="P1M")

    expected = shop.bill(sold)

    assert ("renew", "2024-02-10", "2024-03-09", 3, "30.00") == shop.rows(expected)[-1]
    assert ["EVENT_IGNORED"] == shop.codes(expected)


@pytest.mark.parametrize("kind", [K.RENEWED, K.EXPIRED])
def test_an_end_of_term_told_in_mid_term_is_out_of_place(shop: Any, kind: EventKind) -> None:
    """It has no effect."""
    sold = shop.sold("10", shop.bought("2024-01-10", 3), shop.event(kind, "2024-05-10"))

    expected = shop.bill(sold, through="2025-01-10")

    assert 13 == len(expected.lines)
    assert "no term ends on that day; the running one ends on 2025-01-10" in expected.issues[0].message


def test_a_price_list_without_the_renewals_price_blocks(shop: Any) -> None:
    """The new product has no price; the renewal is not billed, and it is said."""
    renewed = shop.event(K.RENEWED, "2024-02-10", product="B")
    sold = shop.sold("0", shop.bought("2024-01-10", 3), renewed, term="P1M", prices=(_price("10", product="A"),))

    expected = shop.bill(sold)

    assert 1 == len(expected.lines)
    assert ["PRICE_MISSING"] == shop.codes(expected)


@pytest.mark.parametrize("price", ["-1", "10"])
def test_a_negative_price_is_no_price(shop: Any, price: str) -> None:
    """Neither on the list nor in an event."""
    listed = shop.sold(price, shop.bought("2024-01-10", 1))
    told = shop.sold(price, shop.bought("2024-01-10", 1, unit_price=Decimal(-2)))

    assert (price == "10") == bool(shop.bill(listed).lines)
    assert () == shop.bill(told).lines


def test_an_expired_subscription_ends(shop: Any) -> None:
    """On the day, or told a day late; later news of the end are no surprise."""
    for on in ("2024-02-10", "2024-02-11"):
        sold = shop.sold("10", shop.bought("2024-01-10", 3), shop.event(K.EXPIRED, on), term="P1M")

        assert ["new"] == [row[0] for row in shop.rows(shop.bill(sold, through="2027-01-01"))]
    off = shop.event(K.AUTO_RENEW_CHANGED, "2024-01-12", is_on=False)
    late = shop.sold("10", shop.bought("2024-01-10", 3), off, shop.event(K.EXPIRED, "2024-02-20"), term="P1M")

    assert [] == shop.codes(shop.bill(late))


def test_what_neither_renews_nor_is_cancelled_runs_on_by_the_month(shop: Any) -> None:
    """Three percent above the monthly term's price, from 4 May 2026 on."""
    prices = (_price("10", term="P1Y"), _price("12.15", term="P1M"))
    sold = shop.sold("0", shop.bought("2025-05-10", 2), auto_renews=False, prices=prices)

    expected = shop.bill(sold, through="2026-07-09")

    assert [
        ("renew", "2026-05-10", "2026-06-09", 2, "25.02"),
        ("renew", "2026-06-10", "2026-07-09", 2, "25.02"),
    ] == shop.rows(expected)[12:]
    assert "nce.extended_service" == expected.lines[12].rule.key
    assert (("price of the monthly term", "12.15"), ("factor", "1.03")) == expected.lines[12].inputs
    assert (ExtendedServiceTerm.FROM_MAY_2026.value,) == expected.variants


def test_before_the_extended_service_term_an_unrenewed_subscription_ends(shop: Any) -> None:
    """On 3 May 2026 it ends; by the other convention it runs on since 1 April."""
    sold = shop.sold("10", shop.bought("2025-05-03", 1), auto_renews=False)

    assert 12 == len(shop.bill(sold, through="2026-05-30").lines)
    april = shop.bill(sold, through="2026-05-30", extended_service_term=ExtendedServiceTerm.FROM_APRIL_2026)
    assert 13 == len(april.lines)


@pytest.mark.parametrize(
    ("rows", "plan", "amount"),
    [
        ([("1200", Plan.ANNUAL)], Plan.ANNUAL, "123.00"),
        ([("1200", Plan.ANNUAL), ("105", Plan.MONTHLY)], Plan.MONTHLY, "123.00"),
        ([("105", Plan.MONTHLY)], Plan.MONTHLY, "129.15"),
    ],
)
def test_without_a_monthly_term_the_month_costs_23_percent_more(
    shop: Any, rows: list[tuple[str, Plan]], plan: Plan, amount: str
) -> None:
    """A twelfth of the annual price where there is one, else a month of the plan that ran."""
    prices = tuple(_price(price, term="P1Y", plan=of) for price, of in rows)
    sold = shop.sold("0", shop.bought("2025-05-10", 1), auto_renews=False, prices=prices, plan=plan)

    assert amount == str(shop.bill(sold, through="2026-05-10").lines[-1].amount)


def test_a_monthly_term_runs_on_at_its_own_price(shop: Any) -> None:
    """The price of no named term is that of the month."""
    sold = shop.sold("10", shop.bought("2026-05-10", 1), auto_renews=False, term="P1M")

    assert "10.30" == str(shop.bill(sold, through="2026-06-10").lines[-1].amount)


def test_the_extended_service_term_needs_a_price(shop: Any) -> None:
    """Without one it is said and nothing is billed."""
    sold = shop.sold("0", shop.bought("2025-05-10", 1), auto_renews=False, prices=())

    expected = shop.bill(sold, through="2026-05-10")

    assert ["PRICE_MISSING", "PRICE_MISSING"] == shop.codes(expected)


def test_the_extended_service_term_is_cancelled_at_any_time_by_days(shop: Any) -> None:
    """Twenty of thirty days are refunded."""
    sold = shop.sold(
        "10", shop.bought("2025-06-01", 1), shop.event(K.CANCELLED, "2026-06-11"), auto_renews=False, term="P1Y",
        prices=(_price("30", term="P1M"), _price("10", term="P1Y")),
    )  # fmt: skip

    expected = shop.bill(sold, through="2026-12-31")

    assert [("renew", "30.90"), ("cancelImmediate", "-20.60")] == [(row[0], row[4]) for row in shop.rows(expected)[12:]]


def test_seats_leave_the_extended_service_term_at_any_time(shop: Any) -> None:
    """They have no window; an issue would say so."""
    sold = shop.sold(
        "10", shop.bought("2025-06-01", 3), shop.seats("2026-06-21", 2), shop.seats("2026-06-22", -4),
        auto_renews=False,
    )  # fmt: skip

    assert "removeQuantity" == shop.rows(shop.bill(sold))[-1][0]


def test_a_renewal_ends_the_extended_service_term(shop: Any) -> None:
    """Switched on again, it renews into its own term."""
    on = shop.event(K.AUTO_RENEW_CHANGED, "2026-06-20", is_on=True)
    sold = shop.sold("10", shop.bought("2025-06-01", 1), on, auto_renews=False)

    expected = shop.bill(sold, through="2026-07-15")

    assert [("renew", "12.30"), ("renew", "10.00")] == [(row[0], row[4]) for row in shop.rows(expected)[12:]]
    assert "nce.renew" == expected.lines[13].rule.key


def test_software_that_does_not_renew_ends(shop: Any) -> None:
    """The extended service term is for licences."""
    sold = shop.sold(
        "100", shop.bought("2025-06-01", 1), auto_renews=False, kind=ServiceKind.SOFTWARE_SUBSCRIPTION, plan=Plan.ANNUAL
    )

    assert 1 == len(shop.bill(sold, through="2026-12-31").lines)


def test_a_chosen_end_cuts_the_first_cycle_and_later_terms_are_full(shop: Any) -> None:
    """Twenty days of July, then months from the 21st; the next year runs its full length."""
    sold = shop.sold("31", shop.bought("2024-07-01", 1), ends_on=date(2024, 9, 21))

    expected = shop.bill(sold, through="2025-09-21")

    assert [
        ("new", "2024-07-01", "2024-07-20", 1, "20.00"),
        ("cycleCharge", "2024-07-21", "2024-08-20", 1, "31.00"),
        ("cycleCharge", "2024-08-21", "2024-09-20", 1, "31.00"),
        ("renew", "2024-09-21", "2024-10-20", 1, "31.00"),
    ] == shop.rows(expected)[:4]
    assert ("renew", "2025-09-21", "2025-10-20", 1, "31.00") == shop.rows(expected)[-1]
    assert "nce.new_short" == expected.lines[0].rule.key


@pytest.mark.parametrize(
    ("first", "plan", "part", "whole"),
    [
        (FirstShortCycle.START_MONTH, Plan.MONTHLY, 27, 31),
        (FirstShortCycle.CYCLE, Plan.MONTHLY, 27, 31),
        (FirstShortCycle.FULL_TERM, Plan.MONTHLY, 27 * 12, 365),
        (FirstShortCycle.START_MONTH, Plan.ANNUAL, 177, 365),
        (FirstShortCycle.CYCLE, Plan.ANNUAL, 177, 365),
        (FirstShortCycle.FULL_TERM, Plan.ANNUAL, 177, 365),
    ],
)
def test_the_divisor_of_a_first_short_cycle_is_a_named_choice(
    shop: Any, first: FirstShortCycle, plan: Plan, part: int, whole: int
) -> None:
    """No page says what it is; every line that rests on it says so."""
    sold = shop.sold(
        "12", shop.bought("2022-01-25", 1), shop.seats("2022-01-30", 2), plan=plan, ends_on=date(2022, 7, 21)
    )

    expected = shop.bill(sold, first_short_cycle=first)

    assert (part, whole) == (expected.lines[0].part, expected.lines[0].whole)
    assert [(first.value,)] * 3 == [line.variants for line in expected.lines]


def test_a_chosen_end_on_a_boundary_keeps_full_cycles(shop: Any) -> None:
    """Three full months end on 30 September; the divisor does not matter."""
    sold = shop.sold("31", shop.bought("2024-07-01", 1), ends_on=date(2024, 10, 1))

    expected = shop.bill(sold, through="2024-09-30")

    assert ["31.00"] * 3 == [str(line.amount) for line in expected.lines]
    assert () == expected.variants


@pytest.mark.parametrize("ends_on", [date(2024, 7, 1), date(2025, 7, 2)])
def test_a_chosen_end_outside_the_term_is_refused(shop: Any, ends_on: date) -> None:
    """The term runs its full length."""
    sold = shop.sold("31", shop.bought("2024-07-01", 1), ends_on=ends_on)

    expected = shop.bill(sold, through="2025-06-30")

    assert 12 == len(expected.lines)
    assert ["CHANGE_REFUSED"] == shop.codes(expected)


@pytest.mark.parametrize(
    ("bought_on", "term", "plan", "last_day"),
    [
        ("2022-07-15", "P3Y", Plan.ANNUAL, date(2025, 7, 1)),
        ("2022-07-15", "P1Y", Plan.MONTHLY, date(2023, 7, 1)),
        ("2022-07-15", "P1M", Plan.MONTHLY, date(2022, 8, 1)),
    ],
)
def test_an_aligned_term_ends_with_the_last_month_that_fits(
    shop: Any, bought_on: str, term: str, plan: Plan, last_day: date
) -> None:
    """Microsoft's examples of calendar months."""
    sold = shop.sold("31", shop.bought(bought_on, 1), term=term, plan=plan, aligned_to=date(2022, 8, 1))

    expected = shop.bill(sold, through=str(last_day))

    assert ("renew", last_day) == (expected.lines[-1].charge_type, expected.lines[-1].start)
    assert expected.lines[0].part < expected.lines[0].whole


def test_an_alignment_that_changes_nothing_keeps_the_term(shop: Any) -> None:
    """Bought on the aligned day, or with no aligned day inside the term."""
    sold = shop.sold("31", shop.bought("2022-07-01", 1), aligned_to=date(2022, 8, 1))

    assert "31.00" == str(shop.bill(sold).lines[0].amount)


def test_an_add_on_ends_with_its_base(shop: Any) -> None:
    """Bought three months before the base's end; afterwards both run a full year."""
    base = shop.sold("31", shop.bought("2024-01-10", 1))
    add_on = shop.sold("366", shop.bought("2024-10-01", 1), id="T", parent_id="S", plan=Plan.ANNUAL)

    expected = shop.bill(base, add_on, through="2025-01-10")

    assert [("new", "2024-10-01", "2025-01-09"), ("renew", "2025-01-10", "2026-01-09")] == [
        row[:3] for row in shop.rows(expected)[-2:]
    ]


@pytest.mark.parametrize(
    ("base_term", "term", "bought_on", "ends_on"),
    [
        ("P3Y", "P1Y", "2022-07-01", "2023-01-10"),  # the base's anniversary
        ("P1Y", "P3Y", "2022-07-01", "2025-01-10"),
        ("P1M", "P1Y", "2022-07-01", "2023-07-01"),  # a year may not end with a month
        ("P1M", "P1M", "2022-07-01", "2022-07-10"),
        ("P1Y", "P1M", "2022-07-15", "2022-08-10"),
        ("P1Y", "P1M", "2022-07-10", "2022-08-10"),
    ],
)
def test_an_add_on_ends_on_the_last_day_of_its_base_that_fits(
    shop: Any, base_term: str, term: str, bought_on: str, ends_on: str
) -> None:
    """The base's end, or an anniversary of it, within the add-on's own term."""
    base = shop.sold("31", shop.bought("2022-01-10", 1), term=base_term)
    add_on = shop.sold("31", shop.bought(bought_on, 1), id="T", parent_id="S", term=term)

    expected = shop.bill(base, add_on, through=ends_on)
    renewals = [line for line in expected.lines if (line.subscription.id, line.charge_type) == ("T", "renew")]

    assert ends_on == str(renewals[0].start)


def test_an_add_on_without_a_running_base_stands_alone(shop: Any) -> None:
    """A base that is not known, has ended, is a trial, or is the add-on itself."""
    ended = shop.sold("31", shop.bought("2024-01-10", 1), shop.event(K.CANCELLED, "2024-01-10"))
    trial = shop.sold("31", shop.bought("2024-01-10", 1), is_trial=True)
    add_on = shop.sold("31", shop.bought("2024-01-20", 1), id="T", parent_id="S", term="P1Y")
    own = shop.sold("31", shop.bought("2024-01-20", 1), id="T", parent_id="T", term="P1Y")

    for subscriptions in ((add_on,), (ended, add_on), (trial, add_on), (own,)):
        assert "31.00" == str(shop.bill(*subscriptions).lines[-1].amount)


def test_the_day_before_the_last_is_a_named_choice(shop: Any) -> None:
    """Microsoft's table for a year paid monthly from 30 January."""
    sold = shop.sold("1", shop.bought("2021-01-30", 1))

    clamped = shop.bill(sold, through="2021-04-30")
    other = shop.bill(sold, through="2021-04-30", month_end=MonthEnd.DAY_BEFORE_LAST)

    assert ["2021-01-30", "2021-02-28", "2021-03-30", "2021-04-30"] == [str(line.start) for line in clamped.lines]
    assert ["2021-01-30", "2021-02-27", "2021-03-30", "2021-04-29"] == [str(line.start) for line in other.lines]
    assert (MonthEnd.CLAMP.value,) == clamped.variants


def test_a_term_without_a_name_lasts_as_long_as_its_plan(shop: Any) -> None:
    """A one-time payment of a named term is one cycle."""
    monthly = shop.sold("12", shop.bought("2024-01-10", 1), term="")
    once = shop.sold("12", shop.bought("2024-01-10", 1), term="P3Y", plan=Plan.ONE_TIME)

    assert ["new", "renew"] == [row[0] for row in shop.rows(shop.bill(monthly, through="2024-02-10"))]
    assert [("new", "2024-01-10", "2027-01-09", 1, "12.00")] == shop.rows(shop.bill(once))


def test_a_term_that_its_cycles_do_not_fill_ends_with_a_part(shop: Any) -> None:
    """Eighteen months paid by the year: the last six months cost their days."""
    sold = shop.sold("365", shop.bought("2022-07-01", 1), term="P18M", plan=Plan.ANNUAL)

    expected = shop.bill(sold, through="2023-12-31")

    assert [("cycleCharge", "2023-07-01", "2023-12-31", 1, "183.49")] == shop.rows(expected)[1:]


def test_a_chosen_end_of_the_next_term_waits_for_the_renewal(shop: Any) -> None:
    """The running term keeps its end; the next one is cut."""
    chosen = shop.event(K.END_DATE_CHANGED, "2024-08-20", ends_on=date(2025, 9, 1))
    told = shop.event(K.END_DATE_CHANGED, "2025-07-15", ends_on=date(2025, 9, 1))
    renewed = shop.event(K.RENEWED, "2025-07-15", ends_on=date(2025, 9, 1))

    for event in (chosen, told, renewed):
        expected = shop.bill(shop.sold("31", shop.bought("2024-07-15", 1), event), through="2025-09-01")

        assert [
            ("renew", "2025-07-15", "2025-07-31", 1, "17.00"),
            ("cycleCharge", "2025-08-01", "2025-08-31", 1, "31.00"),
            ("renew", "2025-09-01", "2025-09-30", 1, "31.00"),
        ] == shop.rows(expected)[12:]


def test_lines_that_arise_after_the_last_day_are_not_made(shop: Any) -> None:
    """Events after it do not count either."""
    sold = shop.sold("31", shop.bought("2024-07-15", 1), shop.seats("2024-08-16", 2))

    assert 1 == len(shop.bill(sold, through="2024-08-14").lines)
    assert 2 == len(shop.bill(sold, through="2024-08-15").lines)
    assert () == shop.bill(sold, through="2024-07-14").lines


def test_the_end_of_the_calendar_raises_what_is_documented(shop: Any) -> None:
    """A renewal told on the calendar's first day does no harm."""
    sold = shop.sold("31", shop.event(K.RENEWED, "0001-01-01"), shop.bought("2024-07-15", 1))

    assert ["EVENT_IGNORED"] == shop.codes(shop.bill(sold))


@pytest.mark.parametrize(("begins", "is_suspended"), [("2025-06-01", True), ("2023-06-01", False)])
def test_what_does_not_run_on_ends_with_its_term(shop: Any, begins: str, is_suspended: bool) -> None:  # noqa: FBT001 - a case of the table
    """A suspended subscription is disabled at its end; terms from before April 2025 know no extended service term."""
    suspended = [shop.event(K.SUSPENDED, "2025-07-01")] if is_suspended else []
    term = "P1Y" if is_suspended else "P3Y"
    sold = shop.sold("10", shop.bought(begins, 1), *suspended, auto_renews=False, term=term)

    expected = shop.bill(sold, through="2026-08-01")

    assert ["2026-05-31"] == [row[2] for row in shop.rows(expected)[-1:]]


def test_a_trial_that_became_paid_with_its_end_is_a_renewal(shop: Any) -> None:
    """Told as a conversion on that day or the next: the free month, then the paid cycle."""
    for told in ("2026-02-14", "2026-02-15"):
        paid = shop.event(K.CONVERTED, told, product="B", term="P1Y", quantity=20)
        sold = shop.sold("10", shop.bought("2026-01-14", 25), paid, is_trial=True, term="P1M")

        assert [
            ("new", "2026-01-14", "2026-02-13", 25, "0.00"),
            ("renew", "2026-02-14", "2026-03-13", 20, "200.00"),
        ] == shop.rows(shop.bill(sold, through="2026-03-01"))
