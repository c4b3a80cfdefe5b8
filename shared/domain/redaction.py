"""Redaction: the customer's view of a charge line, a type that has no place for cost.

Everything a customer sees (files, pages, answers) is made from ``CustomerLine``. It is built here from named fields,
so a new reseller-only field on ``ChargeLine`` cannot leak by being forgotten.

Not here: how views are written (``shared/documents``).
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from shared.domain.charging import ChargeLine
from shared.domain.explanations import arithmetic, sentence
from shared.domain.money import Money
from shared.domain.periods import Period


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerLine:
    """What a customer may know of a line: quantity, days, sales price, amount and why."""

    key: str
    kind: str
    service: str
    charge_type: str
    subscription_id: str
    subscription_name: str
    friendly_name: str
    purchase_order: str
    product_name: str
    sku_name: str
    term: str
    billing_plan: str
    renews_on: date | None
    charge: Period | None
    days: int
    cycle_days: int
    quantity: Decimal
    unit: str
    meter_category: str
    meter_name: str
    unit_price: Decimal | None
    amount: Money
    is_estimate: bool
    explanation: str
    arithmetic: str


def customer_view(line: ChargeLine) -> CustomerLine:
    """Return *line* as its customer sees it: without cost, margin, ERP, price source or Microsoft's references."""
    return CustomerLine(
        key=line.key,
        kind=line.kind,
        service=line.service,
        charge_type=line.charge_type,
        subscription_id=line.subscription_id,
        subscription_name=line.subscription_name,
        friendly_name=line.friendly_name,
        purchase_order=line.purchase_order,
        product_name=line.product_name,
        sku_name=line.sku_name,
        term=line.term,
        billing_plan=line.billing_plan,
        renews_on=line.renews_on,
        charge=line.charge,
        days=line.explanation.days,
        cycle_days=line.explanation.cycle_days,
        quantity=line.quantity,
        unit=line.unit,
        meter_category=line.meter_category,
        meter_name=line.meter_name,
        unit_price=line.unit_price,
        amount=line.amount,
        is_estimate=line.is_estimate,
        explanation=sentence(line),
        arithmetic=arithmetic(line),
    )
