"""Secrets in Azure Key Vault.

Invariants: what Key Vault answers is told by status and code only; a value never stands in a log, an error or a
``repr``. A name that was deleted is taken until it is purged (soft delete): ``put`` brings it back and writes the new
value on top, and until the vault is done with either it says BusyError.

Not here: which secrets there are (see ``repositories/connection``), access to the vault (``infra``).
"""

import contextlib
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from azure.core.exceptions import AzureError, ResourceExistsError, ResourceNotFoundError

from shared.domain.errors import BusyError, InvalidError, ProrataError, StorageUnavailableError
from shared.storage.azure.clients import AzureAccount, code_of, status_of
from shared.storage.limits import check_secret

if TYPE_CHECKING:
    from azure.keyvault.secrets import SecretClient

_ROLE: Final = "give the app's identity the role Key Vault Secrets Officer on the vault"


class KeyVaultSecrets:
    """Secrets of one vault; the client is made at the first use. *options* go to the SDK (tests bring a transport)."""

    def __init__(self, vault_url: str, account: AzureAccount, **options: Any) -> None:
        self._vault_url, self._account, self._options = vault_url, account, options
        self._client: SecretClient | None = None
        self._lock = threading.Lock()

    def get(self, name: str) -> str | None:
        """Return the newest value, or None where there is none.

        Raises:
            StorageUnavailableError: the vault does not answer or refuses.
        """
        check_secret(name)
        with _translated(f"read secret {name}"):
            try:
                return self._connected().get_secret(name).value
            except ResourceNotFoundError:
                return None

    def put(self, name: str, value: str) -> None:
        """Keep *value* as the newest version.

        Raises:
            LimitError: over 25,000 bytes, or the name is not allowed.
            BusyError: the name is being deleted or brought back. Try again.
            StorageUnavailableError: the vault does not answer or refuses.
        """
        check_secret(name, value)
        with _translated(f"write secret {name}"):
            try:
                self._connected().set_secret(name, value)
            except ResourceExistsError:
                self._connected().begin_recover_deleted_secret(name).wait()
                self._connected().set_secret(name, value)

    def delete(self, name: str) -> None:
        """Forget the secret; a missing one is no error. The vault keeps it recoverable for its retention days."""
        check_secret(name)
        with _translated(f"delete secret {name}"), contextlib.suppress(ResourceNotFoundError):
            self._connected().begin_delete_secret(name)

    def _connected(self) -> "SecretClient":
        from azure.keyvault.secrets import SecretClient  # noqa: PLC0415 - only who reads a secret pays for it

        with self._lock:
            if self._client is None:
                if not self._vault_url:
                    raise InvalidError("PRORATA_VAULT_URL: is not set; name the vault that holds the secrets")
                options = {**self._account.options(), **self._options}
                self._client = SecretClient(self._vault_url, self._account.credential(), **options)
            return self._client


@contextlib.contextmanager
def _translated(step: str) -> Iterator[None]:
    try:
        yield
    except AzureError as error:
        raise _meaning(error, step) from error


def _meaning(error: AzureError, step: str) -> ProrataError:
    status, code = status_of(error), code_of(error) or "no code"
    if status is None:
        return StorageUnavailableError(f"{step}: Key Vault did not answer ({type(error).__name__}); try again")
    if status == 409:
        return BusyError(
            f"{step}: the vault is still deleting or bringing back that name (HTTP 409, {code}); try again"
        )
    if status in {401, 403}:
        return StorageUnavailableError(f"{step}: Key Vault refused (HTTP {status}, {code}); {_ROLE}")
    return StorageUnavailableError(f"{step}: Key Vault failed (HTTP {status}, {code}); try again")
