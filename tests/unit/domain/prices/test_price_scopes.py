"""Scopes: the subscription's own prices, the customer's, those of his groups, those for all; and what is remembered."""

import pickle
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from shared.domain.errors import PriceListError
from shared.domain.prices import PriceBook, PriceEntry, PriceMethod, PriceSubject, ScopeKind
from shared.domain.prices.book import MEMO_SUBJECTS_MAX
from shared.domain.source_lines import SourceLine

MakeLine = Callable[..., SourceLine]
MakeEntry = Callable[..., PriceEntry]
SUBJECT = PriceSubject(
    customer_id="c-1", subscription_id="S-1", vendor="Microsoft", product_id="P", sku_id="0001", currency="EUR"
)
KEYS = {"product_id": "P", "sku_id": "0001"}
ON = date(2026, 10, 1)


def _scoped(entry: MakeEntry, value: str, kind: ScopeKind, scope: str, **changed: object) -> PriceEntry:
    return replace(entry(value, **changed), scope=scope, scope_kind=kind)


def _price(book: PriceBook, subject: PriceSubject = SUBJECT, on: date | None = ON) -> str | None:
    found = book.find(subject, on)
    return None if found is None else str(found.entry.value)


def test_the_most_specific_scope_wins_over_more_specific_keys(entry: MakeEntry) -> None:
    """Subscription, customer, customer group, everybody; ids and names without regard to case."""
    scoped = [
        _scoped(entry, "1", ScopeKind.SUBSCRIPTION, "s-1"),
        _scoped(entry, "2", ScopeKind.CUSTOMER, "C-1"),
        _scoped(entry, "3", ScopeKind.GROUP, "Schools", vendor="Microsoft"),
        entry("4", **KEYS),
    ]

    for number in range(len(scoped)):
        for entries in (scoped[number:], [*scoped[:number:-1], scoped[number]]):
            groups = {"SCHOOLS": ["c-1", "c-2"]}
            assert str(number + 1) == _price(PriceBook(entries, groups=groups)), entries


def test_the_prices_of_others_are_never_seen(entry: MakeEntry) -> None:
    """Another subscription, customer or group."""
    book = PriceBook(
        [
            _scoped(entry, "1", ScopeKind.SUBSCRIPTION, "s-2"),
            _scoped(entry, "2", ScopeKind.CUSTOMER, "c-2"),
            _scoped(entry, "3", ScopeKind.GROUP, "schools"),
        ],
        groups={"Schools": ["c-2"], "Cities": ["c-1"]},
    )

    assert _price(book) is None
    assert "2" == _price(book, SUBJECT._replace(customer_id="c-2"))
    assert "1" == _price(book, SUBJECT._replace(subscription_id="S-2"))


def test_the_groups_of_a_customer_are_one_scope(entry: MakeEntry) -> None:
    """Of two groups the entry with the more specific keys wins, whichever group has it."""
    entries = [
        _scoped(entry, "1", ScopeKind.GROUP, "north", vendor="Microsoft"),
        _scoped(entry, "2", ScopeKind.GROUP, "schools", **KEYS),
    ]
    groups = {"North": ["C-1", "c-2"], "Schools": ["c-1"]}

    assert "2" == _price(PriceBook(entries, groups=groups))
    assert "2" == _price(PriceBook(entries[::-1], groups=groups))
    assert "1" == _price(PriceBook(entries, groups=groups), SUBJECT._replace(customer_id="c-2"))


def test_two_groups_of_one_customer_must_not_price_the_same(entry: MakeEntry) -> None:
    """Nothing says which group comes first: the list is refused, with both rows and the customer."""
    one = _scoped(entry, "1", ScopeKind.GROUP, "north", row=3, **KEYS)
    two = _scoped(entry, "2", ScopeKind.GROUP, "Schools", row=8, **KEYS)
    refused = r"rows 3 and 8: two prices for ProductId P, SkuId 0001 \(customer c-1, who is in the groups north and sch"

    with pytest.raises(PriceListError, match=refused):
        PriceBook([one, two], groups={"north": ["c-1"], "schools": ["c-1"]})
    assert 2 == PriceBook([one, two], groups={"north": ["c-1"], "schools": ["c-2"]}).entry_count
    later = replace(two, valid_from=date(2027, 1, 1))
    earlier = replace(one, valid_until=date(2027, 1, 1))
    assert 2 == PriceBook([earlier, later], groups={"north": ["c-1"], "schools": ["c-1"]}).entry_count


def test_a_group_that_nobody_is_in_is_refused(entry: MakeEntry) -> None:
    """A misspelt name would leave its customers with another price."""
    with pytest.raises(PriceListError, match=r"list, row 9: nobody is in the customer group 'Scools'\. Add its"):
        PriceBook([_scoped(entry, "1", ScopeKind.GROUP, "Scools", row=9)], name="list", groups={"Schools": ["c-1"]})


