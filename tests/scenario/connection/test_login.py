"""A person connects: what has to fit, what is refused, and what is kept."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from local.partner_center.faults import FaultKind
from local.partner_center.switches import switches
from shared.application.connect import begin_login, complete_login, forget_connection
from shared.domain.connection import ConnectionState
from shared.domain.consent import Role
from shared.domain.errors import MicrosoftUnavailableError, NotConnectedError
from shared.partner_center.hosts import Audience

Office = Any  # what the conftest's fixture gives


def refused(office: Office, answer: dict[str, str], browser: str) -> NotConnectedError:
    """Bring *answer* back and return the refusal."""
    with pytest.raises(NotConnectedError) as error:
        complete_login(office.services, answer, browser)
    return error.value


def test_the_browser_is_sent_with_everything_that_protects_the_login(office: Office) -> None:
    """State, nonce, code challenge, a choice of account, and the one permission that is asked for."""
    address = begin_login(office.services).address
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}

    assert address.startswith(office.simulator.base_url)
    assert {"state", "nonce", "code_challenge"} <= set(asked)
    assert ("S256", "select_account", "code") == (
        asked["code_challenge_method"],
        asked["prompt"],
        asked["response_type"],
    )
    assert "http://127.0.0.1:7071/api/connection/callback" == asked["redirect_uri"]
    assert {"https://api.partnercenter.microsoft.com/user_impersonation", "offline_access", "openid", "profile"} == set(
        asked["scope"].split()
    )


def test_on_https_the_answer_is_posted(office: Office) -> None:
    """So the code stands in no address; on plain http a posted answer would lose its cookie."""
    begun = [
        begin_login(replace(office.services, base_url=base)) for base in ("https://prorata.example", "http://localhost")
    ]
    modes = [parse_qs(urlsplit(each.address).query)["response_mode"][0] for each in begun]

    assert ["form_post", "query"] == modes
    assert [True, False] == [each.is_posted for each in begun]


def test_a_login_connects(office: Office) -> None:
    """Who consented, the roles and the second factor are known, and the client works."""
    consent = office.connect()

    assert "billing.service@voorbeeldcloud.example" == consent.identity.user_name
    assert (Role.ADMIN_AGENT,) == consent.roles.held
    assert consent.has_mfa is True
    assert ConnectionState.CONNECTED is office.state()
    assert [] == list(office.services.microsoft().tenants())


def test_an_answer_counts_once(office: Office) -> None:
    """Whoever brings it again gets nothing, and the connection stays."""
    begun = begin_login(office.services)
    answer = office.visit(begun)
    complete_login(office.services, answer, begun.browser)
    again = refused(office, answer, begun.browser)

    assert ConnectionState.LOGIN_MISMATCH == again.state
    assert ConnectionState.CONNECTED is office.state()


@pytest.mark.parametrize("browser", ["", "another", "\u00e9"])
def test_another_browser_cannot_finish_a_login(office: Office, browser: str) -> None:
    """Neither one without the cookie nor one with another; and the login is used up by the try."""
    begun = begin_login(office.services)
    answer = office.visit(begun)

    assert ConnectionState.LOGIN_MISMATCH == refused(office, answer, browser).state
    assert ConnectionState.LOGIN_MISMATCH == refused(office, answer, begun.browser).state
    assert office.services.connection.consent() is None


@pytest.mark.parametrize("state", ["", "forged", "\u00e9", "x" * 10_000])
def test_a_state_that_nobody_gave_out_is_refused(office: Office, state: str) -> None:
    """Before anything is asked of Microsoft."""
    begun = begin_login(office.services)
    answer = {**office.visit(begun), "state": state}
    office.simulator.forget_log()
    error = refused(office, answer, begun.browser)

    assert ConnectionState.LOGIN_MISMATCH == error.state
    assert [] == office.simulator.log


def test_a_login_ends_after_fifteen_minutes(office: Office) -> None:
    """To the second."""
    begun = begin_login(office.services)
    answer = office.visit(begun)
    office.now += timedelta(minutes=15)

    assert ConnectionState.LOGIN_MISMATCH == refused(office, answer, begun.browser).state


def test_a_code_of_another_login_is_refused(office: Office) -> None:
    """The code verifier does not fit: a stolen code is worth nothing."""
    stolen, own = begin_login(office.services), begin_login(office.services)
    answer = {**office.visit(own), "code": office.visit(stolen)["code"]}

    assert ConnectionState.LOGIN_MISMATCH == refused(office, answer, own.browser).state
    assert office.services.connection.refresh_token() is None


def test_a_code_that_is_none_says_nothing_of_a_token(office: Office) -> None:
    """Microsoft has one number for bad codes and bad refresh tokens; here there is no token that could be revoked."""
    begun = begin_login(office.services)
    error = refused(office, {**office.visit(begun), "code": "A" * 5000}, begun.browser)

    assert ConnectionState.LOGIN_MISMATCH == error.state
    assert "refresh token" not in str(error)


@pytest.mark.parametrize(
    ("answer", "state", "says"),
    [
        ({"error": "access_denied"}, ConnectionState.USER_CONSENT_FORBIDDEN, "User consent settings"),
        (
            {"error": "access_denied", "error_description": "AADSTS90094: needs an administrator"},
            ConnectionState.USER_CONSENT_FORBIDDEN,
            "AADSTS90094",
        ),
        ({"error": "consent_required"}, ConnectionState.USER_CONSENT_FORBIDDEN, "Admin consent requests"),
        ({"error": "server_error"}, ConnectionState.REFUSED, "connect anew"),
        ({"code": ""}, ConnectionState.LOGIN_MISMATCH, "connect anew"),
    ],
)
def test_an_answer_of_refusal_is_recognised(
    office: Office, answer: dict[str, str], state: ConnectionState, says: str
) -> None:
    """The setting that forbids it is named, and the state is shown to who looks."""
    begun = begin_login(office.services)
    login = office.visit(begun)["state"]
    error = refused(office, {**answer, "state": login}, begun.browser)

    assert state == error.state
    assert says in str(error)
    assert state is office.state()


def test_a_tenant_that_forbids_consent_is_recognised(office: Office) -> None:
    """As Microsoft's page sends the browser back."""
    office.fault(FaultKind.USER_CONSENT_FORBIDDEN)
    begun = begin_login(office.services)
    error = refused(office, office.visit(begun), begun.browser)

    assert ConnectionState.USER_CONSENT_FORBIDDEN == error.state


