"""HTTP answers of the function app, without a host: statuses, problem details, limits."""

import json

import azure.functions as func
import pytest

from functions.http import JSON_BYTES_MAX, UPLOAD_BYTES_MAX, json_of, problem, respond, upload_of
from shared.domain.errors import (
    AlreadyExistsError,
    BusyError,
    ChangedError,
    ForgedError,
    IntegrityError,
    InvalidError,
    LimitError,
    NotFoundError,
    PriceListError,
    ProrataError,
    StateError,
    StorageUnavailableError,
)


def request(body: bytes) -> func.HttpRequest:
    """Return a request with that body."""
    return func.HttpRequest("POST", "http://127.0.0.1/api/billing-runs", body=body)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFoundError("x"), 404),
        (LimitError("x"), 413),
        (InvalidError("x"), 400),
        (PriceListError("x"), 400),
        (StateError("x"), 409),
        (ChangedError("x"), 409),
        (AlreadyExistsError("x"), 409),
        (StorageUnavailableError("x"), 503),
        (BusyError("x"), 503),
        (IntegrityError("x"), 500),
    ],
)
def test_each_kind_of_error_has_its_status(error: ProrataError, status: int) -> None:
    """And only what may be tried again says when."""
    answer = problem(error)
    details = json.loads(answer.get_body())

    assert (status, status, "x") == (answer.status_code, details["status"], details["detail"])
    assert answer.mimetype == "application/problem+json"
    assert ("30" if status == 503 else None) == answer.headers.get("Retry-After")


def test_an_unforeseen_error_is_left_to_the_host() -> None:
    """Which logs it and tells a caller nothing."""
    with pytest.raises(ZeroDivisionError):
        respond(lambda: (1 // 0, None))


def test_an_answer_is_json_or_empty() -> None:
    """In UTF-8, readable."""
    answer = respond(lambda: (200, {"name": "Münster"}))

    assert ("application/json", '{\n  "name": "Münster"\n}'.encode()) == (answer.mimetype, answer.get_body())
    assert respond(lambda: (204, None)).get_body() == b""


def test_an_upload_over_the_limit_names_the_other_way() -> None:
    """A larger file is put into the container first."""
    assert upload_of(request(b"x")) == b"x"
    with pytest.raises(LimitError, match="put the file into the container source-files"):
        upload_of(request(bytes(UPLOAD_BYTES_MAX + 1)))


def test_a_json_object_holds_exactly_the_fields() -> None:
    """Up to the limit, to the byte."""
    body = b'{"period": "2026-10"}'

    assert json_of(request(body.ljust(JSON_BYTES_MAX)), "period") == {"period": "2026-10"}
    with pytest.raises(LimitError):
        json_of(request(body.ljust(JSON_BYTES_MAX + 1)), "period")


def test_the_log_says_why_a_sender_is_not_proven(caplog: pytest.LogCaptureFixture) -> None:
    """Whoever sent it may be unable to tell; other refusals are told to who asked, and may hold what he sent."""
    problem(ForgedError("the certificate leads nowhere"))
    problem(InvalidError("colour: 'red' is none"))

    assert ["answered 401: ForgedError: the certificate leads nowhere", "answered 400: InvalidError"] == caplog.messages
