"""Billing sync: which of Microsoft's invoices, lines and prices are asked for, each as a piece of its own.

Three pieces, each a message, so that one that fails leaves the others alone: *invoices* (the list, and the lines of
each), *unbilled* (the running month and the one before, by billing currency) and *sales* (prices and rates).

History: lines of all modern invoices since September 2023 and their usage since September 2022 can be had; the newest
come first, and one night asks for a bounded number.

Source: Microsoft Partner Center documentation, "Use APIs to get billed and unbilled invoice reconciliation data".

Not here: how a delivery comes in (``deliveries``), prices (``sales_sync``), the timer.
"""

import logging
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from shared.application.deliveries import ASK, LOOK, PART, send, sweep_deliveries, try_later, work_off
from shared.application.messages import DeliveryMessage
from shared.application.sales_sync import CATALOGUE, RATES, SALES, SHEET, work_off_sales
from shared.application.services import Services
from shared.domain.errors import (
    InvalidError,
    MicrosoftBusyError,
    MicrosoftUnavailableError,
    NotConnectedError,
    ThrottledError,
)
from shared.domain.periods import BillingPeriod
from shared.domain.snapshots.deliveries import ExportKind
from shared.domain.snapshots.values import MicrosoftInvoice
from shared.storage.repositories.deliveries import LEGACY, Delivery, DeliveryState
from shared.storage.repositories.microsoft_invoices import month_of

logger = logging.getLogger(__name__)
INVOICES, UNBILLED = "invoices", "unbilled"
PIECES = (INVOICES, UNBILLED, SALES)
RECONCILIATION_FROM, USAGE_FROM = BillingPeriod(2023, 9), BillingPeriod(2022, 9)
RECENT_DAYS = 35
"""So long after its date an invoice's lines are looked at again: Microsoft may publish another version of them."""
ASKED_A_NIGHT_MAX = 100
CURRENCY_DAYS = 400
_UNBILLED_KINDS = (ExportKind.UNBILLED_RECONCILIATION, ExportKind.UNBILLED_USAGE)


def sync_billing(services: Services) -> None:
    """Ask for all billing data of Microsoft's: one message for each separate piece."""
    for piece in PIECES:
        send(services, DeliveryMessage(step=piece))


def need_connection(services: Services) -> None:
    """Ask Microsoft for something small, so that whoever asks for deliveries learns that none can come.

    Raises:
        NotConnectedError: Microsoft does not know us; the message is the cure.
    """
    try:
        services.microsoft().invoices()
    except (MicrosoftUnavailableError, MicrosoftBusyError, InvalidError) as error:
        logger.info("billing sync: asked for while %s; the worker tries again", type(error).__name__)


def work_off_billing(services: Services, message: DeliveryMessage) -> None:
    """Do what one message of the queue of deliveries asks for.

    Raises:
        OperationalError, ConflictError: the store was in the way, or another worker; the message comes again.
        InvalidError: nobody knows such a step.
    """
    match message.step:
        case "invoices":
            _piece(services, message)
        case "unbilled":
            _piece(services, message)
        case step if step in {ASK, LOOK, PART}:
            work_off(services, message)
        case step if step in {SALES, SHEET, RATES, CATALOGUE}:
            work_off_sales(services, message)
        case _:
            raise InvalidError(f"step: {message.step[:40]!r} is no step of a delivery")


def _piece(services: Services, message: DeliveryMessage) -> None:
    try:
        if message.step == INVOICES:
            sync_invoices(services)
        else:
            sync_unbilled(services)
    except ThrottledError as error:
        send(services, message, min(max(error.retry_after_s, 1), 3600))
    except (MicrosoftUnavailableError, MicrosoftBusyError) as error:
        if not try_later(services, message, str(error)):
            logger.warning("billing sync, %s: given up for now, %s; tried again by the next sync", message.step, error)
    except (NotConnectedError, InvalidError) as error:
        logger.warning("billing sync, %s: %s; tried again by the next sync", message.step, error)


