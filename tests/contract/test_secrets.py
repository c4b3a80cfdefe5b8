"""Secrets: the same promises from the encrypted files of one machine and from Key Vault (a stand-in over HTTPS)."""

import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.core.credentials import AccessToken

from local.key_vault import KeyVault
from shared.domain.errors import IntegrityError, InvalidError, LimitError, StorageUnavailableError
from shared.storage.azure.clients import AzureAccount
from shared.storage.azure.secrets import KeyVaultSecrets
from shared.storage.embedded.secrets import EncryptedSecrets
from shared.storage.ports import Secrets

KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
VALUE = "0.AXyz-very-secret-refresh-token"


class Signed:
    """A credential that always has a token."""

    def get_token(self, *scopes: str, **options: object) -> AccessToken:
        """Return it."""
        return AccessToken("token", int(time.time()) + 3600)


class SignedAccount(AzureAccount):
    """An account whose identity is made up."""

    def credential(self) -> Signed:
        """Return a credential for the stand-in."""
        return Signed()


@pytest.fixture
def key_vault(tmp_path: Path) -> Iterator[KeyVault]:
    """A stand-in for Key Vault."""
    with KeyVault(tmp_path / "vault") as running:
        yield running


def secrets_in(vault: KeyVault) -> KeyVaultSecrets:
    """Return secrets that lie in the stand-in."""
    verify = str(vault.certificate_file)
    account = SignedAccount(retry_count=0)
    return KeyVaultSecrets(vault.url, account, connection_verify=verify, verify_challenge_resource=False)


@pytest.fixture(params=["embedded", "azure"])
def secrets(request: pytest.FixtureRequest, tmp_path: Path) -> Secrets:
    """Both adapters."""
    if request.param == "embedded":
        return EncryptedSecrets(tmp_path / "secrets")
    return secrets_in(request.getfixturevalue("key_vault"))


def test_a_secret_reads_back_as_it_was_put(secrets: Secrets) -> None:
    """Character for character, and None for a name that is not there."""
    secrets.put("refresh-token", f"{VALUE}\n\u00e9\u20ac")

    assert secrets.get("refresh-token") == f"{VALUE}\n\u00e9\u20ac"
    assert secrets.get("another") is None


def test_the_newest_value_counts(secrets: Secrets) -> None:
    """Putting again replaces; another name is untouched."""
    secrets.put("a", "old")
    secrets.put("b", "other")
    secrets.put("a", "new")

    assert (secrets.get("a"), secrets.get("b")) == ("new", "other")


def test_a_name_has_no_case(secrets: Secrets) -> None:
    """As in Key Vault."""
    secrets.put("Refresh-Token", VALUE)

    assert secrets.get("refresh-token") == VALUE


def test_a_deleted_secret_is_gone_and_may_come_back(secrets: Secrets) -> None:
    """Deleting twice is no error; a name that was deleted can be used again, although a vault still keeps it."""
    secrets.put("a", "old")
    secrets.delete("a")
    secrets.delete("a")
    secrets.delete("never")
    gone = secrets.get("a")
    secrets.put("a", "new")

    assert gone is None
    assert secrets.get("a") == "new"


@pytest.mark.parametrize("name", ["", "a/b", "a.b", "a_b", "../a", "a" * 128, "\u00e4", "a\n"])
def test_a_name_that_no_vault_takes_is_refused(secrets: Secrets, name: str) -> None:
    """By each step, before anything is asked."""
    for step in (lambda: secrets.get(name), lambda: secrets.put(name, "x"), lambda: secrets.delete(name)):
        with pytest.raises(LimitError, match="secret name"):
            step()


def test_a_value_has_a_limit_and_is_not_shown(secrets: Secrets) -> None:
    """25,000 bytes; the refusal names the size, not the value."""
    secrets.put("a", "\u00e9" * 12_500)
    with pytest.raises(LimitError, match="25001 bytes") as refused:
        secrets.put("a", "x" * 25_001)

    assert "xxx" not in str(refused.value)
    assert secrets.get("a") == "\u00e9" * 12_500


def test_writers_at_once_leave_one_whole_value(secrets: Secrets) -> None:
    """Readers see one of the values, never a part."""
    values = [character * 5_000 for character in "abcdef"]
    threads = [threading.Thread(target=secrets.put, args=("a", value)) for value in values]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert secrets.get("a") in values


def test_no_value_reaches_a_log_or_a_repr(secrets: Secrets, caplog: pytest.LogCaptureFixture) -> None:
    """Not even at the level of debugging, the SDKs' own loggers included."""
    with caplog.at_level(logging.DEBUG):
        secrets.put("a", VALUE)
        secrets.get("a")
        secrets.delete("a")

    assert VALUE not in caplog.text
    assert VALUE not in repr(secrets)


