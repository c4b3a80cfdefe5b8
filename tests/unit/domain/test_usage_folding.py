"""Folding: every daily row is in exactly one sum, exactly, whatever the order, and apart where prices change."""

import pickle
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import permutations

import pytest

from shared.domain.errors import IntegrityError
from shared.domain.money import Money
from shared.domain.periods import Period
from shared.domain.source_lines import SourceLine
from shared.domain.usage_folding import FINGERPRINTS_ALL_MAX, Counted, UsageFolds

MakeLine = Callable[..., SourceLine]
ONE = Decimal(1)


@dataclass(slots=True)
class Row:
    """A daily row with the columns that folding looks at."""

    usage_on: str = "2026-10-01"
    quantity: Decimal = ONE
    cost: Decimal = ONE
    unit_price: Decimal = ONE
    meter_id: str = "meter-1"
    customer_id: str = "C1"
    invoice_number: str | None = "G001"
    subscription_id: str | None = "azure-plan"
    entitlement_id: str | None = "azure-1"
    product_id: str | None = "P"
    sku_id: str | None = "0001"
    charge_type: str | None = "New"
    benefit_type: str | None = ""
    currency: str = "EUR"
    fx_rate: Decimal | None = ONE


class Days(dict[str, str]):
    """Dates that are ISO text already; anything with a question mark is unreadable."""

    def __missing__(self, text: str) -> str:
        return "" if "?" in text else text


def _folds(usage: MakeLine, rows: Iterable[Row], *boundaries: date) -> UsageFolds:
    listed = list(rows)
    folds = UsageFolds(lambda _: boundaries)
    folds.add(listed, lambda index: _described(usage, listed[index]), Days())
    return folds


def _described(usage: MakeLine, row: Row) -> SourceLine | None:
    if "?" in row.usage_on:
        return None
    return usage(customer_id=row.customer_id, meter_id=row.meter_id, fx_rate=row.fx_rate or ONE)


def _sums(folds: UsageFolds) -> list[tuple[str, str, str, str, int]]:
    return sorted(
        (line.meter_id, str(line.quantity), str(line.cost.amount), str(line.charge), line.origin.row_count)
        for line in folds.lines()
    )


def test_rows_that_no_price_tells_apart_are_added_up_exactly(usage: MakeLine) -> None:
    """Twenty digits and more are kept; the period runs from the first to the last day."""
    rows = [
        Row("2026-10-03", Decimal("0.1999968000511991808131"), Decimal("1E-22"), Decimal("0.5")),
        Row("2026-10-01", Decimal("0.0000000000000000000001"), Decimal("1E-20"), Decimal("0.25")),
        Row("2026-10-02", Decimal(12345678), Decimal("99999999.99")),
    ]
    (line,) = _folds(usage, rows).lines()

    assert Decimal("12345678.1999968000511991808132") == line.quantity
    assert Decimal("99999999.9900000000000000000101") == line.cost.amount
    assert Decimal("12345678.099998400025599590406575") == line.list_amount
    assert Period.inclusive(date(2026, 10, 1), date(2026, 10, 3)) == line.charge
    assert 3 == line.origin.row_count


def test_the_retail_amount_is_converted_by_the_rows_rate(usage: MakeLine) -> None:
    """Unit price x quantity is in pricing currency; the sum is multiplied by the rate once."""
    (line,) = _folds(usage, [Row(quantity=Decimal(3), fx_rate=Decimal("0.9"))] * 2).lines()

    assert Decimal("5.4") == line.list_amount


@pytest.mark.parametrize(
    "field",
    [
        "customer_id",
        "subscription_id",
        "meter_id",
        "entitlement_id",
        "product_id",
        "sku_id",
        "charge_type",
        "benefit_type",
        "currency",
        "invoice_number",
    ],
)
def test_rows_that_a_price_or_a_reader_tells_apart_stay_apart(usage: MakeLine, field: str) -> None:
    """Each fold key by itself makes another line; so does another exchange rate."""
    assert 2 == len(_folds(usage, [Row(), replace(Row(), **{field: "other"})]))
    assert 2 == len(_folds(usage, [Row(), Row(fx_rate=Decimal("0.9"))]))


