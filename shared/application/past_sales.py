"""Price sheets and exchange rates of past months: what a reseller who connects today needs to bill last month.

Each past month that has no price sheet (or rates) of its own gets Microsoft's of that month: the last three months, and
those of the last year that Microsoft invoiced. What is there is not asked for again, and what Microsoft does not have
is noted once and asked for again from the next day on; so a night that finds nothing new writes nothing.

Invariants: what a person uploaded for a month is never replaced, and neither is a month whose sheets were synced while
it ran.

Source: Microsoft Partner Center documentation, "Get a price sheet" (timeline ``history`` with a month).

Not here: the running month (``sales_sync``).
"""

import io
import logging
from collections.abc import Iterator

from shared.application.joined_sheets import joined
from shared.application.messages import DeliveryMessage
from shared.application.services import Services
from shared.domain.keys import digest
from shared.domain.periods import BillingPeriod
from shared.storage.repositories.deliveries import FILE_PREFIX
from shared.storage.repositories.microsoft_invoices import month_of
from shared.storage.repositories.sales import SalesDocument
from shared.storage.repositories.terms import TermsKind

logger = logging.getLogger(__name__)
SHEET, RATES = "sheet", "rates"
PRICE_SHEET, EXCHANGE_RATES = "price-sheet", "exchange-rates"
LICENCES = "updatedlicensebased"
SYNCED = "synced"
"""Noted of a month whose price sheets were had while it ran."""
MONTHS_MIN, MONTHS_MAX = 3, 12
ROUNDS_MAX = 20


def lacking(services: Services) -> Iterator[DeliveryMessage]:
    """Yield a message for each thing that a past month lacks, the newest month first."""
    for month in past_months(services):
        if not _has_rates(services, month) and not _is_noted_today(services, EXCHANGE_RATES, month, ""):
            yield DeliveryMessage(step=RATES, period=str(month))
        for country in services.countries:
            if _lacks_sheet(services, country, month):
                yield DeliveryMessage(step=SHEET, row=country, kind=LICENCES, period=str(month))


def past_months(services: Services) -> list[BillingPeriod]:
    """Return the months before the running one that may be billed yet, the newest first."""
    month = BillingPeriod.of(services.clock().date())
    invoiced = {month_of(invoice) for invoice in services.microsoft_invoices.all()}
    found = []
    for number in range(MONTHS_MAX):
        month = month.previous
        if number < MONTHS_MIN or month in invoiced:
            found.append(month)
    return found


def take_past_sheet(services: Services, country: str, month: BillingPeriod) -> bool:
    """Keep a country's licence prices of a past month and put them in force for it, unless it has a sheet of its own.

    Raises:
        InvalidError: the sheet cannot be read: nothing was put in force.
    """
    if not _lacks_sheet(services, country, month):
        return False
    content = services.microsoft().price_sheet(country, LICENCES, _written(month))
    if content is None:
        _note_none(services, PRICE_SHEET, month, country)
        return False
    with content:
        services.sales.put(PRICE_SHEET, country, _view(month), content)
    return _put_in_force(services, month)


def _put_in_force(services: Services, month: BillingPeriod) -> bool:
    """Put all of a month's sheets in force as one; another worker may be doing so with another country's."""
    is_new = False
    for _ in range(ROUNDS_MAX):
        name, sheets = _together(services, month)
        own = services.terms.own_name(TermsKind.PRICE_SHEET, month)
        if own == name or (own and not own.startswith(_ours(month))):
            break
        with joined(services, sheets, name) as together:
            is_new |= services.terms.fill(TermsKind.PRICE_SHEET, month, name, together, _ours(month))
        logger.info("sales sync: price sheet of %s countries for the past month %s", len(sheets), month)
    return is_new


def take_past_rates(services: Services, month: BillingPeriod) -> bool:
    """Put the exchange rates of a past month in force for it, unless it has some of its own.

    Raises:
        InvalidError: they cannot be read; nothing changed.
    """
    if _has_rates(services, month):
        return False
    content = services.microsoft().exchange_rates(_written(month))
    if content is None:
        _note_none(services, EXCHANGE_RATES, month, "")
        return False
    with content:
        rates = content.read()
    name = f"{FILE_PREFIX}exchange-rates_{_written(month)}.csv"
    services.formats.read_exchange_rates(io.BytesIO(rates), name)
    return services.terms.fill(TermsKind.EXCHANGE_RATES, month, name, rates, name)


def _lacks_sheet(services: Services, country: str, month: BillingPeriod) -> bool:
    """Whether a month waits for a country's sheet: none is in force for it that is a person's, or holds this one."""
    if services.sales.month_note(PRICE_SHEET, str(month)) == SYNCED:
        return False
    own = services.terms.own_name(TermsKind.PRICE_SHEET, month)
    if own and not own.startswith(_ours(month)):
        return False
    if services.sales.newest(PRICE_SHEET, country, _view(month)) is None:
        return not _is_noted_today(services, PRICE_SHEET, month, country)
    return own != _together(services, month)[0]


def _together(services: Services, month: BillingPeriod) -> tuple[str, list[SalesDocument]]:
    """Return the month's sheets that were had, and their name as one."""
    found = [services.sales.newest(PRICE_SHEET, country, _view(month)) for country in services.countries]
    sheets = [sheet for sheet in found if sheet is not None]
    return f"{_ours(month)}{digest(*(sheet.content_hash for sheet in sheets))}.csv", sheets


def _has_rates(services: Services, month: BillingPeriod) -> bool:
    return bool(services.terms.own_name(TermsKind.EXCHANGE_RATES, month))


def _note_none(services: Services, kind: str, month: BillingPeriod, country: str) -> None:
    """Note once that Microsoft has nothing; the day says until when not to ask again."""
    logger.info("sales sync: no %s %s for the past month %s", kind, country, month)
    services.sales.note_month(kind, str(month), services.clock().date().isoformat(), country or "all")


def _is_noted_today(services: Services, kind: str, month: BillingPeriod, country: str) -> bool:
    return services.sales.month_note(kind, str(month), country or "all") == services.clock().date().isoformat()


def _ours(month: BillingPeriod) -> str:
    """Return how the name of each sheet begins that this module put in force for a month."""
    return f"{FILE_PREFIX}price-sheet_{month}_"


def _view(month: BillingPeriod) -> str:
    return f"{LICENCES}_{month}"


def _written(month: BillingPeriod) -> str:
    return str(month).replace("-", "")