def test_files_hold_nothing_readable(tmp_path: Path) -> None:
    """Neither value nor key in the clear beside it; key and secrets are readable by their owner only."""
    EncryptedSecrets(tmp_path / "secrets").put("a", VALUE)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]

    assert {"a.secret", "secrets.key"} == {path.name for path in files}
    assert not any(VALUE.encode() in path.read_bytes() for path in files)
    assert {0o600} == {path.stat().st_mode & 0o777 for path in files}


def test_a_given_key_leaves_no_key_file(tmp_path: Path) -> None:
    """The same key reads the secrets elsewhere."""
    EncryptedSecrets(tmp_path / "secrets", key=KEY).put("a", VALUE)

    assert EncryptedSecrets(tmp_path / "secrets", key=KEY).get("a") == VALUE
    assert not (tmp_path / "secrets.key").exists()


def test_another_key_is_told_apart_from_nothing(tmp_path: Path) -> None:
    """A secret that cannot be opened is an error that says why, not a missing one."""
    EncryptedSecrets(tmp_path / "secrets", key=KEY).put("a", VALUE)

    with pytest.raises(IntegrityError, match="another key"):
        EncryptedSecrets(tmp_path / "secrets").get("a")


@pytest.mark.parametrize("key", ["short", "not base64!", "AAEC", KEY + "A"])
def test_a_key_that_is_none_is_refused_without_being_shown(tmp_path: Path, key: str) -> None:
    """The message says how to make one."""
    with pytest.raises(InvalidError, match="openssl rand") as refused:
        EncryptedSecrets(tmp_path / "secrets", key=key).put("a", VALUE)

    assert key not in str(refused.value).replace("not 32 bytes as base64", "")


@pytest.mark.parametrize("damage", [b"", b"PRORATA1", b"plain text", b"PRORATA1" + b"x" * 60])
def test_a_damaged_file_is_told(tmp_path: Path, damage: bytes) -> None:
    """With its path and what to do."""
    secrets = EncryptedSecrets(tmp_path / "secrets")
    secrets.put("a", VALUE)
    (tmp_path / "secrets" / "a.secret").write_bytes(damage)

    with pytest.raises(IntegrityError, match=r"a\.secret.*damaged"):
        secrets.get("a")


def test_a_damaged_key_file_is_told(tmp_path: Path) -> None:
    """Nothing is encrypted with it."""
    secrets = EncryptedSecrets(tmp_path / "secrets")
    secrets.put("a", VALUE)
    (tmp_path / "secrets.key").write_bytes(b"")

    with pytest.raises(IntegrityError, match=r"secrets\.key"):
        secrets.get("a")


def test_files_cannot_trade_places(tmp_path: Path) -> None:
    """A file holds the name it was written under."""
    secrets = EncryptedSecrets(tmp_path / "secrets")
    secrets.put("a", VALUE)
    (tmp_path / "secrets" / "a.secret").rename(tmp_path / "secrets" / "b.secret")

    with pytest.raises(IntegrityError):
        secrets.get("b")


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """A file stands where the folder belongs."""
    (tmp_path / "secrets").write_text("here")

    with pytest.raises(StorageUnavailableError, match="secrets"):
        EncryptedSecrets(tmp_path / "secrets", key=KEY).put("a", VALUE)


def test_two_processes_make_one_key(tmp_path: Path) -> None:
    """Whoever is first; the other takes that one."""
    stores = [EncryptedSecrets(tmp_path / "secrets") for _ in range(8)]
    threads = [threading.Thread(target=one.put, args=(f"s{n}", VALUE)) for n, one in enumerate(stores)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [VALUE] * 8 == [stores[0].get(f"s{n}") for n in range(8)]


@pytest.mark.parametrize(("status", "says"), [(403, "Key Vault Secrets Officer"), (500, "try again")])
def test_a_vault_that_refuses_is_told_with_the_cure(key_vault: KeyVault, status: int, says: str) -> None:
    """Status and cure, no text of the server."""
    secrets = secrets_in(key_vault)
    key_vault.vault.fails = status

    with pytest.raises(StorageUnavailableError, match=says) as refused:
        secrets.put("a", VALUE)
    assert f"HTTP {status}" in str(refused.value)
    assert VALUE not in str(refused.value)


def test_a_vault_that_is_not_there_is_told(key_vault: KeyVault) -> None:
    """As something to try again."""
    secrets = KeyVaultSecrets("https://127.0.0.1:1", SignedAccount(retry_count=0), verify_challenge_resource=False)

    with pytest.raises(StorageUnavailableError, match="did not answer"):
        secrets.get("a")


def test_a_vault_that_is_not_named_is_told() -> None:
    """The setting is named."""
    with pytest.raises(InvalidError, match="PRORATA_VAULT_URL"):
        KeyVaultSecrets("", SignedAccount()).get("a")
