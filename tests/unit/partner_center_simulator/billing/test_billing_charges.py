"""What a log costs, against the amounts that Microsoft's documentation prints, and against sums made by hand."""

from datetime import date
from decimal import Decimal

from billing_logs import amounts, charged, happened, sold

from local.demo.arithmetic import Span


def test_added_seats_refund_the_old_and_charge_the_new_quantity() -> None:
    """Documented: 10 seats at 10.08 from 18 June, 12 from the 20th: 28 of 30 days, products cut to cents."""
    log = sold(happened("2021-06-18T10:00", "new", 0, 10), happened("2021-06-20T15:00", "addQuantity", 10, 12))
    expected = [("new", 10, "100.80"), ("addQuantity", 10, "-94.08"), ("addQuantity", 12, "112.89")]

    assert expected == amounts(log, "2021-06")


def test_removed_seats_are_cut_toward_zero() -> None:
    """Documented: 12 seats become 8: -112.89 and 75.26, not -112.90."""
    log = sold(happened("2021-06-18T10:00", "new", 0, 12), happened("2021-06-20T15:00", "removeQuantity", 12, 8))

    assert [("removeQuantity", 12, "-112.89"), ("removeQuantity", 8, "75.26")] == amounts(log, "2021-06")[1:]


def test_five_changes_in_a_month_make_eleven_lines() -> None:
    """Documented: 10, 15, 25, 23, 20 and 30 seats at 12.00 sum up to 275.23."""
    seats = [("07", 15), ("10", 25), ("12", 23), ("14", 20), ("25", 30)]
    plan = {"first": "2022-03-05", "price": "12"}
    log, had = [happened("2022-03-05T09:00", "new", 0, 10, **plan)], 10
    for day, wanted in seats:
        kind = "addQuantity" if wanted > had else "removeQuantity"
        log.append(happened(f"2022-03-{day}T09:00", kind, had, wanted, **plan))
        had = wanted
    lines = amounts(sold(*log), "2022-03")

    assert len(lines) == 11
    assert Decimal("275.23") == sum(Decimal(amount) for _, _, amount in lines)
    assert [("cycleCharge", 30, "360.00")] == amounts(sold(*log), "2022-04")


def test_a_trial_ends_free_and_the_paid_seats_are_charged_whole() -> None:
    """Documented: 25 trial seats converted on the day: 0, 0 and 25 x 52.61."""
    trial = {"first": "2021-06-25", "last": "2021-07-24", "price": "0", "term": "P1M", "cycle": "none"}
    log = sold(
        happened("2021-06-25T08:00", "new", 0, 25, is_trial=True, **trial),
        happened("2021-06-25T10:00", "convert", 25, 0, is_trial=True, **trial),
        happened("2021-06-25T10:00", "convert", 0, 25, first="2021-06-25", price="52.61"),
    )

    assert [("new", 25, "0.00"), ("convert", 25, "0.00"), ("convert", 25, "1315.25")] == amounts(log, "2021-06")


def test_a_change_to_monthly_payment_charges_a_whole_month() -> None:
    """Documented: three years, annual 250, monthly 20 from the first anniversary on."""
    term = {"first": "2021-09-20", "last": "2024-09-19", "term": "P3Y"}
    log = sold(
        happened("2021-09-20T10:00", "new", 0, 10, price="250", cycle="annual", **term),
        happened("2022-09-20T00:00", "changeBillingPlan", 10, 10, price="20", cycle="monthly", **term),
    )

    assert [("new", 10, "2500.00")] == amounts(log, "2021-09")
    assert [("changeBillingPlan", 10, "200.00")] == amounts(log, "2022-09")
    assert [("cycleCharge", 10, "200.00")] == amounts(log, "2022-10")


def test_a_change_to_annual_payment_is_prorated_by_months() -> None:
    """Documented, and unlike everything else: 250 x 11/12 cut to 229.16, for ten seats."""
    term = {"first": "2021-09-20", "last": "2024-09-19", "term": "P3Y"}
    log = sold(
        happened("2021-09-20T10:00", "new", 0, 10, price="20", **term),
        happened("2021-10-20T00:00", "changeBillingPlan", 10, 10, price="250", cycle="annual", **term),
    )
    line = charged(log, "2021-10")[0]

    assert [("changeBillingPlan", 10, "2291.60")] == amounts(log, "2021-10")
    assert Span(date(2021, 10, 20), date(2022, 9, 19)) == line.span
    assert [("cycleCharge", 10, "2500.00")] == amounts(log, "2022-09")