def test_somebody_of_another_tenant_is_refused(office: Office) -> None:
    """Nothing of that sign-in is kept: the tenant of the identity has to be the one of the settings."""
    office.restart(partner_tenant_id="organizations")
    begun = begin_login(office.services)
    error = refused(office, office.visit(begun), begun.browser)

    assert ConnectionState.WRONG_TENANT == error.state
    assert office.simulator.world.partner.tenant_id in str(error)
    assert office.services.connection.consent() is None


def test_a_failed_login_leaves_a_working_connection(office: Office) -> None:
    """Somebody else who tries and is refused changes nothing."""
    before = office.connect()
    begun = begin_login(office.services)
    refused(office, {"state": office.visit(begun)["state"], "error": "access_denied"}, begun.browser)

    assert before == office.services.connection.consent()
    assert ConnectionState.CONNECTED is office.state()


def test_a_new_consent_takes_the_place_of_the_old_one(office: Office) -> None:
    """Its token as well: the old one's is forgotten."""
    old = office.connect()
    new = office.connect()
    root = office.settings.embedded_root / "secrets"

    assert old.id != new.id
    assert [f"refresh-token-{new.id}.secret"] == [path.name for path in root.iterdir()]
    assert ConnectionState.CONNECTED is office.state()


def test_a_service_account_is_recommended_to_a_person(office: Office) -> None:
    """By a rule of thumb over the account's name."""
    office.simulator.world.partner.admin_name = "jan.jansen@voorbeeldcloud.example"
    office.connect()

    assert "service account" in office.view()["identity"]["advice"]


