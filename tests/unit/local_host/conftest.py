"""Sample apps as files, for the parts of the local Functions host."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

HEAD = "import typing\nimport azure.functions as func\napp = func.FunctionApp()\n"


@pytest.fixture
def app_file(tmp_path: Path) -> Callable[[str], Path]:
    """Write a ``function_app.py`` that begins with the usual imports and ``app``, and return its path."""

    def write(body: str) -> Path:
        path = tmp_path / "function_app.py"
        path.write_text(HEAD + dedent(body), encoding="utf-8")
        return path

    return write
