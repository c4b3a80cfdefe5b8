"""Money, proration and sales against oracles that count days one by one and divide with fractions."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.charging import ChargeLine, charge
from shared.domain.explanations import arithmetic
from shared.domain.money import Money, minor_digits, quotient_half_up
from shared.domain.periods import Period, add_months, cycle_containing
from shared.domain.prices import PriceBook, PriceEntry, PriceKeys, PriceMethod
from shared.domain.proration import prorate, proration_of
from shared.domain.source_lines import Family, Origin, SourceLine

SETTINGS = settings(max_examples=150, deadline=None)

amounts = st.decimals(-10_000_000, 10_000_000, places=4)
prices = st.decimals(0, 100_000, places=4)
seats = st.integers(1, 5000)
days = st.dates(date(2015, 1, 1), date(2040, 12, 31))
currencies = st.sampled_from(["EUR", "JPY", "KWD"])
plans = st.sampled_from([("Monthly", 1), ("Annual", 12), ("Triennial", 36)])


def _half_up(exact: Fraction, currency: str) -> Decimal:
    """Round on integers, away from zero, independently of the product's own rounding."""
    scale = 10 ** minor_digits(currency)
    whole, rest = divmod(abs(exact) * scale, 1)
    cents = int(whole) + (1 if rest * 2 >= 1 else 0)
    return Decimal(cents if exact >= 0 else -cents) / scale


def _counted(first: date, last: date) -> int:
    """Count days by walking over them."""
    count = 0
    while first <= last:
        first, count = first + timedelta(days=1), count + 1
    return count


def _month_later(anchor: date, months: int) -> date:
    """Walk to the month by hand and clip to its last day."""
    year, month = anchor.year + (anchor.month - 1 + months) // 12, (anchor.month - 1 + months) % 12 + 1
    day = anchor.day
    while True:
        try:
            return date(year, month, day)
        except ValueError:
            day -= 1


def _line(charge: Period, term: Period | None, plan: str, **changed: Any) -> SourceLine:
    values: dict[str, Any] = {
        "family": Family.NEW_COMMERCE,
        "origin": Origin(file="recon.csv", line=2),
        "customer_id": "c-1",
        "customer_name": "Contoso",
        "charge_type": "addQuantity",
        "quantity": Decimal(10),
        "cost": Money(Decimal(1), "EUR"),
        "invoice_number": "G001",
        "subscription_id": "sub-1",
        "product_id": "P",
        "sku_id": "0001",
        "publisher": "Microsoft",
        "charge": charge,
        "term": term,
        "term_and_billing_cycle": "One-Year commitment",
        "billing_frequency": plan,
        "unit": "Licenses",
        "unit_price": Decimal(8),
    }
    return SourceLine(**{**values, **changed})


def _sold(line: SourceLine, price: Decimal, currency: str = "EUR") -> ChargeLine:
    keys, method = PriceKeys(), PriceMethod.FIXED
    entry = PriceEntry(scope=line.customer_id, keys=keys, method=method, value=price, currency=currency)
    made = charge(line, PriceBook([entry])).line
    assert made is not None
    return made


@SETTINGS
@given(amount=amounts, numerator=st.integers(-1000, 1000), over=st.integers(1, 1100), currency=currencies)
def test_scaling_is_one_exact_division_rounded_half_up(
    amount: Decimal, numerator: int, over: int, currency: str
) -> None:
    """Against fractions, for every sign and currency."""
    exact = Fraction(amount) * numerator / over

    assert _half_up(exact, currency) == Money(amount, currency).scaled(numerator, over).amount
    assert -Money(amount, currency).rounded() == (-Money(amount, currency)).rounded()


@SETTINGS
@given(dividend=amounts, divisor=amounts.filter(bool), digits=st.integers(0, 12))
def test_a_quotient_is_within_half_a_unit_of_the_exact_one(dividend: Decimal, divisor: Decimal, digits: int) -> None:
    """And a tie goes away from zero."""
    exact = Fraction(dividend) / Fraction(divisor)
    made = Fraction(quotient_half_up(dividend, divisor, digits))

    assert abs(made - exact) * 2 <= Fraction(1, 10**digits)
    assert abs(made) >= abs(exact) or abs(made - exact) * 2 < Fraction(1, 10**digits)


