"""The way out for people: an answer as a table, each line with its sentence and its arithmetic underneath.

Invariants: plain text, the same on every machine, no wider than its content; numbers stand under each other.

Not here: JSON (``expected_lines_json``), colours and screens (``local``).
"""

from collections.abc import Iterator, Sequence

from shared.documents.expected_lines_json import number_text, quantity_value
from shared.domain.expected.asked_sales import SaleAnswer
from shared.domain.expected.lines import ExpectedLine
from shared.domain.expected.questions import Answer, invoice_name
from shared.domain.expected.vendor_lines import PrintedLineAnswer
from shared.domain.expected.wording import arithmetic, sentence

_HEADINGS = (
    "",
    "Subscription",
    "Invoice",
    "Charge type",
    "First day",
    "Last day",
    "Share",
    "Quantity",
    "Unit price",
    "Amount",
    "",
)
_RIGHT = {0, 6, 7, 8, 9}
_OF_SEVERAL = 1
_INDENT = "    "


def answer_table(answer: Answer) -> str:
    """Return the answer as text, ending with a line break."""
    return "\n".join(line.rstrip() for line in _rows(answer)) + "\n"


def _rows(answer: Answer) -> Iterator[str]:
    if answer.question.title:
        yield answer.question.title
        yield ""
    lines = answer.expected.lines
    if lines:
        yield from _table(answer, lines)
    elif not (answer.printed or answer.sales):
        yield "No line."
    for number, printed in enumerate(answer.printed, 1):
        yield from _printed(number, printed)
    for number, sale in enumerate(answer.sales, 1):
        yield _sale(number, sale)
    for variant in answer.expected.variants:
        yield f"Rests on {variant}."
    for issue in answer.expected.issues:
        yield f"{issue.severity.value.capitalize()} {issue.code.value}: {issue.message} {issue.cure}"


def _table(answer: Answer, lines: Sequence[ExpectedLine]) -> Iterator[str]:
    cells = [_HEADINGS, *(_cells(number, line) for number, line in enumerate(lines, 1))]
    if len({line.subscription.id for line in lines}) == 1:
        cells = [row[:_OF_SEVERAL] + row[_OF_SEVERAL + 1 :] for row in cells]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    right = _RIGHT if len(cells[0]) == len(_HEADINGS) else {column - (column > _OF_SEVERAL) for column in _RIGHT}
    for number, row in enumerate(cells):
        yield "  ".join(
            text.rjust(width) if column in right else text.ljust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        if number:
            line = lines[number - 1]
            yield f"{_INDENT}{sentence(line, answer.question.language)}"
            yield f"{_INDENT}{arithmetic(line, answer.question.language)}"
    yield ""
    for total in answer.totals:
        yield f"Total {total}"
        if answer.question.tax is not None:
            tax = answer.tax_in(total.currency)
            yield f"{_INDENT}tax {tax}, {total + tax} in all"
    if len(answer.invoices) > 1:
        for each in answer.invoices:
            yield f"{_INDENT}invoice {each.invoice or '(none)'}: {each.total}"


def _cells(number: int, line: ExpectedLine) -> tuple[str, ...]:
    share = "" if line.part == line.whole else "/".join(str(quantity_value(each)) for each in line.share)
    return (
        str(number),
        line.subscription.id,
        invoice_name(line),
        line.charge_type,
        "" if line.start is None else line.start.isoformat(),
        "" if line.last_day is None else line.last_day.isoformat(),
        share,
        str(quantity_value(line.quantity)),
        number_text(line.price.listed),
        number_text(line.amount),
        line.currency,
    )


def _printed(number: int, answer: PrintedLineAnswer) -> Iterator[str]:
    name = f" {answer.line.name}" if answer.line.name else ""
    amount = f"{number_text(answer.line.amount)} {answer.line.printed.currency}"
    modes = ", ".join(mode.name for mode in answer.modes) or "no arithmetic that we know"
    yield f"Printed line {number}{name}: {amount} is what comes out by {modes}."
    if answer.index is not None and answer.difference is not None:
        found = "is equal to it" if not answer.difference else f"differs by {number_text(answer.difference)}"
        yield f"{_INDENT}Expected line {answer.index + 1} {found}."


def _sale(number: int, answer: SaleAnswer) -> str:
    name = f" {answer.asked.name}" if answer.asked.name else ""
    if answer.amount is None:
        return f"Sale {number}{name}: no amount, {answer.refusal}."
    margin = "" if answer.margin is None else f", {answer.margin} above the cost"
    return f"Sale {number}{name}: {answer.amount} by {answer.asked.entry.method.value}{margin}."
