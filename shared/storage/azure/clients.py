"""How to reach one storage account, and what its answers mean in Prorata's errors.

Invariants: an error message names the step, the status and Azure's code, never an address, header or server text
(they may carry a signature). A step that was refused for a missing table, container or queue is repeated once after
making it, so that nothing has to be created beforehand and nothing is remembered wrongly.

The SDK repeats a request whose answer was lost, so that an insert or guarded write may meet its own first try: then
it reports AlreadyExistsError or ChangedError although it was done. Callers read again and decide.

Not here: the three SDKs (each adapter imports its own, to keep cold starts short).
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError, ResourceNotFoundError

from shared.domain.errors import (
    AlreadyExistsError,
    BusyError,
    ChangedError,
    InvalidError,
    LimitError,
    NotFoundError,
    ProrataError,
    StorageUnavailableError,
)

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

_Result = TypeVar("_Result")

_HOMES_MISSING: Final = frozenset({"TableNotFound", "ContainerNotFound", "QueueNotFound"})
_WAITING: Final = frozenset({"TableBeingDeleted", "ContainerBeingDeleted", "QueueBeingDeleted"})
_STATUS_BY_CODE: Final = {
    "EntityAlreadyExists": 409,
    "EntityNotFound": 404,
    "ResourceNotFound": 404,
    "TableNotFound": 404,
    "UpdateConditionNotSatisfied": 412,
    "ConditionNotMet": 412,
}
_TOO_LARGE: Final = frozenset({"EntityTooLarge", "RequestBodyTooLarge", "PropertyValueTooLarge"})


@dataclass(frozen=True, slots=True)
class AzureAccount:
    """Where a storage account is and how to sign in: a connection string, or three URLs and an identity.

    *client_id* names a user-assigned managed identity; without it the default chain of azure-identity decides
    (system-assigned identity, developer sign-in). *retry_count* is how often the SDK repeats a failed request.
    """

    connection_string: str = field(default="", repr=False)
    table_url: str = ""
    blob_url: str = ""
    queue_url: str = ""
    client_id: str = ""
    retry_count: int = 3

    def options(self) -> dict[str, Any]:
        """Return the client options: a request that hangs must end well before the function that made it."""
        return {"retry_total": self.retry_count, "connection_timeout": 10, "read_timeout": 60}

    def credential(self) -> "TokenCredential":
        """Return the identity that signs in at the account URLs."""
        from azure.identity import (  # noqa: PLC0415 - 160 ms that a connection string need not pay
            DefaultAzureCredential,
            ManagedIdentityCredential,
        )

        if self.client_id:
            return ManagedIdentityCredential(client_id=self.client_id)
        return DefaultAzureCredential()

    def url(self, kind: str) -> str:
        """Return the account URL of *kind* (``table``, ``blob`` or ``queue``).

        Raises:
            InvalidError: it was not given.
        """
        found: str = getattr(self, f"{kind}_url")
        if not found:
            raise InvalidError(f"storage account: neither connection_string nor {kind}_url is set; set one")
        return found


@contextlib.contextmanager
def translated(step: str) -> Iterator[None]:
    """Turn what the SDK raises during *step* into Prorata's errors."""
    try:
        yield
    except AzureError as error:
        raise meaning(error, step) from error


@contextlib.contextmanager
def gone_is_changed() -> Iterator[None]:
    """Say ChangedError where what was read before is missing now: in a guarded step 404 means 412."""
    try:
        yield
    except NotFoundError as error:
        raise ChangedError(f"{error}; it is gone since it was read") from error


def meaning(error: AzureError, step: str) -> ProrataError:
    """Return the error of Prorata that says what *error* means for *step*."""
    status, code = status_of(error), code_of(error)
    known = _by_status(status, code)
    if known is not None:
        kind, cure = known
        return kind(f"{step}: {cure} (HTTP {status}, {code or 'no code'})")
    if status is None:
        return StorageUnavailableError(f"{step}: Azure Storage did not answer ({type(error).__name__}); try again")
    return StorageUnavailableError(
        f"{step}: Azure Storage refused (HTTP {status}, {code or 'no code'}); check access, then try again"
    )


def _by_status(status: int | None, code: str) -> tuple[type[ProrataError], str] | None:
    if code == "InvalidBlockList":
        return BusyError, "another writer of this blob was faster and discarded these blocks; try again"
    if code in _WAITING:
        return StorageUnavailableError, "another change is under way; try again"
    if code in _TOO_LARGE or status == 413:
        return LimitError, "too large for Azure Storage; send less or split"
    return {
        400: (InvalidError, "Azure Storage calls the request invalid; check the input"),
        404: (NotFoundError, "not there; check the name"),
        409: (AlreadyExistsError, "is there already; it was written before"),
        412: (ChangedError, "changed since it was read; read it again"),
    }.get(status or 0)


def status_of(error: AzureError) -> int | None:
    """Return the HTTP status that Azure meant, or None when nothing answered.

    A failed step of a table transaction comes inside an answer of 202, so that its code decides.
    """
    if not isinstance(error, HttpResponseError):
        return None
    if isinstance(error, ResourceExistsError):
        return 409
    if isinstance(error, ResourceNotFoundError):
        return 404
    return _STATUS_BY_CODE.get(code_of(error), error.status_code)


def code_of(error: AzureError) -> str:
    """Return Azure's error code, or an empty string."""
    code = getattr(error, "error_code", None)
    return str(getattr(code, "value", code) or "")


def is_home_missing(error: AzureError) -> bool:
    """Return whether the table, container or queue itself is missing.

    An insert into a table that is not there is a 404 without a code: the SDK does not read it.
    """
    code = code_of(error)
    return code in _HOMES_MISSING or (isinstance(error, ResourceNotFoundError) and not code)


def with_home(step: Callable[[], _Result], make: Callable[[], object]) -> _Result:
    """Do *step*; where its table, container or queue is missing, *make* that and do *step* again."""
    try:
        return step()
    except AzureError as error:
        if not is_home_missing(error):
            raise
    with contextlib.suppress(ResourceExistsError):  # another worker was faster
        make()
    return step()
