"""The look-up against a slow oracle that reads the whole list: scope, then keys, then the day; order never matters."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.errors import PriceListError
from shared.domain.prices import PriceBook, PriceEntry, PriceKeys, PriceMethod, PriceSubject, ScopeKind

SETTINGS = settings(max_examples=300, deadline=None)
FIRST = date(2026, 1, 1)
CUSTOMERS, GROUPS, SUBSCRIPTIONS = ("c-1", "C-2"), ("North", "south"), ("s-1", "S-2")
LEVELS = (
    {"meter_id": "m"},
    {"product_id": "p", "sku_id": "0001", "term": "P1Y", "billing_plan": "Monthly"},
    {"product_id": "p", "sku_id": "0001"},
    {"product_id": "p"},
    {"meter_category": "storage"},
    {"vendor": "acronis"},
    {"term": "P1Y"},
    {},
)
"""Key sets from the most to the least specific; each may come with a charge type, which puts it before all without."""

SCOPES = (
    *((ScopeKind.SUBSCRIPTION, name) for name in SUBSCRIPTIONS),
    *((ScopeKind.CUSTOMER, name) for name in CUSTOMERS),
    *((ScopeKind.GROUP, name) for name in GROUPS),
    (ScopeKind.GLOBAL, ""),
)
memberships = st.fixed_dictionaries({name: st.lists(st.sampled_from(CUSTOMERS), max_size=2) for name in GROUPS})
spans = st.tuples(st.integers(0, 3), st.integers(1, 4)).map(
    lambda span: (FIRST + timedelta(days=span[0]), FIRST + timedelta(days=sum(span)))
)


@st.composite
def entries(draw: st.DrawFn) -> list[PriceEntry]:
    """Draw entries of a few keys, so that many of them could apply; which of them clash is left to the list."""
    made = []
    for number in range(draw(st.integers(0, 12))):
        kind, scope = draw(st.sampled_from(SCOPES))
        charge_type = draw(st.sampled_from(["", "new"]))
        keys = PriceKeys(charge_type=charge_type, **draw(st.sampled_from(LEVELS)))
        valid_from, valid_until = draw(st.one_of(st.just((None, None)), spans))
        method = PriceMethod.MARKUP_ON_COST
        made.append(
            PriceEntry(
                scope=scope,
                scope_kind=kind,
                keys=keys,
                method=method,
                value=Decimal(number),
                valid_from=valid_from,
                valid_until=valid_until,
                row=number + 2,
            )
        )
    return made


subjects = st.builds(
    PriceSubject,
    customer_id=st.sampled_from(["C-1", "c-2", "c-3"]),
    subscription_id=st.sampled_from(["S-1", "s-2", ""]),
    vendor=st.sampled_from(["Acronis", "Microsoft", ""]),
    charge_type=st.sampled_from(["New", "renew"]),
    meter_id=st.sampled_from(["M", ""]),
    product_id=st.sampled_from(["P", ""]),
    sku_id=st.sampled_from(["0001", "0002"]),
    term=st.sampled_from(["P1Y", "P3Y"]),
    billing_plan=st.sampled_from(["Monthly", "Annual"]),
    meter_category=st.sampled_from(["Storage", ""]),
    currency=st.just("EUR"),
)
days = st.one_of(st.none(), st.integers(-1, 8).map(lambda number: FIRST + timedelta(days=number)))


def _without_clashes(made: Sequence[PriceEntry]) -> list[PriceEntry]:
    """Leave out whatever claims the days of an entry before it; groups count as one scope."""
    kept: list[PriceEntry] = []
    for entry in made:
        scope = entry.scope_kind, "" if entry.scope_kind is ScopeKind.GROUP else entry.scope
        same = [
            other
            for other in kept
            if (other.scope_kind, "" if other.scope_kind is ScopeKind.GROUP else other.scope) == scope
            and other.keys == entry.keys
        ]
        if not any(entry.overlaps(other) for other in same):
            kept.append(entry)
    return kept


def _slow(
    made: Sequence[PriceEntry], groups: dict[str, list[str]], subject: PriceSubject, on: date | None
) -> PriceEntry | None:
    """Sort every entry that applies, the most specific first."""
    mine = {
        name for name, customers in groups.items() if subject.customer_id.casefold() in map(str.casefold, customers)
    }
    applying = []
    for entry in made:
        owners = {
            ScopeKind.SUBSCRIPTION: {subject.subscription_id},
            ScopeKind.CUSTOMER: {subject.customer_id},
            ScopeKind.GROUP: mine,
            ScopeKind.GLOBAL: {""},
        }[entry.scope_kind]
        keys = {name: value for name in PriceKeys.__dataclass_fields__ if (value := getattr(entry.keys, name))}
        fits = all(value.casefold() == getattr(subject, name).casefold() for name, value in keys.items())
        starts = entry.valid_from is None or (on is not None and entry.valid_from <= on)
        lasts = entry.valid_until is None or (on is not None and on < entry.valid_until)
        if entry.scope.casefold() in map(str.casefold, owners) and fits and starts and lasts:
            has_type = bool(keys.pop("charge_type", ""))
            applying.append((list(ScopeKind).index(entry.scope_kind), not has_type, LEVELS.index(keys), entry))
    return min(applying, key=lambda ranked: ranked[:3])[3] if applying else None


@SETTINGS
@given(made=entries(), groups=memberships, subject=subjects, on=days)
def test_the_entry_found_is_the_most_specific_that_applies(
    made: list[PriceEntry], groups: dict[str, list[str]], subject: PriceSubject, on: date | None
) -> None:
    """Whatever stands where in the list, and asked again or for the first time."""
    kept = _without_clashes(made)
    expected = _slow(kept, groups, subject, on)
    for order in (kept, kept[::-1]):
        book = PriceBook(order, groups=groups)
        for _ in range(2):
            found = book.find(subject, on)

            assert expected == (found.entry if found else None)


@SETTINGS
@given(made=entries(), groups=memberships, subject=subjects, others=st.lists(st.tuples(subjects, days), max_size=5))
def test_what_was_asked_before_changes_no_answer(
    made: list[PriceEntry],
    groups: dict[str, list[str]],
    subject: PriceSubject,
    others: list[tuple[PriceSubject, date | None]],
) -> None:
    """The memory of a list answers as a new list does, on every day."""
    kept = _without_clashes(made)
    book = PriceBook(kept, groups=groups)
    for other, on in others:
        book.find(other, on)

    for on in (None, *(FIRST + timedelta(days=number) for number in range(-1, 9))):
        assert PriceBook(kept, groups=groups).find(subject, on) == book.find(subject, on)


@SETTINGS
@given(made=entries(), groups=memberships)
def test_a_list_that_contradicts_itself_is_refused_in_any_order(
    made: list[PriceEntry], groups: dict[str, list[str]]
) -> None:
    """Either both orders make a list, or neither does."""
    outcomes = set()
    for order in (made, made[::-1]):
        try:
            PriceBook(order, groups=groups)
            outcomes.add("made")
        except PriceListError as error:
            assert "two prices for" in str(error)  # noqa: PT017 - either outcome is right
            outcomes.add("refused")

    assert 1 == len(outcomes)
