"""The connection under faults: workers at once, processes that end at the worst moment, stores that fail.

Whatever happens, the newest refresh token that was stored stays usable, and no older one takes its place.
"""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from shared.application.connection_health import note_outcome
from shared.domain.connection import ConnectionState
from shared.domain.consent import Consent, Identity, RefreshToken, Source, Standing
from shared.domain.errors import IntegrityError, StorageUnavailableError
from shared.storage.embedded.database import Database
from shared.storage.embedded.secrets import EncryptedSecrets
from shared.storage.embedded.tables import EmbeddedTables
from shared.storage.ports import Secrets, Tables
from shared.storage.repositories.connection import STORING_S_MAX, ConnectionStore, Login

NOW = datetime(2026, 11, 9, 9, tzinfo=UTC)
IDENTITY = Identity(user_name="billing@contoso.com", object_id="o", name="n", tenant_id="t")


class KilledError(BaseException):
    """The process ends here."""


class FailingSecrets:
    """Secrets that fail or end the process at chosen steps, and can hold a writer back."""

    def __init__(self, inner: Secrets) -> None:
        self.inner = inner
        self.on_put: BaseException | None = None
        self.on_delete: BaseException | None = None
        self.gate: threading.Event | None = None
        self.is_waiting = threading.Event()

    def get(self, name: str) -> str | None:
        """Return the secret."""
        return self.inner.get(name)

    def put(self, name: str, value: str) -> None:
        """Write the secret, unless this is the chosen step."""
        if self.on_put is not None:
            raise self.on_put
        if self.gate is not None:
            self.is_waiting.set()
            assert self.gate.wait(10)
        self.inner.put(name, value)

    def delete(self, name: str) -> None:
        """Delete the secret, unless this is the chosen step."""
        if self.on_delete is not None:
            raise self.on_delete
        self.inner.delete(name)


class Bench:
    """One store, and any number of workers on it."""

    def __init__(self, root: Path) -> None:
        self.database = Database(root)
        self.tables: Tables = EmbeddedTables(self.database)
        self.files = root / "secrets"
        self.secrets = FailingSecrets(EncryptedSecrets(self.files))

    def worker(self) -> ConnectionStore:
        """Return a store as another process has it."""
        return ConnectionStore(self.tables, cast("Secrets", self.secrets))

    def connect(self, consent_id: str = "c1", at: datetime = NOW) -> None:
        """Let somebody consent."""
        consent = Consent(id=consent_id, identity=IDENTITY, consented_at=at)
        self.worker().put_consent(consent, token(f"first of {consent_id}", at, consent_id))

    def kept(self) -> str:
        """Return the refresh token that is in force."""
        found = self.worker().refresh_token()
        return "" if found is None else found.value

    def names(self) -> set[str]:
        """Return the secrets that lie in the store."""
        return {path.stem for path in self.files.iterdir()}


