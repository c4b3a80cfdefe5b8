"""Where rows arrive, whatever container they came in: made into lines, summed up, checked, and counted.

One sink serves one file. Problems are collected with a cap for each kind, so that a file with a million bad rows makes
twenty readable issues and a count, not a million.

Not here: the fast path of daily usage (``daily_usage``), which uses this sink for everything but the adding.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Protocol

from shared.domain.charge_types import ChargeKind
from shared.domain.issues import Issue, IssueCode, Severity
from shared.domain.keys import line_identity
from shared.domain.money import exact_sum
from shared.domain.source_files import DocumentKey, DocumentSum, FileRead
from shared.domain.source_lines import Family, Origin, SourceLine
from shared.domain.usage_folding import Counted, UsageFolds
from shared.partner_center.source_files.columns import Columns, folded_header
from shared.partner_center.source_files.fingerprints import Fingerprints
from shared.partner_center.source_files.mapping import (
    Texts,
    ValueProblem,
    Values,
    check_usage,
    row_sums_differ,
    source_line,
)

Boundaries = Callable[[SourceLine], Sequence[date]]
ISSUES_SHOWN_MAX = 20
"""For each kind of problem in a file; the rest is counted in the last one shown."""


class RowTaker(Protocol):
    """Takes each row as delivered, beside what is read of it."""

    def begin_csv(self, headers: Sequence[str]) -> None:
        """Take the header of a CSV."""
        ...

    def csv_row(self, customer_id: str, row: Sequence[str], line: int) -> None:
        """Take a row of a CSV."""
        ...

    def json_row(self, customer_id: object, row: bytes, line: int) -> None:
        """Take a row of a JSON lines file."""
        ...

    def json_rows(self, customer_ids: Sequence[str], chunk: bytes, starts: Sequence[int], line: int) -> None:
        """Take the rows of a chunk; see ``splitting``."""
        ...


def no_boundaries(_: SourceLine) -> Sequence[date]:
    """No price changes within the period."""
    return ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader is told: where prices change within the month, and what earlier files of the month left.

    *known* are the folds that they described, *texts* what they read: each text is kept once. Without *keeps_lines* a
    file is only checked, counted and fingerprinted, and memory does not grow with its rows. *extracts* take each row.
    One that *reads_ahead* unpacks in a thread of its own: worth it where a file is read alone, not beside others.
    """

    boundaries: Boundaries = no_boundaries
    known: UsageFolds | None = None
    texts: Texts | None = None
    keeps_lines: bool = True
    extracts: RowTaker | None = None
    reads_ahead: bool = False


