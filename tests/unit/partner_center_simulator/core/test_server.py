"""What every call has in common: tokens, shapes of refusals, headers, JSON, repetition."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from local.partner_center.answers import Answer, Asked, Call, Host, RefusedError
from local.partner_center.graph_batch import batch_call
from local.partner_center.matching import Routes
from local.partner_center.server import Simulator

Ask = Callable[..., requests.Response]
GUID = "0b30452a-8be2-4b8b-b25b-2d4850f4345f"


def _echo(asked: Asked) -> Answer:
    return Answer(json={"body": asked.body, "query": dict(asked.query), "nothing": None})


def _count(asked: Asked) -> Answer:
    asked.world.rooms["count"] = asked.world.rooms.get("count", 0) + 1
    if asked.world.rooms["count"] == 1 and asked.first("refuse"):
        raise RefusedError(409, 800082, "The subscription is not ready.")
    return Answer(status=201, json={"count": asked.world.rooms["count"]})


def _refuse(_asked: Asked) -> Answer:
    raise RefusedError(400, 600061, "There already.", name="AgreementAlreadyExists")


_OWN = (
    Call(method="GET", path="/v1/own/echo", handler=_echo),
    Call(method="POST", path="/v1/own/echo", handler=_echo),
    Call(method="POST", path="/v1/own/count", handler=_count, is_repeatable=True),
    Call(method="GET", path="/v1/own/refuse", handler=_refuse),
    Call(method="GET", path="/v1/own/user", handler=_echo, needs_user=True),
    Call(method="GET", path="/v1/own/app", handler=_echo, needs_app=True),
    Call(method="GET", path="/v1/own/limited", handler=_echo, is_throttled=True),
    Call(method="GET", path="/v1/own/short", handler=lambda _: Answer(content=b"abc", headers={"Content-Length": "9"})),
    Call(method="GET", path="/v1/own/broken", handler=lambda asked: Answer(json=asked.path["nothing"])),
    Call(method="GET", path="/v1.0/own", handler=_echo, host=Host.GRAPH),
)


@pytest.fixture(autouse=True)
def own_calls(simulator: Simulator) -> None:
    """Serve the calls above instead of Microsoft's."""
    simulator._answering._routes = Routes(_OWN)


def _token(simulator: Simulator, host: Host = Host.PARTNER_CENTER, **more: bool) -> dict[str, str]:
    return {"Authorization": f"Bearer {simulator.access_token(host, **more)}"}


def test_without_a_token_there_is_401_and_no_body(ask: Ask) -> None:
    """Partner Center says nothing to strangers."""
    found = [ask("GET", "/v1/own/echo", headers={"Authorization": text}) for text in ("", "Bearer x", "Basic eDp5")]

    assert [(401, b"")] * 3 == [(answer.status_code, answer.content) for answer in found]


def test_graph_says_what_is_wrong_with_a_token(ask: Ask, simulator: Simulator) -> None:
    """No token and one for another audience are both named InvalidAuthenticationToken."""
    found = [ask("GET", "/v1.0/own", headers={"Authorization": ""}), ask("GET", "/v1.0/own")]

    assert [401, 401] == [answer.status_code for answer in found]
    assert ["InvalidAuthenticationToken"] * 2 == [answer.json()["error"]["code"] for answer in found]
    assert ask("GET", "/v1.0/own", headers=_token(simulator, Host.GRAPH)).ok


@pytest.mark.parametrize(
    ("path", "token", "status", "code"),
    [
        ("/v1/own/user", {"is_app_only": True}, 403, 900329),
        ("/v1/own/app", {}, 403, 900308),
        ("/v1/own/echo", {"host": Host.GRAPH}, 401, 900420),
        ("/v1/own/echo", {"has_mfa": False}, 401, 900421),
        ("/v1/own/echo", {"tenant_id": GUID}, 401, 400),
    ],
)
def test_a_token_that_does_not_fit_is_refused_with_its_code(
    ask: Ask, simulator: Simulator, path: str, token: dict[str, Any], status: int, code: int
) -> None:
    """Who may call what: user, application, audience, second factor, tenant."""
    answer = ask("GET", path, headers={"Authorization": f"Bearer {simulator.access_token(**token)}"})

    assert (status, code) == (answer.status_code, answer.json()["code"])


