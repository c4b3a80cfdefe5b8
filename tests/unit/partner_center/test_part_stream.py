"""The stream over a part, where the HTTP library does not count for us."""

import io

import pytest
import requests
from urllib3 import HTTPResponse

from shared.domain.errors import LimitError, MicrosoftUnavailableError
from shared.partner_center.part_stream import PART_BYTES_MAX, _Part


def response(content: bytes, length: str) -> requests.Response:
    """Return a response whose body is not checked against its length."""
    found = requests.Response()
    found.headers["Content-Length"] = length
    found.raw = HTTPResponse(io.BytesIO(content), preload_content=False, enforce_content_length=False)
    return found


def test_a_part_that_ends_early_is_noticed() -> None:
    """Whatever session was brought along."""
    with _Part(response(b"abc", "10"), "p") as part, pytest.raises(MicrosoftUnavailableError, match="3 of 10 bytes"):
        part.readall()


@pytest.mark.parametrize("length", ["3", "", "three"])
def test_a_part_of_the_promised_length_is_read_to_its_end(length: str) -> None:
    """Where nothing (readable) was promised, the end of the stream is the end."""
    with _Part(response(b"abc", length), "p") as part:
        assert part.readable()
        assert b"abc" == part.readall()


def test_a_part_that_never_ends_is_not_read() -> None:
    """It would fill the disk."""
    with _Part(response(b"abc", ""), "p") as part:
        part._count = PART_BYTES_MAX - 2
        with pytest.raises(LimitError, match="over 4 GiB"):
            part.readall()