@pytest.mark.parametrize(
    ("kind", "scope", "price"),
    [
        (ScopeKind.SUBSCRIPTION, "s-1", "7"),
        (ScopeKind.CUSTOMER, "c-1", "7"),
        (ScopeKind.GROUP, "schools", None),
        (ScopeKind.GLOBAL, "", None),
    ],
)
def test_only_a_price_of_the_customers_own_crosses_currencies(
    entry: MakeEntry, kind: ScopeKind, scope: str, price: str | None
) -> None:
    """He is then invoiced in that currency; a group's price is for several customers."""
    swiss = _scoped(entry, "7", kind, scope, currency="CHF")

    assert price == _price(PriceBook([swiss], groups={"schools": ["c-1"]}))


def test_an_uplift_as_an_amount_never_crosses_currencies(entry: MakeEntry) -> None:
    """It is added to an amount of Microsoft's; one in each currency may stand beside each other."""
    markup = entry("1", method=PriceMethod.MARKUP_ON_COST)
    swiss = replace(markup, scope="c-1", scope_kind=ScopeKind.CUSTOMER, currency="CHF", uplift_amount=markup.value)
    euro = replace(swiss, currency="EUR", row=4)

    assert _price(PriceBook([swiss])) is None
    found = PriceBook([swiss, euro]).find(SUBJECT, ON)
    assert found is not None
    assert 4 == found.entry.row


def test_an_entry_for_everybody_names_nobody(entry: MakeEntry) -> None:
    """An id without a kind would be nobody's; an empty id is everybody's whatever the kind."""
    with pytest.raises(PriceListError, match=r"row 5: a price for everybody names 'c-1': name whose id that is"):
        PriceBook([_scoped(entry, "1", ScopeKind.GLOBAL, "c-1", row=5)])
    assert ScopeKind.GLOBAL is _scoped(entry, "1", ScopeKind.GROUP, "").scope_kind
    assert "customer group north" == _scoped(entry, "1", ScopeKind.GROUP, "north").owner


def test_an_answer_from_memory_is_the_same_answer(entry: MakeEntry) -> None:
    """Each stretch of days between two price changes is looked for once, and an undated line apart from them."""
    turn = date(2026, 10, 1)
    book = PriceBook([entry("1", valid_until=turn), entry("2", valid_from=turn)])
    first = [book.find(SUBJECT, on) for on in (date(2026, 9, 30), turn, None)]
    again = [book.find(SUBJECT, on) for on in (date(2026, 1, 1), date(2027, 1, 1), None)]

    assert ["1", "2", None] == [str(found.entry.value) if found else None for found in first]
    assert [id(found) for found in first] == [id(found) for found in again]


def test_the_memory_is_bounded(entry: MakeEntry) -> None:
    """When it is full it starts again; the answers stay right."""
    own = _scoped(entry, "5", ScopeKind.CUSTOMER, "c-7")
    book = PriceBook([entry("1", product_id="p-7"), entry("2"), own])
    for number in range(MEMO_SUBJECTS_MAX + 1):
        book.find(PriceSubject(customer_id=f"c-{number}", product_id=f"p-{number}", currency="EUR"), None)

    assert len(book._memo) <= MEMO_SUBJECTS_MAX
    assert len(book._known_customers) <= MEMO_SUBJECTS_MAX
    assert "1" == _price(book, PriceSubject(product_id="P-7", currency="EUR"))
    assert "5" == _price(book, PriceSubject(customer_id="c-7", product_id="P-7", currency="EUR"))


def test_a_book_goes_to_another_process_without_its_memory(entry: MakeEntry) -> None:
    """Files are read in several processes; each remembers for itself."""
    book = PriceBook([_scoped(entry, "1", ScopeKind.CUSTOMER, "c-1"), entry("2", **KEYS)])
    book.find(SUBJECT, ON)
    copied = pickle.loads(pickle.dumps(book))  # noqa: S301 - what was just written

    assert {} == copied._memo == copied._known_customers
    assert "1" == _price(copied)
    assert "2" == _price(copied, SUBJECT._replace(customer_id="c-2"))


def test_what_no_entry_asks_for_is_not_remembered(licence: MakeLine, entry: MakeEntry) -> None:
    """Subjects that differ in a key that no entry has are one to the memory."""
    book = PriceBook([entry("1", product_id="P"), entry("2")])
    for charge_type in ("new", "renew", "cycleCharge"):
        book.find(SUBJECT._replace(charge_type=charge_type, subscription_id=charge_type), ON)

    assert 1 == len(book._memo)
    assert () == book.boundaries(licence())