def token(value: str, at: datetime, consent_id: str = "c1") -> RefreshToken:
    """Return a refresh token."""
    return RefreshToken(consent_id=consent_id, value=value, obtained_at=at)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A store on which somebody consented."""
    made = Bench(tmp_path)
    made.connect()
    yield made
    made.database.close()


def test_an_older_token_never_replaces_a_newer_one(bench: Bench) -> None:
    """In whatever order two workers come to store what they got."""
    first, second = bench.worker(), bench.worker()
    answers = [
        second.keep_refresh_token(token("newer", NOW + timedelta(seconds=2))),
        first.keep_refresh_token(token("older", NOW + timedelta(seconds=1))),
    ]

    assert [True, False] == answers
    assert "newer" == bench.kept()


def test_a_worker_that_is_slow_to_store_loses_nothing(bench: Bench) -> None:
    """While one stores, another leaves its token: both are good, and the one stored is not taken back later."""
    bench.secrets.gate = threading.Event()
    slow = threading.Thread(target=bench.worker().keep_refresh_token, args=(token("slow", NOW + timedelta(seconds=1)),))
    slow.start()
    assert bench.secrets.is_waiting.wait(10)
    meanwhile = bench.worker().keep_refresh_token(token("quick", NOW + timedelta(seconds=2)))
    bench.secrets.gate.set()
    slow.join()

    assert meanwhile is False
    assert "slow" == bench.kept()


def test_many_redemptions_at_once_leave_a_token_that_was_given(bench: Bench) -> None:
    """And later ones are stored as ever."""
    workers = [
        threading.Thread(
            target=bench.worker().keep_refresh_token, args=(token(f"t{number}", NOW + timedelta(seconds=number)),)
        )
        for number in range(1, 9)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    at_once = bench.kept()
    bench.worker().keep_refresh_token(token("later", NOW + timedelta(minutes=1)))

    assert at_once in {f"t{number}" for number in range(1, 9)}
    assert "later" == bench.kept()


def test_a_process_that_ends_before_storing_leaves_the_old_token(bench: Bench) -> None:
    """It still works, and half a minute later others store again."""
    bench.secrets.on_put = KilledError()
    with pytest.raises(KilledError):
        bench.worker().keep_refresh_token(token("lost", NOW + timedelta(seconds=1)))
    bench.secrets.on_put = None
    bench.tables.upsert("connection", "now", "storing", {"until": NOW + timedelta(seconds=1 + STORING_S_MAX)})
    blocked = bench.worker().keep_refresh_token(token("soon", NOW + timedelta(seconds=2)))
    after_crash = bench.kept()
    later = bench.worker().keep_refresh_token(token("later", NOW + timedelta(seconds=2 + STORING_S_MAX)))

    assert (False, True) == (blocked, later)
    assert ("first of c1", "later") == (after_crash, bench.kept())


def test_a_store_that_fails_leaves_the_old_token(bench: Bench) -> None:
    """The next redemption tries again."""
    bench.secrets.on_put = StorageUnavailableError("the vault is away")
    with pytest.raises(StorageUnavailableError):
        bench.worker().keep_refresh_token(token("lost", NOW + timedelta(seconds=1)))
    bench.secrets.on_put = None
    again = bench.worker().keep_refresh_token(token("next", NOW + timedelta(seconds=2)))

    assert again is True
    assert "next" == bench.kept()


def test_a_redemption_of_the_old_consent_cannot_undo_a_new_one(bench: Bench) -> None:
    """It was under way when somebody else signed in; its token goes where it belongs, nowhere."""
    bench.connect("c2", NOW + timedelta(seconds=1))
    stored = bench.worker().keep_refresh_token(token("late of c1", NOW + timedelta(seconds=2), "c1"))

    assert stored is False
    assert "first of c2" == bench.kept()
    assert {"refresh-token-c2"} == bench.names()


def test_a_token_stored_while_the_consent_is_replaced_is_taken_back(bench: Bench) -> None:
    """No token of a consent that is gone stays behind."""
    bench.secrets.gate = threading.Event()
    late = threading.Thread(target=bench.worker().keep_refresh_token, args=(token("late", NOW + timedelta(seconds=1)),))
    late.start()
    assert bench.secrets.is_waiting.wait(10)
    gate, bench.secrets.gate = bench.secrets.gate, None
    bench.worker().forget()
    gate.set()
    late.join()

    assert "" == bench.kept()
    assert set() == bench.names()


def test_a_process_that_ends_between_token_and_consent_leaves_the_old_connection(bench: Bench) -> None:
    """And the token that nobody points to is swept with the next login after the login's time."""
    store = bench.worker()
    login = Login(id="c2", flow={"state": "s"}, browser="b", expires_at=NOW + timedelta(minutes=15))
    store.put_login(login, NOW)
    store.use_login("c2")
    bench.secrets.inner.put("refresh-token-c2", "orphan")
    store.put_login(Login(id="c3", flow={}, browser="b", expires_at=NOW + timedelta(hours=2)), NOW + timedelta(hours=1))

    assert {"refresh-token-c1"} == bench.names()
    assert "first of c1" == bench.kept()