@SETTINGS
@given(anchor=days, months=st.integers(-300, 300))
def test_a_month_later_is_the_same_day_or_the_months_last(anchor: date, months: int) -> None:
    """Against a walk by hand."""
    assert _month_later(anchor, months) == add_months(anchor, months)


@SETTINGS
@given(anchor=days, day=days, months=st.sampled_from([1, 3, 12, 36]))
def test_a_cycle_holds_its_day_and_starts_on_the_anchors_months(anchor: date, day: date, months: int) -> None:
    """Whole steps from the anchor, both ends."""
    cycle = cycle_containing(day, anchor, months)
    steps = (cycle.start.year - anchor.year) * 12 + cycle.start.month - anchor.month

    assert day in cycle
    assert 0 == steps % months
    assert (_month_later(anchor, steps), _month_later(anchor, steps + months)) == (cycle.start, cycle.end)


@SETTINGS
@given(full=amounts, start=days, length=st.integers(2, 1100), cuts=st.lists(st.integers(1, 1099), max_size=6))
def test_parts_of_a_period_add_up_to_the_whole_within_rounding(
    full: Decimal, start: date, length: int, cuts: list[int]
) -> None:
    """Each part is off by half a cent at most; the last part taken as the complement makes the sum exact."""
    whole = Period(start, start + timedelta(days=length))
    marks = sorted({0, length, *(cut for cut in cuts if cut < length)})
    parts = [
        prorate(Money(full, "EUR"), Period(start + timedelta(days=one), start + timedelta(days=two)), whole)
        for one, two in pairwise(marks)
    ]
    total = Money(full, "EUR").rounded()
    complement = total - Money.total(parts[:-1], "EUR")

    assert abs((Money.total(parts, "EUR") - total).amount) <= Decimal("0.005") * (len(parts) + 1)
    assert abs((complement - parts[-1]).amount) <= Decimal("0.005") * (len(parts) + 1)
    assert total == Money.total([*parts[:-1], complement], "EUR")


@SETTINGS
@given(
    start=days,
    plan=plans,
    number=st.integers(0, 11),
    used=st.integers(0, 1100),
    price=prices,
    quantity=seats,
    currency=currencies,
)
def test_a_sale_is_the_price_for_the_days_that_a_person_would_count(  # noqa: PLR0917 - each is drawn
    start: date, plan: tuple[str, int], number: int, used: int, price: Decimal, quantity: int, currency: str
) -> None:
    """For any anchor, plan and cycle of a term, from any day of the cycle to its end, charge and refund both."""
    frequency, months = plan
    first, behind = _month_later(start, number * months), _month_later(start, (number + 1) * months)
    last = behind - timedelta(days=1)
    change = min(first + timedelta(days=used), last)
    term = Period(start, _month_later(start, 12 * months))
    line = _line(Period.inclusive(change, last), term, frequency, quantity=Decimal(quantity))
    refund = _line(line.charge or term, term, frequency, quantity=Decimal(-quantity), cost=Money(Decimal(-1), "EUR"))
    exact = Fraction(price) * quantity * _counted(change, last) / _counted(first, last)
    sold, returned = _sold(line, price, currency), _sold(refund, price, currency)

    assert _half_up(exact, currency) == sold.amount.amount
    assert (sold.amount + returned.amount).is_zero
    assert (_counted(change, last), _counted(first, last)) == (sold.explanation.days, sold.explanation.cycle_days)
    assert arithmetic(sold).endswith(f" = {sold.amount}")


@SETTINGS
@given(start=days, used=st.integers(0, 40), length=st.integers(1, 700), plan=plans)
def test_a_coterminated_line_never_owes_more_than_a_cycle(
    start: date, used: int, length: int, plan: tuple[str, int]
) -> None:
    """Whatever dates Microsoft prints: a share between nothing and one, or no share and an issue."""
    first = start + timedelta(days=used)
    charge_period = Period(first, first + timedelta(days=length))
    found = proration_of(_line(charge_period, Period(start, charge_period.end), plan[0]))

    assert found is None or 0 < found.days <= found.cycle_days
    assert found is None or found.days == _counted(charge_period.start, charge_period.last_day)