def test_a_cancellation_within_a_day_gives_all_back_and_later_the_unused_days() -> None:
    """The fourth day of a thirty-day cycle: 27 days back, the unit cut first: 10.08 x 27/30 = 9.072, so 9.07 x 10."""
    new = happened("2021-06-18T10:00", "new", 0, 10)
    at_once = sold(new, happened("2021-06-19T09:00", "cancelImmediate", 10, 0))
    later = sold(new, happened("2021-06-21T09:00", "cancelImmediate", 10, 0))

    assert ("cancelImmediate", 10, "-100.80") == amounts(at_once, "2021-06")[1]
    assert ("cancelImmediate", 10, "-90.70") == amounts(later, "2021-06")[1]
    assert not amounts(later, "2021-07")


def test_an_upgrade_refunds_the_old_and_charges_the_new_product() -> None:
    """Ten seats move up on 28 June: 20 of 30 days; units are cut first: 6.72 and 13.33."""
    log = sold(
        happened("2021-06-18T10:00", "new", 0, 10),
        happened("2021-06-28T10:00", "convert", 10, 0, reference="r"),
        happened("2021-06-28T10:00", "convert", 0, 10, price="20", reference="r", title="Premium"),
    )

    assert [("convert", 10, "-67.20"), ("convert", 10, "133.30")] == amounts(log, "2021-06")[1:]
    assert [("cycleCharge", 10, "200.00")] == amounts(log, "2021-07")


def test_a_partial_upgrade_refunds_the_moved_seats_only() -> None:
    """Four of ten move: the other six are not billed again in this cycle, and six in the next."""
    log = sold(happened("2021-06-18T10:00", "new", 0, 10), happened("2021-06-28T10:00", "convert", 10, 6))

    assert [("convert", 4, "-26.88")] == amounts(log, "2021-06")[1:]
    assert [("cycleCharge", 6, "60.48")] == amounts(log, "2021-07")


def test_an_aligned_term_begins_with_a_short_cycle() -> None:
    """Bought on 12 October until the end of next September: 20 of 31 days, then calendar months."""
    log = sold(happened("2026-10-12T10:00", "new", 0, 35, first="2026-10-12", last="2027-09-30", price="4.70"))
    first, second = charged(log, "2026-10")[0], charged(log, "2027-02")[0]

    assert Span(date(2026, 10, 12), date(2026, 10, 31)) == first.span
    assert Decimal("106.05") == first.amount(Decimal(1))
    assert Span(date(2027, 2, 1), date(2027, 2, 28)) == second.span
    assert not charged(log, "2027-10")


def test_cycles_of_a_month_end_are_clamped_and_come_back() -> None:
    """Documented: bought on 31 October 2022: 30 November, 31 December, 31 January, 28 February, 31 March."""
    log = sold(happened("2022-10-31T10:00", "new", 0, 1, first="2022-10-31", last="2023-10-30"))
    months = ("2022-11", "2022-12", "2023-01", "2023-02", "2023-03")
    starts = [each.span.first.isoformat()[5:] for month in months for each in charged(log, month)]

    assert ["11-30", "12-31", "01-31", "02-28", "03-31"] == starts


def test_a_cycle_that_the_log_tells_is_not_charged_twice() -> None:
    """The simulator's calendar writes its own cycle charges; the same day is charged once."""
    log = sold(happened("2021-06-18T10:00", "new", 0, 10), happened("2021-07-18T00:00", "cycleCharge", 10, 10))

    assert [("cycleCharge", 10, "100.80")] == amounts(log, "2021-07")
    assert [("cycleCharge", 10, "100.80")] == amounts(log, "2021-08")


def test_seats_changed_on_a_cycles_first_day_come_after_its_charge() -> None:
    """The cycle is charged with the old quantity at midnight, then the change refunds all of it."""
    log = sold(happened("2021-06-18T10:00", "new", 0, 10), happened("2021-07-18T15:00", "addQuantity", 10, 11))
    expected = [("cycleCharge", 10, "100.80"), ("addQuantity", 10, "-100.80"), ("addQuantity", 11, "110.88")]

    assert sorted(expected) == sorted(amounts(log, "2021-07"))


def test_telephony_is_a_line_of_its_own_with_equal_keys() -> None:
    """E5 at 50.40: 3.5 % cut to 1.76, and 48.64 for the rest; the same dates and reference."""
    log = sold(happened("2021-06-18T10:00", "new", 0, 3, price="50.40", title="Microsoft 365 E5", reference="r"))
    lines = charged(log, "2021-06")

    assert [Decimal("48.64"), Decimal("1.76")] == [each.price for each in lines]
    assert len({(each.span, each.reference, each.charge_type) for each in lines}) == 1


