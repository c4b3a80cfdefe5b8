"""Keys come from what is billed: never from an amount, and different parts never share a spelling."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.keys import InvoiceKey, RunKey, digest, line_identity, line_key
from shared.domain.money import Money
from shared.domain.periods import BillingPeriod
from shared.domain.source_lines import Family, Origin, SourceLine

MakeLine = Callable[..., SourceLine]


def test_a_digest_tells_parts_apart() -> None:
    """Where one part ends and the next begins counts; a lone surrogate is text like any other."""
    assert 16 == len(digest("a", "b"))
    assert digest("ab", "c") != digest("a", "bc")
    assert digest("a") != digest("a", "")
    assert digest("\ud800") != digest("\ud801")


@pytest.mark.parametrize(
    "changed",
    [
        {"cost": Money(Decimal("99.99"), "EUR")},
        {"unit_price": Decimal("9.99")},
        {"effective_unit_price": Decimal("9.99")},
        {"list_amount": Decimal("9.99")},
        {"customer_name": "Contoso Ltd"},
        {"origin": Origin(file="again.csv", line=99)},
        {"charge_type": "CYCLECHARGE"},
    ],
)
def test_a_restated_amount_is_the_same_line(licence: MakeLine, changed: dict[str, Any]) -> None:
    """Prices, names and where the row stands are content, not identity."""
    assert line_identity(licence()) == line_identity(licence(**changed))


@pytest.mark.parametrize(
    "changed",
    [
        {"quantity": Decimal(11)},
        {"charge": None},
        {"order_id": "another"},
        {"ordered_on": date(2026, 10, 2)},
        {"sku_id": "0003"},
        {"cost": Money(Decimal("-84.10"), "EUR")},
        {"cost": Money(Decimal("84.10"), "USD")},
        {"invoice_number": "G002"},
    ],
)
def test_another_event_is_another_line(licence: MakeLine, changed: dict[str, Any]) -> None:
    """Quantity, dates, order, SKU, direction, currency and invoice tell events apart."""
    assert line_identity(licence()) != line_identity(licence(**changed))


def test_folded_usage_is_named_without_its_quantity(usage: MakeLine) -> None:
    """More rows of the same meter change the sum, not the identity; which resource group came first does not either."""
    first = usage()

    assert line_identity(first) == line_identity(replace(first, quantity=Decimal(99)))
    assert line_identity(first) != line_identity(replace(first, fx_rate=Decimal("0.9")))
    assert line_identity(first) != line_identity(replace(first, meter_id="meter-2"))


def test_the_prefix_names_the_family_and_the_number_the_occurrence(licence: MakeLine) -> None:
    """Two equal-looking rows are numbered from one."""
    prefixes = [line_identity(licence(family=family)).split("-")[0] for family in Family]

    assert ["nce", "use", "old", "ous"] == prefixes
    assert f"{line_identity(licence())}-2" == line_key(licence(), 2)


def test_runs_and_invoices_render_as_sortable_text() -> None:
    """Period, scope, currency, kind and a padded revision."""
    october = BillingPeriod(2026, 10)

    assert "2026-10_all" == RunKey(october).render()
    assert "2026-10_EUR_invoice_r001" == InvoiceKey(october, "EUR", 1).render()
    assert InvoiceKey(october, "EUR", 2).render() < InvoiceKey(october, "EUR", 10).render()
