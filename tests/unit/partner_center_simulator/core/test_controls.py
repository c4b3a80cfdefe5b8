"""The simulator's own controls over HTTP, as other programs use them."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import requests

from local.partner_center.entities import Customer
from local.partner_center.opening import START, open_world
from local.partner_center.server import Simulator

Ask = Callable[..., requests.Response]


@pytest.fixture(autouse=True)
def without_token(ask: Ask, session: requests.Session) -> None:
    """Controls need no token."""
    del session.headers["Authorization"]


def test_the_clock_is_moved_and_never_back(ask: Ask, simulator: Simulator) -> None:
    """By a span or to an instant."""
    by = ask("POST", "/simulator/clock", json={"advance": {"days": 2, "hours": 1}})
    to = ask("POST", "/simulator/clock", json={"advanceTo": "2026-11-01T00:00:00Z"})
    back = ask("POST", "/simulator/clock", json={"advanceTo": "2026-10-01T00:00:00Z"})

    assert (START + timedelta(days=2, hours=1)).isoformat() == by.json()["now"].replace("Z", "+00:00")
    assert "2026-11-01T00:00:00Z" == to.json()["now"]
    assert 400 == back.status_code
    assert "backwards" in back.json()["error"]["message"]
    assert "2026-11-01T00:00:00Z" == ask("GET", "/simulator/clock").json()["now"]
    assert simulator.world.clock.now().month == 11


def test_faults_are_switched_on_and_off(ask: Ask) -> None:
    """What strikes can be seen, with how often it did."""
    added = ask("POST", "/simulator/faults", json={"kind": "server-error", "value": 503, "times": None})
    struck = ask("GET", "/v1/customers")
    seen = ask("GET", "/simulator/faults").json()
    cleared = ask("DELETE", "/simulator/faults")

    assert (200, 503, 204) == (added.status_code, struck.status_code, cleared.status_code)
    assert [("server-error", 503, 1)] == [(each["kind"], each["value"], each["struck"]) for each in seen]
    assert [] == ask("GET", "/simulator/faults").json()


def test_an_unknown_fault_is_refused(ask: Ask) -> None:
    """With the ones there are."""
    answer = ask("POST", "/simulator/faults", json={"kind": "nonsense"})

    assert 400 == answer.status_code
    assert "timeout-after-commit" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("field", "value", "meant"),
    [
        ("value", "soon", "number"),
        ("times", "often", "null"),
        ("skip", -1, "whole number"),
        ("path", "(", "regular expression"),
        ("method", 5, "method"),
    ],
)
def test_a_fault_that_could_not_strike_is_refused(ask: Ask, field: str, value: object, meant: str) -> None:
    """The field is named with what belongs there, and nothing is switched on."""
    answer = ask("POST", "/simulator/faults", json={"kind": "slow", field: value})

    assert 400 == answer.status_code
    assert {field, meant} <= {word for word in (field, meant) if word in answer.json()["error"]["message"]}
    assert [] == ask("GET", "/simulator/faults").json()


def test_controls_take_json_as_command_lines_send_it(ask: Ask) -> None:
    """By the name of a form, or in the middle of nothing."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    by = ask("POST", "/simulator/clock", data='{"advance": {"days": 1}}', headers=headers)
    none = ask("POST", "/simulator/clock", data="tomorrow", headers=headers)
    far = ask("POST", "/simulator/clock", json={"advance": {"days": 1e9}})

    assert (200, 400, 400) == (by.status_code, none.status_code, far.status_code)
    assert "advanceTo" in far.json()["error"]["message"]


def test_switches_are_read_and_set(ask: Ask, simulator: Simulator) -> None:
    """By name, and of the same kind."""
    answer = ask("POST", "/simulator/switches", json={"requests_per_minute": 500})
    wrongs = [{"has_mfa": "yes"}, {"bom_share": -1}, {"export_shape": "round"}, {"colour": "red"}]
    refused = [ask("POST", "/simulator/switches", json=each).status_code for each in wrongs]

    assert 500 == answer.json()["requests_per_minute"] == simulator.switches.requests_per_minute
    assert [400] * len(wrongs) == refused


def test_things_are_made_to_happen(ask: Ask, simulator: Simulator, customer: Customer) -> None:
    """An event as in a scenario, now; what cannot happen is refused with the reason."""
    body = {"do": "create-user", "customer": "bakkerijjansen", "user": "noor"}
    done, again = (ask("POST", "/simulator/happen", json=body) for _ in range(2))
    unknown = ask("POST", "/simulator/happen", json={"do": "dance"})

    assert (200, 400, 400) == (done.status_code, again.status_code, unknown.status_code)
    assert "noor@bakkerijjansen.onmicrosoft.com" in {user.principal_name for user in customer.users.values()}
    assert "60005" in again.json()["error"]["message"]
    assert 1 == sum(happening.operation == "create_user" for happening in simulator.world.happenings)


def test_the_state_and_the_log_are_shown_in_numbers(ask: Ask) -> None:
    """Without secrets."""
    ask("GET", "/v1/customers/nobody")
    state, log = ask("GET", "/simulator"), ask("GET", "/simulator/log").json()

    assert (1, 1) == (state.json()["customers"], state.json()["calls"])
    assert "simulated-secret" not in state.text
    assert (1, 1) == (log["count"], sum(log["byStatus"].values()))
    assert 204 == ask("DELETE", "/simulator/log").status_code
    assert 0 == ask("GET", "/simulator/log").json()["count"]


def test_a_refresh_token_is_had_without_a_browser(ask: Ask, simulator: Simulator) -> None:
    """For clients that begin with one."""
    token = ask("POST", "/simulator/refresh-token").json()["refreshToken"]
    partner = simulator.world.partner
    fields = {"grant_type": "refresh_token", "refresh_token": token, "client_id": partner.client_id}
    fields |= {"client_secret": partner.client_secret, "scope": "https://graph.microsoft.com/.default"}

    assert ask("POST", f"/{partner.tenant_id}/oauth2/v2.0/token", data=fields).ok


def test_a_reset_begins_with_the_first_world(session: requests.Session) -> None:
    """Where it can be made again."""
    with Simulator(open_world(), renew=open_world) as simulator:
        before = simulator.world
        simulator.advance(days=10)
        answer = session.post(f"{simulator.base_url}/simulator/reset", timeout=10)
        now = session.get(f"{simulator.base_url}/simulator/clock", timeout=10).json()["now"]

        assert 204 == answer.status_code
        assert simulator.world is not before
        assert "2026-10-01T08:00:00Z" == now
