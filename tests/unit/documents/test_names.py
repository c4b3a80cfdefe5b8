"""File names: safe, sortable, and different when the content is."""

from dataclasses import replace
from typing import Any

import pytest

from shared.documents.names import (
    NAME_CHARACTERS_MAX,
    customer_file_name,
    customer_hash,
    reseller_file_name,
    run_hash,
    slug,
)
from shared.domain.errors import InvalidError
from shared.domain.money import Money
from shared.domain.periods import BillingPeriod


def test_a_customers_file_says_who_when_and_what(make: Any) -> None:
    """The name sorts by customer and month, and ends with the content."""
    invoice = make.invoice(name="Ärzte & Söhne GmbH")
    name = customer_file_name(invoice, profile="detail", extension="xlsx")

    assert name == (f"csp_customer_arzte-sohne-gmbh-0f3a21bc_2026-10_detail_EUR_r1_{customer_hash(invoice)[:8]}.xlsx")


def test_a_resellers_file_is_for_all() -> None:
    """One file over all customers of a run."""
    name = reseller_file_name(
        BillingPeriod(2026, 10),
        profile="detail",
        currency="EUR",
        revision=1,
        content_hash="9f3c21ab00000000",
        extension="xlsx",
    )

    assert name == "csp_reseller_all_2026-10_detail_EUR_r1_9f3c21ab.xlsx"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Straße", "strasse"),
        ("Ørsted Łódź", "orsted-lodz"),
        ("../../etc/passwd", "etc-passwd"),
        ('a"b\r\nc', "a-b-c"),
        ("株式会社", ""),
        ("", ""),
        ("CON", "con"),
    ],
)
def test_a_slug_is_ascii(name: str, expected: str) -> None:
    """Accents are folded; nothing dangerous is left."""
    assert expected == slug(name)


def test_a_name_that_cannot_be_written_leaves_the_id(make: Any) -> None:
    """A customer without a Latin name still has a file."""
    name = customer_file_name(make.invoice(name="株式会社"), profile="detail", extension="csv")

    assert name.startswith("csp_customer_0f3a21bc_2026-10_")


def test_customers_of_one_name_have_files_of_their_own(make: Any) -> None:
    """The id tells them apart."""
    one = make.invoice()
    other = replace(one, customer_id="99999999-0000-0000-0000-000000000000")

    assert customer_file_name(one, profile="detail", extension="csv") != customer_file_name(
        other, profile="detail", extension="csv"
    )


def test_the_longest_name_fits(make: Any) -> None:
    """Names stay below the limit whatever the customer is called."""
    name = customer_file_name(make.invoice(name="x" * 5_000), profile="p" * 20, extension="xlsx")

    assert len(name) <= NAME_CHARACTERS_MAX


@pytest.mark.parametrize("profile", ["../x", "", "a b", "x" * 21])
def test_an_unsafe_profile_is_refused(make: Any, profile: str) -> None:
    """Only our own words stand in the fixed places."""
    with pytest.raises(InvalidError, match="file name"):
        customer_file_name(make.invoice(), profile=profile, extension="csv")


def test_a_customers_hash_does_not_depend_on_cost(make: Any) -> None:
    """Otherwise the cost could be found by trying."""
    invoice = make.invoice(make.source_line())
    line = invoice.lines[0]
    dearer = replace(line, cost=line.cost + Money(line.cost.amount, "EUR"), cost_unit_price=None)

    assert customer_hash(invoice) == customer_hash(replace(invoice, lines=(dearer,), content_hash="other"))
    assert customer_hash(invoice) != customer_hash(replace(invoice, lines=()))


def test_the_hash_of_a_run_does_not_depend_on_the_order() -> None:
    """Customers are finished in any order."""
    assert run_hash(["a", "b"]) == run_hash(["b", "a"])
    assert run_hash(["a", "b"]) != run_hash(["ab"])
