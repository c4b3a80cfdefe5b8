"""Sales sync: price sheets, exchange rates and the catalogue of the countries sold in, each a message of its own.

The licence price sheets of all countries together become the price sheet that months are billed by, from the running
month on; exchange rates likewise. Months before have their own (``past_sales``). A document whose content stays the
same writes nothing, and replaces nothing that a person uploaded meanwhile; Microsoft's next version does.

Invariants: a sheet of tens of megabytes passes block by block; one that cannot be read is kept and never put in force.

Not here: what prices mean (``shared/domain/prices``).
"""

import io
import logging
from hashlib import sha256

from shared.application import past_sales
from shared.application.deliveries import send, try_later
from shared.application.joined_sheets import joined
from shared.application.messages import DeliveryMessage
from shared.application.services import Services
from shared.domain.errors import (
    InvalidError,
    MicrosoftBusyError,
    MicrosoftUnavailableError,
    NotConnectedError,
    ThrottledError,
)
from shared.domain.keys import digest
from shared.domain.periods import BillingPeriod
from shared.storage.repositories.codec import packed
from shared.storage.repositories.deliveries import FILE_PREFIX
from shared.storage.repositories.terms import TermsKind

logger = logging.getLogger(__name__)
SALES, CATALOGUE = "sales", "catalogue"
SHEET, RATES = past_sales.SHEET, past_sales.RATES
PRICE_SHEET, PRODUCTS = past_sales.PRICE_SHEET, "catalogue"
LICENCES = past_sales.LICENCES
SHEET_VIEWS = (LICENCES, "software", "azure_consumption", "azure_reservations")
CATALOGUE_VIEWS = ("OnlineServices",)
WAIT_S_MAX = 3600
_SHEETS = f"{FILE_PREFIX}price-sheet_"


def sync_sales(services: Services) -> int:
    """Ask for every price sheet, catalogue and the month's rates, one message each; return how many those are.

    Past months without a price sheet or rates of their own are asked for as well (``past_sales``).
    """
    wanted = [DeliveryMessage(step=RATES)]
    for country in services.countries:
        wanted += [DeliveryMessage(step=SHEET, row=country, kind=view) for view in SHEET_VIEWS]
        wanted += [DeliveryMessage(step=CATALOGUE, row=country, kind=view) for view in CATALOGUE_VIEWS]
    wanted_count = 0
    for message in [*wanted, *past_sales.lacking(services)]:
        send(services, message)
        wanted_count += 1
    return wanted_count


def work_off_sales(services: Services, message: DeliveryMessage) -> None:
    """Do one piece of the sales sync; a piece that Microsoft refuses is told in the log and leaves the others alone.

    Raises:
        OperationalError: the store was in the way; the message comes again.
    """
    try:
        match message.step:
            case "sheet" if message.period:
                past_sales.take_past_sheet(services, message.row, BillingPeriod.parse(message.period))
            case "rates" if message.period:
                past_sales.take_past_rates(services, BillingPeriod.parse(message.period))
            case "sheet":
                take_price_sheet(services, message.row, message.kind)
            case "rates":
                take_rates(services)
            case "catalogue":
                take_catalogue(services, message.row, message.kind)
            case _:
                sync_sales(services)
    except ThrottledError as error:
        send(services, message, min(max(error.retry_after_s, 1), WAIT_S_MAX))
    except (MicrosoftUnavailableError, MicrosoftBusyError) as error:
        if not try_later(services, message, str(error)):
            logger.warning("sales sync, %s %s %s: given up for now, %s", message.step, message.row, message.kind, error)
    except (NotConnectedError, InvalidError) as error:
        logger.warning("sales sync, %s %s %s: %s", message.step, message.row, message.kind, error)


def take_price_sheet(services: Services, country: str, view: str) -> bool:
    """Keep the price sheet of a country; licence prices are put in force from the running month on.

    Raises:
        InvalidError: the sheet cannot be read: it was kept, and the one before stays in force.
    """
    content = services.microsoft().price_sheet(country, view)
    if content is None:
        logger.info("sales sync: no price sheet %s for %s", view, country)
        return False
    with content:
        is_new = services.sales.put(PRICE_SHEET, country, view, content)
    return put_sheets_in_force(services) if view == LICENCES else is_new


def put_sheets_in_force(services: Services) -> bool:
    """Make the licence prices of all countries the price sheet from the running month on; False where it is already.

    Raises:
        InvalidError: a sheet cannot be read; nothing changed.
    """
    is_new = False
    period = BillingPeriod.of(services.clock().date())
    for _ in range(past_sales.ROUNDS_MAX):  # another worker may be at the sheet of another country
        found = [services.sales.newest(PRICE_SHEET, country, LICENCES) for country in services.countries]
        sheets = [sheet for sheet in found if sheet is not None]
        if not sheets:
            break
        name = f"{_SHEETS}{digest(*(sheet.content_hash for sheet in sheets))}.csv"
        own = services.terms.own_name(TermsKind.PRICE_SHEET, period)
        is_overtaken = own.startswith(_SHEETS) and own != name
        if not is_overtaken and _was_put_in_force(services, TermsKind.PRICE_SHEET, period, name):
            services.sales.note_month(PRICE_SHEET, str(period), past_sales.SYNCED)
            break
        with joined(services, sheets, name) as together:
            is_new |= services.terms.put(TermsKind.PRICE_SHEET, period, name, together)
        services.sales.keep_put_in_force(TermsKind.PRICE_SHEET, name)
        logger.info("sales sync: price sheet of %s countries in force from %s", len(sheets), period)
    return is_new


def take_rates(services: Services) -> bool:
    """Keep the month's exchange rates and put them in force from that month on; False where nothing is new.

    Raises:
        InvalidError: they cannot be read; nothing changed.
    """
    period = BillingPeriod.of(services.clock().date())
    month = str(period).replace("-", "")
    content = services.microsoft().exchange_rates(month)
    if content is None:
        logger.info("sales sync: no exchange rates for %s yet", month)
        return False
    with content:
        rates = content.read()
    name = f"{FILE_PREFIX}exchange-rates_{month}.csv"
    version = f"{name} {sha256(rates).hexdigest()}"
    if _was_put_in_force(services, TermsKind.EXCHANGE_RATES, period, version):
        return False
    services.formats.read_exchange_rates(io.BytesIO(rates), name)
    is_new = services.terms.put(TermsKind.EXCHANGE_RATES, period, name, rates)
    services.sales.keep_put_in_force(TermsKind.EXCHANGE_RATES, version)
    return is_new


def take_catalogue(services: Services, country: str, view: str) -> bool:
    """Keep the products sold in a country with their SKUs; False where nothing is new."""
    products = services.microsoft().products(country, view)
    return services.sales.put(PRODUCTS, country, view, io.BytesIO(packed(products)))


def _was_put_in_force(services: Services, kind: TermsKind, period: BillingPeriod, what: str) -> bool:
    """Whether the sync put just that in force before: what a person uploaded since then stays in force."""
    return services.sales.put_in_force(kind) == what and services.terms.in_force(kind, period) is not None
