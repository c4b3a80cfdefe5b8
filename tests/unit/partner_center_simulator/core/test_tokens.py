"""The token endpoint as any client sees it: grants, both versions, refusals with their codes."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
import requests

from local.partner_center.entities import Customer
from local.partner_center.faults import Fault, FaultKind
from local.partner_center.identity.signing import claims_of, signing_key
from local.partner_center.server import Simulator

Post = Callable[..., requests.Response]
PARTNER_CENTER = "https://api.partnercenter.microsoft.com"
GRAPH = "https://graph.microsoft.com"


@pytest.fixture
def post(simulator: Simulator, session: requests.Session) -> Post:
    """Post a form to a tenant's token endpoint; the partner's, its application and version 2 unless said otherwise."""
    partner = simulator.world.partner

    def post_form(tenant: str = partner.tenant_id, version: str = "v2.0/", **fields: str) -> requests.Response:
        known = {"client_id": partner.client_id, "client_secret": partner.client_secret}
        address = f"{simulator.base_url}/{tenant}/oauth2/{version}token"
        return session.post(address, data={**known, **fields}, timeout=10)

    return post_form


def _refreshed(post: Post, token: str, resource: str = PARTNER_CENTER, **more: str) -> requests.Response:
    return post(grant_type="refresh_token", refresh_token=token, scope=f"{resource}/.default", **more)


def _claims(answer: requests.Response, name: str = "access_token") -> dict[str, Any]:
    return claims_of(answer.json()[name], signing_key().public_key())


def _codes(answer: requests.Response) -> tuple[int, str, int]:
    body = answer.json()
    return answer.status_code, body["error"], body["error_codes"][0]


def test_one_refresh_token_opens_every_api_and_a_new_one_comes_each_time(post: Post, simulator: Simulator) -> None:
    """The old one stays good; each access token is for one audience."""
    old = simulator.refresh_token()
    found = [_refreshed(post, old, each) for each in (PARTNER_CENTER, GRAPH, "https://api.partner.microsoft.com")]
    newer = [answer.json()["refresh_token"] for answer in found]

    assert [PARTNER_CENTER, GRAPH, "https://api.partner.microsoft.com"] == [_claims(each)["aud"] for each in found]
    assert 4 == len({old, *newer})
    assert _refreshed(post, newer[0]).ok
    assert _refreshed(post, old).ok


def test_a_users_token_says_who_signed_in_and_how(post: Post, simulator: Simulator) -> None:
    """Claims of version 1 tokens, with the second factor."""
    claims = _claims(_refreshed(post, simulator.refresh_token()))
    partner = simulator.world.partner

    assert {"user_impersonation"} == {claims["scp"]}
    assert ["pwd", "mfa"] == claims["amr"]
    assert (partner.tenant_id, partner.client_id, partner.admin_name) == (claims["tid"], claims["appid"], claims["upn"])
    assert f"https://sts.windows.net/{partner.tenant_id}/" == claims["iss"]


def test_an_applications_token_has_no_user_and_no_refresh_token(post: Post) -> None:
    """And no scope, which would keep a library's cache from ever being used."""
    answer = post(grant_type="client_credentials", scope=f"{GRAPH}/.default")
    claims = _claims(answer)

    assert {"token_type", "expires_in", "ext_expires_in", "access_token"} == {*answer.json()}
    assert ("app", ["PartnerBilling.Read.All"]) == (claims["idtyp"], claims["roles"])
    assert not {"upn", "scp", "amr"} & {*claims}


def test_version_1_takes_a_resource_and_writes_numbers_as_text(post: Post, simulator: Simulator) -> None:
    """With the fields that only version 1 has; a slash behind the resource does not matter."""
    token = simulator.refresh_token()
    fields = {"grant_type": "refresh_token", "refresh_token": token, "resource": f"{PARTNER_CENTER}/"}
    body = post(version="", **fields).json()

    assert (PARTNER_CENTER, "user_impersonation") == (body["resource"], body["scope"])
    assert int(body["expires_in"]) == int(body["expires_on"]) - int(body["not_before"]) - 1
    assert {str} == {type(value) for value in body.values()}


