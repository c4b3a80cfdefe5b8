"""The connection through the function app, with a browser that keeps cookies and follows redirects."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import azure.functions as func
import pytest
import requests

from functions.sync_usage.connection import _browser
from local.free_ports import free_port
from local.functions_host.keys import AccessKeys
from local.partner_center.faults import Fault, FaultKind
from local.serving import Machine, open_machine

Office = Any  # what the conftest's fixture gives
KEY = "a-host-key"


@dataclass(slots=True)
class Site:
    """The function app at work, and the simulator behind it."""

    machine: Machine
    office: Office

    def send(self, method: str, path: str, *, browser: requests.Session | None = None, **more: Any) -> Any:
        """Send a request to the API with the function key."""
        with browser or requests.Session() as sender:
            url = f"{self.machine.host.base_url}/api/{path}"
            return sender.request(method, url, headers={"x-functions-key": KEY}, timeout=30, **more)

    def sign_in(self, browser: requests.Session) -> requests.Response:
        """Open the login as a person does, with the key in the address."""
        url = f"{self.machine.host.base_url}/api/connection/login?code={KEY}"
        return browser.get(url, timeout=30)


@pytest.fixture
def site(office: Office) -> Iterator[Site]:
    """The function app beside the simulator."""
    port = free_port()
    settings = office.settings.model_copy(update={"base_url": f"http://127.0.0.1:{port}"})
    keys = AccessKeys(master="master", host={"default": KEY})
    machine = open_machine(settings, port=port, has_timers=False, keys=keys)
    with machine.host:
        yield Site(machine, office)


def test_a_person_connects_in_a_browser(site: Site) -> None:
    """From the link to the page, and the health shows who it was."""
    with requests.Session() as browser:
        page = site.sign_in(browser)
        cookies = dict(browser.cookies)
    health = site.send("GET", "connection").json()

    assert (200, "/api/connection/callback") == (page.status_code, urlsplit(page.url).path)
    assert "<h1>Connected</h1>" in page.text
    assert "billing.service@voorbeeldcloud.example" in page.text
    assert {} == cookies
    assert ("connected", "") == (health["state"], health["next_action"])
    assert "Admin agent" in health["roles"]["held"]


def test_the_page_can_do_nothing(site: Site) -> None:
    """No script, no form, no frame, no address kept or told."""
    with requests.Session() as browser:
        page = site.sign_in(browser)

    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert ("no-store", "no-referrer", "nosniff") == tuple(
        page.headers[name] for name in ("Cache-Control", "Referrer-Policy", "X-Content-Type-Options")
    )
    assert "<script" not in page.text
    assert "code=" not in page.text


def test_the_cookie_is_kept_from_scripts_and_other_sites(site: Site) -> None:
    """Sent only to this host, for a quarter of an hour."""
    answer = site.send("GET", "connection/login", allow_redirects=False)
    cookie = answer.headers["Set-Cookie"]

    assert 302 == answer.status_code
    assert {"HttpOnly", "Max-Age=900", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_posted_answer_counts_as_well(site: Site) -> None:
    """As Microsoft's page posts it where we are on https."""
    with requests.Session() as browser:
        begun = browser.get(
            f"{site.machine.host.base_url}/api/connection/login?code={KEY}", allow_redirects=False, timeout=30
        )
        back = requests.get(begun.headers["Location"], allow_redirects=False, timeout=30)
        answer = dict(pair.split("=", 1) for pair in urlsplit(back.headers["Location"]).query.split("&"))
        body = "&".join(f"{name}={value}" for name, value in answer.items())
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        url = f"{site.machine.host.base_url}/api/connection/callback"
        page = browser.post(url, data=body, headers=form, timeout=30)

    assert (200, True) == (page.status_code, "<h1>Connected</h1>" in page.text)


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ("", 403, "login-mismatch"),
        ("?state=forged&code=forged", 403, "login-mismatch"),
        ("?error=access_denied&error_description=%3Cscript%3Ealert(1)%3C/script%3E", 403, "login-mismatch"),
    ],
)
def test_a_forged_callback_gets_a_page_and_nothing_else(site: Site, query: str, status: int, says: str) -> None:
    """Anybody may call it, nothing of what is sent comes back."""
    page = requests.get(f"{site.machine.host.base_url}/api/connection/callback{query}", timeout=30)

    assert status == page.status_code
    assert says in page.text
    assert "alert" not in page.text
    assert "forged" not in page.text
    assert "not-connected" == site.send("GET", "connection").json()["state"]


def test_a_login_finished_in_another_browser_is_refused(site: Site) -> None:
    """The address alone, sent to somebody, makes nobody's connection."""
    begun = site.send("GET", "connection/login", allow_redirects=False)
    page = requests.get(begun.headers["Location"], timeout=30)

    assert 403 == page.status_code
    assert "login-mismatch" in page.text


def test_on_https_only_the_cookie_counts_that_no_other_site_can_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A site beside ours could plant the plain one, and make a person finish its login."""
    monkeypatch.setenv("PRORATA_BASE_URL", "https://prorata.example")
    monkeypatch.setenv("PRORATA_EMBEDDED_ROOT", str(tmp_path))
    request = func.HttpRequest("GET", "/", headers={"Cookie": "prorata-login=planted"}, body=b"")
    own = func.HttpRequest("GET", "/", headers={"Cookie": "prorata-login=planted; __Host-prorata-login=own"}, body=b"")

    assert ("", "own") == (_browser(request), _browser(own))


def test_a_refusal_is_explained_on_the_page(site: Site) -> None:
    """With the setting of Entra that has to change."""
    site.office.simulator.fault(Fault(kind=FaultKind.USER_CONSENT_FORBIDDEN))
    with requests.Session() as browser:
        page = site.sign_in(browser)

    assert 403 == page.status_code
    assert "user-consent-forbidden" in page.text
    assert "User consent settings" in page.text


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "connection"), ("DELETE", "connection"), ("GET", "connection/login")]
)
def test_everything_but_the_callback_takes_a_key(site: Site, method: str, path: str) -> None:
    """Looking, forgetting and beginning."""
    answer = requests.request(method, f"{site.machine.host.base_url}/api/{path}", timeout=30, allow_redirects=False)

    assert 401 == answer.status_code


def test_a_connection_can_be_forgotten(site: Site) -> None:
    """Once; then there is none."""
    with requests.Session() as browser:
        site.sign_in(browser)
    statuses = [site.send("DELETE", "connection").status_code for _ in range(2)]

    assert [204, 404] == statuses
    assert "not-connected" == site.send("GET", "connection").json()["state"]


def test_the_timer_redeems(site: Site) -> None:
    """And writes down what became of it; without a connection it does no harm."""
    fire(site)
    with requests.Session() as browser:
        site.sign_in(browser)
    before = site.send("GET", "connection").json()["refresh_token"]
    fire(site)
    after = site.send("GET", "connection").json()
    site.office.simulator.fault(Fault(kind=FaultKind.TOKEN_REVOKED, times=None))
    fire(site)
    revoked = site.send("GET", "connection").json()

    assert before["obtained_at"] < after["refresh_token"]["obtained_at"]
    assert ("connected", "token-revoked", "AADSTS50173") == (after["state"], revoked["state"], revoked["code"])
    assert "login" in revoked["next_action"]


def fire(site: Site) -> None:
    """Fire the timer by hand and wait until it is done."""
    host = site.machine.host
    url = f"{host.base_url}/admin/functions/redeem_refresh_token"
    answer = requests.post(url, json={}, headers={"x-functions-key": "master"}, timeout=30)
    assert 202 == answer.status_code, answer.text
    host.drain(30)