def test_promotions_are_in_the_effective_price_and_seats_added_later_have_them_too() -> None:
    """Ten percent off 10.08 is 9.072: cut to 9.07 for the first charge, exact in the change."""
    log = sold(
        happened("2021-06-18T10:00", "new", 0, 10, discount=Decimal("0.10")),
        happened("2021-06-20T10:00", "addQuantity", 10, 12, discount=Decimal("0.10")),
    )

    assert [("new", 10, "90.70"), ("addQuantity", 10, "-84.67"), ("addQuantity", 12, "101.60")] == amounts(
        log, "2021-06"
    )


def test_the_exchange_rate_is_multiplied_before_anything_is_cut() -> None:
    """1104.36 dollar at 0.85 are 938.706: 938.70 a piece for goods."""
    log = sold(
        happened("2026-10-07", "new", 0, 2, first="2026-10-07", price="1104.36", currency="USD", cycle="one_time")
    )

    assert [("new", 2, "1877.40")] == amounts(log, "2026-10", "0.85")
    assert not amounts(log, "2026-11", "0.85")


def test_nothing_is_charged_before_it_happens() -> None:
    """On 30 June the cycle of 18 July is not there yet; on the 18th it is."""
    log = sold(happened("2021-06-18T10:00", "new", 0, 10))
    before, on_the_day = (happened(f"2021-07-{day}T00:00", "new", 0, 1).at for day in ("17", "18"))

    assert not charged(log, "2021-07", before)
    assert len(charged(log, "2021-07", on_the_day)) == 1


def test_seats_that_move_round_like_upgrades() -> None:
    """Documented: only the type differs where the product is there already; 6.72 is cut first, 9.072 too."""
    price = {"discount": Decimal("0.10")}
    log = sold(
        happened("2021-06-18T10:00", "new", 0, 10, **price),
        happened("2021-06-28T10:00", "moveQuantity", 10, 3, **price),
    )

    assert [("moveQuantity", 7, "-42.28")] == amounts(log, "2021-06")[1:]  # 9.072 x 20/30 = 6.048, cut to 6.04


def test_a_first_short_cycle_is_divided_by_the_days_of_its_month() -> None:
    """Documented: charge cycle days are those of the month of the purchase; 5 February to 20 February of 28 days."""
    log = sold(happened("2027-02-05T10:00", "new", 0, 2, first="2027-02-05", last="2027-09-20", price="28"))

    assert [("new", 2, "32.00")] == amounts(log, "2027-02")[:1]


def test_a_short_year_is_divided_by_the_days_of_a_whole_one() -> None:
    """Documented: one payment is prorated to the days of the term: 73 of 365."""
    short = {"first": "2027-02-05", "last": "2027-04-18", "price": "365", "cycle": "annual"}

    assert [("new", 2, "146.00")] == amounts(sold(happened("2027-02-05T10:00", "new", 0, 2, **short)), "2027-02")


def test_seats_of_the_first_day_take_back_what_was_charged() -> None:
    """9.072 was cut to 9.07 for each of ten; 90.72 would be more than was paid."""
    price = {"discount": Decimal("0.10")}
    log = sold(
        happened("2021-06-18T10:00", "new", 0, 10, **price),
        happened("2021-06-18T12:00", "addQuantity", 10, 12, **price),
        happened("2021-06-18T13:00", "convert", 12, 0, **price),
    )

    assert ["90.70", "-90.70", "108.86", "-108.86"] == [amount for _, _, amount in amounts(log, "2021-06")]


def test_a_full_refund_is_for_the_seats_of_each_day() -> None:
    """Ten seats for a day and fourteen from then on: never fourteen for all of it."""
    log = sold(
        happened("2021-06-18T20:00", "new", 0, 10),
        happened("2021-06-19T09:00", "addQuantity", 10, 14),
        happened("2021-06-19T18:00", "cancelImmediate", 14, 0),
    )

    assert [("cancelImmediate", 10, "-3.30"), ("cancelImmediate", 14, "-136.41")] == amounts(log, "2021-06")[3:]


def test_a_year_after_months_is_counted_from_a_clamped_day() -> None:
    """From 30 November to 30 October are eleven months; seats that come later are parts of them."""
    term = {"first": "2025-10-31", "last": "2028-10-30", "term": "P3Y"}
    log = sold(
        happened("2025-10-31T10:00", "new", 0, 1, price="20", **term),
        happened("2025-11-30T00:00", "changeBillingPlan", 1, 1, price="240", cycle="annual", **term),
        happened("2026-10-01T10:00", "addQuantity", 1, 2, price="240", cycle="annual", **term),
    )

    assert [("changeBillingPlan", 1, "220.00")] == amounts(log, "2025-11")
    assert [("addQuantity", 1, "-19.70"), ("addQuantity", 2, "39.40")] == amounts(log, "2026-10")[:2]  # 30 of 335 days
