"""Price list versions: what a list said, from which day, by whom and why; immutable, named by content.

A version is named by what it charges: its day, entries, offers and discounts in any order. Authors, notes, the parent
and the rows at which things stand in a file are told along with it and are not part of its name, so the same list
handed in again is the same version, and the first author stays.

A version answers for the days before it as well: a bulk change ends the old rows and begins new ones
(``bulk_changes``), so a term whose price is locked to an earlier day finds that day's price in the latest version.

Not here: look-up (``book``), keeping versions in a store, reading them from files.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

from shared.domain.errors import NotFoundError, PriceListError
from shared.domain.keys import digest
from shared.domain.money import EXACT
from shared.domain.prices.adjustment_rules import Rule
from shared.domain.prices.entries import PriceEntry

_NOT_CONTENT = {"row", "note"}


@dataclass(frozen=True, kw_only=True)
class PriceListVersion:
    """One version of a reseller's price list. *parent_id* is the version it was made from, "" for a list handed in."""

    valid_from: date
    entries: tuple[PriceEntry, ...]
    rules: tuple[Rule, ...] = ()
    author: str = ""
    note: str = ""
    parent_id: str = ""

    @cached_property
    def version_id(self) -> str:
        """Sixteen hex digits that stand for what the version charges."""
        return digest(
            self.valid_from.isoformat(),
            *sorted(map(spelled, self.entries)),
            "offers and discounts",
            *sorted(map(spelled, self.rules)),
        )


class PriceListHistory:
    """The versions of one list by day. Immutable: ``with_version`` returns another history.

    Raises:
        PriceListError: two versions with different content begin on one day.
    """

    def __init__(self, versions: Iterable[PriceListVersion] = ()) -> None:
        by_day: dict[date, PriceListVersion] = {}
        for version in versions:
            other = by_day.setdefault(version.valid_from, version)
            if other.version_id != version.version_id:
                raise PriceListError(
                    f"two price lists begin on {version.valid_from}: {_told(other)} and {_told(version)}. "
                    "Keep one of them, or let one begin on another day."
                )
        self._versions = tuple(sorted(by_day.values(), key=lambda version: version.valid_from))

    def __iter__(self) -> Iterator[PriceListVersion]:
        return iter(self._versions)

    def __len__(self) -> int:
        return len(self._versions)

    def in_force(self, on: date) -> PriceListVersion | None:
        """Return the version in force on that day: the latest that began by then, or None before the first."""
        return next((version for version in reversed(self._versions) if version.valid_from <= on), None)

    def version(self, version_id: str) -> PriceListVersion:
        """Return the version of that id.

        Raises:
            NotFoundError: there is none.
        """
        for version in self._versions:
            if version.version_id == version_id:
                return version
        raise NotFoundError(f"there is no version {version_id} of the price list: check the id")

    def with_version(self, version: PriceListVersion) -> "PriceListHistory":
        """Return the history with *version* in it; the same content on the same day again changes nothing.

        Raises:
            PriceListError: another version begins on that day.
        """
        return PriceListHistory((*self._versions, version))


def spelled(value: object) -> str:
    """Return one spelling for one content: numbers without idle zeros, fields by name, rows of files left out."""
    if is_dataclass(value):
        named = [(field.name, getattr(value, field.name)) for field in fields(value) if field.name not in _NOT_CONTENT]
        return f"{type(value).__name__}({', '.join(f'{name}={spelled(part)}' for name, part in named)})"
    if isinstance(value, Decimal):
        return f"{value.normalize(EXACT):f}"
    if isinstance(value, tuple):
        return f"({', '.join(map(spelled, value))})"
    return repr(str(value))


def _told(version: PriceListVersion) -> str:
    by = f" by {version.author}" if version.author else ""
    return f"{version.version_id}{by}{f' ({version.note})' if version.note else ''}"
