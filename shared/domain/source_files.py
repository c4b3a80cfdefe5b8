"""Source files: what reading one gave, whether files repeat each other, and whether they are complete.

A file counts whole or not at all. Files that hold the same rows again are told by the fingerprints of their lines:
the same content is read once, and another version of a document is refused rather than billed twice. Completeness is
proven by control totals (the count and sum that Microsoft's invoice states); without one it is said that nothing
proves it.

Not here: reading (``shared/partner_center/source_files``), prices.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import BinaryIO, Protocol

from shared.domain.issues import Issue, IssueCode, Severity
from shared.domain.money import EXACT, Money
from shared.domain.periods import BillingPeriod
from shared.domain.source_lines import Family, SourceLine
from shared.domain.usage_folding import UsageFolds

OVERLAP_SHARE_MAX = Decimal("0.5")
"""Parts of one document share (almost) no line; two versions of it share nearly all. Half tells them apart safely."""


@dataclass(frozen=True, slots=True, order=True)
class DocumentKey:
    """One Microsoft document within a family: its invoice number ("" for unbilled and legacy licence) and currency."""

    family: Family
    invoice_number: str
    currency: str

    def __str__(self) -> str:
        return f"{self.family} {self.invoice_number or 'without invoice number'} in {self.currency}"


@dataclass(slots=True)
class DocumentSum:
    """How many rows of a document were read, their exact cost before tax, and what they add up to with tax.

    *total* is None once a row did not say what it is with tax.
    """

    rows: int = 0
    cost: Decimal = Decimal(0)
    total: Decimal | None = None

    def add(self, rows: int, cost: Decimal, total: Decimal | None = None) -> None:
        """Take over rows, their cost and total."""
        known = self.total if self.rows else Decimal(0)
        self.rows += rows
        self.cost = EXACT.add(self.cost, cost)
        self.total = None if known is None or total is None else EXACT.add(known, total)


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlTotal:
    """What Microsoft says a document holds: *rows*, *cost* before tax, *total* with tax; None: not said."""

    invoice_number: str
    currency: str
    cost: Decimal | None = None
    rows: int | None = None
    total: Decimal | None = None


@dataclass(slots=True, kw_only=True)
class FileRead:
    """Everything one file gave. *fingerprints* are 64-bit numbers, one for each line or fold."""

    name: str
    content_hash: str
    family: Family
    row_count: int = 0
    lines: list[SourceLine] = field(default_factory=list)
    folds: UsageFolds = field(default_factory=UsageFolds)
    documents: dict[DocumentKey, DocumentSum] = field(default_factory=dict)
    days: Counter[date] = field(default_factory=Counter)
    issues: list[Issue] = field(default_factory=list)
    fingerprints: frozenset[int] = frozenset()

    @property
    def months(self) -> Counter[BillingPeriod]:
        """How many rows lie in each month."""
        months: Counter[BillingPeriod] = Counter()
        for day, rows in self.days.items():
            months[BillingPeriod.of(day)] += rows
        return months

    @property
    def period(self) -> BillingPeriod | None:
        """The month in which most of the rows lie, or None for rows without dates."""
        return _most(self.months)


class Opened(Protocol):
    """A file to be read: its name for messages, and its bytes (opened anew by each call)."""

    @property
    def name(self) -> str:
        """The name to show, without folders."""
        ...

    def open(self) -> BinaryIO:
        """Return the content from its start; the caller closes it."""
        ...


def outside_period(read: FileRead, period: BillingPeriod) -> Issue | None:
    """Return a warning where most rows lie in another month than *period* (legacy months run by anniversary)."""
    if read.period in {None, period} or read.family.has_anniversary_months:
        return None
    return Issue(
        code=IssueCode.PERIOD_OUTSIDE,
        severity=Severity.WARNING,
        message=f"Most rows of {read.name} lie in {read.period}, but it was given for {period}.",
        cure="If that is a mistake, give the file for its own period.",
        file=read.name,
    )


class SourceFiles:
    """All files of a month put together, each counted once; the state between reading and billing."""

    def __init__(self) -> None:
        self.reads: list[FileRead] = []
        self.lines: list[SourceLine] = []
        self.folds = UsageFolds()
        self.issues: list[Issue] = []

    def take(self, read: FileRead) -> bool:
        """Take over a file that was read whole, and say whether it counts.

        The same content again is left out with a notice. Another version of a document that is there already is left
        out with a blocking issue, because which of the two is right is for a person to say.
        """
        repeated = self.repeated(read)
        if repeated is not None:
            self.issues.append(repeated)
            return False
        self.lines.extend(read.lines)
        self.folds.merge(read.folds)
        self.issues.extend([*read.issues, *self.alike(read)])
        read.lines, read.folds, read.issues = [], UsageFolds(), []
        self.reads.append(read)
        return True

    def repeated(self, read: FileRead) -> Issue | None:
        """Return what is to be said of a file that repeats one taken earlier, or None."""
        return next(filter(None, (_repeats(read, earlier) for earlier in self.reads)), None)

    def alike(self, read: FileRead) -> list[Issue]:
        """Return a warning for each file taken earlier that shares a few lines with this one, which both count."""
        return list(filter(None, (_shares_lines(read, earlier) for earlier in self.reads)))

    def merge(self, other: "SourceFiles") -> None:
        """Take over files read elsewhere, none of which repeats one here; *other* must not be used again."""
        for read in other.reads:
            self.issues.extend(self.alike(read))
        self.reads.extend(other.reads)
        self.lines.extend(other.lines)
        self.folds.merge(other.folds)
        self.issues.extend(other.issues)

    @property
    def period(self) -> BillingPeriod | None:
        """The month in which most rows of all files lie, or None without any dated row."""
        months: Counter[BillingPeriod] = Counter()
        for read in self.reads:
            months.update(read.months)
        return _most(months)


def check_control_totals(reads: Iterable[FileRead], controls: Sequence[ControlTotal]) -> list[Issue]:
    """Return what does not add up between the documents read and what Microsoft says of them.

    Every document without a control total gets a notice: nothing proves that it is complete. Daily usage has none of
    its own, because its cost is unrounded; it is compared with the invoice's lines instead (see ``usage_detail``).
    """
    sums = _document_sums(reads)
    stated = {(control.invoice_number.casefold(), control.currency): control for control in controls}
    issues = []
    for key in sorted(sums):
        if key.family is Family.DAILY_USAGE:
            continue
        control = stated.pop((key.invoice_number.casefold(), key.currency), None)
        issues.extend(_compare(key, sums[key], control))
    daily = {key.invoice_number.casefold() for key in sums if key.family is Family.DAILY_USAGE}
    for (number, _), control in sorted(stated.items()):
        is_told = number not in daily or bool(control.total)
        is_nothing = control.total is not None and not control.total and not control.cost and not control.rows
        if is_told and not is_nothing:
            issues.append(_document_absent(control))
    return issues


def with_invoice_totals(controls: Iterable[ControlTotal], totals: Iterable[ControlTotal]) -> list[ControlTotal]:
    """Return what people said of documents together with the *totals* of Microsoft's own invoices."""
    stated = {(control.invoice_number.casefold(), control.currency): control for control in controls}
    for total in totals:
        key = total.invoice_number.casefold(), total.currency
        stated[key] = replace(stated.get(key, total), total=total.total)
    return list(stated.values())


