"""Calls that fail on the way, or are refused: what is repeated and with which ids, the waits, the errors."""

import io
import logging
import re
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from shared.domain.errors import (
    ChangedError,
    LimitError,
    MicrosoftBusyError,
    MicrosoftNotFoundError,
    MicrosoftRefusedError,
    MicrosoftUnavailableError,
    NotConnectedError,
    NotFoundError,
    ProrataError,
    StorageUnavailableError,
    ThrottledError,
)
from shared.partner_center.gateway import PartnerCenter
from shared.partner_center.hosts import Audience, Hosts
from shared.partner_center.pace import Outcome
from shared.partner_center.request import Request

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
GET = Request(method="GET", path="/v1/thing?filter=QUERY-SECRET")
POST = Request(method="POST", path="/v1/things", body={"a": 1})


def ask(microsoft: PartnerCenter, request: Request = GET) -> Any:
    """Return the answer to one call of an operation of its own."""
    return microsoft.transport.operation().ask(request)


def test_a_call_says_who_asks_what_it_is_and_in_which_language(microsoft: Any, script: Any) -> None:
    """Token, ids, locale and content type as Microsoft documents them; the ETag where there is one."""
    script.then(200, {})
    ask(microsoft, Request(method="PUT", path="/v1/thing", body={"a": 1}, etag="W/1"))
    sent = script.asked[0].headers

    assert "Bearer SECRET-user-PARTNER_CENTER-1" == sent["authorization"]
    assert GUID.fullmatch(sent["ms-requestid"])
    assert GUID.fullmatch(sent["ms-correlationid"])
    assert ("en-US", "application/json", "W/1") == (sent["x-locale"], sent["accept"], sent["if-match"])
    assert "application/json; charset=utf-8" == sent["content-type"]
    assert b'{"a":1}' == script.asked[0].body


@pytest.mark.parametrize("fate", ["hang up", "stall", "cut"])
@pytest.mark.parametrize("request_", [GET, POST], ids=["get", "post"])
def test_without_an_answer_the_same_request_id_is_used_again(
    microsoft: Any, script: Any, fate: str, request_: Request
) -> None:
    """Microsoft may have done the work: the id is what keeps it from being done twice."""
    script.then(201, {"id": "made"}, fate=fate).then(201, {"id": "made"})
    answer = ask(microsoft, request_)

    assert 201 == answer.status
    assert 2 == len(script.asked)
    assert 1 == len(set(script.request_ids))


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_after_an_answer_the_next_try_has_a_new_request_id(microsoft: Any, script: Any, status: int) -> None:
    """An id that was answered, even with a failure, would only be answered the same again."""
    script.then(status, headers={"Retry-After": "1"}).then(200, {})
    ask(microsoft)

    assert 2 == len(set(script.request_ids))
    assert 1 == len({asked.headers["ms-correlationid"] for asked in script.asked})


def test_an_id_of_the_callers_is_sent_and_kept_over_a_lost_answer(microsoft: Any, script: Any) -> None:
    """Whoever keeps the id can ask again after a crash."""
    mine = "5a1f0c52-8d1c-4a53-9d5c-0a4e5d3f0b11"
    script.then(fate="hang up").then(201, {})
    ask(microsoft, Request(method="POST", path="/v1/things", body={}, request_id=mine))

    assert [mine, mine] == script.request_ids


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
def test_a_change_is_not_repeated_after_an_answer(microsoft: Any, script: Any, status: int) -> None:
    """A POST that was answered with a failure may have been done: that is for the caller to find out."""
    script.then(status)

    with pytest.raises(MicrosoftUnavailableError):
        ask(microsoft, POST)
    assert 1 == len(script.asked)


@pytest.mark.parametrize("status", [401, 429])
def test_a_change_that_was_turned_away_at_the_door_is_repeated(microsoft: Any, script: Any, status: int) -> None:
    """A refused token or a throttle means that nothing was done."""
    script.then(status, headers={"Retry-After": "1"}).then(201, {})

    assert 201 == ask(microsoft, POST).status
    assert 2 == len(set(script.request_ids))