@pytest.mark.parametrize(
    ("roles", "missing"),
    [
        (("AdminAgents",), []),
        (("Billing Administrator", "SalesAgents"), []),
        (("SalesAgents",), [Role.BILLING_ADMIN]),
        (("Billing Administrator",), [Role.SALES_AGENT]),
        (("HelpdeskAgents",), [Role.ADMIN_AGENT]),
    ],
)
def test_a_missing_role_is_named(office: Office, roles: tuple[str, ...], missing: list[Role]) -> None:
    """The connection is kept, and says what to give the account; once it has that, all is well."""
    office.simulator.world.partner.roles = roles
    office.connect()
    view = office.view()

    assert missing == list(view["roles"]["missing"])
    assert (ConnectionState.ROLE_MISSING if missing else ConnectionState.CONNECTED) == view["state"]
    assert all(role in view["next_action"] for role in missing)


def test_roles_that_may_not_be_read_are_unknown_not_enough(office: Office) -> None:
    """Graph refuses: the page says that nobody knows, and why."""
    office.fault(FaultKind.ACCESS_TOKEN_REFUSED, path="/v1.0/me/transitiveMemberOf")
    consent = office.connect()
    roles = office.view()["roles"]

    assert consent.roles.unchecked
    assert roles["is_enough"] is None
    assert "could not be checked" in roles["says"]


def test_a_sign_in_without_a_second_factor_is_shown(office: Office) -> None:
    """Partner Center tells it in a header where it is asked."""
    switches(office.simulator.world).has_mfa = False
    switches(office.simulator.world).enforces_mfa = False
    consent = office.connect()

    assert consent.has_mfa is False
    assert "second factor" in office.view()["next_action"]


def test_a_token_service_that_is_down_is_no_refusal(office: Office) -> None:
    """The code may have been redeemed: begin anew."""
    begun = begin_login(office.services)
    answer = office.visit(begun)
    office.fault(FaultKind.SERVER_ERROR, path="oauth2", value=503)
    with pytest.raises(MicrosoftUnavailableError):
        complete_login(office.services, answer, begun.browser)
    state_while_down = office.state()
    office.repair()
    office.connect()

    assert ConnectionState.NOT_CONNECTED is state_while_down
    assert ConnectionState.CONNECTED is office.state()


def test_forgetting_ends_everything_here(office: Office) -> None:
    """Consent, token and what was written down; a second time there is nothing to forget."""
    office.connect()

    assert [True, False] == [forget_connection(office.services) for _ in range(2)]
    assert ConnectionState.NOT_CONNECTED is office.state()
    assert [] == list((office.settings.embedded_root / "secrets").iterdir())
    with pytest.raises(NotConnectedError) as error:
        office.services.sign_in()._tokens.token(Audience.GRAPH)
    assert ConnectionState.NOT_CONNECTED == error.value.state


def test_logins_that_ended_are_swept(office: Office) -> None:
    """With the next login that begins."""
    for _ in range(3):
        begin_login(office.services)
    office.now += timedelta(hours=1)
    begin_login(office.services)
    rows = list(office.services.connection._tables.query("connection", "logins"))

    assert 1 == len(rows)


def test_nothing_is_asked_where_settings_are_missing(office: Office) -> None:
    """They are named."""
    office.restart(client_id="", partner_tenant_id="")
    with pytest.raises(NotConnectedError, match="PRORATA_PARTNER_TENANT_ID, PRORATA_CLIENT_ID") as error:
        begin_login(office.services)

    assert ConnectionState.NOT_CONFIGURED == error.value.state
    assert ConnectionState.NOT_CONFIGURED is office.state()
