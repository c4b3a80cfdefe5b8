"""Organisations as a JSON body, within limits."""

import pytest

from shared.documents.handed_in import FILE_BYTES_MAX
from shared.documents.organisations_file import read_organisations_json
from shared.domain.errors import InvalidError, LimitError


def test_a_body_is_no_larger_than_a_file_may_be() -> None:
    """It is refused before it is read: read, it takes ten times the memory."""
    with pytest.raises(LimitError, match="20 MiB"):
        read_organisations_json(b'{"organisations": [' + b" " * FILE_BYTES_MAX + b"]}")


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"organisations":' + b"[" * 100_000, b'{"organisations": 5}', b"\xff"]
)
def test_a_body_that_is_no_list_of_organisations_is_refused(body: bytes) -> None:
    """However deep it goes."""
    with pytest.raises(InvalidError):
        read_organisations_json(body)