def test_a_caller_can_ask_whether_its_token_has_the_second_factor(ask: Ask, simulator: Simulator) -> None:
    """ValidateMfa is answered in a header, and an application's token has no such thing."""
    simulator.switches.enforces_mfa = False
    probe = {"ValidateMfa": "true"}
    without = _token(simulator, has_mfa=False)

    assert "true" == ask("GET", "/v1/own/echo", headers=probe).headers["isMfaCompliant"]
    assert "false" == ask("GET", "/v1/own/echo", headers=probe | without).headers["isMfaCompliant"]
    assert "isMfaCompliant" not in ask("GET", "/v1/own/echo").headers
    app = _token(simulator, is_app_only=True)
    assert "isMfaCompliant" not in ask("GET", "/v1/own/echo", headers=probe | app).headers


def test_ids_are_echoed_and_made_where_there_are_none(ask: Ask) -> None:
    """Every answer can be traced, whoever made the ids."""
    sent = {"MS-RequestId": GUID, "MS-CorrelationId": GUID}
    echoed, made = ask("GET", "/v1/own/echo", headers=sent).headers, ask("GET", "/v1/own/echo").headers

    assert (GUID, GUID) == (echoed["MS-RequestId"], echoed["MS-CorrelationId"])
    assert made["MS-RequestId"] not in {"", GUID}
    assert {"MS-CorrelationId", "MS-CV", "MS-ServerId", "Request-Context", "Date"} <= {*made}


def test_each_host_refuses_in_its_own_shape(ask: Ask, simulator: Simulator) -> None:
    """Classic, newer, the price API's, and Graph's."""
    classic = ask("GET", "/v1/nothing").json()
    newer = ask("GET", "/v1/own/refuse").json()
    prices = ask("GET", "/v1.0/sales/nothing").json()
    graph = ask("GET", "/v1.0/nothing", headers=_token(simulator, Host.GRAPH)).json()

    assert {"code": 1000, "description": "Resource not found.", "data": [], "source": "PartnerFD"} == classic
    assert (600061, "AgreementAlreadyExists", False) == (newer["code"], newer["errorName"], newer["isRetryable"])
    assert {"error": {"code": "ResourceNotFound", "message": "Resource not found."}} == prices
    assert {"date", "request-id", "client-request-id"} == {*graph["error"]["innerError"]}


def test_methods_and_kinds_that_nobody_takes_are_refused(ask: Ask) -> None:
    """405 with what is allowed, 406 for XML only, 415 for another content type, 400 for broken JSON."""
    wrong = ask("DELETE", "/v1/own/echo")
    xml = ask("GET", "/v1/own/echo", headers={"Accept": "application/xml"})
    text = ask("POST", "/v1/own/echo", data="a", headers={"Content-Type": "text/plain"})
    broken = ask("POST", "/v1/own/echo", data='{"a":', headers={"Content-Type": "application/json"})

    assert (405, "GET, POST") == (wrong.status_code, wrong.headers["Allow"])
    assert (406, 415, 400) == (xml.status_code, text.status_code, broken.status_code)
    assert 800002 == broken.json()["code"]


def test_json_keeps_numbers_exact_takes_any_case_and_leaves_nulls_out(ask: Ask) -> None:
    """0.10 is 0.10 on the way in and out; Pascal-case names become camel case; null is not written."""
    sent = '\ufeff{"Price": 0.10, "Lines": [{"CatalogItemId": "a:b:c", "quantity": 1e2}]}'
    answer = ask("POST", "/v1/own/echo?Size=5", data=sent.encode(), headers={"Content-Type": "application/json"})
    found = json.loads(answer.text, parse_float=Decimal)

    assert {"price": Decimal("0.10"), "lines": [{"catalogItemId": "a:b:c", "quantity": Decimal(100)}]} == found["body"]
    assert '"price":0.10' in answer.text
    assert {"size": ["5"]} == found["query"]
    assert "nothing" not in found


def test_beta_is_the_same_graph_and_webhooks_may_name_customers(ask: Ask, simulator: Simulator) -> None:
    """Clients of Graph's beta, and of addresses out of events, find what they look for."""
    call = Call(method="GET", path="/v1/customers/{customer_id}", handler=_echo)
    simulator._answering._routes = Routes((*_OWN, call))

    assert ask("GET", "/beta/own", headers=_token(simulator, Host.GRAPH)).ok
    assert ask("GET", "/webhooks/v1/customers/c1").ok
    assert 404 == ask("GET", "/webhooks/v1/nothing").status_code


def test_a_batch_answers_each_request_as_if_it_came_alone(simulator: Simulator, ask: Ask) -> None:
    """Graph's; what depends on a failed one fails too, and 21 are too many."""
    simulator._answering._routes = Routes((*_OWN, batch_call(simulator._answering._answer_one)))
    headers = _token(simulator, Host.GRAPH)
    requests_ = [
        {"id": "1", "method": "GET", "url": "/own?a=1"},
        {"id": "2", "method": "GET", "url": "nothing"},
        {"id": "3", "method": "GET", "url": "/own", "dependsOn": ["2"]},
    ]
    found = ask("POST", "/v1.0/$batch", headers=headers, json={"requests": requests_}).json()["responses"]
    many = ask("POST", "/v1.0/$batch", headers=headers, json={"requests": requests_ * 7})

    assert [("1", 200), ("2", 404), ("3", 424)] == [(each["id"], each["status"]) for each in found]
    assert {"a": ["1"]} == found[0]["body"]["query"]
    assert 400 == many.status_code