def test_the_scope_may_name_the_application_or_a_permission_of_graph(post: Post, simulator: Simulator) -> None:
    """Partner Center's application id, and a bare permission."""
    token = simulator.refresh_token()
    named = _refreshed(post, token, "fa3d9a0c-3fb0-42cc-9193-47c7ecd2edbd")
    bare = post(grant_type="refresh_token", refresh_token=token, scope="User.Read offline_access openid")

    assert (PARTNER_CENTER, GRAPH) == (_claims(named)["aud"], _claims(bare)["aud"])
    assert "id_token" in bare.json()


def test_a_refresh_token_ends_after_90_days_of_the_worlds_clock(post: Post, simulator: Simulator) -> None:
    """Unless a newer one was fetched in time."""
    token = simulator.refresh_token()
    simulator.advance(days=89)
    newer = _refreshed(post, token).json()["refresh_token"]
    simulator.advance(days=1)

    assert (400, "invalid_grant", 700082) == _codes(_refreshed(post, token))
    assert _refreshed(post, newer).ok


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (FaultKind.TOKEN_EXPIRED, 0, (400, "invalid_grant", 700082)),
        (FaultKind.TOKEN_REVOKED, 0, (400, "invalid_grant", 50173)),
        (FaultKind.CONSENT_MISSING, 0, (400, "invalid_grant", 65001)),
        (FaultKind.SECRET_WRONG, 0, (401, "invalid_client", 7000215)),
        (FaultKind.SECRET_WRONG, 7000222, (401, "invalid_client", 7000222)),
        (FaultKind.MFA_REQUIRED, 0, (400, "invalid_grant", 50076)),
    ],
)
def test_faults_of_tokens_have_microsofts_codes(
    post: Post, simulator: Simulator, kind: FaultKind, value: float, expected: tuple[int, str, int]
) -> None:
    """Once, then it works again; MFA strikes here only where the fault's path says so."""
    simulator.fault(Fault(kind=kind, value=value, path="/oauth2/"))
    token = simulator.refresh_token()

    assert expected == _codes(_refreshed(post, token))
    assert _refreshed(post, token).ok


def test_a_fault_of_mfa_without_a_path_leaves_tokens_alone(post: Post, simulator: Simulator) -> None:
    """It is meant for the calls."""
    simulator.fault(Fault(kind=FaultKind.MFA_REQUIRED))

    assert _refreshed(post, simulator.refresh_token()).ok


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"client_secret": "wrong"}, (401, "invalid_client", 7000215)),
        ({"client_secret": ""}, (401, "invalid_client", 7000218)),
        ({"client_id": "11111111-1111-4111-8111-111111111111"}, (400, "unauthorized_client", 700016)),
        ({"tenant": "nobody.onmicrosoft.com"}, (400, "invalid_request", 90002)),
        ({"scope": "https://nobody.example/.default"}, (400, "invalid_resource", 500011)),
        ({"scope": f"{GRAPH}/.default {PARTNER_CENTER}/.default"}, (400, "invalid_scope", 28000)),
        ({"scope": f"{GRAPH}/User.Read"}, (400, "invalid_scope", 1002012)),
        ({"grant_type": "password"}, (400, "unsupported_grant_type", 70003)),
        ({"grant_type": "refresh_token", "refresh_token": "stale"}, (400, "invalid_grant", 70000)),
        ({"grant_type": "authorization_code", "code": "stale"}, (400, "invalid_grant", 70000)),
        ({"grant_type": ""}, (400, "invalid_request", 900144)),
        ({"client_assertion": "a.b.c", "client_assertion_type": "x"}, (400, "invalid_grant", 70000)),
    ],
)
def test_what_is_wrong_is_said_with_microsofts_code(
    post: Post, fields: dict[str, str], expected: tuple[int, str, int]
) -> None:
    """Checked for real, not only as faults."""
    asked = {"grant_type": "client_credentials", "scope": f"{GRAPH}/.default", **fields}
    answer = post(**asked)

    assert expected == _codes(answer)
    assert f"AADSTS{expected[2]}: " in answer.json()["error_description"]
    assert {"timestamp", "trace_id", "correlation_id"} <= {*answer.json()}


