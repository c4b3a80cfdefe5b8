"""Signing in with a browser: the page, the way back, and the code that is redeemed once."""

import hashlib
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from local.partner_center.faults import Fault, FaultKind
from local.partner_center.identity.signing import claims_of, signing_key
from local.partner_center.server import Simulator

CALLBACK = "http://localhost:7071/api/connection/callback"
SCOPE = "https://api.partnercenter.microsoft.com/user_impersonation offline_access openid"
VERIFIER = "v" * 50
CHALLENGE = urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


@pytest.fixture
def sign_in(simulator: Simulator, session: requests.Session) -> Callable[..., requests.Response]:
    """Open the sign-in page with the usual question; fields that are "" are left out."""
    usual = {
        "client_id": simulator.world.partner.client_id,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": SCOPE,
        "state": "a state",
        "nonce": "a nonce",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }

    def open_page(version: str = "v2.0/", **fields: str) -> requests.Response:
        asked = {name: value for name, value in {**usual, **fields}.items() if value}
        address = f"{simulator.base_url}/organizations/oauth2/{version}authorize"
        return session.get(address, params=asked, allow_redirects=False, timeout=10)

    return open_page


@pytest.fixture
def redeem(simulator: Simulator, session: requests.Session) -> Callable[..., requests.Response]:
    """Redeem a code with the usual form."""
    partner = simulator.world.partner

    def post(code: str, **fields: str) -> requests.Response:
        usual = {"client_id": partner.client_id, "client_secret": partner.client_secret, "redirect_uri": CALLBACK}
        usual |= {"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER}
        address = f"{simulator.base_url}/{partner.tenant_id}/oauth2/v2.0/token"
        return session.post(address, data={**usual, **fields}, timeout=10)

    return post


def _back(answer: requests.Response, part: str = "query") -> dict[str, str]:
    found = parse_qs(getattr(urlsplit(answer.headers["Location"]), part))
    return {name: values[0] for name, values in found.items()}


def _posted(answer: requests.Response) -> dict[str, str]:
    return {name: unescape(value) for name, value in re.findall(r'name="([^"]+)" value="([^"]*)"', answer.text)}


def test_the_browser_comes_back_with_a_code_and_the_state(
    sign_in: Callable[..., requests.Response], redeem: Callable[..., requests.Response]
) -> None:
    """The code gives tokens for the API that was asked for, and an id token with the nonce."""
    answer = sign_in()
    back = _back(answer)
    tokens = redeem(back["code"]).json()
    identity = claims_of(tokens["id_token"], signing_key().public_key())

    assert 302 == answer.status_code
    assert answer.headers["Location"].startswith(f"{CALLBACK}?")
    assert "a state" == back["state"]
    assert "a nonce" == identity["nonce"]
    assert {"access_token", "refresh_token", "expires_in", "scope"} <= {*tokens}


def test_a_form_can_bring_the_answer_with_an_id_token(sign_in: Callable[..., requests.Response]) -> None:
    """The page posts itself to the application."""
    answer = sign_in(response_type="code id_token", response_mode="form_post")
    posted = _posted(answer)

    assert 200 == answer.status_code
    assert f'action="{CALLBACK}"' in answer.text
    assert {"state", "code", "id_token", "session_state"} == {*posted}
    assert "a nonce" == claims_of(posted["id_token"], signing_key().public_key())["nonce"]


def test_version_1_signs_in_without_a_scope(sign_in: Callable[..., requests.Response]) -> None:
    """The resource is named when the code is redeemed; the answer is behind the # where an id token is in it."""
    back = _back(sign_in(version="", scope="", response_type="code id_token"), "fragment")

    assert {"code", "id_token", "state"} <= {*back}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"redirect_uri": "http://localhost:7071/other"}, 500112),
        ({"code_verifier": "another"}, 501481),
        ({"code_verifier": ""}, 501481),
        ({"client_secret": "wrong"}, 7000215),
    ],
)
def test_a_code_is_for_who_asked_for_it(
    sign_in: Callable[..., requests.Response],
    redeem: Callable[..., requests.Response],
    fields: dict[str, str],
    code: int,
) -> None:
    """The same address, the verifier of the challenge, the application's secret."""
    assert [code] == redeem(_back(sign_in())["code"], **fields).json()["error_codes"]


