"""The units of a month: usage that arrives as several lines is counted together, whatever the order of rows."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from itertools import permutations
from typing import Any

from shared.domain.adjusted_sales import SpecialTerms
from shared.domain.charging import ChargeLine
from shared.domain.customer_bills import CustomerLines, Terms, bill_customer
from shared.domain.issues import IssueCode
from shared.domain.money import Money
from shared.domain.month_units import units_of_month
from shared.domain.periods import BillingPeriod, Period
from shared.domain.prices import PriceBook, PriceEntry, PriceMethod, Tier
from shared.domain.prices.price_locks import PriceLockPolicy, PriceLocks
from shared.domain.proration import Proration
from shared.domain.source_lines import Family, SourceLine

MakeLine = Callable[..., SourceLine]
MakeEntry = Callable[..., PriceEntry]
MakeBook = Callable[..., PriceBook]
TIERS = (Tier(Decimal(1), Decimal(1)), Tier(Decimal(101), Decimal("0.80")), Tier(Decimal(100001), Decimal("0.50")))
OCTOBER = BillingPeriod(2026, 10)


def _tiered(entry: MakeEntry, method: PriceMethod = PriceMethod.GRADUATED, **changed: Any) -> PriceEntry:
    return entry("0", method=method, tiers=TIERS, currency="EUR", **changed)


def _lines(prices: PriceBook, *lines: SourceLine) -> tuple[ChargeLine, ...]:
    (invoice,) = bill_customer(CustomerLines(lines[0].customer_id, list(lines)), Terms(OCTOBER, prices)).invoices
    return invoice.lines


def _used(usage: MakeLine, units: str, first: int = 1, **changed: Any) -> SourceLine:
    days = Period.inclusive(date(2026, 10, first), date(2026, 10, first))
    cost = Money(Decimal(units).copy_sign(Decimal(1)) if not units.startswith("-") else Decimal(units), "EUR")
    return usage(**{"quantity": Decimal(units), "charge": days, "cost": cost, **changed})


def _pieces(line: ChargeLine) -> list[tuple[str, str]]:
    return [(f"{piece.units:f}", f"{piece.price:f}") for piece in line.explanation.price.pieces]


def test_several_lines_of_a_month_fill_the_tiers_together(usage: MakeLine, entry: MakeEntry, book: MakeBook) -> None:
    """By their first day; each says which units it took, and together they owe what the sum of units owes."""
    rows = [
        _used(usage, "60", 1, entitlement_id="azure-1"),
        _used(usage, "30", 9, entitlement_id="azure-2"),
        _used(usage, "40", 20, entitlement_id="azure-3"),
    ]
    for order in permutations(rows):
        lines = sorted(_lines(book(_tiered(entry)), *order), key=lambda line: line.entitlement_id)

        assert [[("60", "1")], [("30", "1")], [("10", "1"), ("30", "0.80")]] == [_pieces(line) for line in lines]
        assert ["0", "60", "90"] == [str(line.explanation.price.units_before) for line in lines]
        assert Decimal(124) == sum(line.amount.amount for line in lines)


def test_volume_prices_every_line_at_the_tier_of_the_month(usage: MakeLine, entry: MakeEntry, book: MakeBook) -> None:
    """The first line's units too."""
    lines = _lines(
        book(_tiered(entry, PriceMethod.VOLUME)),
        _used(usage, "60", 1, entitlement_id="azure-1"),
        _used(usage, "41", 2, entitlement_id="azure-2"),
    )

    assert [("0.80",), ("0.80",)] == [tuple(price for _, price in _pieces(line)) for line in lines]
    assert Decimal("80.80") == sum(line.amount.amount for line in lines)


def test_free_units_are_given_once_a_month(usage: MakeLine, entry: MakeEntry, book: MakeBook) -> None:
    """To the first lines, under any method; another customer's month has its own."""
    free = entry("2", free_units=Decimal(100))
    one = _used(usage, "70", 1, entitlement_id="azure-1")
    two = _used(usage, "80", 2, entitlement_id="azure-2")
    lines = sorted(_lines(book(free), two, one), key=lambda line: line.entitlement_id)

    assert ["0.00", "100.00"] == [str(line.amount.amount) for line in lines]
    assert [Decimal(70), Decimal(30)] == [line.explanation.price.free_units for line in lines]
    assert ["0.00"] == [str(line.amount.amount) for line in _lines(book(free), _used(usage, "90"))]


def test_a_credit_takes_back_the_last_units_whenever_it_came(usage: MakeLine, entry: MakeEntry, book: MakeBook) -> None:
    """Charges first: a credit dated before them is no charge of another month."""
    credit = _used(usage, "-30", 1)
    lines = _lines(book(_tiered(entry)), credit, _used(usage, "120", 15, entitlement_id="azure-2"))
    back = next(line for line in lines if line.amount.is_negative)

    assert [("10", "1"), ("20", "0.80")] == _pieces(back)
    assert "-26.00" == str(back.amount.amount)
    assert Decimal(90) == sum(line.amount.amount for line in lines)


