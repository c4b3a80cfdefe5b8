"""What the API shows of organisations, imports and tenants, as plain JSON values.

Not here: the values themselves (``shared/domain/organisations``).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from shared.domain.organisations.importing import Outcome, RowReport
from shared.domain.organisations.matching import Match
from shared.domain.organisations.organisation import Organisation
from shared.domain.snapshots.values import Tenant


def organisation_view(organisation: Organisation) -> dict[str, Any]:
    """Return an organisation; fields that are empty are left out."""
    return {name: value for name, value in asdict(organisation).items() if value}


def import_view(report: Sequence[RowReport], *, dry_run: bool) -> dict[str, Any]:
    """Return what an import did, or would do, row by row."""
    counts = Counter(row.outcome.value for row in report)
    return {
        "dry_run": dry_run,
        "counts": {outcome.value: counts[outcome.value] for outcome in Outcome},
        "rows": [
            {
                "line": row.line,
                "id": row.id,
                "outcome": row.outcome.value,
                "changed": list(row.changed),
                "problems": [asdict(problem) for problem in row.problems],
            }
            for row in report
        ],
    }


def match_view(match: Match, tenant: Tenant, organisations: Mapping[str, Organisation]) -> dict[str, Any]:
    """Return a tenant, what is known of it, and whom it may belong to."""
    return {
        "tenant": {"id": tenant.id, "name": tenant.name, "domain": tenant.domain},
        "state": match.state.value,
        "organisation_id": match.organisation_id,
        "candidates": [
            {
                "organisation_id": each.organisation_id,
                "name": organisations[each.organisation_id].name,
                "by": each.by.value,
                "confidence": each.confidence,
            }
            for each in match.candidates
        ],
    }
