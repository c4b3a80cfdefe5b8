"""A person's own files of prices: the price list, Microsoft's price sheets, customer groups, offers and discounts.

Every command that prices something opens them here, so that they mean the same everywhere.

Not here: what the files say (``shared/documents``), the command line (``command``).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar

from shared.bootstrap import FORMATS
from shared.domain.adjusted_sales import SpecialTerms
from shared.domain.agreed_terms import agreed_terms
from shared.domain.errors import InvalidError
from shared.domain.expected_sales import SaleTerms
from shared.domain.prices import NO_PRICE_SHEET, PriceBook, PriceSheet
from shared.domain.prices.price_locks import PriceLockPolicy

Groups = Mapping[str, Iterable[str]]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceFiles:
    """What a person hands in to have something priced; without *prices* nothing is."""

    prices: Path | None = None
    price_sheets: Sequence[Path] = ()
    customer_groups: Path | None = None
    offers: Path | None = None
    price_lock: PriceLockPolicy | None = None

    def terms(self) -> SaleTerms | None:
        """Return what sales are priced by, or None without a price list.

        Raises:
            InvalidError: a file cannot be used, or one is given that needs the price list.
        """
        if self.prices is None:
            if self.price_sheets or self.customer_groups or self.offers or self.price_lock:
                raise InvalidError("--prices is missing: the other files and --price-lock only mean something with it")
            return None
        groups = customer_groups(self.customer_groups)
        return SaleTerms(
            prices=price_book(self.prices, groups),
            sheet=price_sheet(self.price_sheets),
            special=special_terms(self.offers, self.price_lock, groups),
        )


def price_book(path: Path, groups: Groups) -> PriceBook:
    """Return the price list in a file.

    Raises:
        InvalidError: it cannot be used, or prices a group of which nobody is known.
    """
    return opened(path, lambda stream, name: PriceBook(FORMATS.read_price_list(stream, name), name=name, groups=groups))


def price_sheet(paths: Sequence[Path]) -> PriceSheet:
    """Return Microsoft's price sheets as one; the empty one where there is no file.

    Raises:
        InvalidError: a file cannot be used.
    """
    if not paths:
        return NO_PRICE_SHEET
    rows = [
        row for path in paths for row in opened(path, lambda stream, name: list(FORMATS.read_price_sheet(stream, name)))
    ]
    return PriceSheet(rows, name=" and ".join(path.name for path in paths))


def customer_groups(path: Path | None) -> Groups:
    """Return the customers of each group.

    Raises:
        InvalidError: the file cannot be used.
    """
    return {} if path is None else opened(path, FORMATS.read_customer_groups)


def special_terms(offers: Path | None, price_lock: PriceLockPolicy | None, groups: Groups) -> SpecialTerms | None:
    """Return what is agreed beside the price list; None where nothing is, so that nothing is asked of each line.

    Raises:
        InvalidError: the file cannot be used, or says something else than *price_lock*.
    """
    if offers is None:
        return agreed_terms((), name="", groups=groups, lock=price_lock)
    rows = opened(offers, FORMATS.read_offers_and_discounts)
    return agreed_terms(rows, name=offers.name, groups=groups, lock=price_lock)


def opened(path: Path, read: Callable[[BinaryIO, str], T]) -> T:
    """Return what *read* makes of the file.

    Raises:
        InvalidError: it cannot be opened, or *read* refuses it.
    """
    try:
        with path.open("rb") as stream:
            return read(stream, path.name)
    except OSError as error:
        raise InvalidError(f"{path}: cannot be opened ({error.strerror}). Check the path and its rights.") from error
