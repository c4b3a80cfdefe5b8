"""What both stores promise of source files, extracts and billing terms: which version counts, and when."""

import io
from dataclasses import replace

import pytest

from shared.domain.errors import ConflictError
from shared.domain.issues import Issue, IssueCode, Severity
from shared.domain.periods import BillingPeriod
from shared.domain.source_lines import Family
from shared.storage.ports import Blobs, Tables
from shared.storage.repositories.codec import read_whole
from shared.storage.repositories.source_files import Bundle, SourceFileRecord, SourceFileStore
from shared.storage.repositories.terms import TermsKind, TermsStore

SEPTEMBER, OCTOBER, NOVEMBER = BillingPeriod(2026, 9), BillingPeriod(2026, 10), BillingPeriod(2026, 11)
CUSTOMER = "0f3a21bc-1111-4222-8333-444455556666"
OLD, NEW = "a" * 64, "b" * 64


def record(name: str, content_hash: str, row_count: int = 1) -> SourceFileRecord:
    """Return what is recorded of a file."""
    return SourceFileRecord(
        name=name, content_hash=content_hash, family=Family.NEW_COMMERCE, row_count=row_count, customer_count=1
    )


@pytest.fixture
def files(own_tables: Tables, own_blobs: Blobs) -> SourceFileStore:
    """An empty store of source files."""
    return SourceFileStore(own_tables, own_blobs)


@pytest.fixture
def terms(own_tables: Tables, own_blobs: Blobs) -> TermsStore:
    """An empty store of billing terms."""
    return TermsStore(own_tables, own_blobs)


def keep(files: SourceFileStore, file: tuple[str, str], content: bytes) -> None:
    """Keep the customer's extract of a file, between those of two others."""
    before, after = b"of another customer", b"of a third"
    ranges = {
        "0" + CUSTOMER[1:-1]: (0, len(before)),
        CUSTOMER: (len(before), len(content)),
        "Z" + CUSTOMER: (len(before) + len(content), len(after)),
    }
    files.put_extracts(OCTOBER, file, Bundle(io.BytesIO(before + content + after), ranges))


def counting(files: SourceFileStore, *counts: tuple[str, str]) -> list[bytes]:
    """Return the content of the customer's extracts that count."""
    return [read_whole(each.open()) for each in files.extracts(OCTOBER, CUSTOMER, counts)]


def test_a_file_comes_back_as_delivered_under_any_name(files: SourceFileStore) -> None:
    """A name is a name: odd characters, spaces and other scripts do not meet in one file."""
    names = ["recon.csv", "Recon (1).csv", "Recon [1].csv", "Rechnung März.csv", "請求書.csv"]
    for name in names:
        files.put(OCTOBER, name, name.encode())
    found = [files.file(OCTOBER, name) for name in names]

    assert [name.encode() for name in names] == [read_whole(each.open()) for each in found if each is not None]
    assert names == [each.name for each in found if each is not None]
    assert files.file(NOVEMBER, names[0]) is None


def test_a_file_has_a_version_that_changes_with_every_put(files: SourceFileStore) -> None:
    """Also where the content stays the same."""
    versions = [files.version(OCTOBER, "recon.csv")]
    for content in (b"1", b"2", b"2"):
        files.put(OCTOBER, "recon.csv", content)
        versions.append(files.version(OCTOBER, "recon.csv"))

    assert versions[0] == ""
    assert len(set(versions)) == 4


def test_only_the_recorded_version_of_a_name_counts(files: SourceFileStore) -> None:
    """A replacement under the same name counts from its record on; the extracts before it never again."""
    for content_hash, content in ((OLD, b"old"), (NEW, b"new")):
        keep(files, ("recon.csv", content_hash), content)
        files.record(OCTOBER, record("recon.csv", content_hash), files.row(OCTOBER, "recon.csv"))

    assert [NEW] == [each.content_hash for each in files.records(OCTOBER)]
    assert counting(files, ("recon.csv", NEW)) == [b"new"]
    assert counting(files, ("recon.csv", OLD)) == [b"old"]
    assert counting(files) == []
    assert sorted(["0" + CUSTOMER[1:-1], CUSTOMER, "Z" + CUSTOMER]) == files.customers(OCTOBER)
    assert files.customers(NOVEMBER) == []