def sync_invoices(services: Services) -> int:
    """Keep the list of invoices as it is now and ask for the lines of each; return how many invoices are news.

    Raises:
        MicrosoftUnavailableError, NotConnectedError: the list could not be had.
    """
    invoices = services.microsoft().invoices()
    news = services.microsoft_invoices.keep_all(invoices)
    today, asked_count = services.clock().date(), 0
    known: dict[BillingPeriod, dict[str, Delivery]] = {}
    for delivery in _wanted(invoices):
        if delivery.period not in known:
            known[delivery.period] = {each.row: each for each in services.deliveries.of_period(delivery.period)}
        there = known[delivery.period].get(delivery.row)
        is_recent = any(_is_recent(each, today) for each in invoices if each.id == delivery.invoice_id)
        if not _is_due(there, is_recent=is_recent) or asked_count >= ASKED_A_NIGHT_MAX:
            continue
        asked_count += 1
        _ask(services, delivery)
    if news and not services.billing_currencies:
        send(services, DeliveryMessage(step=UNBILLED))  # the currencies are learned from them
    logger.info("billing sync: %s invoices, %s of them news, %s deliveries asked for", len(invoices), news, asked_count)
    return news


def sync_unbilled(services: Services) -> int:
    """Ask for what is unbilled, by currency: the running month, and the one before until it is billed.

    For some days after a month's end it is read again in any case: usage comes late and is corrected. Returns how many
    deliveries were asked for.
    """
    today = services.clock().date()
    current = BillingPeriod.of(today)
    asked = [
        Delivery(period=period, kind=kind, currency=currency)
        for currency in billing_currencies(services)
        for kind in _UNBILLED_KINDS
        for period in (current, current.previous)
    ]
    billed = {
        (each.period, each.family, each.currency)
        for each in services.deliveries.of_period(current.previous)
        if each.is_billed and each.counting_parts
    }
    is_late = today.day <= services.unbilled_lookback_days
    asked = [each for each in asked if is_late or (each.period, each.family, each.currency) not in billed]
    for delivery in asked:
        _ask(services, delivery)
    return len(asked)


def billing_currencies(services: Services) -> tuple[str, ...]:
    """Return the currencies that Microsoft bills in: those of the settings, or of the invoices of a year."""
    if services.billing_currencies:
        return services.billing_currencies
    since = services.clock().date() - timedelta(days=CURRENCY_DAYS)
    invoices = services.microsoft_invoices.all()
    return tuple(sorted({each.currency for each in invoices if each.invoice_on >= since and not each.is_legacy}))


def sweep(services: Services) -> int:
    """Look again at what is under way in the running month and the two before; return how much that was."""
    current = BillingPeriod.of(services.clock().date())
    return sweep_deliveries(services, [current, current.previous, current.previous.previous])


def _wanted(invoices: Iterable[MicrosoftInvoice]) -> Iterator[Delivery]:
    """Yield the deliveries of all invoices, those of the newest month first."""
    for invoice in sorted(invoices, key=lambda each: (month_of(each), each.invoice_on, each.id), reverse=True):
        for kind in _kinds(invoice):
            yield Delivery(period=month_of(invoice), kind=kind, invoice_id=invoice.id, currency=invoice.currency)


def _kinds(invoice: MicrosoftInvoice) -> list[str]:
    month = month_of(invoice)
    if invoice.is_legacy:
        return [LEGACY]
    kinds = []
    if month >= RECONCILIATION_FROM:
        kinds.append(ExportKind.BILLED_RECONCILIATION.value)
    if month >= USAGE_FROM:
        kinds.append(ExportKind.BILLED_USAGE.value)
    return kinds


def _is_recent(invoice: MicrosoftInvoice, today: date) -> bool:
    return invoice.invoice_on + timedelta(days=RECENT_DAYS) >= today


def _is_due(delivery: Delivery | None, *, is_recent: bool) -> bool:
    """Whether to ask: for what never came, failed or is under way, and again for what is recent."""
    if delivery is None or not delivery.state.is_resting or delivery.state is DeliveryState.FAILED:
        return True
    return is_recent and delivery.kind != LEGACY


def _ask(services: Services, delivery: Delivery) -> None:
    message = DeliveryMessage(
        step=ASK,
        period=str(delivery.period),
        kind=str(delivery.kind),
        invoice_id=delivery.invoice_id,
        currency=delivery.currency,
    )
    send(services, message)
