"""The amounts of the demo month follow Microsoft's arithmetic, worked out here a third time, in whole numbers."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction

from demo_rows import JsonRow, Row, Rows

CENT = Decimal("0.01")
ZERO = Decimal(0)
FACTORS = {"addQuantity", "removeQuantity", "moveQuantity"}


def truncated(amount: Fraction) -> Decimal:
    """Return an exact amount cut to cents, toward zero."""
    cents = abs(amount.numerator) * 100 // amount.denominator
    return Decimal(-cents if amount < 0 else cents).scaleb(-2)


def cut(amount: Decimal) -> Decimal:
    """Return a Decimal cut to cents, toward zero."""
    return amount.quantize(CENT, ROUND_DOWN)


def day(text: str) -> date:
    """Return the date of either generation of files."""
    if "/" in text:
        month, number, year = text.split("/")
        return date(int(year), int(month), int(number))
    return date.fromisoformat(text[:10])


def pairs(rows: Rows) -> Iterator[tuple[Row, Row]]:
    """Yield the refund and the charge of each change of seats."""
    by_reference: dict[str, list[Row]] = defaultdict(list)
    for row in rows.invoices:
        if row["ChargeType"] in FACTORS:
            by_reference[row["ReferenceId"]].append(row)
    for changed in by_reference.values():
        refund, charge = sorted(changed, key=lambda row: Decimal(row["Subtotal"]))
        yield refund, charge


def clamped(year: int, month: int, anchor: int) -> date:
    """Return the anchor day in a month, or the month's last day."""
    following = date(year + month // 12, month % 12 + 1, 1)
    return min(date(year, month, 1) + timedelta(days=anchor - 1), following - timedelta(days=1))


def cycle_days(row: Row) -> int:
    """Return the length of the charge cycle that a line ends with."""
    after, anchor = day(row["ChargeEndDate"]) + timedelta(days=1), day(row["SubscriptionStartDate"]).day
    if row["BillingFrequency"] == "Annual":
        return (after - after.replace(year=after.year - 1)).days
    before = after.replace(day=1) - timedelta(days=1)
    return (after - clamped(before.year, before.month, anchor)).days


def prorated(row: Row) -> Fraction:
    """Return the unrounded unit price that the dates, the list price and the promotion make."""
    days = (day(row["ChargeEndDate"]) - day(row["ChargeStartDate"])).days + 1
    kept = Fraction(9, 10) if row["PromotionId"] else Fraction(1)
    return Fraction(Decimal(row["UnitPrice"])) * kept * days / cycle_days(row)


def test_a_change_of_seats_refunds_the_old_and_charges_the_new_quantity(rows: Rows) -> None:
    """Two lines a change: same subscription, dates and reference; opposite signs; list prices stay positive."""
    found = list(pairs(rows))
    same = ("SubscriptionId", "ChargeStartDate", "ChargeEndDate", "ReferenceId", "UnitPrice", "ChargeType", "OrderDate")

    assert len(found) > 60
    assert all(refund[name] == charge[name] for refund, charge in found for name in same)
    assert all(Decimal(refund["Subtotal"]) < 0 < Decimal(charge["Subtotal"]) for refund, charge in found)
    assert all(Decimal(refund["UnitPrice"]) > 0 for refund, _ in found)


def test_the_amounts_of_a_change_are_cut_from_the_unrounded_product(rows: Rows) -> None:
    """ROUNDDOWN(unit price x days / cycle days x seats, 2); the refund is cut toward zero, too."""
    for pair in pairs(rows):
        for row, sign in zip(pair, (-1, 1), strict=True):
            seats = abs(Decimal(row["BillableQuantity"]))

            assert Decimal(row["Subtotal"]) == truncated(sign * prorated(row) * Fraction(seats)), row


def test_effective_unit_prices_say_the_share_of_the_cycle(rows: Rows) -> None:
    """What is printed is the prorated list price, to the last printed digit."""
    for refund, charge in pairs(rows):
        for row in (refund, charge):
            printed = abs(Fraction(Decimal(row["EffectiveUnitPrice"])))

            assert abs(printed - prorated(row)) < Fraction(1, 10**14)


def test_each_generation_signs_credits_its_own_way(rows: Rows) -> None:
    """PascalCase: the effective unit price is negative. camelCase: the billable quantity is."""
    euro = [row for row in rows.euro if Decimal(row["Subtotal"]) < 0]
    dollar = [row for row in rows.dollar if Decimal(row["Subtotal"]) < 0]

    assert euro
    assert dollar
    assert all(Decimal(row["EffectiveUnitPrice"]) < 0 < Decimal(row["BillableQuantity"]) for row in euro)
    assert all(Decimal(row["BillableQuantity"]) < 0 < Decimal(row["EffectiveUnitPrice"]) for row in dollar)


def test_the_documented_example_of_five_changes_is_reproduced(rows: Rows) -> None:
    """10, 15, 25, 23, 20 and 30 seats: the quantities follow each other, and eleven lines are written."""
    wanted = ["10", "15", "25", "23", "20", "30"]
    new = next(
        row
        for row in rows.euro
        if (row["ChargeType"], row["BillableQuantity"], row["OrderDate"]) == ("new", "10", "10/5/2026")
    )
    lines = [row for row in rows.euro if row["SubscriptionId"] == new["SubscriptionId"]]
    charges = sorted((row for row in lines if Decimal(row["Subtotal"]) > 0), key=lambda row: day(row["OrderDate"]))

    assert len(lines) == 11
    assert wanted == [row["BillableQuantity"] for row in charges]


def test_whole_cycles_cost_the_list_price_times_the_seats(rows: Rows) -> None:
    """Renewals and cycle charges are not prorated; a promotion takes its part off."""
    for row in rows.invoices:
        if row["ChargeType"] in {"renew", "cycleCharge"} and row["UnitType"] == "Licenses" and not row["PublisherId"]:
            kept = Decimal("0.9") if row["PromotionId"] else Decimal(1)
            unit = cut(Decimal(row["UnitPrice"]) * kept)

            assert Decimal(row["Subtotal"]) == unit * Decimal(row["BillableQuantity"]), row


def test_a_cancellation_gives_back_all_on_the_first_day_and_the_rest_later(rows: Rows) -> None:
    """The unit price is cut before it is multiplied."""
    cancelled = [row for row in rows.euro if row["ChargeType"] == "cancelImmediate"]
    whole, part = sorted(cancelled, key=lambda row: prorated(row) < Fraction(Decimal(row["UnitPrice"])))

    assert Decimal(whole["Subtotal"]) == -Decimal(whole["UnitPrice"]) * 7
    assert Decimal(part["Subtotal"]) == -truncated(prorated(part)) * 11
    assert (date(2026, 10, 10), date(2027, 10, 5)) == (day(part["ChargeStartDate"]), day(part["ChargeEndDate"]))


def test_trials_have_25_seats_and_cost_nothing(rows: Rows) -> None:
    """They say so in their qualifiers."""
    trials = [row for row in rows.invoices if "Trial" in row["ProductQualifiers"]]

    assert trials
    assert {(ZERO, Decimal(25))} == {
        (Decimal(row["Subtotal"]), abs(Decimal(row["BillableQuantity"]))) for row in trials
    }


def test_a_coterminated_subscription_starts_with_a_short_cycle(rows: Rows) -> None:
    """From the 12th to the end of October: 20 of 31 days, and a term that ends with a month."""
    short = next(row for row in rows.euro if row["SubscriptionEndDate"] == "9/30/2027" and row["ChargeType"] == "new")
    unit = truncated(Fraction(Decimal(short["UnitPrice"])) * 20 / 31)

    assert (short["ChargeStartDate"], short["ChargeEndDate"]) == ("10/12/2026", "10/31/2026")
    assert Decimal(short["Subtotal"]) == unit * 35


def usage_key(row: JsonRow) -> tuple[str, str, str, bool]:
    """Return what Microsoft's monthly line is made for: customer, subscription, meter, partner credit or not."""
    return row["customerId"], row["subscriptionId"], row["meterName"], row["rateOfPartnerEarnedCredit"] != 0


def test_daily_amounts_are_not_rounded(rows: Rows) -> None:
    """Effective unit price x quantity x exchange rate with all digits, many of them more than 18."""
    for row in rows.daily:
        exact = Fraction(row["effectiveUnitPrice"]) * Fraction(row["quantity"]) * Fraction(row["pcToBCExchangeRate"])

        assert Fraction(row["billingPreTaxTotal"]) == exact

    long = [row for row in rows.daily if len(row["billingPreTaxTotal"].as_tuple().digits) >= 18]
    assert len(long) > len(rows.daily) // 4


def test_the_invoice_shows_the_same_azure_usage_as_the_daily_files(rows: Rows) -> None:
    """One line a customer, subscription, meter and credit state, rounded down twice, with the days' exact quantity."""
    quantities: dict[tuple[str, str, str, bool], Decimal] = defaultdict(Decimal)
    for row in rows.daily:
        if row["benefitType"] != "SavingsPlan":
            quantities[usage_key(row)] += row["quantity"]
    monthly = {
        (
            row["CustomerId"],
            row["SubscriptionId"],
            row["MeterDescription"],
            "15.0%" in row["PriceAdjustmentDescription"],
        ): row
        for row in rows.euro
        if row["MeterDescription"]
    }

    assert quantities == {key: Decimal(row["BillableQuantity"]) for key, row in monthly.items()}
    for key, row in monthly.items():
        rate = Decimal("0.85") if key[3] else Decimal(1)
        effective = Decimal(row["UnitPrice"]) * rate
        amount = cut(cut(effective * quantities[key]) * Decimal(row["PCToBCExchangeRate"]))

        assert (effective, amount) == (Decimal(row["EffectiveUnitPrice"]), Decimal(row["Subtotal"]))


def test_twenty_customers_use_azure_every_day_at_one_exchange_rate(rows: Rows) -> None:
    """31 days, one rate for the month, set two working days before the end of the month before."""
    assert len({row["customerId"] for row in rows.daily}) == 20
    assert len({row["usageDate"] for row in rows.daily}) == 31
    assert {Decimal("0.851934571")} == {row["pcToBCExchangeRate"] for row in rows.daily}
    assert {"2026-09-28T00:00:00Z"} == {row["pcToBCExchangeRateDate"] for row in rows.daily}


def test_partner_earned_credit_is_lost_on_single_days(rows: Rows) -> None:
    """0.15 on most rows, 0 on a few; some meters have both within the month."""
    rates: dict[tuple[str, ...], set[Decimal]] = defaultdict(set)
    for row in rows.daily:
        rates[usage_key(row)[:3]].add(row["rateOfPartnerEarnedCredit"])
    credited = sum(row["rateOfPartnerEarnedCredit"] == Decimal("0.15") for row in rows.daily)

    assert {ZERO, Decimal("0.15")} == set.union(*rates.values())
    assert credited > len(rows.daily) * 3 // 4
    assert any(len(both) == 2 for both in rates.values())


def test_hours_under_a_savings_plan_cost_nothing_and_name_its_order(rows: Rows) -> None:
    """The plan is on the invoice; its order ties the two."""
    covered = [row for row in rows.daily if row["benefitType"] == "SavingsPlan"]
    plans = {row["ReservationOrderId"] for row in rows.euro if "Savings Plan" in row["TermAndBillingCycle"]}

    assert covered
    assert all(row["billingPreTaxTotal"] == 0 == row["effectiveUnitPrice"] < row["unitPrice"] for row in covered)
    assert plans == {row["benefitOrderId"] for row in covered}


def test_legacy_corrections_reverse_segment_and_advance(rows: Rows) -> None:
    """20 seats until the 24th, 26 from the 25th: -168.00, 10 and 20 of 30 days, and the next month."""
    lines = [row for row in rows.licence if row["ChargeType"] == "Cycle instance prorate"]

    assert [row["Subtotal"] for row in lines] == ["-168.00", "56.00", "145.60", "218.40"]
    assert [row["ChargeStartDate"] for row in lines] == [
        "9/15/2026 0:00",
        "9/15/2026 0:00",
        "9/25/2026 0:00",
        "10/15/2026 0:00",
    ]
    assert [row["ChargeEndDate"] for row in lines] == [
        "10/14/2026 23:59",
        "9/24/2026 23:59",
        "10/14/2026 23:59",
        "11/14/2026 23:59",
    ]


def test_legacy_amounts_add_up(rows: Rows) -> None:
    """Subtotal = amount - discount; one line has a discount; usage is the list price times the quantity, half up."""
    discounts = [Decimal(row["TotalOtherDiscount"]) for row in rows.licence]
    for row in rows.licence:
        assert Decimal(row["Amount"]) - Decimal(row["TotalOtherDiscount"]) == Decimal(row["Subtotal"])
    for row in rows.usage:
        exact = Decimal(row["ListPrice"]) * Decimal(row["OverageQuantity"])

        assert cut(exact + Decimal("0.005")) == Decimal(row["PretaxCharges"])

    assert sum(discount > 0 for discount in discounts) == 1
