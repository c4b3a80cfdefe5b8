"""Embedded tables against a dict: whatever the order of calls, both tell the same."""

import contextlib
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from shared.domain.errors import AlreadyExistsError, ChangedError, LimitError
from shared.storage.embedded.database import Database
from shared.storage.embedded.tables import EmbeddedTables
from shared.storage.ports import Operation, Scalar

TABLE = "model"
KEYS = st.sampled_from(["", "a", "A", "a|1", "it's", "é", "z%_"])
PARTITIONS = st.sampled_from(["p", "P", ""])
SCALARS: st.SearchStrategy[Scalar] = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.integers(-(2**63), 2**63 - 1),
    st.booleans(),
    st.binary(max_size=20),
    st.datetimes(min_value=datetime(1601, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - the zone is the next argument
)
VALUES = st.dictionaries(st.sampled_from(["a", "b", "c"]), SCALARS)
KINDS = st.sampled_from(["insert", "replace", "upsert", "delete"])
Key = tuple[str, str]


class TablesMachine(RuleBasedStateMachine):
    """Rows and ETags in a dict beside the same in the store."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._database = Database(Path(self._folder.name))
        self._tables = EmbeddedTables(self._database)
        self._model: dict[Key, dict[str, Scalar]] = {}
        self._etags: dict[Key, str] = {}
        self._old_etags: list[str] = ["never given"]

    def teardown(self) -> None:
        """Leave no file behind."""
        self._database.close()
        self._folder.cleanup()

    @rule(partition=PARTITIONS, row=KEYS, values=VALUES)
    def insert(self, partition: str, row: str, values: dict[str, Scalar]) -> None:
        """Succeeds where there is nothing."""
        expected = AlreadyExistsError if (partition, row) in self._model else None
        with _raises(expected):
            self._keep((partition, row), values, self._tables.insert(TABLE, partition, row, values))

    @rule(partition=PARTITIONS, row=KEYS, values=VALUES)
    def upsert(self, partition: str, row: str, values: dict[str, Scalar]) -> None:
        """Always succeeds."""
        self._keep((partition, row), values, self._tables.upsert(TABLE, partition, row, values))

    @rule(partition=PARTITIONS, row=KEYS, values=VALUES, data=st.data())
    def replace(self, partition: str, row: str, values: dict[str, Scalar], data: st.DataObject) -> None:
        """Succeeds with the present ETag only."""
        etag = self._some_etag((partition, row), data)
        expected = None if self._etags.get((partition, row)) == etag else ChangedError
        with _raises(expected):
            self._keep((partition, row), values, self._tables.replace(TABLE, partition, row, values, etag))

    @rule(partition=PARTITIONS, row=KEYS, is_guarded=st.booleans(), data=st.data())
    def delete(self, partition: str, row: str, data: st.DataObject, *, is_guarded: bool) -> None:
        """Succeeds unless the guard names another state."""
        key = (partition, row)
        etag = self._some_etag(key, data) if is_guarded else None
        is_refused = key in self._model and etag not in (None, self._etags.get(key))
        with _raises(ChangedError if is_refused else None):
            self._tables.delete(TABLE, partition, row, etag)
            self._forget(key)

    @rule(partition=PARTITIONS, steps=st.lists(st.tuples(KINDS, KEYS, VALUES), max_size=6), data=st.data())
    def transact(self, partition: str, steps: list[tuple[Any, str, dict[str, Scalar]]], data: st.DataObject) -> None:
        """Applies all steps, or says what the first refused one says and applies none."""
        operations = [
            Operation(kind, row, values, self._maybe_etag((partition, row), kind, data)) for kind, row, values in steps
        ]
        with _raises(self._first_refusal(partition, operations)):
            self._tables.transact(TABLE, partition, operations)
            for operation in operations:
                self._apply(partition, operation)

    @rule(partition=PARTITIONS, row_from=KEYS, row_before=st.none() | KEYS)
    def query(self, partition: str, row_from: str, row_before: str | None) -> None:
        """Gives the rows of the range in order."""
        expected = sorted(
            row
            for found, row in self._model
            if found == partition and row >= row_from and (row_before is None or row < row_before)
        )
        found = list(self._tables.query(TABLE, partition, row_from=row_from, row_before=row_before))

        assert [entity.row for entity in found] == expected

    @precondition(lambda self: self._model)
    @rule()
    def reopen(self) -> None:
        """A restart changes nothing."""
        self._database.close()

    @invariant()
    def store_equals_model(self) -> None:
        """Rows, values, their types and ETags are the same."""
        found = {(e.partition, e.row): e for p in ("p", "P", "") for e in self._tables.query(TABLE, p)}

        assert {key: dict(entity.values) for key, entity in found.items()} == self._model
        assert {key: entity.etag for key, entity in found.items() if key in self._etags} == self._etags
        for key, values in self._model.items():
            assert {name: type(value) for name, value in found[key].values.items()} == {
                name: type(value) for name, value in values.items()
            }

    def _keep(self, key: Key, values: dict[str, Scalar], etag: str) -> None:
        self._forget(key)
        self._model[key], self._etags[key] = dict(values), etag

    def _forget(self, key: Key) -> None:
        self._model.pop(key, None)
        if key in self._etags:
            self._old_etags.append(self._etags.pop(key))

    def _some_etag(self, key: Key, data: st.DataObject) -> str:
        present = [self._etags[key]] * 3 if key in self._etags else []
        return data.draw(st.sampled_from([*present, *self._old_etags[-3:]]))

    def _maybe_etag(self, key: Key, kind: str, data: st.DataObject) -> str | None:
        return self._some_etag(key, data) if kind in ("replace", "delete") and data.draw(st.booleans()) else None

    def _first_refusal(self, partition: str, operations: list[Operation]) -> type[Exception] | None:
        if len({operation.row for operation in operations}) < len(operations):
            return LimitError
        for operation in operations:
            key = (partition, operation.row)
            if operation.kind == "insert" and key in self._model:
                return AlreadyExistsError
            is_guarded = operation.kind in ("replace", "delete")
            if is_guarded and (key not in self._model or operation.etag not in (None, self._etags.get(key))):
                return ChangedError
        return None

    def _apply(self, partition: str, operation: Operation) -> None:
        key = (partition, operation.row)
        self._forget(key)
        if operation.kind != "delete":
            found = self._tables.get(TABLE, partition, operation.row)
            assert found is not None
            self._model[key], self._etags[key] = dict(operation.values), found.etag


def _raises(expected: type[Exception] | None) -> contextlib.AbstractContextManager[object]:
    return pytest.raises(expected) if expected else contextlib.nullcontext()


TablesMachine.TestCase.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestEmbeddedTables = TablesMachine.TestCase
