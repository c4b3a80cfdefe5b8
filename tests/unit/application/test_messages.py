"""Queue messages: they come back as they were sent, and nothing else is taken for one."""

import pytest

from shared.application.messages import ChunkMessage, IngestMessage, RunMessage
from shared.domain.errors import InvalidError


def test_a_message_comes_back_as_it_was_sent() -> None:
    """As text and as bytes; equal messages are equal text."""
    for message in (
        IngestMessage("2026-10", "Rechnung März.csv"),
        RunMessage("2026-10", "ab"),
        ChunkMessage("2026-10", "ab", 7),
    ):
        assert message == type(message).parse(message.body())
        assert message == type(message).parse(message.body().encode())
    assert str(RunMessage("2026-10", "ab").key.period) == "2026-10"


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"{", "is no JSON"),
        (b"\xff", "is no JSON"),
        (b"[]", "must hold exactly period, inputs, chunk"),
        (b"{}", "must hold exactly period, inputs, chunk"),
        (b'{"period": "2026-10", "inputs": "ab"}', "must hold exactly period, inputs, chunk"),
        (b'{"period": "2026-10", "inputs": "ab", "chunk": 1, "more": 1}', "must hold exactly"),
        (b'{"period": "2026-10", "inputs": "ab", "chunk": "1"}', "chunk is '1'"),
        (b'{"period": 202610, "inputs": "ab", "chunk": 1}', "period is 202610"),
        (b'{"period": "2026-10", "inputs": "ab", "chunk": true}', "chunk is True"),
    ],
)
def test_anything_else_is_refused(body: bytes, what: str) -> None:
    """It can never be worked off, and says so."""
    with pytest.raises(InvalidError, match=what):
        ChunkMessage.parse(body)
