"""Old contracts: licences billed in advance, corrected when seats change, and Azure usage billed in arrears.

An invoice of the 15th bills the cycles that began since the last one, each in advance. A change of seats reverses what
was billed and bills the cycle again in segments; the day of a change belongs to the new quantity. A cancellation gives
all back within 30 days of the purchase and the unused days later. Amounts are half-up from the unrounded product; the
printed unit price is cut.

Rows have the names of the invoice line items of Partner Center's own API.

Source: Microsoft Partner Center documentation, "Monthly billing scenarios", "Annual billing scenarios", "Invoice
resources".

Not here: new commerce (``charges``), paging (``calls.invoices``).
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from local.demo.arithmetic import Month, Span, half_up, over, rounddown, times
from local.demo.legacy import SERVICES
from local.demo.organisations import guid, token
from local.partner_center.billing.charges import charge_cycle
from local.partner_center.billing.printing import Row
from local.partner_center.entities import Customer, Happened, Subscription
from local.partner_center.world import World

INVOICE_DAY = 15
FULL_REFUND_DAYS = 30
_DAY = timedelta(days=1)
_NOTHING = Decimal(0)
_CHANGES = {"addquantity", "removequantity"}


@dataclass(frozen=True, slots=True)
class LegacyLine:
    """One licence line: *seats* for *share* (days, cycle days) of a cycle's *price*; the sign is in the days."""

    charge_type: str
    span: Span
    seats: int
    price: Decimal
    share: tuple[int, int]

    @property
    def amount(self) -> Decimal:
        """The amount, half-up from the unrounded product."""
        days, cycle_days = self.share
        return half_up(over(times(self.price, days, self.seats), cycle_days))

    @property
    def shown_price(self) -> Decimal:
        """The unit price as it is printed: cut to cents."""
        days, cycle_days = self.share
        return rounddown(over(times(self.price, days), cycle_days))


def is_legacy(sold: Subscription) -> bool:
    """Return whether a subscription is on an old contract."""
    return sold.product_type == "OnlineServices"


def licence_lines(sold: Subscription, window: Span) -> Iterator[LegacyLine]:
    """Yield what the invoice whose *window* it is says of a licence subscription."""
    cycles: dict[date, Span] = {}
    for number, happened in enumerate(sold.log):
        following = sold.log[number + 1].at.date() if number + 1 < len(sold.log) else date.max
        if happened.after:
            for cycle in _cycles(happened, following, window):
                if cycle.first not in cycles:
                    cycles[cycle.first] = cycle
                    yield _fee(sold, happened, cycle, is_first=number == 0)
        kind = happened.charge_type.lower()
        if window.first <= happened.at.date() <= window.last:
            if kind in _CHANGES:
                yield from _corrected(sold, number)
            elif kind in {"cancelimmediate", "cancel"}:
                yield _cancelled(sold, happened)


def used_in_month(sold: Subscription, month: Month, place: int) -> Decimal:
    """Return what an old Azure subscription used of a service in the cycle that the invoice of *month* bills."""
    numbers = _numbers(sold, f"usage/{month}/{place}")
    return Decimal(SERVICES[place][5] * numbers.randint(900_000, 1_100_000)).scaleb(-6)


def used_on(sold: Subscription, day: date, place: int) -> Decimal:
    """Return what it used of a service on a day: its part of the cycle."""
    month = Month(day.year, day.month)
    if day.day >= INVOICE_DAY:
        following = month.day(1, months=1)
        month = Month(following.year, following.month)
    return rounddown(over(used_in_month(sold, month, place), _arrears(month).days), 8)


def meter_id(place: int) -> str:
    """Return the id of a service's meter."""
    return guid(random.Random(f"meter/{SERVICES[place][2]}"))  # noqa: S311 - a repeatable id, no secret