def _most(months: Counter[BillingPeriod]) -> BillingPeriod | None:
    return min(months, key=lambda month: (-months[month], month), default=None)


def _repeats(read: FileRead, earlier: FileRead) -> Issue | None:
    if read.content_hash == earlier.content_hash:
        return Issue(
            code=IssueCode.FILE_REPEATED,
            severity=Severity.NOTICE,
            message=f"{read.name} has the same content as {earlier.name}; it was counted once.",
            cure="Nothing to do.",
            file=read.name,
        )
    shared = len(read.fingerprints & earlier.fingerprints)
    smaller = min(len(read.fingerprints), len(earlier.fingerprints))
    if read.family is not earlier.family or shared <= OVERLAP_SHARE_MAX * smaller:
        return None
    return Issue(
        code=IssueCode.FILE_OVERLAPS,
        severity=Severity.BLOCKING,
        message=f"{read.name} repeats {shared} of the {smaller} lines of {earlier.name}: two versions of one document. "
        f"Only {earlier.name} was counted.",
        cure="Give only the version that Microsoft published last.",
        file=read.name,
    )


def _shares_lines(read: FileRead, earlier: FileRead) -> Issue | None:
    shared = len(read.fingerprints & earlier.fingerprints)
    if not shared or read.family is not earlier.family:
        return None
    return Issue(
        code=IssueCode.FILE_OVERLAPS,
        severity=Severity.WARNING,
        message=f"{read.name} and {earlier.name} share {shared} lines that look equal; all of them were counted.",
        cure="Make sure that they are parts of one document, not two downloads of the same rows.",
        file=read.name,
    )


def _document_sums(reads: Iterable[FileRead]) -> Mapping[DocumentKey, DocumentSum]:
    sums: dict[DocumentKey, DocumentSum] = {}
    for read in reads:
        for key, part in read.documents.items():
            whole = sums.setdefault(key, DocumentSum())
            whole.add(part.rows, part.cost, part.total)
    return sums


def _compare(key: DocumentKey, found: DocumentSum, control: ControlTotal | None) -> list[Issue]:
    if control is None or (control.cost is None and control.rows is None and control.total is None):
        return [
            Issue(
                code=IssueCode.CONTROL_TOTAL_ABSENT,
                severity=Severity.NOTICE,
                message=f"Nothing proves that {key} is complete: {found.rows} rows, {found.cost:f} before tax.",
                cure="Compare with Microsoft's invoice, or give its total as a control total.",
                subject=key.invoice_number,
            )
        ]
    differences = []
    if control.rows is not None and control.rows != found.rows:
        differences.append(f"{found.rows} rows instead of {control.rows}")
    if control.cost is not None and Money(found.cost, key.currency).rounded().amount != control.cost:
        differences.append(f"{found.cost:f} before tax instead of {control.cost:f}")
    if control.total is not None and not _same_to_the_cent(found.total, control.total, key.currency):
        said = "nothing" if found.total is None else f"{found.total:f}"
        differences.append(f"{said} with tax instead of the {control.total:f} of Microsoft's invoice")
    if not differences:
        return []
    return [_total_differs(str(key), key.invoice_number, " and ".join(differences))]


def _same_to_the_cent(found: Decimal | None, stated: Decimal, currency: str) -> bool:
    """Whether amounts agree as an invoice shows them: lines of usage may carry more digits than their total."""
    return found is not None and Money(found, currency).rounded() == Money(stated, currency).rounded()


def _document_absent(control: ControlTotal) -> Issue:
    what = f"{control.invoice_number or 'the document without number'} in {control.currency}"
    return _total_differs(what, control.invoice_number, "no row of it was read")


def _total_differs(what: str, subject: str, difference: str) -> Issue:
    return Issue(
        code=IssueCode.CONTROL_TOTAL_DIFFERS,
        severity=Severity.BLOCKING,
        message=f"{what} does not add up: {difference}.",
        cure="A file is cut off, missing or of another version: download it again, and give all of its parts.",
        subject=subject,
    )