def test_a_code_is_good_once_and_for_ten_minutes(
    sign_in: Callable[..., requests.Response], redeem: Callable[..., requests.Response], simulator: Simulator
) -> None:
    """54005 the second time, 70008 later."""
    code, late = (_back(sign_in())["code"] for _ in range(2))
    first, second = redeem(code), redeem(code)
    simulator.advance(minutes=10)

    assert (True, [54005]) == (first.ok, second.json()["error_codes"])
    assert [70008] == redeem(late).json()["error_codes"]


def test_the_page_shows_what_can_be_pressed(
    sign_in: Callable[..., requests.Response], redeem: Callable[..., requests.Response], simulator: Simulator
) -> None:
    """Accept, accept without a second factor, cancel: each is a link."""
    simulator.switches.signs_in_at_once = False
    page = sign_in()
    cancelled = _back(sign_in(choice="cancel"))
    weak = redeem(_back(sign_in(choice="without-mfa"))["code"]).json()["access_token"]

    assert 200 == page.status_code
    assert 3 == page.text.count("<a href=")
    assert ("access_denied", "cancel", "a state") == (
        cancelled["error"],
        cancelled["error_subcode"],
        cancelled["state"],
    )
    assert ["pwd"] == claims_of(weak, signing_key().public_key())["amr"]


def test_a_tenant_that_forbids_user_consent_says_so(
    sign_in: Callable[..., requests.Response], simulator: Simulator
) -> None:
    """90094 goes back to the application."""
    simulator.fault(Fault(kind=FaultKind.USER_CONSENT_FORBIDDEN))
    back = _back(sign_in())

    assert "access_denied" == back["error"]
    assert back["error_description"].startswith("AADSTS90094: ")


def test_a_silent_sign_in_never_shows_a_page(sign_in: Callable[..., requests.Response], simulator: Simulator) -> None:
    """It asks for consent or for a sign-in instead."""
    simulator.switches.has_admin_consent = False
    no_consent = _back(sign_in(prompt="none"))
    simulator.switches.signs_in_at_once = False
    nobody = _back(sign_in(prompt="none"))

    assert ("consent_required", "login_required") == (no_consent["error"], nobody["error"])


def test_consent_is_remembered(sign_in: Callable[..., requests.Response], simulator: Simulator) -> None:
    """Who accepts once is not asked again."""
    simulator.switches.has_admin_consent = False
    sign_in()

    assert "code" in _back(sign_in(prompt="none"))


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": ""}, "invalid_request"),
        ({"response_type": "code id_token", "nonce": "", "response_mode": "query"}, "invalid_request"),
        ({"scope": "https://nobody.example/.default"}, "invalid_resource"),
    ],
)
def test_a_wrong_question_goes_back_as_an_error(
    sign_in: Callable[..., requests.Response], fields: dict[str, str], error: str
) -> None:
    """With the state, so that the application knows which question it was."""
    back = _back(sign_in(**fields))

    assert (error, "a state") == (back["error"], back["state"])


@pytest.mark.parametrize(
    "fields", [{"client_id": "nobody"}, {"redirect_uri": "http://collector.example/"}, {"redirect_uri": ""}]
)
def test_nobody_is_sent_to_an_unknown_place(sign_in: Callable[..., requests.Response], fields: dict[str, str]) -> None:
    """An unknown application or address is shown, not followed."""
    answer = sign_in(**fields)

    assert 400 == answer.status_code
    assert "Location" not in answer.headers


def test_an_administrator_consents_for_the_tenant(simulator: Simulator, session: requests.Session) -> None:
    """The way back says so."""
    simulator.switches.has_admin_consent = False
    partner = simulator.world.partner
    fields = {"client_id": partner.client_id, "redirect_uri": CALLBACK, "state": "s"}
    address = f"{simulator.base_url}/{partner.tenant_id}/adminconsent"
    answer = session.get(address, params=fields, allow_redirects=False, timeout=10)

    assert {"admin_consent": "True", "tenant": partner.tenant_id, "state": "s"} == _back(answer)
    assert simulator.switches.has_admin_consent
