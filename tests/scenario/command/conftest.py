"""What the tests of the command share: the demo month's files, written once, and a way to run the command."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.command import main
from local.demo.month import DemoMonth, write_month

Bill = Callable[..., int]


@pytest.fixture(scope="session")
def month(tmp_path_factory: pytest.TempPathFactory) -> DemoMonth:
    """The files of a made-up month."""
    folder = tmp_path_factory.mktemp("month")
    return write_month(folder)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder for results that does not exist yet."""
    return tmp_path / "out"


@pytest.fixture
def bill(month: DemoMonth, out: Path) -> Bill:
    """Runs ``prorata bill`` on files of the month (all by default) and returns its exit code."""

    def run(*lines: Path, prices: Path | None = None, to: Path | None = None, more: tuple[str, ...] = ()) -> int:
        return main(
            [
                "bill",
                "--lines",
                *map(str, lines or month.microsoft_files),
                "--prices",
                str(prices or month.price_list),
                "--price-sheet",
                str(month.price_sheet),
                "--out",
                str(to or out),
                *more,
            ]
        )

    return run


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Callable[[], Any]:
    """The JSON that the command printed last."""
    return lambda: json.loads(capsys.readouterr().out)
