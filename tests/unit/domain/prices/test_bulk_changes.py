"""Bulk changes: looked at first, made exactly as looked at, and never silently where a percentage means two things."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.errors import ChangedError, InvalidError, PriceListError
from shared.domain.prices import PriceEntry, PriceMethod
from shared.domain.prices.bulk_changes import BulkChange, BulkPreview, PreviewRow, PriceFilter, apply, preview
from shared.domain.prices.entries import ScopeKind
from shared.domain.prices.offers import Offer
from shared.domain.prices.reach import Reach
from shared.domain.prices.tiers import Tier
from shared.domain.prices.versions import PriceListVersion

MakeEntry = Callable[..., PriceEntry]
JANUARY, JULY = date(2026, 1, 1), date(2026, 7, 1)
FIXED, ERP, OFF_ERP = PriceMethod.FIXED, PriceMethod.PERCENT_OF_ERP, PriceMethod.DISCOUNT_OFF_ERP
MARKUP, MARGIN, RETAIL = PriceMethod.MARKUP_ON_COST, PriceMethod.MARGIN_ON_PRICE, PriceMethod.RETAIL


def _version(*entries: PriceEntry, valid_from: date = JANUARY) -> PriceListVersion:
    return PriceListVersion(valid_from=valid_from, entries=entries, author="Ada")


def _change(percent: str | None = "5", **changed: Any) -> BulkChange:
    given = None if percent is None else Decimal(percent)
    return BulkChange(valid_from=changed.pop("valid_from", JULY), percent=given, **changed)


def _only(*methods: PriceMethod) -> PriceFilter:
    return PriceFilter(methods=frozenset(methods))


@pytest.mark.parametrize(
    ("method", "before", "after"),
    [
        (FIXED, "10", "10.50"),
        (FIXED, "0.0123", "0.0129"),
        (FIXED, "9.99", "10.49"),
        (ERP, "90", "94.5"),
        (RETAIL, "100", "105"),
        (MARKUP, "15", "20.75"),
        (OFF_ERP, "10", "5.5"),
        (MARGIN, "16", "20"),
        (MARGIN, "10", "14.285714"),
    ],
)
def test_a_rise_of_five_percent_makes_the_price_five_percent_higher(
    entry: MakeEntry, method: PriceMethod, before: str, after: str
) -> None:
    """By its method; a method that a percentage could mean two things for has to be named in the filter."""
    seen = preview(_version(entry(before, method=method)), _change(rows=_only(method)))
    (row,) = seen.rows

    assert (Decimal(before), Decimal(after)) == (row.before, row.after)
    assert Decimal(after) - Decimal(before) == row.difference
    assert (1, 0) == (seen.changed_count, seen.untouched_count)


@pytest.mark.parametrize("method", [MARKUP, OFF_ERP, MARGIN])
def test_a_markup_is_never_raised_silently(entry: MakeEntry, method: PriceMethod) -> None:
    """Fifteen raised by five percent could be 15.75, 20 or 20.75: it is left, and said so."""
    seen = preview(_version(entry("15", method=method, row=7)), _change())

    assert ((), 0, 1) == (seen.rows, seen.changed_count, seen.untouched_count)
    assert (7, f"a percentage of a {method.value} could mean two things: name the method in the filter") == (
        seen.left[0].row,
        seen.left[0].reason,
    )


def test_tiers_are_raised_one_by_one(entry: MakeEntry) -> None:
    """A row of the preview for each tier that changes; the value, which tiers do not use, stays."""
    tiers = (Tier(Decimal(1), Decimal("1.00")), Tier(Decimal(101), Decimal("0.80")), Tier(Decimal(201), Decimal(0)))
    tiered = entry("0", method=PriceMethod.GRADUATED, currency="EUR", scope="", tiers=tiers)
    seen = preview(_version(tiered), _change("10"))

    assert [("1", "1.00", "1.10"), ("101", "0.80", "0.88")] == [
        (str(row.from_units), str(row.before), str(row.after)) for row in seen.rows
    ]
    assert [Decimal("1.10"), Decimal("0.88"), Decimal(0)] == [tier.price for tier in seen.entries[1].tiers]


def test_an_amount_is_added_to_prices_in_its_currency_only(entry: MakeEntry) -> None:
    """Others are left, with the reason."""
    list_ = _version(entry("10", row=1), entry("10", currency="SEK", row=2), entry("90", method=ERP, row=3))
    seen = preview(list_, _change(None, amount=Decimal("-0.75"), currency="EUR"))

    assert [Decimal("9.25")] == [row.after for row in seen.rows]
    assert [(2, "it is in SEK, not in EUR"), (3, "an amount cannot be added to a percentage")] == [
        (left.row, left.reason) for left in seen.left
    ]


@pytest.mark.parametrize(
    ("before", "step", "after"),
    [("10.01", "0.05", "10.50"), ("10.03", "0.05", "10.55"), ("10", "1", "11"), ("0.012", None, "0.013")],
)
def test_new_prices_are_rounded_half_up_to_the_step(
    entry: MakeEntry, before: str, step: str | None, after: str
) -> None:
    """Without a step to the decimals that the old price has."""
    rounding = None if step is None else Decimal(step)
    seen = preview(_version(entry(before)), _change(rounding_step=rounding))

    assert [Decimal(after)] == [row.after for row in seen.rows]


def test_the_old_price_ends_the_day_before_the_new_one_begins(entry: MakeEntry) -> None:
    """The new row stands behind the old one, with a number of its own and the old one's end."""
    until = date(2027, 1, 1)
    seen = preview(_version(entry("10", row=4, valid_until=until), entry("90", method=MARKUP, row=9)), _change())
    old, new, untouched = seen.entries

    assert (None, JULY, Decimal(10), 4) == (old.valid_from, old.valid_until, old.value, old.row)
    assert (JULY, until, Decimal("10.50"), 10) == (new.valid_from, new.valid_until, new.value, new.row)
    assert (9, 1) == (untouched.row, seen.untouched_count)


