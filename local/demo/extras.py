"""New-commerce lines that are no licences: reservations, a savings plan, marketplace, software, and a credit.

Azure's are priced in USD and converted with the month's rate; software is priced in the billing currency.

Not here: usage (``azure``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from local.demo import catalogue
from local.demo.arithmetic import Span, rounddown, times, whole_term
from local.demo.catalogue import Goods
from local.demo.desk import BILLS, ONE, Bill, Desk
from local.demo.formats import Row
from local.demo.organisations import Customer, guid, stream, token

SAVERS = (0, 3)
"""Places, among the customers billed in euro, of those with a savings plan; both have Azure usage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """One line of goods: *charge* is what the line pays for, *term* the whole commitment; None for what has none."""

    charge_type: str
    on: date
    quantity: int
    charge: Span | None = None
    term: Span | None = None
    benefit_order: str = ""


def savings_orders(seed: int, customers: Sequence[Customer]) -> dict[str, str]:
    """Return the savings plan order of each customer that has one, by tenant: it ties daily usage to the invoice."""
    numbers = stream(seed, "savings plans")
    return {customers[place].tenant_id: guid(numbers) for place in SAVERS}


def sell(desk: Desk, euro: Sequence[Customer], savings: dict[str, str]) -> None:
    """Put the month's goods on the euro invoice."""
    month = desk.month
    _reserve(desk, euro)
    for customer in euro:
        if customer.tenant_id in savings:
            term = whole_term(month.day(20, months=-2), 12)
            charge = Span(month.day(20), month.day(19, months=1))
            _bill(
                desk,
                customer,
                catalogue.SAVINGS_PLAN,
                Purchase(
                    charge_type="cycleCharge",
                    on=month.day(20),
                    quantity=1,
                    charge=charge,
                    term=term,
                    benefit_order=savings[customer.tenant_id],
                ),
            )
    seats = whole_term(month.day(11), 1)
    _bill(
        desk,
        euro[2],
        catalogue.MARKETPLACE,
        Purchase(
            charge_type="renew",
            on=month.day(11),
            quantity=64,
            charge=seats,
            term=seats,
        ),
    )
    _software(desk, euro)
    _bill_credit(desk, euro[5])


def _reserve(desk: Desk, euro: Sequence[Customer]) -> None:
    month = desk.month
    once = whole_term(month.day(7), 12)
    _bill(
        desk,
        euro[1],
        catalogue.RESERVATION,
        Purchase(
            charge_type="new",
            on=month.day(7),
            quantity=2,
            charge=once,
            term=once,
            benefit_order=guid(desk.numbers),
        ),
    )
    monthly = Span(month.day(25), month.day(24, months=1))
    _bill(
        desk,
        euro[0],
        catalogue.RESERVATION_MONTHLY,
        Purchase(
            charge_type="cycleCharge",
            on=month.day(25),
            quantity=4,
            charge=monthly,
            term=whole_term(month.day(25, months=-9), 36),
            benefit_order=guid(desk.numbers),
        ),
    )


def _software(desk: Desk, euro: Sequence[Customer]) -> None:
    """A software subscription, and one order with two items that look exactly equal."""
    month = desk.month
    year = whole_term(month.day(19), 12)
    _bill(
        desk,
        euro[4],
        catalogue.SOFTWARE_SUBSCRIPTION,
        Purchase(
            charge_type="new",
            on=month.day(19),
            quantity=2,
            charge=year,
            term=year,
        ),
    )
    cals = Purchase(charge_type="new", on=month.day(24), quantity=5)
    _bill(desk, euro[8], catalogue.PERPETUAL, cals)
    lines = desk.lines["EUR"]
    lines.append(dict(lines[-1]))


def _bill(desk: Desk, customer: Customer, goods: Goods, purchase: Purchase) -> None:
    bill = BILLS[customer.currency]
    rate = bill.rate if goods.pricing_currency == "USD" else ONE
    line = desk.blank(customer, purchase.charge_type, purchase.on) | _what(desk, goods, purchase)
    amount = times(rounddown(times(goods.price, rate)), purchase.quantity)
    line |= desk.amounts(bill, amount, goods.price, Decimal(purchase.quantity), is_credit=False)
    line["PCToBCExchangeRate"] = rate
    desk.lines[bill.currency].append(line)


def _what(desk: Desk, goods: Goods, purchase: Purchase) -> Row:
    charge, term = purchase.charge, purchase.term
    return {
        "OrderId": token(desk.numbers, 12),
        "AlternateId": token(desk.numbers, 12),
        "ProductId": goods.product_id,
        "SkuId": goods.sku_id,
        "AvailabilityId": goods.product_id[:8] + token(desk.numbers, 4, "0123456789BCDFGHJKLMNPQRSTVWXZ"),
        "SkuName": goods.title,
        "ProductName": goods.title,
        "UnitPrice": goods.price,
        "Quantity": purchase.quantity,
        "PublisherName": goods.publisher,
        "PublisherId": goods.publisher_id,
        "SubscriptionDescription": goods.title,
        "SubscriptionId": guid(desk.numbers),
        "ChargeStartDate": charge.first if charge else purchase.on,
        "ChargeEndDate": charge.last if charge else None,
        "SubscriptionStartDate": term.first if term else None,
        "SubscriptionEndDate": term.last if term else None,
        "TermAndBillingCycle": goods.term_text,
        "UnitType": goods.unit,
        "BillingFrequency": goods.frequency,
        "PricingCurrency": goods.pricing_currency,
        "ReservationOrderId": purchase.benefit_order,
        "ReferenceId": desk.reference(),
    }


def _bill_credit(desk: Desk, customer: Customer) -> None:
    """An Azure credit: an amount of its own, not a price times a quantity."""
    bill: Bill = BILLS[customer.currency]
    goods, month = catalogue.AZURE_CREDIT, desk.month
    purchase = Purchase(charge_type="customerCredit", on=month.day(28), quantity=1, charge=month.span)
    line = desk.blank(customer, purchase.charge_type, purchase.on) | _what(desk, goods, purchase)
    amount = rounddown(times(goods.price, bill.rate))
    line |= desk.amounts(bill, amount, goods.price, ONE, is_credit=True)
    line |= {"PCToBCExchangeRate": bill.rate, "CreditReasonCode": "Azure Credit Offer"}
    desk.lines[bill.currency].append(line)
