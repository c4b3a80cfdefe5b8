"""``prorata bill`` on a full disk, and killed at any moment: nothing half-made stays; running again completes it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.command import BLOCKED, OUTPUT_UNWRITABLE, main
from local.demo.month import DemoMonth, write_month

KILL_AFTER_S = (0.4, 0.8, 1.1, 1.4, 1.8)


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> DemoMonth:
    """The files of a made-up month."""
    return write_month(tmp_path_factory.mktemp("month"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte; needs the right to mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small file system cannot be mounted here (needs root)")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def arguments(month: DemoMonth, out: Path) -> list[str]:
    """The command line that bills the whole month."""
    lines = [str(path) for path in month.microsoft_files]
    sheet = str(month.price_sheet)
    return ["bill", "--lines", *lines, "--prices", str(month.price_list), "--price-sheet", sheet, "--out", str(out)]


def documents(out: Path) -> dict[str, bytes]:
    """The documents in the folder, by name."""
    found = (path for path in out.rglob("*") if path.is_file() and ".prorata" not in path.parts)
    return {str(path.relative_to(out)): path.read_bytes() for path in found}


def test_a_full_disk_is_said_and_leaves_no_document(
    month: DemoMonth, small_disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit code and the message tell it; the staged documents are gone, so no partial month can be sent out."""
    code = main(arguments(month, small_disk / "out"))

    assert code == OUTPUT_UNWRITABLE
    assert "disk is full" in capsys.readouterr().err
    assert documents(small_disk / "out") == {}
    assert not list((small_disk / "out").rglob("staging/*"))


def test_a_killed_run_is_completed_by_the_next(month: DemoMonth, tmp_path: Path) -> None:
    """Killed at several moments, then run to its end: the same documents as without the kills, all of revision 1."""
    undisturbed, disturbed = tmp_path / "undisturbed", tmp_path / "disturbed"
    code = main(arguments(month, undisturbed))
    for seconds in KILL_AFTER_S:
        command = [sys.executable, "-m", "local.command", *arguments(month, disturbed)]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                process.kill()
    code_after = main(arguments(month, disturbed))

    assert code == code_after == BLOCKED
    assert documents(disturbed) == documents(undisturbed)
