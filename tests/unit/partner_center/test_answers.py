"""Errors of Microsoft's, in each of their shapes."""

import json
from typing import Any

import pytest

from shared.domain.connection import ConnectionState
from shared.domain.errors import (
    MicrosoftNotFoundError,
    MicrosoftRefusedError,
    MicrosoftUnavailableError,
    NotConnectedError,
    ThrottledError,
)
from shared.partner_center.answers import Answer, Problem, Step, problem_of, refusal, scrubbed
from shared.partner_center.hosts import Audience

STEP = Step(name="GET /v1/customers", audience=Audience.PARTNER_CENTER)
ONE_TENANTS = Step(name="GET /v1.0/users", audience=Audience.GRAPH, concerns_one_tenant=True)


def answer(status: int, body: Any = None, **headers: str) -> Answer:
    """Return an answer with a JSON body."""
    content = b"" if body is None else json.dumps(body).encode()
    return Answer(status=status, headers=headers, content=content, request_id="R1", correlation_id="C1")


NEWER = {
    "code": 600061,
    "message": "Exists already.",
    "errorName": "PartnerConfirmedAgreementAlreadyExists",
    "isRetryable": False,
    "parameters": {},
    "errorMessageExtended": "InternalErrorCode=600061",
}
GRAPH = {"error": {"code": "Forbidden", "message": "No.", "innerError": {"request-id": "x", "code": "other"}}}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (
            b'{"code": 2002, "description": "Too many.", "data": [], "source": "PartnerFD"}',
            Problem("2002", "Too many."),
        ),
        (b'\xef\xbb\xbf{"Code": "2002", "Description": "Too many."}', Problem("2002", "Too many.")),
        (json.dumps(NEWER).encode(), Problem("600061", "Exists already.")),
        (b'{"message": "x", "errorMessageExtended": "InternalErrorCode=600061"}', Problem("600061", "x")),
        (json.dumps(GRAPH).encode(), Problem("Forbidden", "No.")),
        (b'{"error": "invalid_grant", "error_description": "Gone."}', Problem("invalid_grant", "Gone.")),
        (b'{"statusCode": 429, "message": "Try again in 57 seconds."}', Problem("", "Try again in 57 seconds.")),
        (
            b"Authentication failed. MFA required. (10001)",
            Problem("10001", "Authentication failed. MFA required. (10001)"),
        ),
        (b"Nothing known (12345)", Problem("", "Nothing known (12345)")),
        (b"<html><body>502</body></html>", Problem("", "a page of HTML or XML instead of data")),
        (b"", Problem("", "")),
        (b"[]", Problem("", "[]")),
        (b'{"code": [1], "description": {"a": 1}}', Problem("", "{'a': 1}")),
        (b'{"code": true, "error": null}', Problem("", "")),
        (b'{"code": "x y; DROP"}', Problem("", "")),
        (b"\xff\xfe\x00", Problem("", "\ufffd\ufffd")),
    ],
)
def test_code_and_description_are_found_in_every_shape(content: bytes, problem: Problem) -> None:
    """Old, new, Graph's, the token service's, the throttle's, plain text, pages, nothing, nonsense."""
    assert problem == problem_of(content)


def test_a_message_has_what_a_person_needs() -> None:
    """What was asked, status, code, meaning, cure, Microsoft's words, and the ids for its support."""
    error = refusal(answer(400, {"code": 2002, "description": "Max is 300"}), STEP)

    assert isinstance(error, MicrosoftRefusedError)
    assert (400, "2002", "C1") == (error.status, error.code, error.correlation_id)
    assert (
        "GET /v1/customers: HTTP 400, code 2002. The quantity is outside what the SKU allows. Correct the value and "
        "send it again. Microsoft says: Max is 300. (request id R1, correlation id C1)"
    ) == str(error)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (302, "not followed"),
        (401, "accept"),
        (404, "no such thing"),
        (410, "expired"),
        (412, "changed"),
        (503, "failed"),
    ],
)
def test_a_status_without_a_body_says_something_too(status: int, words: str) -> None:
    """Gateways often send nothing else."""
    assert words in str(refusal(answer(status), STEP))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("see https://a.example/b?sig=SECRET&x=1 now", "see https://a.example/b now"),
        ("Bearer eyJhbGciOi.eyJz.abc and more", "Bearer ... and more"),
        ("got eyJhbGciOiJSUzI1NiJ9.eyJhIjoxfQ.x-y_z=", "got ..."),
        ("client_secret=SECRET and sig=SECRET", "client_secret=... and sig=..."),
        ("refresh_token: SECRET", "refresh_token=..."),
        ("a\r\nb\x00c\ud800", "a b c"),
        ("code 42 stays, as does unsigned=1", "code 42 stays, as does unsigned=1"),
    ],
)
def test_words_of_microsofts_lose_their_secrets(text: str, kept: str) -> None:
    """They quote what was sent, sometimes."""
    assert kept == scrubbed(text)


