"""Microsoft's billing desk: turns what happened to a subscription into new-commerce invoice lines.

The desk knows one month, collects the lines of each of its two invoices, and writes each in that invoice's generation:

    EUR   PascalCase CSV: credits carry a negative effective unit price, quantities are positive
    USD   camelCase JSON: credits carry a negative billable quantity, prices are positive and printed to 20 decimals

Not here: which events there are (``stories``, ``population``, ``extras``).
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from local.demo.arithmetic import Month, Span, cycle_on, half_up, over, rounddown, times, whole_term
from local.demo.catalogue import PLAN_MONTHS, TERM_MONTHS, TERM_TEXT, Licence
from local.demo.columns import NEW_COMMERCE
from local.demo.formats import Row, plain
from local.demo.organisations import Customer, Partner, guid, stream, token

ONE = Decimal(1)
NOTHING = Decimal(0)
_PROMOTION = '["10.0% Global promotion discount"]'
_ORDER_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True, slots=True)
class Bill:
    """One of the month's invoices. *rate* converts USD into its currency; prices are printed to *digits* decimals."""

    number: str
    currency: str
    rate: Decimal
    digits: int
    signs_quantity: bool

    def printed(self, price: Decimal) -> Decimal:
        """Return an effective unit price as this generation of files prints it."""
        rounded = half_up(price, self.digits)
        return rounded if self.signs_quantity else Decimal(plain(rounded))


