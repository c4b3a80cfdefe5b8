"""What the API shows of runs, source files and exports, as plain JSON values: amounts as text, never as floats.

Not here: the stored values themselves.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from shared.domain.issues import Issue
from shared.domain.money import Money
from shared.storage.repositories.exports import Export
from shared.storage.repositories.runs import CustomerOutcome, Run
from shared.storage.repositories.source_files import SourceFileRecord

ISSUES_SHOWN_MAX = 200


def money_view(amounts: Iterable[Money]) -> dict[str, str]:
    """Return the amounts by currency, rounded to its minor unit."""
    return {amount.currency: f"{amount.rounded().amount:f}" for amount in amounts}


def issue_view(issue: Issue) -> dict[str, Any]:
    """Return an issue without its empty fields."""
    fields = {
        "code": issue.code.value,
        "severity": issue.severity.value,
        "message": issue.message,
        "cure": issue.cure,
        "customer_id": issue.customer_id,
        "subject": issue.subject,
        "file": issue.file,
        "line": issue.line,
        "column": issue.column,
        "value": issue.value,
    }
    return {name: value for name, value in fields.items() if value}


def run_view(run: Run, outcomes: Sequence[CustomerOutcome]) -> dict[str, Any]:
    """Return how far the run is, its sums, each customer's outcome, and the issues that matter most first."""
    issues = [*run.issues, *(issue for outcome in outcomes for issue in outcome.issues)]
    issues.sort(key=lambda issue: not issue.is_blocking)
    return {
        "id": run.id,
        "period": str(run.period),
        "state": run.state.value,
        "customer_count": len(run.customers),
        "billed_count": len(outcomes),
        "parked_count": sum(outcome.is_parked for outcome in outcomes),
        "sales": money_view(run.sales),
        "costs": money_view(run.costs),
        "approved_by": run.approved_by,
        "customers": [outcome_view(outcome) for outcome in outcomes],
        "issue_counts": dict(sorted(Counter(issue.code.value for issue in issues).items())),
        "issues": [issue_view(issue) for issue in issues[:ISSUES_SHOWN_MAX]],
    }


def outcome_view(outcome: CustomerOutcome) -> dict[str, Any]:
    """Return what came out for one customer."""
    return {
        "customer_id": outcome.customer_id,
        "customer_name": outcome.customer_name,
        "is_parked": outcome.is_parked,
        "invoices": list(outcome.invoices),
        "sales": money_view(outcome.sales),
        "costs": money_view(outcome.costs),
        "uncharged_costs": money_view(outcome.uncharged_costs),
        "issue_count": len(outcome.issues),
    }


def source_file_view(record: SourceFileRecord) -> dict[str, Any]:
    """Return what is recorded of a source file."""
    return {
        "name": record.name,
        "family": record.family.value,
        "content_hash": record.content_hash,
        "row_count": record.row_count,
        "customer_count": record.customer_count,
        "is_refused": record.refused_for is not None,
        "documents": [
            {
                "invoice_number": document.key.invoice_number,
                "currency": document.key.currency,
                "row_count": document.sum.rows,
                "cost": f"{document.sum.cost:f}",
            }
            for document in record.documents
        ],
        "issues": [issue_view(issue) for issue in record.issues[:ISSUES_SHOWN_MAX]],
    }


def export_view(export: Export, link: str) -> dict[str, Any]:
    """Return a file and the link to it."""
    return {
        "scope": export.scope,
        "label": export.label,
        "currency": export.currency,
        "format": export.format,
        "file_name": export.file_name,
        "link": link,
    }