def test_a_credit_beyond_the_month_is_told(usage: MakeLine, entry: MakeEntry, book: MakeBook) -> None:
    """The units before it are given back, the rest like a charge of another month; one warning for a person."""
    rows = [_used(usage, "30", 1, entitlement_id="azure-2"), _used(usage, "-180", 2)]
    bill = bill_customer(CustomerLines(rows[0].customer_id, rows), Terms(OCTOBER, book(_tiered(entry))))

    assert Money(Decimal("-140.00"), "EUR") == bill.invoices[0].total  # 150 units of another month: 100 + 50 x 0.80
    assert [IssueCode.CREDIT_NEEDS_RULE] == [issue.code for issue in bill.issues]
    assert not bill.is_parked


def test_seats_and_what_has_another_price_do_not_count(
    licence: MakeLine, usage: MakeLine, entry: MakeEntry, book: MakeBook
) -> None:
    """Seats count by the line; free usage, adjustments and lines of other entries are left out."""
    prices = book(
        _tiered(entry),
        entry("3", meter_id="meter-9"),
        entry("0", method=PriceMethod.MARKUP_ON_COST, charge_type="customerCredit"),
    )
    rows = [
        licence(quantity=Decimal(101)),
        _used(usage, "50", meter_id="meter-9"),
        _used(usage, "50", benefit_type="SavingsPlan", cost=Money(Decimal(0), "EUR")),
        _used(usage, "50", charge_type="customerCredit"),
        _used(usage, "7"),
        _used(usage, "5", charge=None),
    ]

    taken = units_of_month(rows, prices)
    assert {4: "5", 5: "0"} == {index: str(units.before) for index, units in taken.items()}
    assert {} == units_of_month(rows, book("10"))
    nobody = PriceBook([_tiered(entry, meter_id="another")])
    assert {} == units_of_month(rows, nobody)


def test_each_entry_of_a_month_has_a_scale_of_its_own(usage: MakeLine, entry: MakeEntry, book: MakeBook) -> None:
    """Prices that follow each other inside a month, and prices of two meters."""
    turn = date(2026, 10, 16)
    prices = book(_tiered(entry, valid_until=turn), _tiered(entry, valid_from=turn), _tiered(entry, meter_id="meter-2"))
    lines = _lines(prices, _used(usage, "90", 1), _used(usage, "90", 20), _used(usage, "90", 2, meter_id="meter-2"))

    assert [[("90", "1")]] * 3 == [_pieces(line) for line in lines]


def test_units_are_counted_by_the_price_of_their_day(usage: MakeLine, entry: MakeEntry) -> None:
    """Tiers that begin in the middle of the month count the units from that day on."""
    prices = PriceBook([_tiered(entry, valid_from=date(2026, 10, 9))])
    taken = units_of_month([_used(usage, "60", 1), _used(usage, "30", 9), _used(usage, "40", 20)], prices)

    assert {1: Decimal(0), 2: Decimal(30)} == {index: each.before for index, each in taken.items()}


def test_a_locked_price_is_counted_by_its_own_tiers(usage: MakeLine, entry: MakeEntry) -> None:
    """A marketplace term keeps the tiers of its first day, though another list is in force in the month."""
    old, new = (
        entry("0", method=PriceMethod.GRADUATED, tiers=(Tier(Decimal(1), Decimal(price)),), currency="EUR", **days)
        for price, days in ((10, {"valid_until": date(2026, 7, 1)}), (20, {"valid_from": date(2026, 7, 1)}))
    )
    term = Period.inclusive(date(2026, 2, 1), date(2027, 1, 31))
    line = _used(usage, "3", family=Family.NEW_COMMERCE, publisher="Acme", publisher_id="77", term=term)
    amounts = []
    for policy in PriceLockPolicy:
        terms = Terms(OCTOBER, PriceBook([old, new]), special=SpecialTerms(locks=PriceLocks(policy)))
        (invoice,) = bill_customer(CustomerLines(line.customer_id, [line]), terms).invoices
        amounts.append(str(invoice.lines[0].amount))

    assert ["60.00 EUR", "30.00 EUR"] == amounts


def test_a_line_with_a_known_share_counts_under_the_price_of_its_cycle(
    usage: MakeLine, entry: MakeEntry, book: MakeBook
) -> None:
    """Tiers changed on the 16th; a line of the 20th whose cycle began on the 1st still counts under the old ones."""
    october = Period.inclusive(date(2026, 10, 1), date(2026, 10, 31))
    later = (Tier(Decimal(1), Decimal(9)),)
    prices = book(
        _tiered(entry, valid_until=date(2026, 10, 16)),
        entry("0", method=PriceMethod.GRADUATED, tiers=later, currency="EUR", valid_from=date(2026, 10, 16)),
    )
    line = _used(usage, "10", 20)
    share = Proration(12, 31, october, "the cycle is known")

    (alone,) = units_of_month([line], prices).values()
    (within,) = units_of_month([line], prices, None, [share]).values()

    assert [Decimal(9)] == [piece.price for piece in alone.pieces]
    assert [Decimal(1)] == [piece.price for piece in within.pieces]
