"""Faults of the network and of front ends, acted out on any call."""

from collections.abc import Callable

import pytest
import requests

from local.partner_center.answers import Answer, Asked, Call
from local.partner_center.faults import Fault, FaultKind
from local.partner_center.matching import Routes
from local.partner_center.server import Simulator

Ask = Callable[..., requests.Response]


def _count(asked: Asked) -> Answer:
    asked.world.rooms["count"] = asked.world.rooms.get("count", 0) + 1
    return Answer(json={"count": asked.world.rooms["count"]})


@pytest.fixture(autouse=True)
def own_calls(simulator: Simulator) -> None:
    """Serve a call that counts how often its work was done."""
    call = Call(method="POST", path="/v1/own/count", handler=_count, is_repeatable=True)
    simulator._answering._routes = Routes((call,))


def _done(simulator: Simulator) -> int:
    count: int = simulator.world.rooms.get("count", 0)
    return count


def test_a_timeout_after_the_work_is_no_answer_and_the_same_id_gets_the_lost_one(
    ask: Ask, simulator: Simulator
) -> None:
    """The order was placed; only a repetition with the same id shows it without placing another."""
    simulator.fault(Fault(kind=FaultKind.TIMEOUT_AFTER_COMMIT, path="/count", method="POST"))
    headers = {"MS-RequestId": "0b30452a-8be2-4b8b-b25b-2d4850f4345f"}
    with pytest.raises(requests.ConnectionError):
        ask("POST", "/v1/own/count", headers=headers)
    again = ask("POST", "/v1/own/count", headers=headers)

    assert {"count": 1} == again.json()
    assert 1 == _done(simulator)
    assert [0, 200] == [each.status for each in simulator.log]


def test_a_timeout_before_the_work_did_nothing(ask: Ask, simulator: Simulator) -> None:
    """The connection ends and nothing was done."""
    simulator.fault(Fault(kind=FaultKind.TIMEOUT_BEFORE_COMMIT))
    with pytest.raises(requests.ConnectionError):
        ask("POST", "/v1/own/count")

    assert 0 == _done(simulator)


def test_a_server_error_has_the_status_that_was_asked_for_and_passes(ask: Ask, simulator: Simulator) -> None:
    """Twice 503, then it works; nothing was done in between."""
    simulator.fault(Fault(kind=FaultKind.SERVER_ERROR, value=503, times=2))
    found = [ask("POST", "/v1/own/count").status_code for _ in range(3)]

    assert [503, 503, 200] == found
    assert 1 == _done(simulator)


def test_throttling_says_how_long_to_wait(ask: Ask, simulator: Simulator) -> None:
    """The body and the header of Microsoft's."""
    simulator.fault(Fault(kind=FaultKind.THROTTLED, value=57))
    answer = ask("POST", "/v1/own/count")

    assert (429, "57") == (answer.status_code, answer.headers["Retry-After"])
    assert b'{"statusCode":429,"message":"Rate limit is exceeded. Try again in 57 seconds."}' == answer.content


def test_a_gateway_answers_with_a_page(ask: Ask, simulator: Simulator) -> None:
    """HTML instead of JSON."""
    simulator.fault(Fault(kind=FaultKind.HTML_ANSWER, value=504))
    answer = ask("POST", "/v1/own/count")

    assert (504, "text/html") == (answer.status_code, answer.headers["Content-Type"])


def test_a_refused_access_token_is_401_without_a_body(ask: Ask, simulator: Simulator) -> None:
    """Once, for a token that is good."""
    simulator.fault(Fault(kind=FaultKind.ACCESS_TOKEN_REFUSED))
    found = [ask("POST", "/v1/own/count") for _ in range(2)]

    assert [401, 200] == [answer.status_code for answer in found]
    assert b"" == found[0].content


def test_the_second_factor_is_asked_for_by_code(ask: Ask, simulator: Simulator) -> None:
    """900421 for a user's token."""
    simulator.fault(Fault(kind=FaultKind.MFA_REQUIRED))

    assert 900421 == ask("POST", "/v1/own/count").json()["code"]


def test_a_slow_call_holds_nobody_else_up(simulator: Simulator, ask: Ask) -> None:
    """The world is not locked while an answer is made to wait."""
    simulator.fault(Fault(kind=FaultKind.SLOW, value=3600, path="/slow"))
    headers = {"Authorization": f"Bearer {simulator.access_token()}"}
    with pytest.raises(requests.ReadTimeout):
        requests.get(f"{simulator.base_url}/v1/slow", headers=headers, timeout=0.05)

    assert ask("POST", "/v1/own/count").ok


def test_faults_let_calls_through_first_and_strike_by_path(ask: Ask, simulator: Simulator) -> None:
    """*skip*, *path* and *times* choose the call; the controls are never struck."""
    simulator.fault(Fault(kind=FaultKind.SERVER_ERROR, value=500, path="/count$", skip=1, times=None))
    found = [ask("POST", "/v1/own/count").status_code for _ in range(3)]
    simulator.clear_faults()

    assert [200, 500, 500] == found
    assert ask("POST", "/v1/own/count").ok
