"""The demo month, written once for all tests of this folder; its reader is a module beside this file."""

import sys
from pathlib import Path

import pytest

from local.demo.month import DemoMonth, write_month

sys.path.insert(0, str(Path(__file__).parent))

from demo_rows import Rows, read_rows


@pytest.fixture(scope="session")
def month(tmp_path_factory: pytest.TempPathFactory) -> DemoMonth:
    """The month of October 2026 with 42 customers."""
    return write_month(tmp_path_factory.mktemp("month"))


@pytest.fixture(scope="session")
def rows(month: DemoMonth) -> Rows:
    """All rows of the month."""
    return read_rows(month)
