"""Organisations, and what people decided about tenants. A row is written only where it says something new.

Not here: matching (``shared/domain/organisations``), tenants (``synced``).
"""

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from shared.domain.organisations.organisation import Organisation
from shared.storage.ports import TRANSACTION_ENTITIES_MAX, Entity, Operation, Tables
from shared.storage.repositories.codec import packed, table_key, unpacked

ORGANISATIONS, DECISIONS = "organisations", "tenantdecisions"
_PARTITION = "organisation"
_TENANTS = "tenant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A person's word on a tenant: the organisation, or "" for nobody of ours."""

    tenant_id: str
    organisation_id: str
    decided_by: str
    reason: str = ""


class OrganisationStore:
    """All organisations and decisions."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def all(self) -> dict[str, Organisation]:
        """Return every organisation by id."""
        found = (unpacked(_content(row.values["content"]), Organisation) for row in self._rows())
        return {each.id: each for each in found}

    def is_empty(self) -> bool:
        """Whether no organisation was ever given."""
        return next(self._rows(), None) is None

    def keep_all(self, organisations: Iterable[Organisation]) -> None:
        """Write organisations as they are now, many at a time; of two with one id the later counts.

        Raises:
            LimitError: one is larger than a row; those before it may be written.
        """
        steps = {table_key(each.id): {"content": base64.b64encode(packed(each)).decode()} for each in organisations}
        operations = (Operation("upsert", key, values) for key, values in steps.items())
        while batch := list(islice(operations, TRANSACTION_ENTITIES_MAX)):
            self._tables.transact(ORGANISATIONS, _PARTITION, batch)

    def decisions(self) -> dict[str, Decision]:
        """Return every decision by tenant id."""
        rows = self._tables.query(DECISIONS, _TENANTS)
        return {
            row.row: Decision(
                tenant_id=row.row,
                organisation_id=str(row.values["organisation_id"]),
                decided_by=str(row.values["decided_by"]),
                reason=str(row.values["reason"]),
            )
            for row in rows
        }

    def decide(self, decision: Decision) -> None:
        """Keep a decision in the place of the one before."""
        values = {name: getattr(decision, name) for name in ("organisation_id", "decided_by", "reason")}
        self._tables.upsert(DECISIONS, _TENANTS, decision.tenant_id, values)

    def undecide(self, tenant_id: str) -> None:
        """Forget the decision on a tenant, so that it is matched by rule again."""
        self._tables.delete(DECISIONS, _TENANTS, tenant_id)

    def _rows(self) -> Iterator[Entity]:
        return iter(self._tables.query(ORGANISATIONS, _PARTITION))


def _content(value: object) -> bytes:
    return base64.b64decode(str(value))