def test_past_and_planned_prices_are_left_alone(entry: MakeEntry) -> None:
    """What begins on the day takes the new value; what begins later does so only when asked for."""
    past = entry("1", valid_until=JULY, row=1)
    that_day = entry("2", valid_from=JULY, valid_until=date(2026, 9, 1), row=2)
    later = entry("3", valid_from=date(2026, 9, 1), row=3)
    list_ = _version(past, that_day, later)
    seen, all_of_them = preview(list_, _change()), preview(list_, _change(includes_later=True))

    assert [(1, "it ended before 2026-07-01"), (3, "it begins later, on 2026-09-01")] == [
        (left.row, left.reason) for left in seen.left
    ]
    assert [(2, Decimal("2.10"), JULY)] == [(each.row, each.value, each.valid_from) for each in seen.entries[1:2]]
    assert [(3, Decimal("3.15"))] == [(each.row, each.value) for each in all_of_them.entries[2:]]


@pytest.mark.parametrize(
    ("wanted", "rows"),
    [
        ({}, [1, 2, 3, 4, 5]),
        ({"customers": {"C-1"}}, [1]),
        ({"customer_groups": {"schools"}}, [2]),
        ({"subscriptions": {"SUB-1"}}, [3]),
        ({"vendors": {"Microsoft Ireland"}}, [4]),
        ({"product_ids": {"p1", "x"}}, [1, 5]),
        ({"product_ids": {"P1"}, "sku_ids": {"0002"}}, [5]),
        ({"terms": {"p1y"}}, [5]),
        ({"billing_plans": {"Monthly"}}, [5]),
        ({"meter_categories": {"storage"}}, [2]),
        ({"meter_ids": {"m-1"}}, [3]),
        ({"charge_types": {"cycle charge"}}, [1]),
        ({"currencies": {"eur"}}, [1, 2, 3, 4]),
        ({"methods": {ERP}}, [5]),
        ({"scope_kinds": {ScopeKind.GLOBAL}}, [4, 5]),
    ],
)
def test_a_filter_takes_rows_by_what_they_name(entry: MakeEntry, wanted: dict[str, set[str]], rows: list[int]) -> None:
    """An empty filter takes all; several fields must all fit, one of several values is enough."""
    entries = [
        entry(scope="c-1", product_id="P1", charge_type="cycleCharge", row=1),
        entry(scope="Schools", scope_kind=ScopeKind.GROUP, meter_category="Storage", row=2),
        entry(scope="sub-1", scope_kind=ScopeKind.SUBSCRIPTION, meter_id="m-1", row=3),
        entry(vendor="Microsoft Corporation", row=4),
        entry("90", method=ERP, product_id="P1", sku_id="0002", term="P1Y", billing_plan="Monthly", row=5),
    ]
    meant: Any = {name: frozenset(values) for name, values in wanted.items()}
    seen = preview(_version(*entries), _change(rows=PriceFilter(**meant)))

    assert rows == [row.row for row in seen.rows]
    assert (len(rows), 5 - len(rows)) == (seen.changed_count, seen.untouched_count)