def test_a_change_that_may_be_repeated_is(microsoft: Any, script: Any) -> None:
    """Asking for a second export of the same does no harm."""
    script.then(503).then(202, headers={"Location": "/v1.0/reports/partners/billing/operations/1"})
    answer = ask(microsoft, Request(method="POST", path="/v1.0/x", audience=Audience.GRAPH, body={}, may_repeat=True))

    assert 202 == answer.status


def test_a_change_at_graph_is_not_repeated_without_an_answer(microsoft: Any, script: Any) -> None:
    """Only Partner Center does the work of one id once."""
    script.then(fate="hang up")

    with pytest.raises(MicrosoftUnavailableError):
        ask(microsoft, Request(method="POST", path="/v1.0/users", audience=Audience.GRAPH, body={}))
    assert 1 == len(script.asked)


@pytest.mark.parametrize("status", [400, 403, 404, 405, 406, 409, 417])
def test_what_microsoft_refuses_is_not_repeated(microsoft: Any, script: Any, pace: Any, status: int) -> None:
    """Asking again would be refused again."""
    script.then(status, {"code": 3000, "description": "no"})

    with pytest.raises(MicrosoftRefusedError):
        ask(microsoft)
    assert (1, []) == (len(script.asked), pace.slept)


def test_pauses_grow_and_are_spread(microsoft: Any, script: Any, pace: Any) -> None:
    """Full jitter: from nothing up to half a second, then one, then two."""
    script.then(500)
    with pytest.raises(MicrosoftUnavailableError):
        ask(microsoft)
    longest, pace.slept, pace.drawn = pace.slept, [], 0.25
    with pytest.raises(MicrosoftUnavailableError):
        ask(microsoft)

    assert [0.5, 1.0, 2.0] == longest
    assert [0.125, 0.25, 0.5] == pace.slept


@pytest.mark.parametrize(
    ("told", "least_s"),
    [("7", 7), ("Thu, 08 Oct 2026 12:00:09 GMT", 9), ("Thu, 08 Oct 2026 11:00:00 GMT", 0), ("soon", 60)],
)
def test_a_throttle_is_waited_for_as_long_as_it_says(
    microsoft: Any, script: Any, pace: Any, told: str, least_s: int
) -> None:
    """In seconds or as a date, and a little more, so that not all come back at once; without a word, a minute."""
    script.then(429, {"statusCode": 429, "message": "Rate limit"}, {"Retry-After": told}).then(200, {})
    ask(microsoft)

    assert [least_s + 0.5] == pace.slept


def test_a_throttle_may_say_it_in_its_body(microsoft: Any, script: Any, pace: Any) -> None:
    """The sentence of Microsoft's documentation counts where the header is missing."""
    script.then(429, {"statusCode": 429, "message": "Rate limit is exceeded. Try again in 57 seconds."}).then(200, {})
    ask(microsoft)

    assert [57.5] == pace.slept


def test_a_throttle_beyond_the_budget_says_how_long(microsoft: Any, script: Any, pace: Any) -> None:
    """A worker does not sit through ten minutes; whoever put the work on a queue does."""
    script.then(429, {"statusCode": 429}, {"Retry-After": "600"})

    with pytest.raises(ThrottledError) as raised:
        ask(microsoft)
    assert (600, []) == (raised.value.retry_after_s, pace.slept)


def test_a_failure_that_says_how_long_beyond_the_budget_counts_as_throttled(microsoft: Any, script: Any) -> None:
    """A 503 with a Retry-After is a request to wait."""
    script.then(503, headers={"Retry-After": "600"})

    with pytest.raises(ThrottledError) as raised:
        ask(microsoft)
    assert 600 == raised.value.retry_after_s


def test_throttles_use_up_the_budget_of_the_whole_operation(microsoft: Any, script: Any, pace: Any) -> None:
    """Each call alone stays within its budget; together they do not."""
    operation = microsoft.transport.operation()
    script.then(429, headers={"Retry-After": "60"}).then(200).then(429, headers={"Retry-After": "60"}).then(200)
    script.then(429, headers={"Retry-After": "60"})
    operation.ask(GET)
    operation.ask(GET)

    with pytest.raises(ThrottledError):
        operation.ask(GET)
    assert [60.5, 60.5] == pace.slept


