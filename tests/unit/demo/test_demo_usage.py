"""The large usage files are as hard as they promise, and the large price list fits them."""

import gzip
import re
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from demo_rows import JsonRow, read_csv, read_json_lines

from local.demo.usage import write_usage_parts
from local.demo.usage_rules import write_price_rules

LINES, PARTS, CUSTOMERS, SEED = 9_001, 4, 200, 5


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Nine thousand lines over four parts."""
    return write_usage_parts(tmp_path_factory.mktemp("usage"), lines=LINES, parts=PARTS, customers=CUSTOMERS, seed=SEED)


@pytest.fixture(scope="module")
def lines(parts: list[Path]) -> list[JsonRow]:
    """All rows."""
    return [row for part in parts for row in read_json_lines(part)]


def test_the_lines_are_spread_evenly_over_the_parts(parts: list[Path], lines: list[JsonRow]) -> None:
    """Exactly as many lines as asked for, 55 columns each."""
    assert [len(read_json_lines(part)) for part in parts] == [2250, 2250, 2250, 2251]
    assert {55} == {len(row) for row in lines}


def test_the_large_files_are_the_same_each_time(parts: list[Path], tmp_path: Path) -> None:
    """Same arguments, same bytes."""
    again = write_usage_parts(tmp_path, lines=LINES, parts=PARTS, customers=CUSTOMERS, seed=SEED)

    assert [part.read_bytes() for part in parts] == [part.read_bytes() for part in again]


def test_a_row_has_about_two_kilobytes(parts: list[Path]) -> None:
    """Tags and additional information are JSON text within the JSON."""
    size = sum(len(gzip.decompress(part.read_bytes())) for part in parts)

    assert 1_800 < size / LINES < 2_100


def test_a_few_customers_have_most_rows(lines: list[JsonRow]) -> None:
    """The first of 200 has about 17 %, three times the share of the third or less."""
    counts = [count for _, count in Counter(row["customerId"] for row in lines).most_common()]

    assert LINES * 12 // 100 < counts[0] < LINES * 23 // 100
    assert sum(counts[:20]) > LINES // 2


def test_every_resource_has_a_row_a_day(lines: list[JsonRow]) -> None:
    """Thirty days each; the last block is cut where the lines end."""
    days = Counter((row["entitlementId"], row["meterId"]) for row in lines)

    assert {30} == {count for _, count in days.most_common(250)}


def test_amounts_are_exact_products_of_up_to_24_digits(lines: list[JsonRow]) -> None:
    """Effective unit price x quantity x rate; two thirds of the rows have 15 digits or more."""
    for row in lines:
        product = Fraction(row["effectiveUnitPrice"]) * Fraction(row["quantity"]) * Fraction(row["pcToBCExchangeRate"])

        assert Fraction(row["billingPreTaxTotal"]) == product

    lengths = [len(row["billingPreTaxTotal"].as_tuple().digits) for row in lines]
    assert max(lengths) <= 24
    assert sum(length >= 15 for length in lengths) > LINES // 2


def test_a_third_of_the_customers_have_short_decimals_and_no_exchange(lines: list[JsonRow]) -> None:
    """Their amounts have four decimals, so that sums can lie exactly between two cents."""
    dollar = [row for row in lines if row["billingCurrency"] == "USD"]
    customers = {row["customerId"] for row in lines}

    assert len(customers) // 5 < len({row["customerId"] for row in dollar}) < len(customers) // 2
    assert {Decimal(1)} == {row["pcToBCExchangeRate"] for row in dollar}
    assert all(row["billingPreTaxTotal"].as_tuple().exponent >= -4 for row in dollar)


def test_one_quantity_in_500_is_in_exponent_form(parts: list[Path]) -> None:
    """Written as 1.234E+1, which is JSON as well."""
    text = "".join(gzip.decompress(part.read_bytes()).decode() for part in parts)
    exponents = re.findall(r'"quantity":[\d.]+E[+-]\d+,', text)

    assert 5 < len(exponents) < 40


def test_usage_without_a_line_for_each_part_is_refused(tmp_path: Path) -> None:
    """Parts are never empty."""
    with pytest.raises(ValueError, match="at least one line a part"):
        write_usage_parts(tmp_path, lines=3, parts=4, customers=10, seed=1)


def test_usage_of_nobody_is_refused(tmp_path: Path) -> None:
    """There is no row without a customer."""
    with pytest.raises(ValueError, match="at least one customer"):
        write_usage_parts(tmp_path, lines=30, parts=1, customers=0, seed=1)


def test_the_large_price_list_fits_the_usage(lines: list[JsonRow], tmp_path: Path) -> None:
    """Its customers, meters and products are those of the rows; it has a last word, and every method."""
    rules = read_csv(write_price_rules(tmp_path / "rules.csv", customers=CUSTOMERS, seed=SEED).read_bytes())
    customers, meters = {row["customerId"] for row in lines}, {row["meterId"] for row in lines}

    assert len(rules) == 8_000
    assert customers & {rule["CustomerId"] for rule in rules}
    assert meters & {rule["MeterId"] for rule in rules}
    assert {"fixed", "percent_of_erp", "markup_on_cost"} == {rule["Method"] for rule in rules}
    assert any(not any(rule[key] for key in ("CustomerId", "MeterId", "ProductId", "MeterCategory")) for rule in rules)


def test_no_two_rules_of_the_large_price_list_share_a_day(tmp_path: Path) -> None:
    """A key has one open rule, or two halves of the month."""
    rules = read_csv(write_price_rules(tmp_path / "rules.csv", customers=CUSTOMERS, seed=SEED).read_bytes())
    halves = Counter(
        (*(rule[key] for key in ("CustomerId", "MeterId", "ProductId", "SkuId", "MeterCategory")), half)
        for rule in rules
        for half, is_in in (("first", not rule["ValidFrom"]), ("second", not rule["ValidTo"]))
        if is_in
    )

    assert {1} == set(halves.values())


def test_fixed_rules_are_in_the_customers_currency(lines: list[JsonRow], tmp_path: Path) -> None:
    """A fixed price in another currency would make a second invoice."""
    currency = {row["customerId"]: row["billingCurrency"] for row in lines}
    rules = read_csv(write_price_rules(tmp_path / "rules.csv", customers=CUSTOMERS, seed=SEED).read_bytes())
    fixed = [rule for rule in rules if rule["Method"] == "fixed" and rule["CustomerId"] in currency]

    assert fixed
    assert all(rule["Currency"] == currency[rule["CustomerId"]] for rule in fixed)