BILLS = {
    "EUR": Bill("G104455667", "EUR", Decimal("0.851934571"), 15, signs_quantity=False),
    "USD": Bill("G104455668", "USD", ONE, 20, signs_quantity=True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A licence subscription in its running term; *discount* is a promotion's share of the partner price.

    *price* is the partner's list price of one seat and cycle.
    """

    customer: Customer
    licence: Licence
    term: str
    plan: str
    span: Span
    id: str
    order_id: str
    quote_id: str
    price: Decimal
    discount: Decimal = NOTHING
    promotion_id: str = ""
    is_trial: bool = False

    def cycle(self, day: date) -> Span:
        """Return the charge cycle that *day* lies in."""
        return cycle_on(day, self.span.first, PLAN_MONTHS[self.plan])


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What one line is for. *share* is (days, cycle days); *rounds* names what is rounded down, unit or product."""

    charge_type: str
    on: date
    span: Span
    seats: int
    share: tuple[int, int] = (1, 1)
    is_credit: bool = False
    rounds: str = "unit"
    reference: str = ""


class Desk:
    """The lines of the month's new-commerce invoices, by currency, and the subscriptions behind them."""

    def __init__(self, month: Month, partner: Partner, seed: int) -> None:
        self.month = month
        self.partner = partner
        self.numbers = stream(seed, "new commerce")
        self.lines: dict[str, list[Row]] = {currency: [] for currency in BILLS}
        self.subscriptions: list[Subscription] = []

    def open(
        self, customer: Customer, licence: Licence, plan: tuple[str, str], first: date, last: date | None = None
    ) -> Subscription:
        """Return a new subscription whose term starts on *first*; *last* cuts the term short (cotermination)."""
        term, billing = plan
        whole = whole_term(first, TERM_MONTHS[term])
        made = Subscription(
            customer=customer,
            licence=licence,
            term=term,
            plan=billing,
            span=Span(first, last) if last else whole,
            id=guid(self.numbers),
            order_id=token(self.numbers, 33, _ORDER_ALPHABET),
            quote_id=token(self.numbers, 12),
            price=licence.cost(term, billing, customer.currency),
        )
        self.subscriptions.append(made)
        return made

    def reference(self) -> str:
        """Return an identifier that ties the lines of one event together."""
        return guid(self.numbers)

    def bill_licence(self, sold: Subscription, event: Event) -> None:
        """Put one licence line on the customer's invoice."""
        bill = BILLS[sold.customer.currency]
        days, cycle_days = event.share
        dividend = times(sold.price, ONE - sold.discount, days)
        exact = over(dividend, cycle_days)
        amount = (
            rounddown(over(times(dividend, event.seats), cycle_days))
            if event.rounds == "product"
            else times(rounddown(exact), event.seats)
        )
        line = self.blank(sold.customer, event.charge_type, event.on)
        line |= self._who_and_what(sold, event)
        line |= self.amounts(bill, amount, exact, Decimal(event.seats), is_credit=event.is_credit)
        line["UnitPrice"] = sold.price
        self.lines[bill.currency].append(line)

    def blank(self, customer: Customer, charge_type: str, on: date) -> Row:
        """Return a line with everything that every line has."""
        bill = BILLS[customer.currency]
        line: Row = dict.fromkeys(NEW_COMMERCE, "")
        return line | {
            "PartnerId": self.partner.tenant_id,
            "CustomerId": customer.tenant_id,
            "CustomerName": customer.name,
            "CustomerDomainName": customer.domain,
            "CustomerCountry": customer.country,
            "InvoiceNumber": bill.number,
            "MpnId": self.partner.location_id,
            "ResellerMpnId": customer.reseller_id,
            "OrderDate": on,
            "ChargeType": charge_type,
            "TaxTotal": NOTHING,
            "Currency": bill.currency,
            "PublisherName": "Microsoft",
            "PricingCurrency": bill.currency,
            "PCToBCExchangeRate": ONE,
            "PCToBCExchangeRateDate": self.month.rate_on,
            "SubscriptionStartDate": None,
            "SubscriptionEndDate": None,
            "ProductQualifiers": "[]",
        }

    def amounts(self, bill: Bill, amount: Decimal, unit: Decimal, units: Decimal, *, is_credit: bool) -> Row:
        """Return the columns of a line's amount, signed the way the invoice's generation signs credits."""
        sign = -1 if is_credit else 1
        subtotal = times(amount, sign) if amount else amount
        price_sign, units_sign = (1, sign) if bill.signs_quantity else (sign, 1)
        return {
            "EffectiveUnitPrice": bill.printed(times(unit, price_sign)),
            "BillableQuantity": times(units, units_sign),
            "Subtotal": subtotal,
            "Total": subtotal,
        }

    def _who_and_what(self, sold: Subscription, event: Event) -> Row:
        licence = sold.licence
        qualifiers = [name for name, is_so in (("Add-on", licence.is_addon), ("Trial", sold.is_trial)) if is_so]
        return {
            "OrderId": sold.order_id,
            "ProductId": licence.product_id,
            "SkuId": licence.sku_id,
            "AvailabilityId": "CFQ7TTC0" + licence.product_id[-2:] + licence.sku_id[-2:],
            "SkuName": licence.title,
            "ProductName": licence.title,
            "Quantity": event.seats,
            "PriceAdjustmentDescription": _PROMOTION if sold.discount else "",
            "SubscriptionDescription": licence.title,
            "SubscriptionId": sold.id,
            "ChargeStartDate": event.span.first,
            "ChargeEndDate": event.span.last,
            "TermAndBillingCycle": "One-Month commitment for trial" if sold.is_trial else TERM_TEXT[sold.term],
            "UnitType": "Licenses",
            "AlternateId": sold.quote_id,
            "BillingFrequency": self._frequency(sold),
            "SubscriptionStartDate": sold.span.first,
            "SubscriptionEndDate": sold.span.last,
            "ReferenceId": event.reference or self.reference(),
            "ProductQualifiers": "[" + ",".join(f'"{name}"' for name in qualifiers) + "]",
            "PromotionId": sold.promotion_id,
        }

    @staticmethod
    def _frequency(sold: Subscription) -> str:
        """One-time payments have no frequency: trials, and three years paid at once."""
        return "" if sold.is_trial or sold.plan == "Triennial" else sold.plan
