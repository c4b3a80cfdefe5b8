"""Billing terms: checked when they come in, so that a run never meets a price list that it cannot use.

Not here: what prices mean (``shared/domain/prices``).
"""

import io
from collections.abc import Mapping
from functools import lru_cache, partial

from shared.application.services import Formats, Services
from shared.domain.customer_bills import Terms
from shared.domain.errors import StateError
from shared.domain.periods import BillingPeriod
from shared.domain.prices import NO_PRICE_SHEET, PriceBook, PriceSheet
from shared.domain.source_files import ControlTotal
from shared.domain.subscription_details import by_subscription, with_details
from shared.storage.repositories.terms import TermsKind, TermsVersion

Groups = Mapping[str, tuple[str, ...]]


def keep_terms(services: Services, kind: TermsKind, period: BillingPeriod, name: str, content: bytes) -> bool:
    """Check a file and make it the version in force from *period* on; return False where it is that already.

    Price list and customer groups are checked together: upload the groups first.

    Raises:
        InvalidError: the file cannot be read or contradicts itself; nothing was kept.
    """
    stream = io.BytesIO(content)
    match kind:
        case TermsKind.PRICE_LIST:
            groups = _groups(services.formats, services.terms.in_force(TermsKind.CUSTOMER_GROUPS, period))
            PriceBook(services.formats.read_price_list(stream, name), name=name, groups=groups)
        case TermsKind.CUSTOMER_GROUPS:
            groups = services.formats.read_customer_groups(stream, name)
            _check_against(services, services.terms.in_force(TermsKind.PRICE_LIST, period), groups)
        case TermsKind.PRICE_SHEET:
            PriceSheet(services.formats.read_price_sheet(stream, name), name=name)
        case TermsKind.SUBSCRIPTION_DETAILS:
            services.formats.read_subscription_details(stream, name)
        case TermsKind.CONTROL_TOTALS:
            services.formats.read_control_totals(stream, name)
    return services.terms.put(kind, period, name, content)


def _check_against(services: Services, prices: TermsVersion | None, groups: Groups) -> None:
    """Refuse groups with which the price list in force could not be used any more."""
    if prices is not None:
        _book(services.formats, prices, groups)


def _book(formats: Formats, prices: TermsVersion, groups: Groups) -> PriceBook:
    with prices.file.open() as stream:
        return PriceBook(formats.read_price_list(stream, prices.file.name), name=prices.file.name, groups=groups)


def _groups(formats: Formats, version: TermsVersion | None) -> Groups:
    if version is None:
        return {}
    with version.file.open() as stream:
        return formats.read_customer_groups(stream, version.file.name)


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
    book = _book(formats, prices, _groups(formats, of_kind.get(TermsKind.CUSTOMER_GROUPS)))
    sheet, details = NO_PRICE_SHEET, by_subscription(())
    if (version := of_kind.get(TermsKind.PRICE_SHEET)) is not None:
        with version.file.open() as stream:
            sheet = PriceSheet(formats.read_price_sheet(stream, version.file.name), name=version.file.name)
    if (version := of_kind.get(TermsKind.SUBSCRIPTION_DETAILS)) is not None:
        with version.file.open() as stream:
            details = by_subscription(formats.read_subscription_details(stream, version.file.name))
    return Terms(period, book, sheet, partial(with_details, details=details))


def load_control_totals(services: Services, versions: tuple[TermsVersion, ...]) -> list[ControlTotal]:
    """Return what Microsoft says its documents hold, or nothing where nobody gave it."""
    for version in versions:
        if version.kind is TermsKind.CONTROL_TOTALS:
            with version.file.open() as stream:
                return services.formats.read_control_totals(stream, version.file.name)
    return []
