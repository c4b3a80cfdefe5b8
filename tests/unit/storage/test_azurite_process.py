"""Finding and starting the emulator."""

from pathlib import Path

import pytest

from local.azurite import find_azurite, running_azurite
from shared.domain.errors import StorageUnavailableError


def test_a_program_that_ends_at_once_is_told() -> None:
    """What does not listen is no emulator; the message says how to see why."""
    with pytest.raises(StorageUnavailableError, match="start false by hand"), running_azurite(["false"]):
        pass


def test_a_local_installation_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without one on the PATH, the one in node_modules is taken; without any, None."""
    monkeypatch.setenv("PATH", "")
    assert find_azurite(tmp_path) is None
    program = tmp_path / "node_modules" / ".bin" / "azurite"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)

    assert find_azurite(tmp_path) == [str(program)]