def test_a_part_of_the_addresses_answers_with_a_byte_order_mark(ask: Ask, simulator: Simulator) -> None:
    """Which ones is always the same; Graph has none."""
    simulator.switches.bom_share = 4

    def marked() -> list[bool]:
        return [ask("GET", f"/v1/own/echo?n={n}").content.startswith(b"\xef\xbb\xbf") for n in range(40)]

    first = marked()
    headers = _token(simulator, Host.GRAPH)
    graph = [ask("GET", f"/v1.0/own?n={n}", headers=headers).content[:1] for n in range(20)]

    assert first == marked()
    assert 0 < sum(first) < 40
    assert {b"{"} == {*graph}


def test_a_repeated_request_id_gets_the_first_answer_again(ask: Ask) -> None:
    """The work is done once, and another id does it again."""
    first, again = (ask("POST", "/v1/own/count", headers={"MS-RequestId": GUID}) for _ in range(2))
    other = ask("POST", "/v1/own/count", headers={"MS-RequestId": GUID.replace("0", "1")})

    assert (201, {"count": 1}) == (again.status_code, again.json())
    assert first.content == again.content
    assert {"count": 2} == other.json()


def test_a_refusal_is_an_answer_too_and_is_repeated(ask: Ask) -> None:
    """Who uses an id again after an answer gets that answer, be it a refusal."""
    found = [ask("POST", "/v1/own/count?refuse=1", headers={"MS-RequestId": GUID}) for _ in range(2)]
    fresh = ask("POST", "/v1/own/count?refuse=1")

    assert [409, 409] == [answer.status_code for answer in found]
    assert 201 == fresh.status_code


def test_a_stored_answer_is_forgotten_after_a_day(ask: Ask, simulator: Simulator) -> None:
    """Microsoft does not remember for ever either."""
    ask("POST", "/v1/own/count", headers={"MS-RequestId": GUID})
    simulator.advance(days=1)

    assert {"count": 2} == ask("POST", "/v1/own/count", headers={"MS-RequestId": GUID}).json()


def test_too_many_calls_in_a_minute_are_throttled_until_the_minute_has_passed(ask: Ask, simulator: Simulator) -> None:
    """429 with the body and the header of Microsoft's; the world's clock counts."""
    simulator.switches.requests_per_minute = 3
    found = [ask("GET", "/v1/own/limited") for _ in range(4)]
    free = ask("GET", "/v1/own/echo")
    simulator.advance(minutes=1)
    later = ask("GET", "/v1/own/limited")

    assert [200, 200, 200, 429] == [answer.status_code for answer in found]
    wait = int(found[3].headers["Retry-After"])
    message = f"Rate limit is exceeded. Try again in {wait} seconds."
    assert {"statusCode": 429, "message": message} == found[3].json()
    assert 50 < wait <= 60
    assert (200, 200) == (free.status_code, later.status_code)


def test_a_fault_of_the_simulators_own_is_a_servers_error(ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    """The caller gets Microsoft's shape, the log the traceback."""
    answer = ask("GET", "/v1/own/broken")

    assert (500, 800003) == (answer.status_code, answer.json()["code"])
    assert "KeyError: 'nothing'" in caplog.text


def test_content_shorter_than_promised_ends_the_connection(ask: Ask) -> None:
    """A handler can let a download break off in the middle."""
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="6 more expected"):
        ask("GET", "/v1/own/short")


def test_the_log_counts_calls_by_route(ask: Ask, simulator: Simulator) -> None:
    """Measurements of calls read it; controls are not in it."""
    ask("GET", "/v1/own/echo?a=1")
    ask("GET", "/v1/nothing")
    ask("GET", "/simulator")

    assert [("/v1/own/echo", 200), ("", 404)] == [(each.route, each.status) for each in simulator.log]
    simulator.forget_log()
    assert [] == simulator.log


def test_the_port_is_free_again_and_only_loopback_was_listened_to(simulator: Simulator) -> None:
    """Nothing of a simulator is left when its context ends."""
    simulator.stop()

    assert "127.0.0.1" == urlsplit(simulator.base_url).hostname
    with pytest.raises(requests.ConnectionError):
        requests.get(simulator.base_url, timeout=5)
