"""What both stores promise of the connection: consent, state, uses and logins."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.domain.connection import ConnectionState
from shared.domain.consent import Consent, Identity, RefreshToken, Role, Roles, Source, Standing
from shared.domain.errors import IntegrityError
from shared.storage.embedded.secrets import EncryptedSecrets
from shared.storage.ports import Tables
from shared.storage.repositories.connection import TABLE, ConnectionStore, Login

NOW = datetime(2026, 11, 9, 9, 30, 15, 123456, tzinfo=UTC)
IDENTITY = Identity(user_name="müller@contoso.com", object_id="o/1#?", name="Müller", tenant_id="t")
CONSENT = Consent(
    id="c1",
    identity=IDENTITY,
    consented_at=NOW,
    roles=Roles(held=(Role.ADMIN_AGENT, Role.SALES_AGENT)),
    has_mfa=True,
)
TOKEN = RefreshToken(consent_id="c1", value="secret", obtained_at=NOW)


@pytest.fixture
def connection(own_tables: Tables, tmp_path: Path) -> ConnectionStore:
    """A store without a connection."""
    return ConnectionStore(own_tables, EncryptedSecrets(tmp_path / "secrets"))


def test_nothing_is_there_at_first(connection: ConnectionStore) -> None:
    """And forgetting nothing is no error."""
    assert (None, None, None, []) == (
        connection.consent(),
        connection.refresh_token(),
        connection.standing(),
        connection.uses(),
    )
    assert connection.forget() is False


def test_a_consent_reads_back_as_it_was(connection: ConnectionStore) -> None:
    """To the microsecond, and connected from its instant on."""
    connection.put_consent(CONSENT, TOKEN)

    assert CONSENT == connection.consent()
    assert TOKEN == connection.refresh_token()
    assert Standing(state=ConnectionState.CONNECTED, since=NOW) == connection.standing()


def test_a_state_is_written_where_it_changes(connection: ConnectionStore) -> None:
    """The first time it was found is what stays."""
    connection.put_consent(CONSENT, TOKEN)
    first = Standing(state=ConnectionState.TOKEN_REVOKED, since=NOW + timedelta(hours=1), code="AADSTS50173")
    connection.note_standing("c1", first)
    connection.note_standing("c1", Standing(state=first.state, since=NOW + timedelta(hours=2), code=first.code))
    connection.note_standing(
        "c1", Standing(state=ConnectionState.CONNECTED, since=NOW + timedelta(hours=3), noted_by=Source.API)
    )

    assert first == connection.standing()


def test_uses_are_kept_for_each_api(connection: ConnectionStore, own_tables: Tables, tmp_path: Path) -> None:
    """And another worker goes on from what is written."""
    connection.put_consent(CONSENT, TOKEN)
    connection.note_success("graph.microsoft.com", NOW)
    connection.note_refusal("api.partnercenter.microsoft.com", NOW, "HTTP 401 900421")
    other = ConnectionStore(own_tables, EncryptedSecrets(tmp_path / "secrets"))
    is_news = other.note_success("graph.microsoft.com", NOW + timedelta(minutes=59))
    uses = {use.api: (use.worked_at, use.refused_at, use.refusal) for use in other.uses()}

    assert is_news is False
    assert {
        "graph.microsoft.com": (NOW, None, ""),
        "api.partnercenter.microsoft.com": (None, NOW, "HTTP 401 900421"),
    } == uses


def test_a_login_reads_back_once(connection: ConnectionStore) -> None:
    """With everything that the answer has to fit."""
    flow = {"state": "s", "nonce": "n", "code_verifier": "v", "scope": ["a", "b"], "claims_challenge": None}
    login = Login(id="l1", flow=flow, browser="hash", expires_at=NOW + timedelta(minutes=15))
    connection.put_login(login, NOW)
    found = connection.use_login("l1")

    assert found is not None
    assert (flow, "hash", login.expires_at) == (found.flow, found.browser, found.expires_at)
    assert connection.use_login("l1") is None
    assert connection.use_login("l2") is None


def test_forgetting_leaves_nothing(connection: ConnectionStore, own_tables: Tables) -> None:
    """Neither rows nor the token."""
    connection.put_consent(CONSENT, TOKEN)
    connection.note_success("graph.microsoft.com", NOW)

    assert connection.forget() is True
    assert [] == [row for part in ("now", "uses") for row in own_tables.query(TABLE, part)]
    assert connection.refresh_token() is None


def test_a_row_that_cannot_be_read_back_is_told(connection: ConnectionStore, own_tables: Tables) -> None:
    """With what to do."""
    own_tables.upsert(TABLE, "now", "consent", {"body": "{"})
    with pytest.raises(IntegrityError, match="connect anew"):
        connection.consent()
