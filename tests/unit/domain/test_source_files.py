"""Files together: the same content counts once, two versions of a document are refused, totals prove completeness."""

from collections import Counter
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.issues import Issue, IssueCode, Severity
from shared.domain.periods import BillingPeriod
from shared.domain.source_files import (
    ControlTotal,
    DocumentKey,
    DocumentSum,
    FileRead,
    SourceFiles,
    check_control_totals,
)
from shared.domain.source_lines import Family, SourceLine

MakeLine = Callable[..., SourceLine]
G1 = DocumentKey(Family.NEW_COMMERCE, "G001", "EUR")
NOTICE = Issue(code=IssueCode.COLUMN_UNKNOWN, severity=Severity.NOTICE, message="m", cure="c")


def _read(name: str, prints: set[int], **changed: Any) -> FileRead:
    values: dict[str, Any] = {"content_hash": name, "family": Family.NEW_COMMERCE, "fingerprints": frozenset(prints)}
    return FileRead(name=name, **{**values, **changed})


def _document(key: DocumentKey, rows: int, cost: str) -> FileRead:
    return _read(f"{key}", set(), documents={key: DocumentSum(rows, Decimal(cost))})


def test_a_file_is_taken_over_whole(licence: MakeLine) -> None:
    """Its lines and issues move; what was read stays known, without the lines."""
    files = SourceFiles()
    read = _read("a.csv", {1, 2}, lines=[licence()], issues=[NOTICE])

    assert files.take(read)
    assert ([licence()], [NOTICE], ["a.csv"]) == (files.lines, files.issues, [each.name for each in files.reads])
    assert ([], []) == (read.lines, read.issues)


def test_the_same_content_counts_once_whatever_its_name(licence: MakeLine) -> None:
    """A notice, and nothing else changes."""
    files = SourceFiles()
    files.take(_read("a.csv", {1}, content_hash="same", lines=[licence()]))
    taken = files.take(_read("b.csv", {1}, content_hash="same", lines=[licence()]))

    assert not taken
    assert 1 == len(files.lines)
    assert [(IssueCode.FILE_REPEATED, Severity.NOTICE, "b.csv")] == [(i.code, i.severity, i.file) for i in files.issues]


@pytest.mark.parametrize(
    ("prints", "taken"),
    [
        ({1, 2, 3, 9, 10, 11}, True),  # half of the smaller file: parts of one document may share that much
        ({1, 2, 3, 4, 9, 10}, False),
        ({1, 2}, False),  # all of a small file
        ({9}, True),
        (set(), True),
    ],
)
def test_another_version_of_a_document_is_refused(licence: MakeLine, prints: set[int], taken: object) -> None:
    """Over half of the smaller file's lines shared: refused. Some shared: a warning, and both count."""
    files = SourceFiles()
    files.take(_read("a.csv", {1, 2, 3, 4, 5, 6}, lines=[licence()]))

    assert taken is files.take(_read("b.csv", prints, lines=[licence()]))
    assert (2 if taken else 1) == len(files.lines)
    assert [issue.is_blocking for issue in files.issues] == ([not taken] if prints & {1, 2, 3, 4, 5, 6} else [])
    assert {issue.code for issue in files.issues} <= {IssueCode.FILE_OVERLAPS}


def test_files_of_two_families_never_repeat_each_other() -> None:
    """A fingerprint only means something within its family."""
    files = SourceFiles()
    files.take(_read("a.csv", {1}))

    assert files.repeated(_read("b.csv", {1}, family=Family.DAILY_USAGE)) is None
    assert files.repeated(_read("b.csv", {1})) is not None


def test_files_read_elsewhere_are_put_together(licence: MakeLine) -> None:
    """Lines, reads and issues of both."""
    left, right = SourceFiles(), SourceFiles()
    left.take(_read("a.csv", {1}, lines=[licence()]))
    right.take(_read("b.csv", {2}, lines=[licence(), licence()], issues=[NOTICE]))
    left.merge(right)

    assert (3, 2, [NOTICE]) == (len(left.lines), len(left.reads), left.issues)


def test_the_period_is_the_month_of_most_rows() -> None:
    """Over all files; of equally common months the earlier; none without a dated row."""
    september, october = date(2026, 9, 30), date(2026, 10, 1)
    first = _read("a", set(), days=Counter({september: 3, october: 2}))
    files = SourceFiles()

    assert files.period is None
    assert _read("x", set()).period is None

    files.take(first)
    files.take(_read("b", set(), days=Counter({october: 1})))

    assert BillingPeriod(2026, 9) == first.period
    assert BillingPeriod(2026, 9) == files.period
    assert Counter({BillingPeriod(2026, 9): 3, BillingPeriod(2026, 10): 2}) == first.months