def test_throttled_again_and_again_ends_with_the_budget(microsoft: Any, script: Any, pace: Any) -> None:
    """Even a throttle of no seconds cannot hold a worker for ever."""
    script.then(429, headers={"Retry-After": "0"})

    with pytest.raises(ThrottledError):
        ask(microsoft)
    assert sum(pace.slept) <= 100


def test_a_refused_token_is_forgotten_once(microsoft: Any, script: Any, tokens: Any) -> None:
    """A token may be withdrawn before its time: the next one is tried, with a new request id."""
    script.then(401).then(200, {})
    ask(microsoft)

    assert [(Audience.PARTNER_CENTER, "", False)] == tokens.forgotten
    assert ["Bearer SECRET-user-PARTNER_CENTER-1", "Bearer SECRET-user-PARTNER_CENTER-2"] == [
        asked.headers["authorization"] for asked in script.asked
    ]
    assert 2 == len(set(script.request_ids))


def test_a_second_refused_token_is_the_connections_fault(microsoft: Any, script: Any) -> None:
    """An empty 401 twice: somebody has to look at the connection."""
    script.then(401)

    with pytest.raises(NotConnectedError) as raised:
        ask(microsoft)
    assert ("refused", 2) == (raised.value.state, len(script.asked))


APP = Request(method="GET", path="/v1/thing", takes_app_only=True)


def test_a_call_that_may_is_made_by_the_app_alone(microsoft: Any, script: Any) -> None:
    """A token of the app alone needs no second factor."""
    script.then(200, {})
    ask(microsoft, APP)

    assert "Bearer SECRET-app-PARTNER_CENTER-1" == script.asked[0].headers["authorization"]


def test_where_the_app_alone_is_refused_a_person_is_asked_for_from_then_on(microsoft: Any, script: Any) -> None:
    """Microsoft's list of such calls changes; the detour is made once."""
    refused = {"code": "900329", "description": "This resource does not support application-only authentication."}
    script.then(403, refused).then(200, {})
    ask(microsoft, APP)
    ask(microsoft, APP)

    assert ["app", "user", "user"] == [asked.headers["authorization"].split("-")[1] for asked in script.asked]


def test_where_the_app_gets_no_token_a_person_does(microsoft: Any, script: Any, tokens: Any) -> None:
    """And the other way round: once consent is gone, the app is asked for again."""
    script.then(200, {})
    tokens.refused = {"app"}
    ask(microsoft, APP)
    tokens.refused = {"user"}
    with pytest.raises(NotConnectedError):
        ask(microsoft, APP)
    ask(microsoft, APP)

    assert ["user", "app"] == [asked.headers["authorization"].split("-")[1] for asked in script.asked]


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (404, {"code": 20003, "description": "gone"}, NotFoundError),
        (404, {"code": 20003, "description": "gone"}, MicrosoftRefusedError),
        (410, None, MicrosoftNotFoundError),
        (403, {"code": "20002", "description": "no relationship"}, NotFoundError),
        (400, {"code": "2055", "description": "Etag is no longer valid"}, ChangedError),
        (412, None, ChangedError),
        (409, {"code": 800060, "description": "in progress"}, MicrosoftBusyError),
        (409, {"code": 800064, "description": "in process"}, MicrosoftBusyError),
        (409, {"code": "800082", "description": "not ready"}, MicrosoftBusyError),
        (409, {"code": 900278, "description": "pending"}, MicrosoftBusyError),
        (409, {"code": 27009, "description": "parent"}, MicrosoftRefusedError),
        (501, {"code": 0, "description": "none"}, MicrosoftUnavailableError),
        (302, None, MicrosoftRefusedError),
        (400, b"<html>Bad Request</html>", MicrosoftRefusedError),
    ],
)
def test_each_refusal_has_its_error(
    microsoft: Any, script: Any, status: int, body: Any, error: type[ProrataError]
) -> None:
    """By Microsoft's code, and by the status where there is none."""
    script.then(status, body)

    with pytest.raises(error):
        ask(microsoft, POST)