class RowSink:
    """Collects one file. Call ``finish`` once, after the last row."""

    def __init__(self, file: str, columns: Columns, headers: Sequence[str], terms: Reading) -> None:
        self.file = file
        self.columns = columns
        self.fields = columns.fields(headers)
        self.read = FileRead(
            name=file, content_hash="", family=columns.family, folds=UsageFolds(terms.boundaries, terms.known)
        )
        self.extracts = terms.extracts
        self._keeps_lines = terms.keeps_lines
        self._prints = Fingerprints()
        self._known_headers = set(headers)
        self._seen: Counter[IssueCode] = Counter()
        self._left_out: Counter[IssueCode] = Counter()
        self._blocked: set[str] = set()
        self._texts = Texts() if terms.texts is None else terms.texts
        self._report_unknown(headers)

    @property
    def is_folded(self) -> bool:
        """Whether this family's rows are added up instead of kept one by one."""
        return self.columns.family is Family.DAILY_USAGE

    def headers_seen(self, headers: Iterable[str]) -> None:
        """Report columns of a later row that the first did not have, and use them if they are known."""
        fresh = [header for header in headers if header not in self._known_headers]
        if fresh:
            self._known_headers.update(fresh)
            self.fields = {**self.columns.fields(fresh), **self.fields}
            self._report_unknown(fresh)

    def add(self, delivered: Mapping[str, object], line: int) -> None:
        """Take a row, by delivered header."""
        values = self.by_field(delivered)
        made = self.line(values, line)
        if made is not None:
            if self._keeps_lines:
                self.read.lines.append(made)
            self._prints.add(line_identity(made))  # without amounts: a restated line is recognised
            self._count(made.invoice_number, made.cost.currency, 1, made.cost.amount, _with_tax(made))
            day = made.ordered_on or (made.charge.start if made.charge else None)
            if day is not None and made.kind is not ChargeKind.CREDIT:
                self.read.days[day] += 1

    def by_field(self, delivered: Mapping[str, object]) -> Values:
        """Return the row's values by field name."""
        return {field: delivered.get(header) for field, header in self.fields.items()}

    def line(self, values: Values, line: int) -> SourceLine | None:
        """Return the row as a source line, or None after reporting what is wrong with it."""
        origin = Origin(file=self.file, line=_line_in_original(values, line))
        try:
            made = source_line(values, self.columns.family, origin, self._texts)
        except ValueProblem as problem:
            self.bad_value(line, values, problem)
            return None
        differs = row_sums_differ(values, made)
        if differs:
            self._row_total_differs(made, differs)
        return made

    def counted(self, values: Values, line: int) -> Counted | None:
        """Return what there is to count of a row of daily usage, or None after reporting what is wrong with it.

        The row is looked at as closely as ``line`` does, at a fraction of the effort.
        """
        try:
            currency = check_usage(values)
        except ValueProblem as problem:
            self.bad_value(line, values, problem)
            return None
        return Counted(self._texts[str(values.get("invoice_number") or "")], currency)

    def finish(self) -> FileRead:
        """Return everything that was collected."""
        for part in self.read.folds.parts():
            self._count(part.kind.invoice_number, part.kind.currency, part.count, part.cost)
            self.read.days[date.fromisoformat(part.first_on)] += part.count
        self._count_left_out()
        for text in self.read.folds.fingerprints():
            self._prints.add(text)
        self.read.fingerprints = self._prints.all()
        return self.read

    def _count_left_out(self) -> None:
        """Let the last issue shown of each kind stand for those that were not."""
        issues = self.read.issues
        for code, left_out in self._left_out.items():
            last = max(index for index, issue in enumerate(issues) if issue.code is code)
            issues[last] = replace(issues[last], count=1 + left_out)

    def _count(
        self, invoice_number: str, currency: str, rows: int, cost: Decimal, total: Decimal | None = None
    ) -> None:
        key = DocumentKey(self.columns.family, invoice_number, currency)
        self.read.documents.setdefault(key, DocumentSum()).add(rows, cost, total)
        self.read.row_count += rows

    def bad_value(self, line: int, values: Values, problem: ValueProblem) -> None:
        """Report a value that cannot be read; its row is left out."""
        column = self.fields.get(problem.field, self.columns.name_of.get(problem.field, problem.field))
        value = str(problem.value)[:80]
        self.report(
            IssueCode.VALUE_INVALID,
            Severity.BLOCKING,
            f"'{value}' {problem.reason}" if value else problem.reason,
            "Correct it at the source or download the file again; the row was left out.",
            line=_line_in_original(values, line),
            column=column,
            value=value,
            customer_id=str(values.get("customer_id") or ""),
        )

    def unreadable(self, line: int, value: str, reason: str) -> None:
        """Report a row that is no row at all."""
        self.report(
            IssueCode.ROW_UNREADABLE,
            Severity.BLOCKING,
            reason,
            "Download the file again; the row was left out.",
            line=line,
            value=value,
        )

    def wrong_width(self, line: int, row: Sequence[str], width: int) -> None:
        """Report a row with too few or too many values; mostly the last one of a file that was cut off."""
        self.unreadable(line, ",".join(row)[:80], f"The row has {len(row)} values instead of {width}.")

    def no_final_line_break(self) -> None:
        """Say that the last line is unfinished: it was read, but the file may have been cut inside its last value."""
        self.report(
            IssueCode.FILE_DAMAGED,
            Severity.NOTICE,
            "The last line has no line break: the file may have been cut off there.",
            "Compare its total with Microsoft's invoice.",
        )

    def report(  # noqa: PLR0913 - an issue is a wide value; all but three are named
        self,
        code: IssueCode,
        severity: Severity,
        message: str,
        cure: str,
        *,
        line: int = 0,
        column: str = "",
        value: str = "",
        customer_id: str = "",
    ) -> None:
        """Add an issue, or only count it once twenty of its kind are shown (each blocked customer is always named)."""
        self._seen[code] += 1
        blocks_somebody_new = severity is Severity.BLOCKING and customer_id not in self._blocked
        if self._seen[code] > ISSUES_SHOWN_MAX and not blocks_somebody_new:
            self._left_out[code] += 1
            return
        if blocks_somebody_new:
            self._blocked.add(customer_id)
        self.read.issues.append(
            Issue(
                code=code,
                severity=severity,
                message=message,
                cure=cure,
                customer_id=customer_id,
                file=self.file,
                line=line,
                column=column,
                value=value,
            )
        )

    def _row_total_differs(self, made: SourceLine, differs: str) -> None:
        self.report(
            IssueCode.ROW_TOTAL_DIFFERS,
            Severity.WARNING,
            f"In this row {differs}.",
            "The amount before tax was taken as the cost; compare the row with Microsoft's invoice.",
            line=made.origin.line,
            customer_id=made.customer_id,
        )

    def _report_unknown(self, headers: Iterable[str]) -> None:
        for header in self.columns.unknown(headers):
            if folded_header(header):
                self.report(
                    IssueCode.COLUMN_UNKNOWN,
                    Severity.NOTICE,
                    f"The column {header[:80]} is not known yet; it is kept in the file and used for nothing.",
                    "Nothing to do for this month; report the column so that it gets a meaning.",
                    column=header[:80],
                )


def _with_tax(line: SourceLine) -> Decimal | None:
    if line.total is not None or line.tax is None:
        return line.total
    return exact_sum((line.cost.amount, line.tax))


def _line_in_original(values: Values, line: int) -> int:
    """Return the number of the row's line in the file as delivered, which a customer's extract tells of each row."""
    told = str(values.get("origin_line") or "")
    return int(told) if told.isascii() and told.isdigit() and len(told) < 16 else line
