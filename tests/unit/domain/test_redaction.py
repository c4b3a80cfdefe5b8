"""Redaction: the customer's line is a type of its own, with no field that could hold what Microsoft charged."""

from collections.abc import Callable
from dataclasses import fields, replace
from decimal import Decimal

from shared.domain.charging import ChargeLine
from shared.domain.money import Money
from shared.domain.redaction import CustomerLine, customer_view
from shared.domain.source_lines import SourceLine

MakeLine = Callable[..., SourceLine]
Charged = Callable[..., ChargeLine]
RESELLERS_WORDS = (
    "cost",
    "margin",
    "erp",
    "list",
    "fx",
    "pricing",
    "promotion",
    "adjust",
    "invoice",
    "order",
    "origin",
)


def test_no_field_of_the_customers_line_is_named_for_the_resellers_side() -> None:
    """Purchase order is the customer's own; everything else of ours or Microsoft's is absent."""
    names = {field.name for field in fields(CustomerLine)} - {"purchase_order"}

    assert [] == sorted(name for name in names for word in RESELLERS_WORDS if word in name)


def test_the_view_carries_what_the_customer_may_know(licence: MakeLine, charged: Charged) -> None:
    """Field by field as on the charge line, and the explanation in words."""
    line = replace(charged(licence()), friendly_name="Head office", purchase_order="PO 7")
    view = customer_view(line)
    told = {"days", "cycle_days", "explanation", "arithmetic"}

    assert {field.name: getattr(line, field.name) for field in fields(view) if field.name not in told} == {
        field.name: getattr(view, field.name) for field in fields(view) if field.name not in told
    }
    assert (31, 31, "10 x 10 = 100.00 EUR") == (view.days, view.cycle_days, view.arithmetic)
    assert view.explanation.startswith("10 x 10 EUR for")


def test_nothing_of_the_view_changes_with_the_resellers_side(licence: MakeLine, charged: Charged) -> None:
    """Every reseller-only field may be anything: the customer sees the same line."""
    line = charged(licence())
    changed = replace(
        line,
        cost=Money(Decimal("7.77"), "USD"),
        cost_unit_price=Decimal("7.77"),
        cost_effective_unit_price=Decimal("7.77"),
        fx_rate=Decimal("7.77"),
        list_price=Decimal("7.77"),
        invoice_number="secret",
        order_id="secret",
        promotion_id="secret",
        adjustments="secret",
    )

    assert customer_view(line) == customer_view(changed)
