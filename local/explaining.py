"""What ``prorata explain`` does: read history files or standard input, ask the engine, print the answers.

Several files are answered in their order; JSON output is then a list. One file that cannot be used stops everything
before anything is printed, with the problems of all files.

Not here: the command line (``command``), the rules (``shared/domain/expected``).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from shared.application.explain import explain
from shared.documents.exact_json import JSON_BYTES_MAX
from shared.documents.expected_lines_json import answer_values
from shared.documents.expected_lines_table import answer_table
from shared.documents.histories import read_history
from shared.domain.errors import InvalidError
from shared.domain.expected.questions import Answer

STANDARD_INPUT = Path("-")


@dataclass(frozen=True, slots=True)
class Explained:
    """The text to print, and whether something keeps somebody from trusting it."""

    text: str
    is_blocked: bool


def explain_files(paths: Sequence[Path], stdin: BinaryIO, *, language: str = "", as_table: bool = False) -> Explained:
    """Return the answers to the questions in *paths*; ``-`` is *stdin*. *language* goes before that of the file.

    Raises:
        InvalidError: a file cannot be read or used; the message lists every problem of every file.
    """
    questions, refusals = [], []
    for path in paths:
        try:
            question = read_history(_content(path, stdin), "standard input" if path == STANDARD_INPUT else path.name)
        except InvalidError as error:
            refusals.append(str(error))
        else:
            questions.append(replace(question, language=language or question.language))
    if refusals:
        raise InvalidError("\n".join(refusals))
    answers = [explain(question) for question in questions]
    text = _tables(paths, answers) if as_table else _json(paths, answers)
    return Explained(text, any(answer.is_blocked for answer in answers))


def _content(path: Path, stdin: BinaryIO) -> bytes:
    """Return the bytes, at most one more than a history may have."""
    try:
        if path == STANDARD_INPUT:
            return stdin.read(JSON_BYTES_MAX + 1)
        with path.open("rb") as stream:
            return stream.read(JSON_BYTES_MAX + 1)
    except OSError as error:
        raise InvalidError(f"{path}: cannot be opened ({error.strerror}). Check the path and its rights.") from error


def _json(paths: Sequence[Path], answers: Sequence[Answer]) -> str:
    values = [{"file": str(path), **answer_values(answer)} for path, answer in zip(paths, answers, strict=True)]
    return json.dumps(values[0] if len(values) == 1 else values, indent=2, ensure_ascii=False) + "\n"


def _tables(paths: Sequence[Path], answers: Sequence[Answer]) -> str:
    if len(answers) == 1:
        return answer_table(answers[0])
    return "\n".join(f"== {path}\n\n{answer_table(answer)}" for path, answer in zip(paths, answers, strict=True))
