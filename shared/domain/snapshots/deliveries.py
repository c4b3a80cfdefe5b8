"""What is asked of Microsoft's billing exports, and what they offer to read.

Not here: asking (``shared/partner_center/billing_exports``), what is kept of it (``shared/application/deliveries``).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ExportKind(StrEnum):
    """The four exports. Billed ones are asked for by invoice, unbilled ones by currency and period."""

    BILLED_RECONCILIATION = "reconciliation/billed"
    UNBILLED_RECONCILIATION = "reconciliation/unbilled"
    BILLED_USAGE = "usage/billed"
    UNBILLED_USAGE = "usage/unbilled"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    """One export: of *invoice_id*, or of everything unbilled in *currency* and *span* ("current" or "last" month)."""

    kind: ExportKind
    invoice_id: str = ""
    currency: str = ""
    span: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in (self.kind, self.invoice_id, self.currency, self.span) if part)


@dataclass(frozen=True, slots=True)
class ExportRunning:
    """Microsoft still prepares the export; ask again after *retry_after_s* seconds."""

    retry_after_s: int


@dataclass(frozen=True, slots=True)
class ExportFailed:
    """Microsoft could not make the export. Code "5000" says that there are no data (yet)."""

    code: str
    message: str

    @property
    def is_empty(self) -> bool:
        """Whether there is just nothing to read."""
        return self.code == "5000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A finished export: the parts by name, in order. *etag* changes when, and only when, the data did.

    *root* and *token* make the address of a part and are secrets: they are in no log, error or ``repr``.
    """

    id: str
    etag: str
    data_format: str
    created_at: datetime
    parts: tuple[str, ...]
    part_count: int
    root: str
    token: str

    def __repr__(self) -> str:
        return f"Manifest({self.id}, {self.etag}, {self.part_count} parts)"


ExportState = ExportRunning | ExportFailed | Manifest