@pytest.mark.parametrize(
    ("status", "code", "state"),
    [
        (401, 900421, "mfa-required"),
        (401, 10001, "mfa-required"),
        (401, 900420, "wrong-audience"),
        (403, 900308, "role-missing"),
        (403, 900309, "conditional-access"),
        (401, 800001, "refused"),
        (401, 400, "refused"),
        (400, 900316, "refused"),
        (403, 900329, "not-connected"),
    ],
)
def test_refusals_of_who_we_are_name_the_state_of_the_connection(
    microsoft: Any, script: Any, status: int, code: int, state: str
) -> None:
    """And its cure, so that nobody has to look the code up."""
    script.then(status, {"code": code, "description": "no"})

    with pytest.raises(NotConnectedError, match=str(code)) as raised:
        ask(microsoft)
    assert state == raised.value.state


def test_a_missing_role_in_one_tenant_is_not_the_connections_fault(microsoft: Any, script: Any) -> None:
    """Only that customer's licences cannot be read."""
    script.then(403, {"code": 900308, "description": "Insufficient privileges"})

    with pytest.raises(MicrosoftRefusedError, match="900308"):
        microsoft.licence_counts("T1")


def test_a_redirect_is_not_followed(microsoft: Any, script: Any) -> None:
    """A token goes nowhere that Microsoft's answer points to."""
    script.then(307, headers={"Location": f"{script.base_url.replace('127.0.0.1', 'localhost')}/v1/elsewhere"})

    with pytest.raises(MicrosoftRefusedError, match="elsewhere"):
        ask(microsoft)
    assert 1 == len(script.asked)


def test_an_answer_that_is_too_large_is_not_read_to_its_end(microsoft: Any, script: Any) -> None:
    """The limit holds for what a body unpacks to."""
    script.then(200, b"x" * 5000)

    with pytest.raises(LimitError, match="4000 bytes"):
        ask(microsoft, Request(method="GET", path="/v1/thing", bytes_max=4000))


@pytest.mark.parametrize("is_filed", [False, True])
def test_an_answer_that_drips_is_given_up(microsoft: Any, script: Any, pace: Any, is_filed: Any) -> None:
    """Each byte in time is not enough."""
    script.then(200, b"x")
    seconds = iter(range(0, 1_000_000, 400))
    pace.seconds = lambda: next(seconds)

    with pytest.raises(MicrosoftUnavailableError, match="not complete"):
        ask(microsoft, Request(method="GET", path="/v1/thing", into=io.BytesIO() if is_filed else None))


def test_a_session_of_ones_own_is_used_and_tells_no_query(
    script: Any, tokens: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Who needs a proxy brings one; its logs are as silent as ours, and nothing in it goes to the storage."""
    caplog.set_level(logging.DEBUG)
    url = script.base_url
    hosts = Hosts(login=url, partner_center=url, partner_api=url, graph=url)
    script.then(200, {})
    with requests.Session() as session:
        session.headers["X-Mine"] = "1"
        ask(PartnerCenter(hosts, tokens, session=session))

    assert "1" == script.asked[0].headers["x-mine"]
    assert "GET /v1/thing?..." in caplog.text
    assert "SECRET" not in caplog.text


def test_an_observer_hears_of_each_call(microsoft: Any, script: Any, outcomes: list[tuple[Audience, Outcome]]) -> None:
    """What it took, and whether it went well: for the health of the connection, and for the bench."""
    script.then(503, headers={"Retry-After": "2"}).then(200, {}).then(400, {"code": 3000})
    ask(microsoft)
    with pytest.raises(MicrosoftRefusedError):
        ask(microsoft)
    (audience, first), (_, second) = outcomes

    assert Audience.PARTNER_CENTER is audience
    assert (200, 2, 2.5, True) == (first.status, first.tries, first.waited_s, first.is_success)
    assert datetime(2026, 10, 8, 12, 0, 2, 500000, tzinfo=UTC) == first.at
    assert (400, 1, False) == (second.status, second.tries, second.is_success)


def test_an_observer_that_fails_costs_no_answer(script: Any, tokens: Any, pace: Any) -> None:
    """What Microsoft did must not be lost because a note of it could not be kept."""

    def fail(_audience: Audience, _outcome: Outcome) -> None:
        raise StorageUnavailableError("the disk is full")

    url = script.base_url
    hosts = Hosts(login=url, partner_center=url, partner_api=url, graph=url)
    script.then(201, {"id": "made"})

    assert 201 == ask(PartnerCenter(hosts, tokens, pace=pace, observe=fail), POST).status
