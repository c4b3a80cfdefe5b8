"""Encrypted secrets: whatever is put comes back, and whatever is changed is noticed."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import IntegrityError
from shared.storage.embedded.secrets import EncryptedSecrets

TEXTS = st.text(st.characters(codec="utf-8"), max_size=200)


@given(value=TEXTS)
def test_any_text_comes_back(value: str) -> None:
    """Any letters, none at all, line ends and zeros."""
    with TemporaryDirectory() as folder:
        secrets = EncryptedSecrets(Path(folder) / "secrets")
        secrets.put("a", value)

        assert value == secrets.get("a")


@given(value=TEXTS, place=st.integers(0, 10_000), change=st.integers(1, 255))
def test_any_changed_byte_is_noticed(value: str, place: int, change: int) -> None:
    """Wherever it stands in the file; nothing false is ever given out."""
    with TemporaryDirectory() as folder:
        secrets = EncryptedSecrets(Path(folder) / "secrets")
        secrets.put("a", value)
        path = Path(folder) / "secrets" / "a.secret"
        content = bytearray(path.read_bytes())
        content[place % len(content)] ^= change
        path.write_bytes(content)

        with pytest.raises(IntegrityError, match="damaged"):
            secrets.get("a")