def test_long_words_are_cut() -> None:
    """A message is read by people."""
    assert 300 == len(scrubbed("x" * 5000))


def test_a_missing_role_in_a_customers_tenant_is_that_customers() -> None:
    """Of Graph's token for that tenant as well; the partner's second factor never is."""
    lacking = {"error": {"code": "Authorization_RequestDenied", "message": "No."}}

    refused = refusal(answer(403, lacking), ONE_TENANTS)

    assert isinstance(refused, MicrosoftRefusedError)
    assert "GDAP" in str(refused)
    assert isinstance(refusal(answer(401), ONE_TENANTS), MicrosoftRefusedError)
    assert isinstance(refusal(answer(401, {"code": 900421}), ONE_TENANTS), NotConnectedError)
    partners = Step(name="x", audience=Audience.PARTNER_CENTER, concerns_one_tenant=True)
    assert isinstance(refusal(answer(401), partners), NotConnectedError)


@pytest.mark.parametrize(
    ("status", "body", "state", "meaning", "cure"),
    [
        (401, {"code": 900421}, ConnectionState.MFA_REQUIRED, "had no second factor", "register a method"),
        (401, None, ConnectionState.REFUSED, "does not accept who we are", "/api/connection/login"),
        (403, GRAPH, ConnectionState.ROLE_MISSING, "does not accept who we are", "Admin agent"),
        (401, {"code": 900420}, ConnectionState.WRONG_AUDIENCE, "another service", "PRORATA_PARTNER_CENTER_URL"),
    ],
)
def test_a_cure_of_the_connection_names_what_to_do(
    status: int, body: Any, state: ConnectionState, meaning: str, cure: str
) -> None:
    """With the pages and settings it takes."""
    error = refusal(answer(status, body), STEP)

    assert isinstance(error, NotConnectedError)
    assert state == error.state
    assert meaning in str(error)
    assert cure in str(error)


@pytest.mark.parametrize("status", [400, 404])
def test_a_number_of_many_meanings_means_the_token_only_with_401(status: int) -> None:
    """Code 400 is Partner Center's refusal of a token, and a status that others repeat."""
    error = refusal(answer(status, {"code": 400, "description": "Bad input"}), STEP)

    assert isinstance(error, MicrosoftRefusedError)
    assert "token" not in str(error)


def test_a_failure_of_microsofts_own_is_for_later() -> None:
    """Whatever its code says in words."""
    assert isinstance(refusal(answer(500, {"code": "UnknownError"}), STEP), MicrosoftUnavailableError)
    assert isinstance(refusal(answer(501, {"code": 0}), STEP), MicrosoftUnavailableError)


def test_a_throttle_carries_how_long() -> None:
    """From the header, else from the sentence, else a minute."""
    waits = [
        refusal(answer(429, **{"retry-after": "0"}), STEP),
        refusal(answer(429, {"message": "Try again in 57 seconds."}), STEP),
        refusal(answer(429), STEP),
    ]

    assert [0, 57, 60] == [error.retry_after_s for error in waits if isinstance(error, ThrottledError)]


def test_what_counts_as_done_is_told_by_its_code() -> None:
    """No validation on record is a 404 that means yes."""
    error = refusal(answer(404, {"code": 600074}), STEP)

    assert isinstance(error, MicrosoftNotFoundError)
    assert "Nothing needs to be done." in str(error)
