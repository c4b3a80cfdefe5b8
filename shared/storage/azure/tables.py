"""Tables in Azure Table Storage.

Invariants: every int is written as Edm.Int64 and every instant in UTC, so that what is read is what was written; the
SDK's own types do not leave this module.

Not here: the limits (see ``limits``) and the meaning of errors (see ``clients``).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from azure.core import MatchConditions
from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import (
    EdmType,
    EntityProperty,
    TableClient,
    TableEntity,
    TableServiceClient,
    TableTransactionError,
    TransactionOperation,
    UpdateMode,
)

from shared.storage import limits
from shared.storage.azure.clients import AzureAccount, gone_is_changed, meaning, translated, with_home
from shared.storage.ports import Entity, Operation, Scalar

PAGE_ROWS: Final = 1000
_KEY_PROPERTIES: Final = frozenset({"PartitionKey", "RowKey"})


class AzureTables:
    """The port ``Tables`` on Azure Table Storage."""

    def __init__(self, service: TableServiceClient) -> None:
        self._service = service
        self._clients: dict[str, TableClient] = {}

    @classmethod
    def connect(cls, account: AzureAccount) -> "AzureTables":
        """Return the tables of *account*; nothing is sent yet.

        Raises:
            InvalidError: the account names neither a connection string nor a URL.
        """
        options = account.options()
        if account.connection_string:
            return cls(TableServiceClient.from_connection_string(account.connection_string, **options))
        return cls(TableServiceClient(account.url("table"), credential=account.credential(), **options))

    def insert(self, table: str, partition: str, row: str, values: Mapping[str, Scalar]) -> str:
        """Write a new row and return its ETag.

        Raises:
            AlreadyExistsError: the key is taken.
            LimitError: a key or value crosses a limit; nothing was sent.
            StorageUnavailableError: no answer, or access was refused.
        """
        entity = _entity(partition, row, limits.checked_values(partition, row, values))
        client = self._client(table)
        with translated(f"insert of row {row!r} into {table}"):
            return _etag(with_home(lambda: client.create_entity(entity), client.create_table))

    def replace(self, table: str, partition: str, row: str, values: Mapping[str, Scalar], etag: str) -> str:
        """Overwrite the row that still carries *etag* and return the new ETag.

        Raises:
            ChangedError: the row changed or is gone.
            LimitError, StorageUnavailableError: as in :meth:`insert`.
        """
        entity = _entity(partition, row, limits.checked_values(partition, row, values))
        client = self._client(table)
        with gone_is_changed(), translated(f"replace of row {row!r} in {table}"):
            answer = client.update_entity(entity, UpdateMode.REPLACE, **_guard(etag))
        return _etag(answer)

    def upsert(self, table: str, partition: str, row: str, values: Mapping[str, Scalar]) -> str:
        """Write the row whether or not it is there and return its ETag.

        Raises:
            LimitError, StorageUnavailableError: as in :meth:`insert`.
        """
        entity = _entity(partition, row, limits.checked_values(partition, row, values))
        client = self._client(table)
        with translated(f"upsert of row {row!r} into {table}"):
            return _etag(with_home(lambda: client.upsert_entity(entity, UpdateMode.REPLACE), client.create_table))

    def get(self, table: str, partition: str, row: str) -> Entity | None:
        """Return the row, or None where there is none.

        Raises:
            LimitError: a key is not allowed.
            StorageUnavailableError: no answer, or access was refused.
        """
        limits.check_key("partition key", partition)
        limits.check_key("row key", row)
        client = self._client(table)
        with translated(f"read of row {row!r} in {table}"):
            try:
                return _read(client.get_entity(partition, row))
            except ResourceNotFoundError:
                return None

    def delete(self, table: str, partition: str, row: str, etag: str | None = None) -> None:
        """Remove the row; a missing one is no error.

        Raises:
            ChangedError: *etag* was given and the row carries another.
            StorageUnavailableError: no answer, or access was refused.
        """
        limits.check_key("partition key", partition)
        limits.check_key("row key", row)
        client = self._client(table)
        with translated(f"delete of row {row!r} in {table}"):
            client.delete_entity(partition, row, **(_guard(etag) if etag else {}))

    def query(
        self, table: str, partition: str, *, row_from: str = "", row_before: str | None = None
    ) -> Iterator[Entity]:
        """Yield the rows with ``row_from <= row < row_before`` in row key order, page by page.

        Raises:
            LimitError: a name, key or bound is not allowed (at the first row).
            StorageUnavailableError: no answer, or access was refused.
        """
        limits.check_key("partition key", partition)
        limits.check_bound("row_from", row_from)
        limits.check_bound("row_before", row_before)
        condition, parameters = _condition(partition, row_from, row_before)
        client = self._client(table)
        pages = client.query_entities(condition, parameters=parameters, results_per_page=PAGE_ROWS).by_page()
        step = f"query of partition {partition!r} in {table}"
        for page in _pages(pages, step):
            yield from page

    def transact(self, table: str, partition: str, operations: Sequence[Operation]) -> None:
        """Apply all operations or none.

        Raises:
            AlreadyExistsError, ChangedError: the first operation that failed says which.
            LimitError: over 100 operations, 4 MiB, or two operations on one row.
            StorageUnavailableError: no answer, or access was refused.
        """
        limits.check_key("partition key", partition)
        values = limits.checked_operations(partition, operations)
        client = self._client(table)
        if not operations:
            return
        steps = [_step(partition, *pair) for pair in zip(operations, values, strict=True)]
        with gone_is_changed(), translated(f"transaction of {len(steps)} steps in {table}"):
            try:
                with_home(lambda: client.submit_transaction(steps), client.create_table)
            except TableTransactionError as error:
                failed = operations[min(error.index, len(operations) - 1)]
                raise meaning(error, f"{failed.kind} of row {failed.row!r} in {table}") from error

    def _client(self, table: str) -> TableClient:
        """Return the client of *table*; all share one pool of connections."""
        limits.check_table(table)
        client = self._clients.get(table)
        if client is None:
            client = self._clients[table] = self._service.get_table_client(table)
        return client


def _pages(pages: Iterator[Iterator[TableEntity]], step: str) -> Iterator[list[Entity]]:
    """Yield page after page, outside of which no error is translated; a page may be empty before the last."""
    while True:
        with translated(step):
            try:
                page = [_read(found) for found in next(pages)]
            except (StopIteration, ResourceNotFoundError):
                return  # the end, or no such table yet
        yield page


def _condition(partition: str, row_from: str, row_before: str | None) -> tuple[str, dict[str, str]]:
    """Return the filter and its parameters; the SDK quotes them, nothing is formatted into the filter."""
    condition, parameters = "PartitionKey eq @partition", {"partition": partition}
    if row_from:
        condition, parameters["row_from"] = f"{condition} and RowKey ge @row_from", row_from
    if row_before is not None:
        condition, parameters["row_before"] = f"{condition} and RowKey lt @row_before", row_before
    return condition, parameters


def _step(partition: str, operation: Operation, values: Mapping[str, Scalar]) -> tuple[Any, ...]:
    entity = _entity(partition, operation.row, values)
    guard = _guard(operation.etag) if operation.etag else {}
    if operation.kind == "insert":
        return TransactionOperation.CREATE, entity
    if operation.kind == "delete":
        return TransactionOperation.DELETE, entity, guard
    if operation.kind == "upsert":
        return TransactionOperation.UPSERT, entity, {"mode": UpdateMode.REPLACE}
    return TransactionOperation.UPDATE, entity, {"mode": UpdateMode.REPLACE, **guard}


def _guard(etag: str) -> dict[str, Any]:
    return {"etag": etag, "match_condition": MatchConditions.IfNotModified}


def _entity(partition: str, row: str, values: Mapping[str, Scalar]) -> dict[str, Any]:
    properties = {name: _sent(value) for name, value in values.items()}
    return {"PartitionKey": partition, "RowKey": row, **properties}


def _sent(value: Scalar) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return EntityProperty(value, EdmType.INT64)
    if isinstance(value, datetime):
        return EntityProperty(f"{value:%Y-%m-%dT%H:%M:%S.%f}Z", EdmType.DATETIME)
    return value


def _read(found: TableEntity) -> Entity:
    values = {name: _received(value) for name, value in found.items() if name not in _KEY_PROPERTIES}
    return Entity(found["PartitionKey"], found["RowKey"], values, str(found.metadata["etag"]))


def _received(value: Any) -> Scalar:
    if isinstance(value, EntityProperty):
        return int(value.value)
    if isinstance(value, datetime):
        return datetime.combine(value.date(), value.time(), UTC)
    scalar: Scalar = value
    return scalar


def _etag(answer: Mapping[str, Any]) -> str:
    return str(answer["etag"])