def test_a_process_that_ends_while_forgetting_leaves_no_token(bench: Bench) -> None:
    """The token goes first; forgetting again ends the rest."""
    tables, bench.tables = bench.tables, cast("Tables", StoppingTables(bench.tables))
    with pytest.raises(KilledError):
        bench.worker().forget()
    bench.tables = tables

    assert "" == bench.kept()
    assert bench.worker().forget() is True
    assert bench.worker().consent() is None


class StoppingTables:
    """Tables that end the process at the first deletion, and fail at an upsert where an error is given."""

    def __init__(self, inner: Tables, error: Exception | None = None) -> None:
        self.inner, self.error = inner, error

    def upsert(self, *arguments: Any) -> str:
        """Write, or fail."""
        if self.error is not None:
            raise self.error
        return self.inner.upsert(*arguments)

    def __getattr__(self, name: str) -> object:
        """Return the step of the real tables."""
        return getattr(self.inner, name)

    def delete(self, *_arguments: object) -> None:
        """End."""
        raise KilledError


def test_a_login_is_used_up_once_by_many_at_once(bench: Bench) -> None:
    """One of them gets it."""
    login = Login(id="l1", flow={"state": "s"}, browser="b", expires_at=NOW + timedelta(minutes=15))
    bench.worker().put_login(login, NOW)
    found: list[Login | None] = []
    threads = [threading.Thread(target=lambda: found.append(bench.worker().use_login("l1"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 1 == sum(each is not None for each in found)
    assert 8 == len(found)


def test_what_was_noted_of_an_old_consent_is_not_noted_of_a_new_one(bench: Bench) -> None:
    """A worker that still used the old token was refused: that says nothing of the new sign-in."""
    bench.connect("c2", NOW + timedelta(seconds=1))
    refused = Standing(state=ConnectionState.TOKEN_REVOKED, since=NOW, code="AADSTS50173", noted_by=Source.TOKENS)
    bench.worker().note_standing("c1", refused)
    standing = bench.worker().standing()

    assert standing is not None
    assert ConnectionState.CONNECTED is standing.state


def test_what_was_found_of_an_old_account_does_not_bring_it_back(bench: Bench) -> None:
    """The weekly look at the account was under way when somebody else signed in."""
    old = bench.worker().consent()
    assert old is not None
    bench.connect("c2", NOW + timedelta(seconds=1))
    is_kept = bench.worker().update_consent(replace(old, has_mfa=True))
    consent = bench.worker().consent()

    assert is_kept is False
    assert consent is not None
    assert ("c2", "first of c2") == (consent.id, bench.kept())


def test_a_store_that_fails_fails_no_call_to_microsoft(bench: Bench) -> None:
    """What an API answered is told to a store that is away: the answer is used all the same."""
    bench.tables = cast("Tables", StoppingTables(bench.tables, StorageUnavailableError("away")))
    note_outcome(bench.worker(), "graph.microsoft.com", status=200, code="", at=NOW)
    note_outcome(bench.worker(), "graph.microsoft.com", status=401, code="900421", at=NOW)
    standing = ConnectionStore(EmbeddedTables(bench.database), cast("Secrets", bench.secrets)).standing()

    assert standing is not None
    assert ConnectionState.CONNECTED is standing.state


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"token": "x"}', '{"token": "x", "obtained_at": "soon"}'])
def test_a_secret_that_holds_no_token_is_told(bench: Bench, content: str) -> None:
    """Without showing what it holds."""
    bench.secrets.inner.put("refresh-token-c1", content)
    with pytest.raises(IntegrityError, match="holds no refresh token") as told:
        bench.kept()

    assert told.value.__cause__ is None
