"""What several kinds of test share: the storage emulator, started once for a test session."""

import os
from collections.abc import Iterator

import pytest

from local.azurite import find_azurite, running_azurite


@pytest.fixture(scope="session")
def azurite() -> Iterator[str]:
    """The connection string of a running Azurite; skips aloud where it is not installed."""
    command = find_azurite()
    if command is None:
        reason = "Azurite is not installed: npm install -g azurite"
        if "azurite" in os.environ.get("PRORATA_REQUIRE", "").split(","):
            pytest.fail(reason)
        pytest.skip(reason)
    with running_azurite(command) as connection_string:
        yield connection_string
