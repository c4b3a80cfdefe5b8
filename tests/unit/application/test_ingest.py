"""Ingest: what is recorded of a file, and what keeps it from counting."""

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from local.demo.small_month import FOUR_CUSTOMERS, invoice_csv
from shared.application.ingest import ISSUES_KEPT_MAX, accept_source_file, ingest
from shared.application.messages import IngestMessage
from shared.domain.errors import InvalidError, NotFoundError
from shared.domain.issues import Issue, IssueCode, Severity
from shared.domain.periods import BillingPeriod
from shared.storage.repositories.source_files import SourceFileRecord

Office = Any  # what the conftest's fixture gives
OCTOBER = BillingPeriod(2026, 10)
ADATUM, CONTOSO, _, _ = FOUR_CUSTOMERS


def recorded(office: Office, name: str) -> SourceFileRecord:
    """Return what is recorded of the file."""
    found: SourceFileRecord = next(one for one in office.services.sources.records(OCTOBER) if one.name == name)
    return found


def test_a_file_is_laid_out_by_customer_with_its_sums(office: Office) -> None:
    """Rows, customers and documents are recorded; ingested again nothing changes."""
    office.upload()
    record = recorded(office, "first.csv")

    assert (record.row_count, record.customer_count, record.refused_for) == (2, 2, None)
    assert [(each.key.invoice_number, each.sum.rows, each.sum.cost) for each in record.documents] == [
        ("G000000001", 2, 104)
    ]
    assert record == ingest(office.services, IngestMessage(str(OCTOBER), "first.csv"))
    assert office.services.sources.customers(OCTOBER) == [ADATUM.customer_id, CONTOSO.customer_id]


def test_a_zip_with_several_files_is_refused(office: Office) -> None:
    """Which file a row came from must be told: one by one."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("a.csv", invoice_csv(str(OCTOBER), (ADATUM,)))
        archive.writestr("b.csv", invoice_csv(str(OCTOBER), (CONTOSO,)))
    office.upload_bytes("both.zip", target.getvalue())

    refused = recorded(office, "both.zip").refused_for
    assert refused is not None
    assert (refused.code, refused.file) == (IssueCode.FILE_DAMAGED, "both.zip")
    assert "Upload them one by one" in refused.message
    assert office.services.sources.customers(OCTOBER) == []


def test_a_file_of_another_month_counts_with_a_warning(office: Office) -> None:
    """It may be meant so; a person is told."""
    office.upload_bytes("september.csv", invoice_csv("2026-09", (ADATUM,)))
    record = recorded(office, "september.csv")

    assert record.refused_for is None
    assert [(IssueCode.PERIOD_OUTSIDE, Severity.WARNING)] == [(one.code, one.severity) for one in record.issues]


def test_what_blocks_everybody_is_kept_however_much_there_is_to_say(office: Office) -> None:
    """Of thousands of issues five hundred are kept, those that matter most first."""
    notice = Issue(code=IssueCode.ROW_TOTAL_DIFFERS, severity=Severity.WARNING, message="m", cure="c", customer_id="a")
    blocking = replace(notice, severity=Severity.BLOCKING, customer_id="", code=IssueCode.ROW_UNREADABLE)

    @contextmanager
    def lay_out(source: Any) -> Iterator[Any]:
        with office.services.formats.lay_out_source(source) as laid_out:
            laid_out.read.issues = [notice] * ISSUES_KEPT_MAX + [blocking]
            yield laid_out

    accept_source_file(office.services, OCTOBER, "first.csv", invoice_csv(str(OCTOBER), (ADATUM,)))
    record = ingest(office.laying_out(lay_out), IngestMessage(str(OCTOBER), "first.csv"))

    assert record is not None
    assert (len(record.issues), record.issues[0]) == (ISSUES_KEPT_MAX, blocking)


def test_a_refused_file_counts_when_the_other_is_gone(office: Office) -> None:
    """Ingested again it is looked at anew."""
    office.upload("a.csv", (ADATUM,))
    office.upload("b.csv", (ADATUM,))
    assert recorded(office, "b.csv").refused_for is not None

    office.services.sources.withdraw(OCTOBER, "a.csv")
    accept_source_file(office.services, OCTOBER, "b.csv", None)
    office.work()
    assert recorded(office, "b.csv").refused_for is None


@pytest.mark.parametrize("name", ["", ".hidden", "a/b", "a\\b", "a:b", "a?", "a.", "a ", "x" * 151])
def test_a_name_that_is_no_plain_file_name_is_refused(office: Office, name: str) -> None:
    """Before anything is kept."""
    with pytest.raises(InvalidError, match="is no plain file name"):
        accept_source_file(office.services, OCTOBER, name, b"x")

    assert list(office.stores.blobs.list("source-files")) == []


def test_a_file_that_is_not_there_is_told(office: Office) -> None:
    """When it is asked for, and when the worker comes too late."""
    with pytest.raises(NotFoundError, match="send it as the body"):
        accept_source_file(office.services, OCTOBER, "a.csv", None)
    with pytest.raises(NotFoundError, match="is not in the store"):
        ingest(office.services, IngestMessage(str(OCTOBER), "a.csv"))
