"""What ``prorata explain`` does: read history files or standard input, ask the engine, print the answers.

Several files are answered in their order; JSON output is then a list. One file that cannot be used stops everything
before anything is printed, with the problems of all files.

Not here: the command line (``command``), the rules (``shared/domain/expected``).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from local.price_files import PriceFiles
from shared.application.explain import explain
from shared.documents.exact_json import JSON_BYTES_MAX
from shared.documents.expected_lines_json import answer_values
from shared.documents.expected_lines_table import answer_table
from shared.documents.expected_sales_json import money_values, sale_values
from shared.documents.expected_sales_table import sales_table
from shared.documents.histories import read_history
from shared.domain.errors import InvalidError
from shared.domain.expected.questions import Answer
from shared.domain.expected_sales import ExpectedSale, SaleTerms, expected_sales
from shared.domain.quotes import net_of

STANDARD_INPUT = Path("-")
NO_PRICES = PriceFiles()


@dataclass(frozen=True, slots=True)
class Explained:
    """The text to print, and whether something keeps somebody from trusting it."""

    text: str
    is_blocked: bool


@dataclass(frozen=True, slots=True)
class _Priced:
    """An answer, and the sale of each of its lines where prices were given."""

    answer: Answer
    sales: tuple[ExpectedSale, ...] | None

    @property
    def is_blocked(self) -> bool:
        issues = [issue for sale in self.sales or () for issue in sale.issues]
        return self.answer.is_blocked or any(issue.is_blocking for issue in issues)

    def values(self) -> dict[str, Any]:
        values = answer_values(self.answer)
        if self.sales is None:
            return values
        language = self.answer.question.language
        lines = [
            line | {"sale": sale_values(sale, language)} for line, sale in zip(values["lines"], self.sales, strict=True)
        ]
        return values | {"lines": lines, "sale_totals": money_values(net_of(self.sales))}

    def table(self) -> str:
        table = answer_table(self.answer)
        if not self.sales:
            return table
        totals = "".join(f"Sale total {money}\n" for money in net_of(self.sales))
        return f"{table}\n{sales_table(self.sales, self.answer.question.language)}{totals}"


def explain_files(
    paths: Sequence[Path],
    stdin: BinaryIO,
    *,
    language: str = "",
    as_table: bool = False,
    prices: PriceFiles = NO_PRICES,
) -> Explained:
    """Return the answers to the questions in *paths*; ``-`` is *stdin*. *language* goes before that of the file.

    With *prices* every line has its sale.

    Raises:
        InvalidError: a file cannot be read or used; the message lists every problem of every file.
    """
    questions, refusals = [], []
    for path in paths:
        try:
            question = read_history(*content_of(path, stdin))
        except InvalidError as error:
            refusals.append(str(error))
        else:
            questions.append(replace(question, language=language or question.language))
    if refusals:
        raise InvalidError("\n".join(refusals))
    terms = prices.terms()
    answers = [_priced(explain(question), terms) for question in questions]
    text = _tables(paths, answers) if as_table else _json(paths, answers)
    return Explained(text, any(answer.is_blocked for answer in answers))


def content_of(path: Path, stdin: BinaryIO) -> tuple[bytes, str]:
    """Return the bytes, at most one more than a history may have, and the name that messages call them by.

    Raises:
        InvalidError: the file cannot be opened.
    """
    try:
        if path == STANDARD_INPUT:
            return stdin.read(JSON_BYTES_MAX + 1), "standard input"
        with path.open("rb") as stream:
            return stream.read(JSON_BYTES_MAX + 1), path.name
    except OSError as error:
        raise InvalidError(f"{path}: cannot be opened ({error.strerror}). Check the path and its rights.") from error


def _priced(answer: Answer, terms: SaleTerms | None) -> _Priced:
    if terms is None:
        return _Priced(answer, None)
    return _Priced(answer, expected_sales(answer.expected.lines, answer.question.history, terms))


def _json(paths: Sequence[Path], answers: Sequence[_Priced]) -> str:
    values = [{"file": str(path), **answer.values()} for path, answer in zip(paths, answers, strict=True)]
    return json.dumps(values[0] if len(values) == 1 else values, indent=2, ensure_ascii=False) + "\n"


def _tables(paths: Sequence[Path], answers: Sequence[_Priced]) -> str:
    if len(answers) == 1:
        return answers[0].table()
    return "\n".join(f"== {path}\n\n{answer.table()}" for path, answer in zip(paths, answers, strict=True))