class LegacyBook:
    """The lines of the old contracts of one world."""

    def __init__(self, world: World, billing_currency: Callable[[Customer, Subscription], str]) -> None:
        self._world, self._billing_currency = world, billing_currency

    def licence_rows(self, month: Month, currency: str, _: datetime) -> Iterator[Row]:
        """Yield the licence lines of the invoice of *month*."""
        window = Span(month.day(INVOICE_DAY + 1, months=-1), month.day(INVOICE_DAY))
        for customer, sold in self._contracts(currency):
            if sold.billing_type != "usage":
                for line in licence_lines(sold, window):
                    yield self._licence_row(customer, sold, line, currency)

    def usage_rows(self, month: Month, currency: str, invoice_id: str) -> Iterator[Row]:
        """Yield the usage lines of the invoice of *month*: the cycle that ended the day before it."""
        for customer, sold in self._contracts(currency):
            if sold.billing_type == "usage" and sold.created_at.date() <= _arrears(month).last:
                for place in range(len(SERVICES)):
                    yield self._usage_row(customer, sold, place, (month, currency, invoice_id))

    def daily_rows(self, month: Month, currency: str, invoice_id: str) -> Iterator[Row]:
        """Yield the same usage by the day: a thirtieth or so on each day of the cycle."""
        span = _arrears(month)
        for row in self.usage_rows(month, currency, invoice_id):
            for number in range(span.days):
                yield _daily(row, span.first + number * _DAY, rounddown(over(row["consumedQuantity"], span.days), 8))

    def _contracts(self, currency: str) -> Iterator[tuple[Customer, Subscription]]:
        for customer in list(self._world.customers.values()):
            for sold in list(customer.subscriptions.values()):
                if is_legacy(sold) and self._billing_currency(customer, sold) == currency:
                    yield customer, sold

    def _licence_row(self, customer: Customer, sold: Subscription, line: LegacyLine, currency: str) -> Row:
        discount = rounddown(times(line.amount, sold.discount))
        subtotal = line.amount - discount
        return {
            **self._party(customer),
            "customerName": customer.name,
            "orderId": _number(sold, "order"),
            "subscriptionId": token(_numbers(sold, "billing"), 16, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgh"),
            "syndicationPartnerSubscriptionNumber": sold.id.upper(),
            "offerId": guid(_numbers(sold, "offer")).upper(),
            "durableOfferId": sold.offer_id.upper(),
            "offerName": sold.title,
            "domainName": customer.domain,
            "billingCycleType": "Annually" if sold.cycle == "annual" else "Monthly",
            "subscriptionName": sold.friendly_name or sold.title,
            "subscriptionDescription": sold.title,
            "subscriptionStartDate": _at(sold.term_first),
            "subscriptionEndDate": _at(sold.term_last + _DAY),
            "chargeStartDate": _at(line.span.first),
            "chargeEndDate": f"{line.span.last.isoformat()}T23:59:00",
            "chargeType": line.charge_type,
            "unitPrice": line.shown_price,
            "quantity": line.seats,
            "amount": line.amount,
            "totalOtherDiscount": discount,
            "subtotal": subtotal,
            "tax": _NOTHING,
            "totalForCustomer": subtotal,
            "currency": currency,
            "invoiceLineItemType": "billing_line_items",
            "billingProvider": "office",
            "attributes": {"objectType": "LicenseBasedLineItem"},
        }

    def _usage_row(self, customer: Customer, sold: Subscription, place: int, invoice: tuple[Month, str, str]) -> Row:
        (month, currency, invoice_id), service = invoice, SERVICES[place]
        listed, used = Decimal(service[4]), used_in_month(sold, month, place)
        charged = half_up(times(listed, used))
        effective = rounddown(over(charged, used), 8)
        return {
            "detailLineItemId": 1,
            "sku": "7UD-00001",
            "includedQuantity": 0,
            "overageQuantity": used,
            "listPrice": listed,
            "currency": currency,
            "pretaxCharges": charged,
            "taxAmount": _NOTHING,
            "postTaxTotal": charged,
            "pretaxEffectiveRate": effective,
            "postTaxEffectiveRate": effective,
            "chargeType": "Assess usage fee for current cycle",
            "invoiceLineItemType": "billing_line_items",
            **self._usage_base(customer, sold, invoice_id),
            "serviceName": service[0],
            "serviceType": service[1],
            "resourceGuid": meter_id(place).upper(),
            "resourceName": service[2],
            "region": "Europe",
            "consumedQuantity": used,
            "chargeStartDate": _at(_arrears(month).first),
            "chargeEndDate": _at(_arrears(month).last),
            "unit": service[3],
            "billingProvider": "azure",
            "attributes": {"objectType": "UsageBasedLineItem"},
        }

    def _usage_base(self, customer: Customer, sold: Subscription, invoice_id: str) -> Row:
        return {
            **self._party(customer),
            "partnerName": self._world.partner.name,
            "partnerBillableAccountId": "1010578050",
            "customerCompanyName": customer.name,
            "domainName": customer.domain,
            "invoiceNumber": invoice_id,
            "subscriptionId": sold.id.upper(),
            "subscriptionName": sold.friendly_name or sold.title,
            "subscriptionDescription": sold.title,
            "billingCycleType": "Monthly",
            "orderId": _number(sold, "order"),
        }

    def _party(self, customer: Customer) -> Row:
        mpn = self._world.partner.mpn_id
        reseller = customer.reseller_mpn_id
        return {
            "partnerId": self._world.partner.tenant_id,
            "customerId": customer.id.upper(),
            "mpnId": int(mpn) if mpn.isdecimal() else 0,
            "tier2MpnId": int(reseller) if reseller.isdecimal() else 0,
        }


def _cycles(happened: Happened, following: date, window: Span) -> Iterator[Span]:
    """The cycles that begin in the window, with or after the event and before the next one."""
    day = max(happened.at.date(), window.first)
    last = min(window.last, happened.term_last, following - _DAY)
    if day > happened.term_first:
        day = charge_cycle(happened, day).first
        while day < max(happened.at.date(), window.first):
            day = charge_cycle(happened, day).last + _DAY
    while day <= last:
        cycle = charge_cycle(happened, day)
        if cycle.first == day:
            yield cycle
        day = cycle.last + _DAY


def _fee(sold: Subscription, happened: Happened, cycle: Span, *, is_first: bool) -> LegacyLine:
    kind = "Cycle fee"
    if cycle.first == sold.log[0].term_first and is_first:
        kind = "Prorate fees when purchase"
    elif happened.charge_type.lower() == "renew" and cycle.first == happened.term_first:
        kind = "Prorate fee when renew"
    return LegacyLine(kind, cycle, happened.after, happened.unit_price, (cycle.days, cycle.days))


def _corrected(sold: Subscription, number: int) -> Iterator[LegacyLine]:
    """What was billed from the last change on comes back, and is billed again until and from this change."""
    happened = sold.log[number]
    on = happened.at.date()
    cycle = charge_cycle(happened, on)
    earlier = [
        each.at.date()
        for each in sold.log[:number]
        if each.charge_type.lower() in _CHANGES and cycle.first <= each.at.date() < on
    ]
    billed = Span(max([cycle.first, *earlier]), cycle.last)
    kind = "Cycle instance prorate"
    yield LegacyLine(kind, billed, happened.before, happened.unit_price, (-billed.days, cycle.days))
    segments = ((Span(billed.first, on - _DAY), happened.before), (Span(on, cycle.last), happened.after))
    for span, seats in segments:
        if span.days > 0 and seats:
            yield LegacyLine(kind, span, seats, happened.unit_price, (span.days, cycle.days))


def _cancelled(sold: Subscription, happened: Happened) -> LegacyLine:
    on = happened.at.date()
    cycle = charge_cycle(happened, on)
    is_early = (on - sold.log[0].term_first).days < FULL_REFUND_DAYS
    span = cycle if is_early else cycle.since(on)
    return LegacyLine("Cancel fee", span, happened.before, happened.unit_price, (-span.days, cycle.days))


def _daily(row: Row, day: date, quantity: Decimal) -> Row:
    kept = (
        "partnerId partnerName partnerBillableAccountId customerId domainName customerCompanyName mpnId tier2MpnId "
        "invoiceNumber subscriptionId subscriptionName subscriptionDescription billingCycleType orderId serviceName "
        "serviceType resourceGuid resourceName region chargeStartDate chargeEndDate unit billingProvider"
    )
    return {
        "customerBillableAccount": "1439508127",
        "usageDate": _at(day),
        "invoiceLineItemType": "usage_line_items",
        **{name: row[name] for name in kept.split()},
        "consumedQuantity": quantity,
        "meteredRegion": "West Europe",
        "meteredService": row["serviceName"],
        "meteredServiceType": "EXTERNAL",
        "project": "",
        "serviceInfo": "",
        "attributes": {"objectType": "DailyUsageLineItem"},
    }


def _arrears(month: Month) -> Span:
    return Span(month.day(INVOICE_DAY, months=-1), month.day(INVOICE_DAY - 1))


def _numbers(sold: Subscription, purpose: str) -> random.Random:
    return random.Random(f"{sold.id}/{purpose}")  # noqa: S311 - repeatable identifiers, no secrets


def _number(sold: Subscription, purpose: str) -> str:
    return str(_numbers(sold, purpose).randint(5 * 10**17, 6 * 10**17))


def _at(day: date) -> str:
    return f"{day.isoformat()}T00:00:00"
