"""Microsoft's own engine, installed once into a virtual environment of its own."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
HOME = ROOT / ".prorata" / "conformance-venv"
ENGINE = "azure-functions-runtime==1.3.0"  # its interface is private: the exact version or none
HEAD = "import typing\nimport azure.functions as func\napp = func.FunctionApp()\n"
INSTALL_LIMIT_S = 600
RUN_LIMIT_S = 60


def unavailable(reason: str) -> None:
    """Skip aloud, or fail where PRORATA_REQUIRE names the engine."""
    if "engine" in os.environ.get("PRORATA_REQUIRE", "").split(","):
        pytest.fail(f"PRORATA_REQUIRE names engine: {reason}")
    pytest.skip(reason)


def find_python() -> str:
    """Return a Python of 3.13 or later that really starts (a version manager's stub may not)."""
    names = [os.environ.get("PRORATA_PYTHON313"), "python3.13", "python3.14"]
    for found in filter(None, (shutil.which(name) for name in names if name)):
        test = [found, "-c", "import sys; sys.exit(sys.version_info < (3, 13))"]
        if subprocess.run(test, capture_output=True, check=False, timeout=RUN_LIMIT_S).returncode == 0:
            return found
    unavailable("Microsoft's engine needs Python 3.13 or later; put one on PATH or name it in PRORATA_PYTHON313")
    raise AssertionError


def install(python: str) -> Path:
    """Return the interpreter of the engine's environment, made anew when the requirements change.

    Test processes run side by side: one installs, the others wait for it.
    """
    HOME.parent.mkdir(parents=True, exist_ok=True)
    with (HOME.parent / "conformance.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _install_alone(python)


def _install_alone(python: str) -> Path:
    requirements = ROOT / "requirements.txt"
    wanted = hashlib.sha256(requirements.read_bytes() + ENGINE.encode() + python.encode()).hexdigest()
    mark, interpreter = HOME / "installed", HOME / "bin" / "python"
    if mark.exists() and mark.read_text(encoding="utf-8") == wanted:
        return interpreter
    shutil.rmtree(HOME, ignore_errors=True)
    steps = (
        [python, "-m", "venv", str(HOME)],
        [str(interpreter), "-m", "pip", "install", "--quiet", "-r", str(requirements), ENGINE],
    )
    for step in steps:
        try:
            done = subprocess.run(step, capture_output=True, text=True, check=False, timeout=INSTALL_LIMIT_S)
        except (OSError, subprocess.TimeoutExpired) as error:
            unavailable(f"Microsoft's engine cannot be installed: {type(error).__name__}")
        if done.returncode:
            errors = [line for line in done.stderr.splitlines() if "ERROR" in line]
            unavailable(f"Microsoft's engine cannot be installed (no package index?): {' '.join(errors[-1:])}")
    mark.write_text(wanted, encoding="utf-8")
    return interpreter


class Engine:
    """Runs ``invoke.py`` with the engine's interpreter, one process for each app."""

    def __init__(self, interpreter: Path) -> None:
        self._interpreter = interpreter

    def __call__(self, folder: Path, invocations: list[dict[str, Any]] | None = None) -> dict[str, Any]:
        """Index the app in *folder*, run *invocations*, and return what the script says."""
        done = subprocess.run(
            [str(self._interpreter), str(Path(__file__).with_name("invoke.py")), str(folder)],
            input=json.dumps(invocations or []),
            capture_output=True,
            text=True,
            check=False,
            timeout=RUN_LIMIT_S,
        )
        assert done.returncode == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return answer


@pytest.fixture(scope="session")
def engine() -> Engine:
    """Microsoft's engine, or a loud skip."""
    return Engine(install(find_python()))


@pytest.fixture
def app_folder(tmp_path: Path) -> Callable[[str], Path]:
    """Write a ``function_app.py`` that begins with the usual imports and ``app``, and return its folder."""

    def write(body: str) -> Path:
        (tmp_path / "function_app.py").write_text(HEAD + dedent(body), encoding="utf-8")
        return tmp_path

    return write
