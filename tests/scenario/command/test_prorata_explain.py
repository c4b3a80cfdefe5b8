"""``prorata explain``: histories in, answers out, on files, standard input and with its exit codes."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from local.command import main
from local.explaining import explain_files
from shared.domain.errors import InvalidError

SEATS: dict[str, Any] = {
    "kind": "licence",
    "term": "P1M",
    "purchased": "2021-06-18",
    "quantity": 10,
    "unit_price": "10.08",
}


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """Ten seats for a month."""
    path = tmp_path / "seats.json"
    path.write_text(json.dumps({"currency": "EUR", "subscription": SEATS}))
    return path


def test_one_file_is_answered_as_json(history: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An object that names the file."""
    code = main(["explain", str(history)])
    answer = json.loads(capsys.readouterr().out)

    assert (0, str(history), {"EUR": "100.80"}) == (code, answer["file"], answer["totals"])


def test_several_files_are_a_list(history: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In their order; as tables each under its name."""
    code = main(["explain", str(history), str(history)])
    answers = json.loads(capsys.readouterr().out)
    main(["explain", str(history), str(history), "--table"])
    table = capsys.readouterr().out

    assert (0, 2) == (code, len(answers))
    assert 2 == table.count(f"== {history}\n")


def test_the_language_of_the_command_goes_before_the_files(history: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Sentences and numbers follow it."""
    main(["explain", str(history), "--language", "de", "--table"])

    assert "Gekauft am 18.06.2021: 10 x 10,08 EUR" in capsys.readouterr().out


def test_standard_input_is_a_file(history: Path) -> None:
    """Named by a hyphen."""
    explained = explain_files([Path("-")], io.BytesIO(history.read_bytes()))

    assert ("-", False) == (json.loads(explained.text)["file"], explained.is_blocked)


def test_a_file_that_cannot_be_used_is_explained_and_nothing_is_printed(
    history: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The problems of all files at once; exit code 2."""
    first, second = tmp_path / "a.json", tmp_path / "b.json"
    first.write_text('{"currency": "EURO"}')
    second.write_text("{")
    code = main(["explain", str(first), str(history), str(second), "--table"])
    captured = capsys.readouterr()

    assert (2, "") == (code, captured.out)
    assert "currency: 'EURO' is no currency" in captured.err
    assert "b.json: this is not JSON" in captured.err


def test_programs_are_told_of_the_problem_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is not there is one."""
    code = main(["explain", str(tmp_path / "none.json")])

    assert 2 == code
    assert "none.json: cannot be opened" in json.loads(capsys.readouterr().out)["error"]


def test_a_blocking_issue_is_an_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The answer is there, and says what is missing."""
    path = tmp_path / "h.json"
    path.write_text(json.dumps({"currency": "EUR", "subscription": {**SEATS, "unit_price": None}}))
    code = main(["explain", str(path)])

    assert 3 == code
    assert "PRICE_MISSING" in capsys.readouterr().out


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a file."""
    code = main(["explain", "--schema"])

    assert 0 == code
    assert "SubscriptionPart" in json.loads(capsys.readouterr().out)["$defs"]


def test_without_a_file_there_is_nothing_to_explain(capsys: pytest.CaptureFixture[str]) -> None:
    """The message says what to give."""
    code = main(["explain"])

    assert 2 == code
    assert "name a history to explain" in capsys.readouterr().err


def test_a_folder_is_no_history(tmp_path: Path) -> None:
    """And says so."""
    with pytest.raises(InvalidError, match="cannot be opened"):
        explain_files([tmp_path], io.BytesIO())
