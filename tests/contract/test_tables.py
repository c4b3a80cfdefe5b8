"""What both stores promise of tables: keys, types, guards, ranges, pages and transactions."""

from datetime import UTC, datetime, timedelta, timezone
from enum import IntEnum, StrEnum

import pytest

from shared.domain.errors import AlreadyExistsError, ChangedError
from shared.storage.ports import Operation, Scalar, Tables

VALUES: dict[str, Scalar] = {
    "text": "Ärger & 'quotes' \"double\" \\ \n\t 𝄞",
    "empty": "",
    "amount": "1234567890.123456789",
    "small": 1,
    "negative": -5,
    "large": 2**63 - 1,
    "lowest": -(2**63),
    "yes": True,
    "no": False,
    "at": datetime(2026, 11, 21, 12, 34, 56, 789012, tzinfo=UTC),
    "at_second": datetime(1601, 1, 1, tzinfo=UTC),
    "raw": bytes(range(256)),
    "nothing": b"",
}


class Colour(StrEnum):
    """A text with a name."""

    RED = "red"


class Level(IntEnum):
    """A number with a name."""

    HIGH = 3


def test_a_row_comes_back_with_the_types_it_was_written_with(tables: Tables, table: str) -> None:
    """Every kind of value survives exactly; a bool stays a bool and a number of any size an int."""
    etag = tables.insert(table, "p", "r", VALUES)
    found = tables.get(table, "p", "r")

    assert found is not None
    assert dict(found.values) == VALUES
    assert [type(value) for value in VALUES.values()] == [type(found.values[name]) for name in VALUES]
    assert ("p", "r", etag) == (found.partition, found.row, found.etag)


def test_named_values_are_stored_as_what_they_are(tables: Tables, table: str) -> None:
    """An enumeration of texts or numbers comes back as plain text or number."""
    tables.insert(table, "p", "r", {"colour": Colour.RED, "level": Level.HIGH})
    found = tables.get(table, "p", "r")

    assert found is not None
    assert dict(found.values) == {"colour": "red", "level": 3}
    assert [str, int] == [type(value) for value in found.values.values()]


