"""What both stores refuse before anything is written: keys, names, types, sizes and transactions."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.errors import LimitError
from shared.storage.ports import Operation, Tables

BAD_KEYS = ["a/b", "a\\b", "a#b", "a?b", "a\x00", "\t", "\n", "\x1f", "\x7f", "\x85", "\x9f", "x" * 513, "𝄞" * 257]
BAD_KEYS += ["\ud800"]
BIG = "x" * 32 * 1024


@pytest.mark.parametrize("key", BAD_KEYS)
def test_a_forbidden_key_is_refused_everywhere(tables: Tables, table: str, key: str) -> None:
    """A key with a forbidden or control character, or over 512 UTF-16 units, is refused by every call."""
    for partition, row in ((key, "r"), ("p", key)):
        for step in (
            lambda p, r: tables.insert(table, p, r, {}),
            lambda p, r: tables.upsert(table, p, r, {}),
            lambda p, r: tables.replace(table, p, r, {}, "etag"),
            lambda p, r: tables.get(table, p, r),
            lambda p, r: tables.delete(table, p, r),
            lambda p, r: tables.transact(table, p, [Operation("insert", r)]),
        ):
            with pytest.raises(LimitError):
                step(partition, row)


def test_a_partition_is_checked_before_it_is_queried(tables: Tables, table: str) -> None:
    """A query of a partition that cannot exist is a mistake, not an empty answer."""
    with pytest.raises(LimitError, match="partition key 'a/b'"):
        list(tables.query(table, "a/b"))


@pytest.mark.parametrize("name", ["", "ab", "1abc", "a-bc", "a_bc", "äbc", "a" * 64, "tables", "a/b", "abc\n"])
def test_a_table_name_that_azure_does_not_know_is_refused(tables: Tables, name: str) -> None:
    """Three to 63 letters and digits, a letter first."""
    for step in (
        lambda: tables.insert(name, "p", "r", {}),
        lambda: tables.get(name, "p", "r"),
        lambda: list(tables.query(name, "p")),
        lambda: tables.transact(name, "p", []),
    ):
        with pytest.raises(LimitError):
            step()


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        Decimal("1.5"),
        None,
        [1],
        {"a": 1},
        (1,),
        object(),
        datetime(2026, 11, 1, 12),  # noqa: DTZ001 - what is refused
        datetime(1600, 12, 31, tzinfo=UTC),
        datetime(2026, 11, 1, tzinfo=UTC).date(),
        2**63,
        -(2**63) - 1,
        BIG + "x",
        "𝄞" * (16 * 1024 + 1),
        b"x" * (64 * 1024 + 1),
        "\udfff",
        bytearray(b"x"),
    ],
)
def test_a_value_that_no_store_keeps_exactly_is_refused_by_name(tables: Tables, table: str, value: Any) -> None:
    """The message names the property, so that the mistake is found at once; nothing is written."""
    for step in (
        lambda: tables.insert(table, "p", "r", {"amount": value}),
        lambda: tables.upsert(table, "p", "r", {"amount": value}),
        lambda: tables.transact(table, "p", [Operation("insert", "q"), Operation("upsert", "r", {"amount": value})]),
    ):
        with pytest.raises(LimitError, match="amount"):
            step()

    assert list(tables.query(table, "p")) == []


@pytest.mark.parametrize(
    "name", ["PartitionKey", "RowKey", "Timestamp", "timestamp", "odata.etag", "a-b", "", "1a", "a b", "a@b", "x" * 256]
)
def test_a_property_name_that_azure_reserves_is_refused(tables: Tables, table: str, name: str) -> None:
    """Identifiers only, and none of Azure's own."""
    with pytest.raises(LimitError, match="property name"):
        tables.insert(table, "p", "r", {name: 1})


def test_the_largest_row_is_kept_and_one_more_byte_refused(tables: Tables, table: str) -> None:
    """One MiB by Azure's formula: sixteen properties of almost 64 KiB, and what is left."""
    values = {f"p{number:02}": BIG for number in range(15)}
    used = 4 + 2 * (1 + 1) + 15 * (8 + 2 * 3 + 4 + 65_536)
    values["last"] = "x" * ((1024 * 1024 - used - 8 - 2 * 4 - 4) // 2)
    tables.insert(table, "p", "r", values)
    found = tables.get(table, "p", "r")

    assert found is not None
    assert found.values == values
    with pytest.raises(LimitError, match="1048576"):
        tables.insert(table, "p", "s", {**values, "last": values["last"] + "x"})


def test_two_hundred_and_fifty_two_properties_are_the_most(tables: Tables, table: str) -> None:
    """Azure allows 255, of which three are its own."""
    values = {f"p{number}": number for number in range(252)}
    tables.insert(table, "p", "r", values)
    found = tables.get(table, "p", "r")

    assert found is not None
    assert found.values == values
    with pytest.raises(LimitError, match="253 properties"):
        tables.insert(table, "p", "s", {**values, "one_more": 1})


@pytest.mark.parametrize(
    "operations",
    [
        [Operation("insert", f"{number}") for number in range(101)],
        [Operation("insert", "r"), Operation("delete", "r")],
        [Operation("insert", f"{number}", {f"p{part}": BIG for part in range(15)}) for number in range(9)],
    ],
    ids=["101 steps", "one row twice", "over 4 MiB"],
)
def test_a_transaction_over_the_limits_is_refused_whole(
    tables: Tables, table: str, operations: Sequence[Operation]
) -> None:
    """Over 100 steps, over 4 MiB, or two steps for one row: nothing is written."""
    with pytest.raises(LimitError, match="transaction"):
        tables.transact(table, "p", operations)

    assert list(tables.query(table, "p")) == []


def test_a_transaction_of_almost_four_mebibytes_works(tables: Tables, table: str) -> None:
    """What the estimate lets through, the store takes."""
    values = {f"p{part}": BIG for part in range(15)}
    tables.transact(table, "p", [Operation("insert", f"{number}", values) for number in range(8)])

    assert sum(1 for _ in tables.query(table, "p")) == 8
