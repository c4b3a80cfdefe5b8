"""Access tokens from one refresh token: how long each is used, and what every refusal means."""

import threading
from datetime import timedelta
from typing import Any

import pytest

from local.partner_center.customers_making import create_customer
from local.partner_center.faults import Fault, FaultKind
from shared.application.connection_health import redeem
from shared.bootstrap import build_services, hosts_of, open_stores
from shared.domain.connection import ConnectionState
from shared.domain.errors import (
    InvalidError,
    MicrosoftRefusedError,
    MicrosoftUnavailableError,
    NotConnectedError,
    ProrataError,
    ThrottledError,
)
from shared.partner_center.hosts import Audience
from shared.partner_center.tokens import KEPT_MAX, MsalTokens

Office = Any  # what the conftest's fixture gives


def tokens_of(office: Office) -> MsalTokens:
    """Return the tokens of the process."""
    tokens: MsalTokens = office.services.sign_in()._tokens
    return tokens


def asked_for_tokens(office: Office) -> int:
    """Return how often the token service was asked, and begin counting anew."""
    count = sum(each.path.endswith("/oauth2/v2.0/token") for each in office.simulator.log)
    office.simulator.forget_log()
    return count


@pytest.fixture
def connected(office: Office) -> Office:
    """An office with a consent and no access token yet."""
    office.connect()
    office.restart()
    office.simulator.forget_log()
    return office


def test_a_token_is_used_until_five_minutes_before_its_end(connected: Office) -> None:
    """Not a second longer; the library's discovery costs no call."""
    tokens = tokens_of(connected)
    first = tokens.token(Audience.PARTNER_CENTER)
    ends_at = next(iter(tokens.endings().values()))
    connected.now = ends_at - timedelta(minutes=5, seconds=1)
    kept = tokens.token(Audience.PARTNER_CENTER)
    calls_before = len(connected.simulator.log)
    connected.now = ends_at - timedelta(minutes=5)
    newer = tokens.token(Audience.PARTNER_CENTER)

    assert first == kept
    assert newer != first
    assert (1, 2) == (calls_before, len(connected.simulator.log))


def test_each_api_has_a_token_of_its_own(connected: Office) -> None:
    """All from one refresh token, and each redemption stores the newer one."""
    store, tokens = connected.services.connection, tokens_of(connected)
    refresh, access = [store.refresh_token().value], []
    for audience in Audience:
        access.append(tokens.token(audience))
        refresh.append(store.refresh_token().value)

    assert 3 == len(set(access))
    assert 4 == len(set(refresh))


