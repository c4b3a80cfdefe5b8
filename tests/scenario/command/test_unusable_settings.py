"""Settings that are misspelt or impossible, and folders that cannot be written: told in a line, without a traceback."""

from pathlib import Path

import pytest

from local.command import main
from local.simulate import SimulateRequest, simulate
from shared.domain.errors import StorageUnavailableError
from shared.settings import Settings


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An environment whose only setting is a store of its own."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"PRORATA_{name.upper()}", raising=False)
    monkeypatch.setenv("PRORATA_EMBEDDED_ROOT", str(tmp_path / "store"))
    return monkeypatch


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_store_that_cannot_be_made_is_told_before_anything_begins(
    environment: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    """With the setting that names another."""
    (tmp_path / "file").write_text("no folder")
    environment.setenv("PRORATA_EMBEDDED_ROOT", str(tmp_path / "file" / "store"))
    code = main([command])
    told = capsys.readouterr()

    assert (4, "") == (code, told.out)
    assert "PRORATA_EMBEDDED_ROOT" in told.err


def test_a_folder_that_the_simulator_cannot_write_is_named(tmp_path: Path) -> None:
    """It is no matter of the port."""
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StorageUnavailableError, match=r"file/certificates.*PRORATA_EMBEDDED_ROOT"):
        simulate(SimulateRequest(folder=tmp_path / "file" / "certificates"), print)


def test_a_setting_that_cannot_be_is_named(environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, as for any input that cannot be used."""
    environment.setenv("PRORATA_SYNC_TIME", "9")
    code = main(["doctor"])

    assert 2 == code
    assert capsys.readouterr().err.startswith("PRORATA_SYNC_TIME: ")


def test_a_misspelt_setting_is_the_cure_of_the_one_that_is_missing(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The doctor names both, and says once that Microsoft was not asked."""
    environment.setenv("PRORATA_CLIENT_SECRT", "x")
    code = main(["doctor"])
    told = capsys.readouterr().out

    assert 3 == code
    assert "did you mean PRORATA_CLIENT_SECRET?" in told
    assert "tokens and APIs: not asked: settings are missing" in told
