"""Old contracts: the licence file (28 columns) and the usage file (42) of the reseller's legacy invoice.

Legacy licences are billed in advance. A changed number of seats is corrected on the next invoice: the whole fee is
reversed, the past cycle is billed again in segments, and the next cycle is charged with the new number. Usage is billed
in arrears. Source: Microsoft Partner Center documentation, "Monthly billing scenarios", "Annual billing scenarios".

Not here: new-commerce lines (``desk``).
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from local.demo.arithmetic import Month, Span, half_up, later, over, rounddown, times, whole_term
from local.demo.formats import Row, us_date
from local.demo.organisations import Customer, Partner, guid, stream, token

INVOICE = "D0400XYZ"
PLACES = (28, 29, 30)
"""The places, among the customers billed in euro, of those on old contracts."""
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Offer:
    """A legacy offer: its durable id of the price list, the internal one, and its list prices a month and a year."""

    name: str
    id: str
    internal_id: str
    monthly: Decimal
    yearly: Decimal


EXCHANGE = Offer(
    "EXCHANGE ONLINE (PLAN 1)",
    "5B7C1A36-9E0D-4C38-A5C1-0D6A1E0F7B11",
    "0E1B7B5E-4E0E-4D4D-9E7C-53D2B8B0A901",
    Decimal("3.20"),
    Decimal("38.40"),
)
BUSINESS = Offer(
    "OFFICE 365 BUSINESS PREMIUM",
    "7A2D5B44-1F6B-4B7E-8C0A-6A4E2D9C3E22",
    "61B2C7D4-8A3F-4F0B-B6D1-2C9E4A7F5B02",
    Decimal("8.40"),
    Decimal("100.80"),
)
PROJECT = Offer(
    "PROJECT ONLINE PROFESSIONAL",
    "C4E8F152-3D7A-4E91-9B2F-8F1D6C5A4B33",
    "B3D9A8E6-5C1E-4A7D-8F3B-7E6D5C4B3A03",
    Decimal("20.24"),
    Decimal("242.88"),
)
OFFERS = (EXCHANGE, BUSINESS, PROJECT)

SERVICES = (
    ("Virtual Machines", "Dv2/DSv2 Series", "D2 v2/DS2 v2", "1 Hour", "0.12312", 743),
    ("Storage", "Standard Page Blob", "LRS Data Stored", "1 GB/Month", "0.0383", 412),
    ("Azure App Service", "Standard Plan", "S1", "1 Hour", "0.085", 745),
    ("Bandwidth", "", "Data Transfer Out", "1 GB", "0.0734", 57),
    ("Storage", "Tables", "Batch Write Operations", "10K", "0.0003", 9),
)


@dataclass(frozen=True, slots=True)
class Contract:
    """A legacy subscription. The invoice day is the partner's, the cycle day the subscription's own."""

    customer: Customer
    offer: Offer
    span: Span
    frequency: str
    id: str
    billing_id: str
    order_id: str

    @property
    def price(self) -> Decimal:
        """The list price of one seat and cycle."""
        return self.offer.yearly if self.frequency == "Annually" else self.offer.monthly


class LegacyDesk:
    """The lines of the legacy invoice of the 15th of the month."""

    def __init__(self, month: Month, partner: Partner, seed: int) -> None:
        self.month, self.partner = month, partner
        self.numbers: random.Random = stream(seed, "legacy")
        self.licences: list[Row] = []
        self.usage: list[Row] = []
        self.account = str(self.numbers.randint(1_000_000_000, 1_999_999_999))

    def bill(self, customers: Sequence[Customer]) -> None:
        """Put a month of old contracts on the invoice.

        Args:
            customers: three of them, each with contracts of another kind.
        """
        seats, plain, changing = customers
        self._seat_change(self._contract(seats, BUSINESS, -5, "Monthly"))
        self._cycles(self._contract(seats, EXCHANGE, -9, "Monthly"), 31)
        self._cycles(self._contract(plain, EXCHANGE, -2, "Monthly"), 8)
        self._discounted(self._contract(plain, BUSINESS, -3, "Monthly"), 12)
        self._bought(self._contract(plain, PROJECT, -1, "Annually", day=21), 4)
        self._cancelled(self._contract(changing, EXCHANGE, -7, "Monthly"), 6)
        self._reactivated(self._contract(changing, PROJECT, -3, "Annually"), 2)
        self._renewed(self._contract(changing, BUSINESS, 0, "Monthly"), 9)
        self._refund(self._contract(changing, EXCHANGE, -4, "Monthly"))
        for customer in customers[:2]:
            self._use_azure(customer)

    def _contract(self, customer: Customer, offer: Offer, months: int, frequency: str, day: int = 15) -> Contract:
        start = self.month.day(day, months=months)
        return Contract(
            customer,
            offer,
            whole_term(start, 12),
            frequency,
            guid(self.numbers),
            token(self.numbers, 16, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgh"),
            str(self.numbers.randint(5 * 10**17, 6 * 10**17)),
        )

    def _cycle(self, months: int) -> Span:
        """The cycle that starts on the 15th, *months* from this one."""
        return whole_term(self.month.day(15, months=months), 1)

    def _seat_change(self, contract: Contract) -> None:
        last, coming = self._cycle(-1), self._cycle(0)
        changed = last.first + timedelta(days=10)
        kind = "Cycle instance prorate"
        self._line(contract, kind, last, 20, (-1, 1))
        before = Span(last.first, changed - timedelta(days=1))
        self._line(contract, kind, before, 20, (before.days, last.days))
        after = Span(changed, last.last)
        self._line(contract, kind, after, 26, (after.days, last.days))
        self._line(contract, kind, coming, 26)

    def _cycles(self, contract: Contract, seats: int) -> None:
        self._line(contract, "Cycle fee", self._cycle(0), seats)

    def _discounted(self, contract: Contract, seats: int) -> None:
        self._line(contract, "Cycle fee", self._cycle(0), seats, discount=Decimal("0.10"))

    def _bought(self, contract: Contract, seats: int) -> None:
        self._line(contract, "Prorate fees when purchase", whole_term(contract.span.first, 12), seats)

    def _renewed(self, contract: Contract, seats: int) -> None:
        self._line(contract, "Prorate fee when renew", self._cycle(0), seats)

    def _cancelled(self, contract: Contract, seats: int) -> None:
        """Suspended in a later month: one credit for the unused days, the day of suspension included."""
        last = self._cycle(-1)
        unused = last.since(last.first + timedelta(days=12))
        self._line(contract, "Cancel fee", unused, seats, (-unused.days, last.days))

    def _reactivated(self, contract: Contract, seats: int) -> None:
        year = contract.span
        rest = year.since(later(year.first, 2) + timedelta(days=13))
        self._line(contract, "Prorate fees when activate", rest, seats, (rest.days, year.days))

    def _refund(self, contract: Contract) -> None:
        self._line(contract, "Offset a line item", self._cycle(-1), 3, (-1, 1))

    def _line(
        self,
        contract: Contract,
        charge_type: str,
        span: Span,
        seats: int,
        share: tuple[int, int] = (1, 1),
        *,
        discount: Decimal = _NOTHING,
    ) -> None:
        days, cycle_days = share
        price = over(times(contract.price, days), cycle_days)
        amount = half_up(over(times(contract.price, days, seats), cycle_days))
        subtotal = rounddown(times(amount, 1 - discount))
        self.licences.append(
            self._contract_columns(contract)
            | {
                "ChargeStartDate": _opens(span.first),
                "ChargeEndDate": _closes(span.last),
                "ChargeType": charge_type,
                "UnitPrice": rounddown(price),
                "Quantity": seats,
                "Amount": amount,
                "TotalOtherDiscount": amount - subtotal,
                "Subtotal": subtotal,
                "Tax": _NOTHING,
                "TotalForCustomer": subtotal,
                "Currency": "EUR",
            }
        )

    def _contract_columns(self, contract: Contract) -> Row:
        customer, offer = contract.customer, contract.offer
        return {
            "PartnerId": self.partner.tenant_id,
            "CustomerId": customer.tenant_id,
            "CustomerName": customer.name,
            "MPNID": self.partner.location_id,
            "ResellerMPNID": customer.reseller_id,
            "OrderId": contract.order_id,
            "SubscriptionId": contract.billing_id,
            "SyndicationPartnerSubscriptionNumber": contract.id,
            "OfferId": offer.internal_id,
            "DurableOfferId": offer.id,
            "OfferName": offer.name,
            "SubscriptionStartDate": _opens(contract.span.first),
            "SubscriptionEndDate": _opens(contract.span.last + timedelta(days=1)),
            "DomainName": customer.domain,
            "SubscriptionName": offer.name,
            "SubscriptionDescription": offer.name,
            "BillingCycleType": contract.frequency,
        }

    def _use_azure(self, customer: Customer) -> None:
        subscription, project = guid(self.numbers), token(self.numbers, 32, "0123456789ABCDEF")
        shared: Row = {
            "PartnerId": self.partner.tenant_id,
            "PartnerName": self.partner.name,
            "PartnerBillableAccountId": self.account,
            "CustomerCompanyName": customer.name,
            "MPNID": self.partner.location_id,
            "ResellerMPNID": customer.reseller_id,
            "InvoiceNumber": INVOICE,
            "ChargeStartDate": _opens(self._cycle(-1).first),
            "ChargeEndDate": _closes(self._cycle(-1).last),
            "SubscriptionId": subscription,
            "SubscriptionName": "Microsoft Azure",
            "SubscriptionDescription": "Microsoft Azure",
            "OrderID": str(self.numbers.randint(5 * 10**17, 6 * 10**17)),
            "CustomerId": customer.tenant_id,
            "DomainName": customer.domain,
            "BillingCycleType": "Monthly",
            "CustomerBillableAccount": str(self.numbers.randint(1_000_000_000, 1_999_999_999)),
            "Project": project,
        }
        for service in SERVICES:
            self.usage.append(shared | self._service_columns(service))

    def _service_columns(self, service: tuple[str, str, str, str, str, int]) -> Row:
        name, kind, resource, unit, price, typical = service
        listed = Decimal(price)
        used = Decimal(typical * self.numbers.randint(900_000, 1_100_000)).scaleb(-6)
        charges = half_up(times(listed, used))
        effective = rounddown(over(charges, used), 8)
        return {
            "ServiceName": name,
            "ServiceType": kind,
            "ResourceGuid": guid(self.numbers).upper(),
            "ResourceName": resource,
            "Region": "Europe",
            "Sku": "7UD-00001",
            "DetailLineItemId": 1,
            "ConsumedQuantity": used,
            "IncludedQuantity": _NOTHING,
            "OverageQuantity": used,
            "ListPrice": listed,
            "PretaxCharges": charges,
            "TaxAmount": _NOTHING,
            "PostTaxTotal": charges,
            "Currency": "EUR",
            "PretaxEffectiveRate": effective,
            "PostTaxEffectiveRate": effective,
            "ChargeType": "Assess usage fee for current cycle",
            "Unit": unit,
            "UsageDate": _opens(self._cycle(-1).first),
            "MeteredRegion": "West Europe",
            "MeteredService": name,
            "MeteredServiceType": "EXTERNAL",
            "ServiceInfo": "",
        }


def _opens(day: date) -> str:
    return f"{us_date(day)} 0:00"


def _closes(day: date) -> str:
    return f"{us_date(day)} 23:59"
