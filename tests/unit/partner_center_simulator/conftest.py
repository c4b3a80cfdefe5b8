"""A world with one customer, and a way to call the simulator's handlers without a server."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from commerce_desk import Desk, make_world


@pytest.fixture
def open_desk() -> Callable[..., Desk]:
    """Open a world that begins at an instant (UTC, ISO) and a desk to call it; more says what the partner is."""

    def open_at(start: str = "2026-01-14T16:57:15", **partner: Any) -> Desk:
        return Desk(make_world(datetime.fromisoformat(start).replace(tzinfo=UTC), **partner))

    return open_at


@pytest.fixture
def desk(open_desk: Callable[..., Desk]) -> Desk:
    """A desk in January 2026."""
    return open_desk()
