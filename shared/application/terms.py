"""Billing terms: checked when they come in, so that a run never meets a price list that it cannot use.

Not here: what prices mean (``shared/domain/prices``).
"""

import io
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import BinaryIO, TypeVar

from shared.application.services import Formats, Services
from shared.domain.adjusted_sales import SpecialTerms
from shared.domain.agreed_terms import agreed_terms
from shared.domain.customer_bills import Terms
from shared.domain.errors import InvalidError, StateError
from shared.domain.periods import BillingPeriod
from shared.domain.prices import NO_PRICE_SHEET, PriceBook, PriceSheet
from shared.domain.prices.exchange import ExchangeRates
from shared.domain.source_files import ControlTotal
from shared.domain.subscription_details import by_subscription, with_details
from shared.storage.repositories.deliveries import FILE_PREFIX
from shared.storage.repositories.terms import TermsKind, TermsVersion

Groups = Mapping[str, tuple[str, ...]]
T = TypeVar("T")


def keep_terms(services: Services, kind: TermsKind, period: BillingPeriod, name: str, content: bytes) -> bool:
    """Check a file and make it the version in force from *period* on; return False where it is that already.

    Customer groups are checked together with price list and offers, which may name them: upload the groups first.

    Raises:
        InvalidError: the file cannot be read or contradicts itself, or is named as Microsoft's; nothing was kept.
    """
    if name.startswith(FILE_PREFIX):
        raise InvalidError(f"name: {name[:40]!r} begins with {FILE_PREFIX}, as only files from Microsoft do; rename it")
    stream = io.BytesIO(content)
    match kind:
        case TermsKind.PRICE_LIST:
            PriceBook(services.formats.read_price_list(stream, name), name=name, groups=_known(services, period))
        case TermsKind.CUSTOMER_GROUPS:
            groups = services.formats.read_customer_groups(stream, name)
            _check_against(services, period, groups)
        case TermsKind.OFFERS_AND_DISCOUNTS:
            rows = services.formats.read_offers_and_discounts(stream, name)
            agreed_terms(rows, name=name, groups=_known(services, period))
        case TermsKind.PRICE_SHEET:
            PriceSheet(services.formats.read_price_sheet(stream, name), name=name)
        case TermsKind.SUBSCRIPTION_DETAILS:
            services.formats.read_subscription_details(stream, name)
        case TermsKind.CONTROL_TOTALS:
            services.formats.read_control_totals(stream, name)
        case TermsKind.EXCHANGE_RATES:
            ExchangeRates(services.formats.read_exchange_rates(stream, name))
    return services.terms.put(kind, period, name, content)


def _known(services: Services, period: BillingPeriod) -> Groups:
    return _groups(services.formats, services.terms.in_force(TermsKind.CUSTOMER_GROUPS, period))


def _check_against(services: Services, period: BillingPeriod, groups: Groups) -> None:
    """Refuse groups with which the price list or the offers in force could not be used any more."""
    prices = services.terms.in_force(TermsKind.PRICE_LIST, period)
    if prices is not None:
        _book(services.formats, prices, groups)
    _special(services.formats, services.terms.in_force(TermsKind.OFFERS_AND_DISCOUNTS, period), groups)


def _book(formats: Formats, prices: TermsVersion, groups: Groups) -> PriceBook:
    return _read(
        prices, lambda stream, name: PriceBook(formats.read_price_list(stream, name), name=name, groups=groups)
    )


def _groups(formats: Formats, version: TermsVersion | None) -> Groups:
    return {} if version is None else _read(version, formats.read_customer_groups)


def _special(
    formats: Formats, version: TermsVersion | None, groups: Groups, rates: ExchangeRates | None = None
) -> SpecialTerms | None:
    if version is None:
        return None
    rows = _read(version, formats.read_offers_and_discounts)
    return agreed_terms(rows, name=version.file.name, groups=groups, rates=rates)


def _rates(formats: Formats, version: TermsVersion | None) -> ExchangeRates | None:
    return None if version is None else ExchangeRates(_read(version, formats.read_exchange_rates))


def _read(version: TermsVersion, read: Callable[[BinaryIO, str], T]) -> T:
    with version.file.open() as stream:
        return read(stream, version.file.name)


def terms_in_force(services: Services, period: BillingPeriod) -> tuple[TermsVersion, ...]:
    """Return every version that the period is billed by, in kind order."""
    versions = [services.terms.in_force(kind, period) for kind in TermsKind]
    return tuple(version for version in versions if version is not None)


def load_terms(services: Services, period: BillingPeriod, versions: tuple[TermsVersion, ...]) -> Terms:
    """Return the prices and details that the versions hold.

    Versions are immutable, so the chunks of a run that one process works off share what was read once.

    Raises:
        StateError: there is no price list among them.
    """
    return _loaded(services.formats, period, versions)


@lru_cache(maxsize=2)
def _loaded(formats: Formats, period: BillingPeriod, versions: tuple[TermsVersion, ...]) -> Terms:
    of_kind = {version.kind: version for version in versions}
    prices = of_kind.get(TermsKind.PRICE_LIST)
    if prices is None:
        raise StateError(f"there is no price list for {period}: upload one as billing terms of kind price-list")
    groups = _groups(formats, of_kind.get(TermsKind.CUSTOMER_GROUPS))
    book = _book(formats, prices, groups)
    rates = _rates(formats, of_kind.get(TermsKind.EXCHANGE_RATES))
    special = _special(formats, of_kind.get(TermsKind.OFFERS_AND_DISCOUNTS), groups, rates)
    sheet, details = NO_PRICE_SHEET, by_subscription(())
    if (version := of_kind.get(TermsKind.PRICE_SHEET)) is not None:
        sheet = _read(version, lambda stream, name: PriceSheet(formats.read_price_sheet(stream, name), name=name))
    if (version := of_kind.get(TermsKind.SUBSCRIPTION_DETAILS)) is not None:
        details = by_subscription(_read(version, formats.read_subscription_details))
    return Terms(period, book, sheet, partial(with_details, details=details), special)


def load_control_totals(services: Services, versions: tuple[TermsVersion, ...]) -> list[ControlTotal]:
    """Return what Microsoft says its documents hold, or nothing where nobody gave it."""
    for version in versions:
        if version.kind is TermsKind.CONTROL_TOTALS:
            return _read(version, services.formats.read_control_totals)
    return []