def test_a_price_change_splits_the_sum_by_day(usage: MakeLine) -> None:
    """The day of the change belongs to the new price; stretches come in date order."""
    turn, end = date(2026, 10, 10), date(2026, 10, 20)
    rows = [Row(f"2026-10-{day:02d}", Decimal(day)) for day in (25, 9, 10, 19, 1)]
    lines = list(_folds(usage, rows, turn, end).lines())

    assert [Decimal(10), Decimal(29), Decimal(25)] == [line.quantity for line in lines]
    assert [date(2026, 10, 1), turn, date(2026, 10, 25)] == [line.charge.start for line in lines if line.charge]


@pytest.mark.parametrize("boundaries", [(), (date(2026, 10, 2),)])
def test_the_order_of_rows_and_files_does_not_matter(usage: MakeLine, boundaries: tuple[date, ...]) -> None:
    """Three files merged in each of their six orders give one result, equal to that of one file with all rows."""
    files = [
        [Row("2026-10-01", Decimal("0.1")), Row("2026-10-03", Decimal("0.01"), meter_id="m2")],
        [Row("2026-10-02", Decimal("0.001"))],
        [Row("2026-10-03", Decimal(7), Decimal(-3)), Row("2026-10-01", Decimal(5), meter_id="m2")],
    ]
    whole = _sums(_folds(usage, [row for rows in files for row in rows], *boundaries))

    for order in permutations(files):
        merged = UsageFolds(lambda _: boundaries)
        for rows in order:
            merged.merge(_folds(usage, rows, *boundaries))

        assert whole == _sums(merged)


@pytest.mark.parametrize(("one", "other"), [((), (date(2026, 10, 2),)), ((date(2026, 10, 2),), ())])
def test_sums_by_different_price_changes_are_not_put_together(
    usage: MakeLine, one: tuple[date, ...], other: tuple[date, ...]
) -> None:
    """A stretch would have nowhere to go, and its money would be lost."""
    with pytest.raises(IntegrityError, match="two different price lists"):
        _folds(usage, [Row()], *one).merge(_folds(usage, [Row()], *other))


def test_a_fold_without_price_changes_holds_every_day(usage: MakeLine) -> None:
    """It has one stretch: itself."""
    (fold,) = _folds(usage, [Row()]).parts()

    assert fold is fold.on("2026-10-31")


def test_folds_of_an_earlier_file_describe_rows_of_a_later_one(usage: MakeLine) -> None:
    """The whole row is looked at once a fold, not once a file; the price boundaries come along."""
    turn = date(2026, 10, 2)
    earlier = _folds(usage, [Row()], turn)
    later = UsageFolds(known=earlier)
    later.add([Row("2026-10-01"), Row("2026-10-02")], lambda _: pytest.fail("known already"), Days())

    assert [ONE, ONE] == [line.quantity for line in later.lines()]
    assert [ONE] == [line.quantity for line in earlier.lines()]


@pytest.mark.parametrize("position", [0, 1, 2])
def test_a_row_with_an_unreadable_day_is_left_out_alone(usage: MakeLine, position: int) -> None:
    """Wherever it stands: the sums of the others are as if it were not there."""
    rows = [Row("2026-10-01"), Row("2026-10-02")]
    rows.insert(position, Row("2026-?", Decimal(1000)))

    assert _sums(_folds(usage, [Row("2026-10-01"), Row("2026-10-02")])) == _sums(_folds(usage, rows))


@pytest.mark.parametrize("quantities", [("sNaN", "1"), ("Infinity", "-Infinity"), ("1E+998", "1E-20"), ("1E+999", "1")])
def test_what_does_not_add_up_is_refused(usage: MakeLine, quantities: tuple[str, str]) -> None:
    """A sum that would be wrong, or would lose a digit, raises."""
    with pytest.raises(IntegrityError, match="does not add up exactly"):
        _folds(usage, [Row(quantity=Decimal(quantity), unit_price=Decimal(10)) for quantity in quantities])


def test_a_quiet_nan_never_becomes_money(usage: MakeLine) -> None:
    """It survives addition, and stops at the line."""
    folds = _folds(usage, [Row(cost=Decimal("NaN"))])

    with pytest.raises(IntegrityError, match="no amount of money"):
        list(folds.lines())


