"""Fixtures of the template tests, and the way to their checker, which is a folder of modules beside this file."""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def root() -> Path:
    """The project."""
    return ROOT


@pytest.fixture(scope="session")
def infra(root: Path) -> Path:
    """The folder of the templates."""
    return root / "infra"


@pytest.fixture(scope="session")
def azure_types() -> Mapping[str, Any]:
    """Azure's own type definitions; PRORATA_AZURE_TYPES names the JSON file, and without it the test skips aloud."""
    path = os.environ.get("PRORATA_AZURE_TYPES")
    if path is None:
        reason = "PRORATA_AZURE_TYPES names no file of Azure's resource types"
        if "azure-types" in os.environ.get("PRORATA_REQUIRE", "").split(","):
            pytest.fail(reason)
        pytest.skip(reason)
    types: Mapping[str, Any] = json.loads(Path(path).read_text("utf-8"))["resources"]
    return types