def test_applying_makes_exactly_what_was_seen(entry: MakeEntry) -> None:
    """A new version from the change's day, with author, note and parent."""
    list_ = _version(entry("10"), entry("90", method=ERP, product_id="P"))
    seen = preview(list_, _change())
    made = apply(list_, seen, author="Grace", note="summer")

    assert (seen.entries, JULY, "Grace", "summer") == (made.entries, made.valid_from, made.author, made.note)
    assert list_.version_id == made.parent_id
    assert list_.version_id != made.version_id


def test_a_list_that_changed_since_is_not_changed(entry: MakeEntry) -> None:
    """Somebody else's price would be lost."""
    seen = preview(_version(entry("10")), _change())

    with pytest.raises(ChangedError, match="look at it again"):
        apply(_version(entry("11")), seen, author="Grace", note="")


def test_a_change_of_nothing_or_of_nobody_is_refused(entry: MakeEntry) -> None:
    """A filter that takes no price, and a change without an author."""
    list_ = _version(entry("10"), entry("0", product_id="FREE"))
    nothing = preview(list_, _change(rows=PriceFilter(product_ids=frozenset({"FREE"}))))

    assert "its price stays what it is" == nothing.left[0].reason
    with pytest.raises(InvalidError, match=r"^the change would leave every price as it is: widen its filter$"):
        apply(list_, nothing, author="Grace", note="")
    with pytest.raises(InvalidError, match=r"^a price change needs an author: say who decided it$"):
        apply(list_, preview(list_, _change()), author=" ", note="")


@pytest.mark.parametrize(
    ("made", "change", "said"),
    [
        ({"value": "0.04"}, {"percent": "-10", "rounding_step": Decimal("0.10")}, "would become 0"),
        (
            {"value": "1"},
            {"percent": None, "amount": Decimal(-2), "currency": "EUR"},
            ": nothing, or less, would be left[.] Leave it out",
        ),
        (
            {"value": "2", "method": OFF_ERP},
            {"percent": "5", "rows": _only(OFF_ERP)},
            ": nothing, or less, would be left[.] Leave it out",
        ),
        ({"value": "999", "method": MARKUP}, {"percent": "5", "rows": _only(MARKUP)}, "at most 1000"),
        (
            {"value": "1", "method": MARKUP},
            {"percent": "-5", "rows": _only(MARKUP)},
            ": nothing, or less, would be left[.] Leave it out",
        ),
        ({"value": "0", "method": OFF_ERP}, {"percent": "-99.5", "rows": _only(OFF_ERP)}, ""),
        (
            {"value": "5", "method": MARGIN},
            {"percent": "-50", "rows": _only(MARGIN)},
            ": nothing, or less, would be left[.] Leave it out",
        ),
    ],
)
def test_a_price_that_cannot_be_is_refused_with_its_row(
    entry: MakeEntry, made: dict[str, Any], change: dict[str, Any], said: str
) -> None:
    """Nothing is changed in part: the person narrows the filter, or changes that row by hand."""
    facts = dict(made)
    list_ = _version(entry(facts.pop("value"), row=3, **facts))

    if said:
        with pytest.raises(PriceListError, match=rf"row 3 .*{said}"):
            preview(list_, _change(**change))
    else:
        assert [Decimal("99.5")] == [row.after for row in preview(list_, _change(**change)).rows]


def test_a_margin_beyond_all_price_is_refused(entry: MakeEntry) -> None:
    """The entry's own rule speaks."""
    list_ = _version(entry("99.99999", method=MARGIN))

    with pytest.raises(PriceListError, match="no price leaves that"):
        preview(list_, _change("1000000", rows=_only(MARGIN)))


@pytest.mark.parametrize(
    "changed",
    [
        {"percent": None},
        {"percent": "5", "amount": Decimal(1), "currency": "EUR"},
        {"percent": None, "amount": Decimal(1)},
        {"percent": "5", "currency": "EUR"},
        {"percent": "-100"},
        {"percent": "5", "rounding_step": Decimal(0)},
    ],
)
def test_a_change_that_says_nothing_clear_is_refused(changed: dict[str, Any]) -> None:
    """One of percentage and amount, a currency with the amount only, a positive step."""
    with pytest.raises(InvalidError):
        _change(**changed)


def test_a_change_cannot_begin_before_its_list(entry: MakeEntry) -> None:
    """The version before it would still be in force then."""
    with pytest.raises(PriceListError, match="choose a later day"):
        preview(_version(entry(), valid_from=JULY), _change(valid_from=JANUARY))


def test_the_preview_is_in_the_order_of_the_list(entry: MakeEntry) -> None:
    """Whatever the order in which entries come."""
    entries = [entry(str(number), product_id=f"P{number}", row=number) for number in (3, 1, 2)]
    seen: BulkPreview = preview(_version(*entries), _change())

    assert [1, 2, 3] == [row.row for row in seen.rows]
    assert (
        PreviewRow(
            row=1,
            owner="all customers",
            applies_to="ProductId P1",
            method=FIXED,
            currency="EUR",
            before=Decimal(1),
            after=Decimal("1.05"),
        )
        == seen.rows[0]
    )