def test_an_instant_of_another_zone_comes_back_in_utc(tables: Tables, table: str) -> None:
    """An instant is a point in time; the zone it was told in is not kept."""
    there = datetime(2026, 11, 21, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    tables.insert(table, "p", "r", {"at": there})
    found = tables.get(table, "p", "r")

    assert found is not None
    assert datetime(2026, 11, 20, 23, 30, tzinfo=UTC) == found.values["at"]
    assert getattr(found.values["at"], "tzinfo", None) == UTC


@pytest.mark.parametrize(
    "key", ["", " ", "it's", "a:b|c", "50%", "%2F", "a+b&c=d", "Ärger", "𝄞", "x" * 512, "a,b;(c)", "..", "a@b!$*"]
)
def test_a_key_is_taken_literally(tables: Tables, table: str, key: str) -> None:
    """No character that is allowed in a key has a meaning: quotes, percent signs and an empty key work alone."""
    tables.insert(table, key, "r", {"n": 1})
    tables.transact(table, key, [Operation("upsert", "r", {"n": 2}), Operation("insert", "s")])
    tables.insert(table, "p", key, {"n": 3})
    tables.transact(table, "p", [Operation("upsert", key, {"n": 4})])

    assert [(one.row, one.values) for one in tables.query(table, key)] == [("r", {"n": 2}), ("s", {})]
    assert [(key, {"n": 4})] == [(one.row, one.values) for one in tables.query(table, "p", row_from=key)]
    for partition, row in ((key, "r"), ("p", key)):
        assert tables.get(table, partition, row) is not None
        tables.delete(table, partition, row)
        assert tables.get(table, partition, row) is None


def test_a_second_insert_is_refused_and_changes_nothing(tables: Tables, table: str) -> None:
    """The first insert of a key wins; the second learns so."""
    tables.insert(table, "p", "r", {"n": 1})
    with pytest.raises(AlreadyExistsError):
        tables.insert(table, "p", "r", {"n": 2})
    found = tables.get(table, "p", "r")

    assert found is not None
    assert found.values == {"n": 1}


def test_every_write_changes_the_etag(tables: Tables, table: str) -> None:
    """Insert, upsert and replace each give a new ETag, also when the values stay."""
    etags = [tables.insert(table, "p", "r", {"n": 1})]
    etags += [tables.upsert(table, "p", "r", {"n": 1}) for _ in range(5)]
    etags.append(tables.replace(table, "p", "r", {"n": 1}, etags[-1]))

    assert len(etags) == len(set(etags))


def test_upsert_replaces_the_whole_row(tables: Tables, table: str) -> None:
    """What the second write does not name is gone."""
    tables.upsert(table, "p", "r", {"a": 1, "b": 2})
    tables.upsert(table, "p", "r", {"a": 3})
    found = tables.get(table, "p", "r")

    assert found is not None
    assert found.values == {"a": 3}


def test_replace_needs_the_etag_that_is_there(tables: Tables, table: str) -> None:
    """A writer that read an older row is told, and the row stays."""
    old = tables.insert(table, "p", "r", {"n": 1})
    tables.replace(table, "p", "r", {"n": 2}, old)
    with pytest.raises(ChangedError):
        tables.replace(table, "p", "r", {"n": 3}, old)
    found = tables.get(table, "p", "r")

    assert found is not None
    assert found.values == {"n": 2}


def test_replace_of_a_row_that_is_gone_is_a_change(tables: Tables, table: str) -> None:
    """A row, or a whole table, that vanished since it was read counts as changed."""
    etag = tables.insert(table, "p", "r", {"n": 1})
    tables.delete(table, "p", "r")

    with pytest.raises(ChangedError):
        tables.replace(table, "p", "r", {"n": 2}, etag)
    with pytest.raises(ChangedError):
        tables.replace(f"{table}x", "p", "r", {"n": 2}, etag)
    assert tables.get(table, "p", "r") is None


def test_delete_of_a_missing_row_is_no_error(tables: Tables, table: str) -> None:
    """A delete that comes twice, or to a table never written, finds its work done."""
    tables.delete(table, "p", "r")
    etag = tables.insert(table, "p", "r", {})
    tables.delete(table, "p", "r", etag)
    tables.delete(table, "p", "r", etag)

    assert tables.get(table, "p", "r") is None


def test_a_guarded_delete_spares_a_changed_row(tables: Tables, table: str) -> None:
    """A delete with an older ETag is refused."""
    old = tables.insert(table, "p", "r", {"n": 1})
    tables.upsert(table, "p", "r", {"n": 2})
    with pytest.raises(ChangedError):
        tables.delete(table, "p", "r", old)

    assert tables.get(table, "p", "r") is not None


def test_reading_a_table_never_written_finds_nothing(tables: Tables, table: str) -> None:
    """A table need not be made before it is read."""
    assert tables.get(table, "p", "r") is None
    assert list(tables.query(table, "p")) == []


def test_a_table_name_ignores_case(tables: Tables, table: str) -> None:
    """Two spellings of a name are one table."""
    tables.insert(table, "p", "r", {"n": 1})

    assert tables.get(table.upper(), "p", "r") is not None


def test_a_query_gives_one_partition_in_row_order(tables: Tables, table: str) -> None:
    """Rows come by key, upper case before lower case, and no other partition's."""
    for row in ("b", "a", "C", "a1", "10", "9"):
        tables.insert(table, "p", row, {"n": 1})
    tables.insert(table, "other", "a", {})

    assert [found.row for found in tables.query(table, "p")] == ["10", "9", "C", "a", "a1", "b"]


@pytest.mark.parametrize(
    ("row_from", "row_before", "expected"),
    [
        ("", None, ["a", "b|1", "b|2", "c"]),
        ("b|", "b}", ["b|1", "b|2"]),
        ("b|2", None, ["b|2", "c"]),
        ("", "b|2", ["a", "b|1"]),
        ("b|1", "b|1", []),
        ("c", "a", []),
        ("b/", "b~", ["b|1", "b|2"]),
        ("it's", None, []),
        ("", "", []),
    ],
)
def test_a_range_includes_its_start_and_not_its_end(
    tables: Tables, table: str, row_from: str, row_before: str | None, expected: list[str]
) -> None:
    """``row_from <= row < row_before``; a bound need not be a legal key."""
    tables.transact(table, "p", [Operation("insert", row) for row in ("a", "b|1", "b|2", "c")])

    found = tables.query(table, "p", row_from=row_from, row_before=row_before)
    assert expected == [entity.row for entity in found]


def test_a_query_continues_over_its_pages(tables: Tables, table: str) -> None:
    """Over 1,000 rows come all, once and in order, also when a row is written between two pages."""
    rows = [f"{number:05}" for number in range(2_350)]
    for start in range(0, len(rows), 100):
        tables.transact(table, "p", [Operation("insert", row, {"n": 1}) for row in rows[start : start + 100]])
    found = tables.query(table, "p")
    first = next(found)
    tables.upsert(table, "p", "02000", {"n": 2})

    assert rows == [first.row, *(entity.row for entity in found)]


def test_large_rows_come_in_pages_too(tables: Tables, table: str) -> None:
    """A partition of several megabytes is read whole."""
    filler = {f"f{number}": "x" * 30_000 for number in range(8)}
    for number in range(40):
        tables.upsert(table, "p", f"{number:03}", filler)

    assert sum(1 for _ in tables.query(table, "p")) == 40


def test_a_transaction_applies_every_kind_of_step(tables: Tables, table: str) -> None:
    """Insert, replace, upsert and delete are done together."""
    etags = {row: tables.insert(table, "p", row, {"n": 1}) for row in ("replaced", "free", "gone", "gone2")}
    tables.transact(
        table,
        "p",
        [
            Operation("insert", "new", {"n": 2}),
            Operation("replace", "replaced", {"n": 2}, etags["replaced"]),
            Operation("replace", "free", {"m": 2}),
            Operation("upsert", "put", VALUES),
            Operation("delete", "gone", etag=etags["gone"]),
            Operation("delete", "gone2"),
        ],
    )
    expected = {"free": {"m": 2}, "new": {"n": 2}, "put": VALUES, "replaced": {"n": 2}}

    assert expected == {found.row: dict(found.values) for found in tables.query(table, "p")}


@pytest.mark.parametrize(
    ("failing", "error"),
    [
        (Operation("insert", "there", {"n": 2}), AlreadyExistsError),
        (Operation("replace", "there", {"n": 2}, "W/\"datetime'2020-01-01T00%3A00%3A00.0000000Z'\""), ChangedError),
        (Operation("delete", "there", etag="W/\"datetime'2020-01-01T00%3A00%3A00.0000000Z'\""), ChangedError),
        (Operation("replace", "missing", {"n": 2}), ChangedError),
        (Operation("delete", "missing"), ChangedError),
    ],
)
def test_a_transaction_that_fails_changes_nothing(
    tables: Tables, table: str, failing: Operation, error: type[Exception]
) -> None:
    """One refused step undoes the steps before and after it, and says why."""
    tables.insert(table, "p", "there", {"n": 1})
    with pytest.raises(error, match=f"row '{failing.row}'"):
        tables.transact(table, "p", [Operation("insert", "before"), failing, Operation("upsert", "after", {"n": 3})])

    assert [(found.row, dict(found.values)) for found in tables.query(table, "p")] == [("there", {"n": 1})]


def test_a_transaction_of_a_hundred_steps_makes_its_table(tables: Tables, table: str) -> None:
    """The largest transaction works as the first write of a table; one without steps does nothing."""
    tables.transact(table, "p", [])
    tables.transact(table, "p", [Operation("insert", f"{number}", {"n": number}) for number in range(100)])

    assert sum(1 for _ in tables.query(table, "p")) == 100