def test_the_same_content_under_two_names_counts_under_the_name_that_counts(files: SourceFileStore) -> None:
    """A file that was withdrawn and came again under another name is billed once."""
    for name in ("first.csv", "second.csv"):
        keep(files, (name, OLD), name.encode())

    assert counting(files, ("second.csv", OLD)) == [b"second.csv"]


def test_a_slow_reader_does_not_put_an_older_version_back(files: SourceFileStore) -> None:
    """The record is guarded by what was in force when the reading began."""
    before = files.row(OCTOBER, "recon.csv")
    files.record(OCTOBER, record("recon.csv", NEW), before)
    with pytest.raises(ConflictError):
        files.record(OCTOBER, record("recon.csv", OLD), before)
    stale = files.row(OCTOBER, "recon.csv")
    files.record(OCTOBER, record("recon.csv", NEW, 2), stale)
    with pytest.raises(ConflictError):
        files.record(OCTOBER, record("recon.csv", OLD), stale)

    assert [NEW] == [each.content_hash for each in files.records(OCTOBER)]


def test_a_withdrawn_file_counts_no_longer_and_is_remembered(files: SourceFileStore) -> None:
    """It can be withdrawn once; readmitted, it is as if it had never come."""
    assert not files.withdraw(OCTOBER, "recon.csv")

    files.record(OCTOBER, record("recon.csv", OLD), None)
    assert [True, False] == [files.withdraw(OCTOBER, "recon.csv") for _ in range(2)]
    assert files.records(OCTOBER) == []
    row = files.row(OCTOBER, "recon.csv")
    assert (row is not None and row.is_withdrawn, row and row.content_hash) == (True, OLD)

    files.readmit(OCTOBER, "recon.csv")
    assert files.row(OCTOBER, "recon.csv") is None
    files.record(OCTOBER, record("recon.csv", OLD), None)
    files.readmit(OCTOBER, "recon.csv")
    assert len(files.records(OCTOBER)) == 1


def test_a_refused_file_is_recorded_with_everything_about_it(files: SourceFileStore) -> None:
    """What is read back is what was written, issues and fingerprints included."""
    issue = Issue(code=IssueCode.FILE_OVERLAPS, severity=Severity.BLOCKING, message="m", cure="c", file="recon.csv")
    refused = replace(record("recon.csv", OLD), issues=(issue,), refused_for=issue, fingerprints=(1, 2**64 - 1))
    files.record(OCTOBER, refused, None)

    assert files.records(OCTOBER) == [refused]
    assert files.records(OCTOBER)[0].as_read().fingerprints == frozenset({1, 2**64 - 1})


@pytest.mark.parametrize("kind", [kind for kind in TermsKind if kind is not TermsKind.CONTROL_TOTALS])
def test_terms_are_in_force_from_their_period_on(terms: TermsStore, kind: TermsKind) -> None:
    """Until a later period brings its own; a period before has none."""
    assert terms.put(kind, OCTOBER, "my prices.csv", b"october")
    december = BillingPeriod(2026, 12)
    assert terms.put(kind, december, "prices.csv", b"december")

    assert terms.in_force(kind, SEPTEMBER) is None
    for period, content in ((OCTOBER, b"october"), (NOVEMBER, b"october"), (december, b"december")):
        version = terms.in_force(kind, period)
        assert version is not None
        assert content == read_whole(version.file.open())


def test_the_same_terms_again_are_nothing(terms: TermsStore) -> None:
    """Other content is; an old version can still be read by its hash."""
    kind = TermsKind.PRICE_LIST
    first = [terms.put(kind, OCTOBER, "prices.csv", content) for content in (b"1", b"1", b"2", b"1")]
    terms.put(kind, OCTOBER, "prices.csv", b"2")
    current = terms.in_force(kind, OCTOBER)

    assert first == [True, False, True, True]
    assert current is not None
    assert read_whole(current.file.open()) == b"2"
    old = "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"
    assert read_whole(terms.version(kind, old, "prices.csv").file.open()) == b"1"


def test_control_totals_speak_of_their_own_period_only(terms: TermsStore) -> None:
    """The totals of October prove nothing about November."""
    terms.put(TermsKind.CONTROL_TOTALS, OCTOBER, "totals.csv", b"october")
    found = [terms.in_force(TermsKind.CONTROL_TOTALS, period) for period in (SEPTEMBER, OCTOBER, NOVEMBER)]

    assert [False, True, False] == [version is not None for version in found]
