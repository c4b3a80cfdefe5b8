"""Exchange rates: exact, frozen with day and source; missing and stale ones are told."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from shared.domain.errors import PriceListError
from shared.domain.issues import IssueCode, Severity
from shared.domain.prices.exchange import Conversion, ExchangeRate, ExchangeRates, rate_missing, rate_stale

OCTOBER = date(2026, 10, 1)


def _rate(rate: str, pair: str = "USD/EUR", on: date = OCTOBER) -> ExchangeRate:
    source, target = pair.split("/")
    return ExchangeRate(source_currency=source, target_currency=target, rate=Decimal(rate), rate_on=on, source="bank")


def _found(rates: ExchangeRates, on: date = OCTOBER) -> Conversion:
    found = rates.find("USD", "EUR", on)
    assert found is not None
    return found


def test_an_amount_is_converted_without_losing_a_digit() -> None:
    """Multiplied, not rounded."""
    found = _found(ExchangeRates([_rate("0.8765432109876543")]))

    assert Fraction("10.816543223587654062") == found.converted(Decimal("12.34"))
    assert ("bank", OCTOBER) == (found.rate.source, found.rate.rate_on)
    assert not found.is_inverse
    assert "1 USD = 0.8765432109876543 EUR (bank, 2026-10-01)" == str(found.rate)


def test_a_rate_of_the_other_direction_is_turned_round_exactly() -> None:
    """One third stays one third."""
    found = _found(ExchangeRates([_rate("3", "EUR/USD")]))

    assert found.is_inverse
    assert Fraction(1, 3) == found.converted(Decimal(1))


def test_the_latest_rate_by_the_day_counts() -> None:
    """Of the direct pair before the inverse, unless the inverse is fresher; later rates do not exist yet."""
    later = date(2026, 10, 5)
    rates = [_rate("0.9"), _rate("0.8", on=later), _rate("2", "EUR/USD"), _rate("1.6", "EUR/USD", date(2026, 10, 9))]

    assert Decimal("0.9") == _found(ExchangeRates(rates), date(2026, 10, 4)).rate.rate
    assert Decimal("0.8") == _found(ExchangeRates(rates), later).rate.rate
    assert Decimal("1.6") == _found(ExchangeRates(rates), date(2026, 10, 9)).rate.rate
    assert ExchangeRates(rates).find("USD", "EUR", date(2026, 9, 30)) is None
    assert ExchangeRates(rates).find("USD", "SEK", later) is None


def test_a_currency_converts_to_itself_at_one() -> None:
    """Whatever was published."""
    found = ExchangeRates().find("EUR", "EUR", OCTOBER)

    assert found is not None
    assert Fraction(7) == found.converted(Decimal(7))
    assert "1 EUR = 1 EUR (same currency, 2026-10-01)" == str(found.rate)


@pytest.mark.parametrize(("day", "is_stale"), [(date(2026, 11, 1), False), (date(2026, 11, 2), True)])
def test_an_old_rate_is_marked_and_told(day: date, is_stale: bool) -> None:  # noqa: FBT001 - a column of the table
    """Older than the days allowed, counted from its own day."""
    found = _found(ExchangeRates([_rate("0.9")]), day)
    issue = rate_stale(found, day, "offer Autumn", "c-1")

    assert is_stale is found.is_stale
    assert is_stale is _found(ExchangeRates([_rate("1.1", "EUR/USD")]), day).is_stale
    assert "Add a newer rate, or allow older ones." == issue.cure
    assert "" == rate_stale(found, day, "offer Autumn").customer_id
    assert (IssueCode.RATE_STALE, Severity.WARNING, "c-1") == (issue.code, issue.severity, issue.customer_id)
    assert f"is {(day - OCTOBER).days} days old on {day}" in issue.message


def test_a_missing_rate_blocks() -> None:
    """No amount would be right."""
    issue = rate_missing("USD", "EUR", OCTOBER, "offer Autumn")

    assert issue.is_blocking
    assert "No exchange rate from USD to EUR by 2026-10-01 for offer Autumn." == issue.message
    assert "Add the rate with its day and source, or price it in the currency of the line." == issue.cure
    assert ["", "c-1"] == [issue.customer_id, rate_missing("USD", "EUR", OCTOBER, "offer", "c-1").customer_id]


def test_a_rate_without_source_says_so() -> None:
    """A question mark stands where nobody said who published it."""
    rate = ExchangeRate(source_currency="USD", target_currency="EUR", rate=Decimal(1), rate_on=OCTOBER, source="")

    assert "1 USD = 1 EUR (?, 2026-10-01)" == str(rate)


@pytest.mark.parametrize(("rate", "pair"), [("0", "USD/EUR"), ("-1", "USD/EUR"), ("NaN", "USD/EUR"), ("2", "EUR/EUR")])
def test_what_is_no_rate_is_refused(rate: str, pair: str) -> None:
    """Zero, negative, no number, or a currency that is worth another amount of itself."""
    with pytest.raises(PriceListError, match="no exchange rate"):
        _rate(rate, pair)


def test_one_day_has_one_rate() -> None:
    """The same twice is once; another one is an error."""
    same = ExchangeRates([_rate("0.9"), _rate("0.90")])

    assert Decimal("0.9") == _found(same).rate.rate
    with pytest.raises(PriceListError, match="two rates for one day"):
        ExchangeRates([_rate("0.9"), _rate("0.91")])
