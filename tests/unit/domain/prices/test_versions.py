"""Price list versions: named by what they charge, one for a day."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from shared.domain.errors import NotFoundError, PriceListError
from shared.domain.prices import PriceEntry, PriceKeys, PriceMethod, Tier
from shared.domain.prices.offers import Offer
from shared.domain.prices.reach import Reach
from shared.domain.prices.versions import PriceListHistory, PriceListVersion

MakeEntry = Callable[..., PriceEntry]
JANUARY, JULY = date(2026, 1, 1), date(2026, 7, 1)


@pytest.fixture
def version(entry: MakeEntry) -> PriceListVersion:
    """A version of two prices and an offer."""
    offer = Offer(name="Autumn", reach=Reach(customer_id="c-1"), percent_off=Decimal(10), row=3)
    entries = (entry("10", row=2), entry("90.0", product_id="P", row=3))
    return PriceListVersion(valid_from=JANUARY, entries=entries, rules=(offer,), author="Ada")


def test_a_version_is_named_by_what_it_charges(version: PriceListVersion, entry: MakeEntry) -> None:
    """Not by author, note, parent, order or the rows of a file; by everything else."""
    first, second = version.entries
    same = replace(
        version,
        entries=(replace(second, value=Decimal("9E1"), row=7, note="new"), first),
        author="Grace",
        note="again",
        parent_id="x",
    )
    (offer,) = version.rules

    assert 16 == len(version.version_id)
    assert version.version_id == same.version_id
    for other in (
        replace(version, valid_from=JULY),
        replace(version, entries=(first,)),
        replace(version, entries=(first, replace(second, value=Decimal(91)))),
        replace(version, rules=()),
        replace(version, rules=(replace(offer, reach=Reach(valid_from=JULY)),)),
    ):
        assert version.version_id != other.version_id


def test_the_latest_version_that_began_is_in_force(version: PriceListVersion) -> None:
    """None before the first."""
    later = replace(version, valid_from=JULY)
    history = PriceListHistory([later, version])

    assert [version, later] == list(history)
    assert history.in_force(date(2025, 12, 31)) is None
    assert version is history.in_force(date(2026, 6, 30))
    assert later is history.in_force(JULY)
    assert later is history.version(later.version_id)


def test_the_same_content_again_is_the_same_version(version: PriceListVersion) -> None:
    """The first one stays, with its author."""
    history = PriceListHistory([version]).with_version(replace(version, author="Grace"))

    assert (1, "Ada") == (len(history), next(iter(history)).author)


def test_two_contents_for_one_day_are_refused(version: PriceListVersion) -> None:
    """Both are named, with author and note."""
    other = replace(version, rules=(), note="without offers", author="")

    with pytest.raises(PriceListError, match=r"by Ada and [0-9a-f]{16} \(without offers\)"):
        PriceListHistory([version]).with_version(other)


def test_an_unknown_version_is_not_found(version: PriceListVersion) -> None:
    """The id is told."""
    with pytest.raises(NotFoundError, match="no version abc"):
        PriceListHistory([version]).version("abc")


def test_the_name_of_a_version_stays_what_it_was() -> None:
    """Ids are stored and quoted: the same content has to have the same one in the next release."""
    keys = PriceKeys(product_id="P")
    tiers = (Tier(Decimal(1), Decimal("1.00")), Tier(Decimal("1E2"), Decimal("0.80")))
    entry = PriceEntry(scope="", keys=keys, method=PriceMethod.GRADUATED, currency="EUR", tiers=tiers)
    offer = Offer(name="Autumn", reach=Reach(customer_id="c-1"), percent_off=Decimal(10), row=3)

    assert "b337af34ef861477" == PriceListVersion(valid_from=JANUARY, entries=(entry,), rules=(offer,)).version_id


def test_a_price_is_spelled_with_all_its_digits(entry: MakeEntry) -> None:
    """Two prices that differ in the fortieth digit are two versions."""
    one, other = (PriceListVersion(valid_from=JANUARY, entries=(entry("1." + "0" * 38 + last),)) for last in "12")

    assert one.version_id != other.version_id
    with pytest.raises(PriceListError, match=r"\. Keep one of them, or let one begin on another day\.$"):
        PriceListHistory([one, other])