def test_threads_at_once_redeem_once(connected: Office) -> None:
    """The others wait and take what came."""
    tokens, found = tokens_of(connected), []
    threads = [threading.Thread(target=lambda: found.append(tokens.token(Audience.PARTNER_CENTER))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (8, 1) == (len(found), len(set(found)))
    assert 1 == asked_for_tokens(connected)


def test_two_workers_at_once_leave_one_good_token(connected: Office) -> None:
    """Each has a process of its own; Microsoft gives both a token, and the one that is stored works on."""
    stores = [build_services(connected.settings, open_stores(connected.settings), lambda: connected.now) for _ in "ab"]
    start, failed = threading.Barrier(2), []

    def work(services: Any) -> None:
        start.wait(10)
        for _ in range(5):
            try:
                services.sign_in().redeem()
            except ProrataError as error:
                failed.append(error)

    threads = [threading.Thread(target=work, args=(services,)) for services in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    connected.restart()
    redeem(connected.services)

    assert [] == failed
    assert ConnectionState.CONNECTED is connected.state()


def test_a_token_that_was_refused_is_fetched_anew(connected: Office) -> None:
    """Only that one."""
    tokens = tokens_of(connected)
    partner, graph = tokens.token(Audience.PARTNER_CENTER), tokens.token(Audience.GRAPH)
    tokens.forget(Audience.PARTNER_CENTER)

    assert partner != tokens.token(Audience.PARTNER_CENTER)
    assert graph == tokens.token(Audience.GRAPH)


def test_the_app_alone_needs_no_consent_of_a_person(office: Office) -> None:
    """Its tokens are others, and no refresh token is touched."""
    alone = tokens_of(office).token(Audience.PARTNER_CENTER, is_app_only=True)
    office.connect()
    before = office.services.connection.refresh_token()
    again = tokens_of(office).token(Audience.PARTNER_CENTER, is_app_only=True)

    assert before == office.services.connection.refresh_token()
    assert again != tokens_of(office).token(Audience.PARTNER_CENTER)
    assert alone


@pytest.mark.parametrize(
    ("kind", "more", "state", "code"),
    [
        (FaultKind.TOKEN_EXPIRED, {}, ConnectionState.TOKEN_EXPIRED, "AADSTS700082"),
        (FaultKind.TOKEN_REVOKED, {}, ConnectionState.TOKEN_REVOKED, "AADSTS50173"),
        (FaultKind.SECRET_WRONG, {}, ConnectionState.SECRET_WRONG, "AADSTS7000215"),
        (FaultKind.SECRET_WRONG, {"value": 7000222}, ConnectionState.SECRET_EXPIRED, "AADSTS7000222"),
        (FaultKind.CONSENT_MISSING, {}, ConnectionState.CONSENT_MISSING, "AADSTS65001"),
        (FaultKind.MFA_REQUIRED, {"path": "oauth2"}, ConnectionState.MFA_REQUIRED, "AADSTS50076"),
    ],
)
def test_every_refusal_is_a_state_with_its_cure(
    connected: Office, kind: FaultKind, more: dict[str, Any], state: ConnectionState, code: str
) -> None:
    """Shown to whoever looks, until it is cured: then the next redemption says so."""
    connected.fault(kind, **more)
    error = connected.redeem_fails()
    view = connected.view()
    connected.repair()
    redeem(connected.services)

    assert (state, state, code) == (error.state, view["state"], view["code"])
    assert view["cure"]
    assert code in str(error)
    assert ConnectionState.CONNECTED is connected.state()


@pytest.mark.parametrize(
    ("settings", "state"),
    [
        ({"client_id": "11111111-1111-1111-1111-111111111111"}, ConnectionState.APP_UNKNOWN),
        ({"partner_tenant_id": "11111111-1111-1111-1111-111111111111"}, ConnectionState.TENANT_UNKNOWN),
    ],
)
def test_settings_that_are_wrong_are_told_apart(
    connected: Office, settings: dict[str, str], state: ConnectionState
) -> None:
    """By Microsoft's number."""
    connected.restart(**settings)

    assert state == connected.redeem_fails().state


def test_weekly_redemption_keeps_a_token_for_ever(connected: Office) -> None:
    """A year goes by; without redemption it would end after 90 days."""
    for _ in range(52):
        connected.advance(days=7)
        redeem(connected.services)

    assert ConnectionState.CONNECTED is connected.state()
    assert 90 == connected.view()["refresh_token"]["days_left"]


def test_without_redemption_it_ends(connected: Office) -> None:
    """Shown before anybody asks Microsoft, and Microsoft says the same."""
    connected.advance(days=80)
    warned = connected.view()
    connected.advance(days=10, minutes=1)

    assert "redeem_refresh_token" in warned["next_action"]
    assert ConnectionState.TOKEN_EXPIRED is connected.state()
    assert ConnectionState.TOKEN_EXPIRED == connected.redeem_fails().state


def test_a_customers_tenant_that_refuses_says_nothing_of_us(connected: Office) -> None:
    """That customer is refused, and the connection stays as it is; with consent there it works."""
    world = connected.simulator.world
    customer = create_customer(world, name="Bakkerij", domain="bakkerij.example")
    with pytest.raises(MicrosoftRefusedError, match="AADSTS65001") as refused:
        tokens_of(connected).token(Audience.GRAPH, tenant_id=customer.id)
    customer.consents[world.partner.client_id] = {}
    before = connected.services.connection.refresh_token()
    token = tokens_of(connected).token(Audience.GRAPH, tenant_id=customer.id)

    assert (403, "AADSTS65001") == (refused.value.status, refused.value.code)
    assert ConnectionState.CONNECTED is connected.state()
    assert token
    assert before == connected.services.connection.refresh_token()


def test_many_tenants_need_the_refresh_token_read_once(connected: Office) -> None:
    """Every five minutes; our own tenant's tokens read it each time."""
    world, tokens, reads = connected.simulator.world, tokens_of(connected), []
    store = CountedStore(connected.services.connection, reads)
    counted = MsalTokens(tokens.app, hosts_of(connected.settings), store, lambda: connected.now)
    for number in range(5):
        customer = create_customer(world, name=f"C{number}", domain=f"c{number}.example")
        customer.consents[world.partner.client_id] = {}
        counted.token(Audience.GRAPH, tenant_id=customer.id)
    lately = len(reads)
    counted.token(Audience.GRAPH)
    connected.now += timedelta(minutes=5)
    counted.forget(Audience.GRAPH, tenant_id=customer.id)
    counted.token(Audience.GRAPH, tenant_id=customer.id)

    assert (1, 3) == (lately, len(reads))


class CountedStore:
    """The store of the connection, which counts how often the refresh token is read."""

    def __init__(self, inner: Any, reads: list[str]) -> None:
        self._inner, self._reads = inner, reads

    def __getattr__(self, name: str) -> Any:
        """Return the step of the real store."""
        if name == "refresh_token":
            self._reads.append(name)
        return getattr(self._inner, name)


def test_a_secret_that_is_wrong_is_wrong_in_every_tenant(connected: Office) -> None:
    """Met at a customer's, it is told as ours."""
    customer = create_customer(connected.simulator.world, name="Bakkerij", domain="bakkerij.example")
    connected.fault(FaultKind.SECRET_WRONG)
    with pytest.raises(NotConnectedError):
        tokens_of(connected).token(Audience.GRAPH, tenant_id=customer.id)

    assert ConnectionState.SECRET_WRONG is connected.state()


def test_tokens_of_many_tenants_do_not_pile_up(connected: Office) -> None:
    """The oldest of a customer's go first, our own stay."""
    world, tokens = connected.simulator.world, tokens_of(connected)
    own = tokens.token(Audience.PARTNER_CENTER)
    for number in range(KEPT_MAX + 5):
        customer = create_customer(world, name=f"C{number}", domain=f"c{number}.example")
        customer.consents[world.partner.client_id] = {}
        tokens.token(Audience.GRAPH, tenant_id=customer.id)

    assert KEPT_MAX == len(tokens.endings())
    assert own == tokens.token(Audience.PARTNER_CENTER)


@pytest.mark.parametrize("tenant_id", ["../common", "a/b", "a?b", "a" * 200])
def test_a_tenant_that_is_none_leads_nowhere(connected: Office, tenant_id: str) -> None:
    """It would become part of an address."""
    with pytest.raises(InvalidError, match="neither an id"):
        tokens_of(connected).token(Audience.GRAPH, tenant_id=tenant_id)

    assert 0 == asked_for_tokens(connected)


def test_a_token_service_that_stumbles_is_asked_again(connected: Office) -> None:
    """Twice; the caller sees nothing of it."""
    connected.simulator.fault(Fault(kind=FaultKind.SERVER_ERROR, path="oauth2", value=503, times=2))

    assert tokens_of(connected).token(Audience.GRAPH)


def test_a_token_service_that_fails_is_no_refusal(connected: Office) -> None:
    """Try later: nothing is written down."""
    connected.fault(FaultKind.SERVER_ERROR, path="oauth2", value=500)
    with pytest.raises(MicrosoftUnavailableError, match="HTTP 500"):
        tokens_of(connected).token(Audience.GRAPH)

    assert ConnectionState.CONNECTED is connected.state()


@pytest.mark.parametrize("status", [200, 302, 403])
def test_a_page_in_place_of_a_token_is_no_refusal(connected: Office, status: int) -> None:
    """A proxy answers for the token service: nothing is concluded of the connection."""
    connected.fault(FaultKind.HTML_ANSWER, path="oauth2", value=status)
    with pytest.raises(MicrosoftUnavailableError, match=f"answered {status}"):
        tokens_of(connected).token(Audience.GRAPH)

    assert ConnectionState.CONNECTED is connected.state()


def test_a_token_service_that_throttles_is_obeyed(connected: Office) -> None:
    """A long wait is the caller's to decide."""
    connected.fault(FaultKind.THROTTLED, path="oauth2", value=120)
    with pytest.raises(ThrottledError) as throttled:
        tokens_of(connected).token(Audience.GRAPH)

    assert 120 == throttled.value.retry_after_s


def test_a_token_service_that_is_not_there_is_told(connected: Office) -> None:
    """As something to try again, with the setting to look at."""
    connected.restart(login_url="http://127.0.0.1:1")
    with pytest.raises(MicrosoftUnavailableError, match="PRORATA_LOGIN_URL"):
        tokens_of(connected).token(Audience.GRAPH)


def test_what_an_api_refuses_is_a_state_as_well(connected: Office) -> None:
    """900421 comes with a good token: a redemption does not clear it, a new sign-in does."""
    customer = create_customer(connected.simulator.world, name="Bakkerij", domain="bakkerij.example")
    connected.fault(FaultKind.MFA_REQUIRED, path="/v1/customers")
    with pytest.raises(NotConnectedError) as refused:
        connected.services.microsoft().tenant(customer.id)
    view = connected.view()
    tokens_of(connected).token(Audience.GRAPH)
    list(connected.services.microsoft().tenants())  # by the app alone
    still = connected.state()
    connected.repair()
    connected.connect()

    assert ConnectionState.MFA_REQUIRED == refused.value.state
    assert (ConnectionState.MFA_REQUIRED, "900421") == (view["state"], view["code"])
    assert "HTTP 401 900421" in [api["refusal"] for api in view["apis"]]
    assert ConnectionState.MFA_REQUIRED is still
    assert ConnectionState.CONNECTED is connected.state()


def test_a_second_look_in_a_row_writes_nothing(connected: Office) -> None:
    """The rows of the connection keep their ETags."""
    list(connected.services.microsoft().tenants())
    before = rows(connected)
    connected.now += timedelta(minutes=10)
    list(connected.services.microsoft().tenants())

    assert before == rows(connected)
    assert before


def rows(office: Office) -> dict[str, str]:
    """Return the rows of the connection with their ETags."""
    tables = office.services.connection._tables
    return {f"{part}/{row.row}": row.etag for part in ("now", "uses") for row in tables.query("connection", part)}