def _control(cost: str | None = None, rows: int | None = None, number: str = "g001") -> ControlTotal:
    return ControlTotal(invoice_number=number, currency="EUR", cost=None if cost is None else Decimal(cost), rows=rows)


@pytest.mark.parametrize(
    ("control", "difference"),
    [
        (_control("10.01", 3), None),
        (_control("10.010"), None),
        (_control(rows=3), None),
        (_control("10.00"), "10.005 before tax instead of 10.00"),
        (_control("10.01", 4), "3 rows instead of 4"),
        (_control("9", 4), "3 rows instead of 4 and 10.005 before tax instead of 9"),
    ],
)
def test_a_documents_total_proves_that_it_is_complete(control: ControlTotal, difference: str | None) -> None:
    """Rows are compared exactly, the cost in cents; parts in several files are one document."""
    parts = [_document(G1, 1, "4.005"), _document(G1, 2, "6.00")]
    issues = check_control_totals(parts, [control])

    assert (difference is None) is (not issues)
    for issue in issues:
        assert (IssueCode.CONTROL_TOTAL_DIFFERS, True, "G001") == (issue.code, issue.is_blocking, issue.subject)
        assert f"new-commerce G001 in EUR does not add up: {difference}." == issue.message


@pytest.mark.parametrize("controls", [[], [_control()]])
def test_a_document_that_nothing_proves_is_said_to_be_unproven(controls: list[ControlTotal]) -> None:
    """A notice with its rows and cost; a control total that says nothing counts as none."""
    (issue,) = check_control_totals([_document(G1, 3, "10.005")], controls)

    assert (IssueCode.CONTROL_TOTAL_ABSENT, Severity.NOTICE) == (issue.code, issue.severity)
    assert "new-commerce G001 in EUR is complete: 3 rows, 10.005 before tax" in issue.message


def test_a_document_that_was_not_read_at_all_is_missed() -> None:
    """Its control total has nothing to compare with; a document without number is named as such."""
    unnumbered = ControlTotal(invoice_number="", currency="USD", rows=1)
    issues = check_control_totals([_document(G1, 3, "1")], [_control(rows=3), _control(number="G9"), unnumbered])

    assert ["the document without number in USD", "G9 in EUR"] == [i.message.split(" does")[0] for i in issues]
    assert all(issue.is_blocking for issue in issues)


def test_daily_usage_is_not_held_against_a_total() -> None:
    """Its cost is unrounded; and the total of an invoice that only its usage is known of is not missed."""
    daily = _document(DocumentKey(Family.DAILY_USAGE, "G001", "EUR"), 5, "1.23456")

    assert [] == check_control_totals([daily], [])
    assert [] == check_control_totals([daily], [_control("99")])


def test_a_document_without_number_is_named_by_family_and_currency() -> None:
    """Legacy licence files and unbilled lines have none."""
    assert "legacy-licence without invoice number in EUR" == str(DocumentKey(Family.LEGACY_LICENCE, "", "EUR"))


@pytest.mark.parametrize(
    ("lines", "currency", "total", "is_same"),
    [
        (("10.0021", "2.0028"), "EUR", "12.00", True),
        (("10.0021", "2.0028"), "EUR", "12.01", False),
        (("10.0021", "2.0030"), "EUR", "12.00", False),
        (("1000.2", "0.2"), "JPY", "1000", True),
    ],
)
def test_the_total_with_tax_is_held_against_the_invoice_to_the_cent(
    lines: tuple[str, ...], currency: str, total: str, *, is_same: bool
) -> None:
    """Lines of usage carry more digits than the total of Microsoft's invoice; they are rounded once, all together."""
    key = DocumentKey(Family.NEW_COMMERCE, "G001", currency)
    parts = [_read(str(number), set()) for number in range(len(lines))]
    for part, line in zip(parts, lines, strict=True):
        part.documents[key] = DocumentSum(rows=1, cost=Decimal(line), total=Decimal(line))
    stated = ControlTotal(invoice_number="G001", currency=currency, total=Decimal(total))

    assert is_same is not bool(check_control_totals(parts, [stated]))