@pytest.mark.parametrize("boundaries", [(), (date(2026, 10, 2),)])
def test_folds_cross_to_another_process_and_back_unchanged(usage: MakeLine, boundaries: tuple[date, ...]) -> None:
    """Files are read by several processes: no digit and no day is lost on the way, and merging goes on as before."""
    rows = [Row("2026-10-01", Decimal("0.1999968000511991808131")), Row("2026-10-03", Decimal("1E-22"))]
    folds = UsageFolds()
    for part in _folds(usage, rows, *boundaries).by_customer().values():
        folds.merge(part)
    folds._boundaries = None  # type: ignore[assignment]  # the test's own lambda cannot be pickled
    crossed: UsageFolds = pickle.loads(pickle.dumps(folds))  # noqa: S301 - our own bytes

    assert list(folds.lines()) == list(crossed.lines())
    assert set(folds.fingerprints()) == set(crossed.fingerprints())

    crossed.merge(_folds(usage, rows, *boundaries))

    assert _sums(_folds(usage, rows * 2, *boundaries)) == _sums(crossed)


def test_folds_are_dealt_out_to_their_customers(usage: MakeLine) -> None:
    """By customer id in lower case; nothing is lost and nothing doubled."""
    folds = _folds(usage, [Row(customer_id="C1"), Row(customer_id="C2"), Row(customer_id="c1", meter_id="m2")])
    customers = folds.by_customer()

    assert ["c1", "c2"] == sorted(customers)
    assert [2, 1] == [len(customers["c1"]), len(customers["c2"])]
    assert _sums(folds) == sorted(_sums(customers["c1"]) + _sums(customers["c2"]))


def test_folds_are_cut_into_pieces_that_keep_a_customer_together(usage: MakeLine) -> None:
    """Each customer is in one piece; nothing is lost, whatever the size."""
    rows = [Row(customer_id=f"c{number % 5}", meter_id=f"m{number}") for number in range(20)]

    for size in (1, 6, 100):
        pieces = list(_folds(usage, rows).pieces(size))
        customers = [customer for piece in pieces for customer in piece.by_customer()]

        assert ["c0", "c1", "c2", "c3", "c4"] == sorted(customers)
        assert _sums(_folds(usage, rows)) == sorted(fact for piece in pieces for fact in _sums(piece))


def test_a_fingerprint_changes_with_any_sum_count_or_day(usage: MakeLine) -> None:
    """Equal rows have equal fingerprints, whatever their order; any other row changes them."""
    base = [Row("2026-10-01"), Row("2026-10-02", Decimal(2))]
    known = set(_folds(usage, base).fingerprints())

    assert known == set(_folds(usage, reversed(base)).fingerprints())
    for changed in ([*base, Row(quantity=Decimal(0))], [base[0]], [base[0], replace(base[1], usage_on="2026-10-03")]):
        assert not known & set(_folds(usage, changed).fingerprints())


def test_a_large_file_is_fingerprinted_by_a_sample_that_depends_on_content(usage: MakeLine) -> None:
    """About one fold in sixteen, the same ones in every file that holds them."""
    rows = [Row(meter_id=f"m{number}") for number in range(FINGERPRINTS_ALL_MAX + 1)]
    sample = set(_folds(usage, rows).fingerprints())

    assert FINGERPRINTS_ALL_MAX // 20 < len(sample) < FINGERPRINTS_ALL_MAX // 13
    assert sample == set(_folds(usage, [*reversed(rows)]).fingerprints())
    assert FINGERPRINTS_ALL_MAX == len(set(_folds(usage, rows[1:]).fingerprints()))


def test_sums_in_one_currency_are_that_currency(usage: MakeLine) -> None:
    """The line's money keeps the currency of its description."""
    (line,) = _folds(usage, [Row(cost=Decimal("0.005"))] * 3).lines()

    assert Money(Decimal("0.015"), "EUR") == line.cost


def test_rows_that_are_only_counted_add_up_the_same_and_make_no_line(usage: MakeLine) -> None:
    """Sums and fingerprints need no line; asking for one would invent it."""
    rows = [Row(), Row(quantity=Decimal(2)), Row(usage_on="2026-10-02")]
    counted, whole = UsageFolds(lambda _: ()), _folds(usage, rows)
    counted.add(rows, lambda index: Counted(str(rows[index].invoice_number), rows[index].currency), Days())

    assert [fold.count for fold in whole.parts()] == [fold.count for fold in counted.parts()]
    with pytest.raises(IntegrityError, match="counted only"):
        list(counted.lines())
