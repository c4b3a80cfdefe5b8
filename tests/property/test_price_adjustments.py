"""Adjustments and bulk changes for any list of offers, discounts and guards."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.prices import PriceBook, PriceEntry, PriceKeys, PriceMethod
from shared.domain.prices.adjustments import Applicable, StepKind, Uplift, adjusted
from shared.domain.prices.bulk_changes import BulkChange, PriceFilter, apply, preview
from shared.domain.prices.discounts import RelationshipDiscount, SeveralServicesDiscount, Threshold
from shared.domain.prices.guards import Bases, Guard, GuardAction, GuardBase, GuardKind
from shared.domain.prices.offers import Offer
from shared.domain.prices.promotions import Promotion, PromotionPolicy
from shared.domain.prices.reach import Reach
from shared.domain.prices.subjects import PriceSubject
from shared.domain.prices.versions import PriceListVersion

SETTINGS = settings(max_examples=150, deadline=None)
percentages = st.decimals(0, 100, places=2)
sums = st.decimals(0, 200, places=3)
prices = st.fractions(0, 1000, max_denominator=999)
names = st.sampled_from(["a", "b", "c"])
reaches = st.one_of(
    st.just(Reach()),
    st.builds(Reach, customer_id=st.just("c-1"), keys=st.sampled_from([PriceKeys(), PriceKeys(product_id="P")])),
    st.builds(Reach, customer_group=names),
)
offers = st.one_of(
    st.builds(
        Offer, name=names, reach=reaches, percent_off=percentages, is_combinable=st.booleans(), row=st.integers(1)
    ),
    st.builds(Offer, name=names, reach=reaches, fixed_price=sums, currency=st.just("EUR"), row=st.integers(1)),
)
relationships = st.builds(RelationshipDiscount, name=names, reach=reaches, percent_off=percentages, row=st.integers(1))
several = st.builds(
    lambda off, row: SeveralServicesDiscount(
        name="suite", reach=Reach(), vendor="Microsoft", thresholds=(Threshold(2, off),), row=row
    ),
    percentages,
    st.integers(1),
)
guards = st.builds(
    lambda kind, base, value, action, reach, row: Guard(
        name="guard",
        kind=kind,
        base=base,
        value=value,
        action=action,
        reach=reach,
        row=row,
        currency="EUR" if base is GuardBase.AMOUNT else "",
    ),
    st.sampled_from(GuardKind),
    st.sampled_from(GuardBase),
    sums,
    st.sampled_from(GuardAction),
    reaches,
    st.integers(1),
)
promotions = st.one_of(
    st.none(),
    st.builds(Promotion, promotion_id=st.just("promo"), percent=percentages, policy=st.sampled_from(PromotionPolicy)),
)


def _lists(things: st.SearchStrategy[Any], row: str = "row") -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(things, max_size=4, unique_by=lambda thing: getattr(thing, row)).map(tuple)


applicables = st.builds(
    Applicable,
    bases=st.just(Bases(currency="EUR", cost=Fraction(8), erp=Fraction(12))),
    uplift=st.one_of(st.none(), st.builds(Uplift, price=prices, percent=percentages, amount=sums)),
    promotion=promotions,
    rests_on_cost=st.booleans(),
    offers=_lists(offers),
    relationships=_lists(relationships),
    several_services=_lists(several),
    vendor=st.just("microsoft"),
    product_count=st.integers(0, 4),
    guards=_lists(guards),
)


@SETTINGS
@given(prices, applicables, st.randoms(use_true_random=False))
def test_the_order_in_which_adjustments_are_given_does_not_matter(
    base: Fraction, things: Applicable, dice: Any
) -> None:
    """The same price, the same steps, the same breaches."""

    def mixed(values: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(dice.sample(values, len(values)))

    other = Applicable(
        bases=things.bases,
        uplift=things.uplift,
        promotion=things.promotion,
        rests_on_cost=things.rests_on_cost,
        offers=mixed(things.offers),
        relationships=mixed(things.relationships),
        several_services=mixed(things.several_services),
        vendor=things.vendor,
        product_count=things.product_count,
        guards=mixed(things.guards),
    )

    assert adjusted(base, things) == adjusted(base, other)


@SETTINGS
@given(prices, applicables)
def test_no_adjustment_makes_a_price_negative(base: Fraction, things: Applicable) -> None:
    """Discounts take at most everything, each step leads on from the one before, in the order of the table."""
    made = adjusted(base, things)
    order = [list(StepKind).index(step.kind) for step in made.steps]

    assert made.price >= 0
    assert all(step.after >= 0 for step in made.steps)
    assert order == sorted(order)
    assert [step.before for step in made.steps[1:]] == [step.after for step in made.steps[:-1]]


@SETTINGS
@given(prices)
def test_without_adjustments_a_price_is_what_it_was(base: Fraction) -> None:
    """Exactly, and without a step."""
    made = adjusted(base, Applicable(bases=Bases(currency="EUR")))

    assert (base, (), ()) == (made.price, made.steps, made.breaches)


@SETTINGS
@given(prices, st.lists(percentages, max_size=5))
def test_percentages_multiply_whatever_they_are_called(base: Fraction, offs: list[Decimal]) -> None:
    """Combinable offers leave the product of what each leaves."""
    own = tuple(
        Offer(name=str(row), reach=Reach(), percent_off=off, is_combinable=True, row=row)
        for row, off in enumerate(offs)
    )
    expected = base
    for off in offs:
        expected *= 1 - Fraction(off) * Fraction(1, 100)

    assert expected == adjusted(base, Applicable(bases=Bases(currency="EUR"), offers=own)).price


JULY = date(2026, 7, 1)
days = st.one_of(st.none(), st.dates(date(2026, 1, 1), date(2026, 12, 1)))


@st.composite
def _entries(draw: st.DrawFn) -> tuple[PriceEntry, ...]:
    entries = []
    for row in range(draw(st.integers(1, 5))):
        method = draw(st.sampled_from([PriceMethod.FIXED, PriceMethod.PERCENT_OF_ERP, PriceMethod.MARKUP_ON_COST]))
        valid_from = draw(days)
        length = draw(st.one_of(st.none(), st.integers(1, 200)))
        start = valid_from or date(2026, 1, 1)
        entries.append(
            PriceEntry(
                scope=draw(st.sampled_from(["", "c-1"])),
                keys=PriceKeys(product_id=f"P{row}"),
                method=method,
                value=draw(st.decimals(1, 900, places=2)),
                currency="EUR" if method is PriceMethod.FIXED else "",
                valid_from=valid_from,
                valid_until=None if length is None else start + timedelta(days=length),
                row=row + 2,
            )
        )
    return tuple(entries)


changes = st.builds(
    BulkChange,
    valid_from=st.just(JULY),
    percent=st.decimals(-40, 10, places=1),
    rows=st.builds(PriceFilter, product_ids=st.sampled_from([frozenset(), frozenset({"p1", "p2"})])),
    includes_later=st.booleans(),
)


@SETTINGS
@given(_entries(), changes)
def test_what_is_applied_is_what_was_seen(entries: tuple[PriceEntry, ...], change: BulkChange) -> None:
    """Prices before the day stay, prices from it on are those of the preview, and the book still takes them."""
    version = PriceListVersion(valid_from=date(2026, 1, 1), entries=entries)
    seen = preview(version, change)
    new = apply(version, seen, author="Ada", note="").entries if seen.changed_count else version.entries
    before, after = PriceBook(entries), PriceBook(new)
    rows = {row.applies_to: row for row in seen.rows}
    assert new == (seen.entries if seen.changed_count else version.entries)
    for entry in entries:
        subject = PriceSubject(customer_id="c-1", product_id=entry.keys.product_id, currency="EUR")
        for day in (date(2026, 6, 30), JULY, date(2026, 8, 1)):
            old, found = before.find(subject, day), after.find(subject, day)
            row = rows.get(str(entry.keys))
            is_changed = row is not None and day >= max(JULY, entry.valid_from or JULY)
            expected = None if old is None else row.after if row and is_changed else old.entry.value

            assert expected == (found and found.entry.value)