def test_a_customers_tenant_opens_once_the_application_was_consented_to(
    post: Post, simulator: Simulator, customer: Customer
) -> None:
    """By id or by domain; before that, 65001."""
    token = simulator.refresh_token()
    fields = {"grant_type": "refresh_token", "refresh_token": token, "scope": f"{GRAPH}/.default"}
    before = post(customer.id, **fields)
    customer.consents[simulator.world.partner.client_id.upper()] = {}
    found = [post(name, **fields) for name in (customer.id, customer.domain)]

    assert (400, "invalid_grant", 65001) == _codes(before)
    assert [customer.id] * 2 == [_claims(answer)["tid"] for answer in found]


def test_the_application_may_be_named_in_the_authorization_header(
    simulator: Simulator, session: requests.Session
) -> None:
    """As OAuth allows."""
    partner = simulator.world.partner
    named = base64.b64encode(f"{partner.client_id}:{partner.client_secret}".encode()).decode()
    answer = session.post(
        f"{simulator.base_url}/{partner.tenant_id}/oauth2/v2.0/token",
        data={"grant_type": "client_credentials", "scope": f"{GRAPH}/.default"},
        headers={"Authorization": f"Basic {named}"},
        timeout=10,
    )

    assert answer.ok


def test_without_consent_nobody_gets_a_token(post: Post, simulator: Simulator) -> None:
    """The switch takes the consent back."""
    simulator.switches.has_admin_consent = False

    assert 65001 == _codes(_refreshed(post, simulator.refresh_token()))[2]
    assert 65001 == _codes(post(grant_type="client_credentials", scope=f"{GRAPH}/.default"))[2]


def test_discovery_leads_back_to_where_it_was_asked(simulator: Simulator, session: requests.Session) -> None:
    """Except for the token endpoint over plain HTTP, which libraries refuse; the keys verify the tokens."""
    tenant = simulator.world.partner.tenant_id
    found = session.get(f"{simulator.base_url}/{tenant}/v2.0/.well-known/openid-configuration", timeout=10).json()
    keys = session.get(found["jwks_uri"], timeout=10).json()["keys"]
    header = json.loads(base64.urlsafe_b64decode(simulator.access_token().split(".")[0] + "=="))
    unknown = session.get(f"{simulator.base_url}/{'1' * 36}/v2.0/.well-known/openid-configuration", timeout=10)

    assert f"{simulator.base_url}/{tenant}/oauth2/v2.0/authorize" == found["authorization_endpoint"]
    assert f"https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token" == found["token_endpoint"]
    assert [header["kid"]] == [key["kid"] for key in keys]
    assert 400 == unknown.status_code


def test_a_device_waits_until_somebody_typed_its_code(
    post: Post, simulator: Simulator, session: requests.Session
) -> None:
    """Pending, then tokens; the device needs no secret, nor does its refresh token."""
    simulator.switches.signs_in_at_once = False
    client = {"client_id": simulator.world.partner.client_id, "client_secret": ""}
    base = f"{simulator.base_url}/organizations/oauth2"
    scope = f"{PARTNER_CENTER}/.default offline_access openid"
    device = session.post(f"{base}/v2.0/devicecode", data={**client, "scope": scope}, timeout=10).json()
    grant = "urn:ietf:params:oauth:grant-type:device_code"
    fields = {**client, "grant_type": grant, "device_code": device["device_code"]}
    pending = [_codes(post(**fields)) for _ in range(2)]
    session.get(device["verification_uri"], params={"code": device["user_code"]}, timeout=10)
    done = post(**fields)

    assert [(400, "authorization_pending", 70016)] * 2 == pending
    assert PARTNER_CENTER == _claims(done)["aud"]
    assert _refreshed(post, done.json()["refresh_token"], GRAPH, client_secret="").ok


def test_a_device_that_was_turned_away_gets_nothing(
    post: Post, simulator: Simulator, session: requests.Session
) -> None:
    """65004, and after a quarter of an hour the code is over."""
    client = {"client_id": simulator.world.partner.client_id, "scope": f"{GRAPH}/.default"}
    base = f"{simulator.base_url}/common/oauth2"
    first, second = (session.post(f"{base}/v2.0/devicecode", data=client, timeout=10).json() for _ in range(2))
    session.get(f"{base}/deviceauth", params={"code": first["user_code"], "choice": "cancel"}, timeout=10)
    grant = {"grant_type": "device_code"}
    declined = post(**grant, device_code=first["device_code"])
    simulator.advance(minutes=15)
    over = post(**grant, device_code=second["device_code"])

    assert ("access_denied", "expired_token") == (declined.json()["error"], over.json()["error"])