def test_nothing_in_percent_changes_nothing(entry: MakeEntry) -> None:
    """Every row the filter takes is left, with whose it is, what for, and why."""
    list_ = _version(entry("10", row=1), entry("90", method=ERP, row=2, product_id="P"))
    left = preview(list_, _change("0")).left

    assert [
        (1, "all customers", "everything", "its price stays what it is"),
        (2, "all customers", "ProductId P", "its price stays what it is"),
    ] == [(each.row, each.owner, each.applies_to, each.reason) for each in left]


def test_a_list_can_be_changed_from_its_first_day_on_even_without_rows() -> None:
    """There is nothing to change, and nothing wrong."""
    seen = preview(_version(), _change(valid_from=JANUARY))

    assert ((), 0, 0) == (seen.entries, seen.changed_count, seen.untouched_count)


def test_a_filter_for_one_scope_takes_no_other_of_the_same_name(entry: MakeEntry) -> None:
    """A customer, a group and a subscription may be called alike."""
    kinds = (ScopeKind.CUSTOMER, ScopeKind.GROUP, ScopeKind.SUBSCRIPTION)
    rows = [entry("10", scope="x", scope_kind=kind) for kind in kinds]
    filters = [
        PriceFilter(customers=frozenset({"X"})),
        PriceFilter(customer_groups=frozenset({"X"})),
        PriceFilter(subscriptions=frozenset({"X"})),
    ]

    assert [[True, False, False], [False, True, False], [False, False, True]] == [
        [rows_of.takes(row) for row in rows] for rows_of in filters
    ]


def test_a_price_in_yen_is_rounded_to_whole_yen(entry: MakeEntry) -> None:
    """The decimals are those of the currency."""
    seen = preview(_version(entry("1001", currency="JPY")), _change())

    assert ["1051"] == [str(row.after) for row in seen.rows]


def test_idle_zeros_of_an_old_price_are_no_decimals(entry: MakeEntry) -> None:
    """10.0500 has two decimals, whatever the file wrote; forty digits stay forty digits."""
    long = "1." + "1" * 39 + "0"
    rows = preview(_version(entry("10.0500", row=1), entry("100", row=2), entry(long, row=3)), _change("100")).rows

    assert ["20.10", "200.00", "2." + "2" * 39] == [str(row.after) for row in rows]


def test_a_percentage_may_reach_its_limit(entry: MakeEntry) -> None:
    """A thousand percent is inside."""
    seen = preview(_version(entry("500", method=ERP)), _change("100"))

    assert [Decimal(1000)] == [row.after for row in seen.rows]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"percent": None}, "^give either a percentage, or an amount with its currency$"),
        ({"amount": Decimal(1), "currency": "EUR"}, "^give either a percentage, or an amount with its currency$"),
        ({"currency": "EUR"}, "^give either a percentage, or an amount with its currency$"),
        ({"percent": "-100"}, "^-100 percent would leave no price: give more than -100$"),
        (
            {"rounding_step": Decimal("-0.5")},
            "^prices cannot be rounded to steps of -0.5: give such as 0.05$",
        ),
    ],
)
def test_a_change_that_cannot_be_says_how_to_write_one(change: dict[str, Any], said: str) -> None:
    """The cure stands in the message."""
    with pytest.raises(InvalidError, match=said):
        _change(**change)


def test_a_new_version_keeps_the_offers(entry: MakeEntry) -> None:
    """Only prices change."""
    offer = Offer(name="Autumn", reach=Reach(), percent_off=Decimal(10), row=3)
    list_ = replace(_version(entry("10")), rules=(offer,))

    assert (offer,) == apply(list_, preview(list_, _change()), author="Grace", note="").rules


def test_an_amount_is_added_to_every_tier(entry: MakeEntry) -> None:
    """And to nothing else: a price in tiers has no value of its own."""
    tiers = (Tier(Decimal(1), Decimal("1.00")), Tier(Decimal(101), Decimal("0.80")))
    tiered = entry("0", method=PriceMethod.GRADUATED, currency="EUR", scope="", tiers=tiers)
    seen = preview(_version(tiered), _change(None, amount=Decimal("0.10"), currency="EUR"))

    assert [Decimal("1.10"), Decimal("0.90")] == [tier.price for tier in seen.entries[1].tiers]
    assert Decimal(0) == seen.entries[1].value
