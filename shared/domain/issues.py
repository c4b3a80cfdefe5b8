"""Expected problems, as values: what is wrong, with what, where, and what to do about it.

A stage returns ``(results, issues)`` and goes on, so one bad row never hides the next and one customer never stops
the others. Severity decides what an issue blocks.

Not here: exceptions (see ``errors``), and who is told.
"""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """What an issue stops."""

    NOTICE = "notice"  # nothing: worth knowing
    WARNING = "warning"  # nothing, but a person should look before approving
    BLOCKING = "blocking"  # the approval of the customer it names (or of all, where it names none)


class IssueCode(StrEnum):
    """The closed list of expected problems; documents and the API show these names."""

    ROW_UNREADABLE = "ROW_UNREADABLE"
    VALUE_INVALID = "VALUE_INVALID"
    COLUMN_UNKNOWN = "COLUMN_UNKNOWN"
    COLUMN_MISSING = "COLUMN_MISSING"
    CHARGE_TYPE_UNKNOWN = "CHARGE_TYPE_UNKNOWN"
    ROW_TOTAL_DIFFERS = "ROW_TOTAL_DIFFERS"
    FILE_DAMAGED = "FILE_DAMAGED"
    FILE_REPEATED = "FILE_REPEATED"
    FILE_OVERLAPS = "FILE_OVERLAPS"
    CONTROL_TOTAL_DIFFERS = "CONTROL_TOTAL_DIFFERS"
    CONTROL_TOTAL_ABSENT = "CONTROL_TOTAL_ABSENT"
    PERIOD_OUTSIDE = "PERIOD_OUTSIDE"
    ESTIMATE = "ESTIMATE"
    USAGE_DETAIL_DIFFERS = "USAGE_DETAIL_DIFFERS"
    PRICE_MISSING = "PRICE_MISSING"
    PRICE_BASE_MISSING = "PRICE_BASE_MISSING"
    PRICE_ROW_PASSED_OVER = "PRICE_ROW_PASSED_OVER"
    CREDIT_NEEDS_RULE = "CREDIT_NEEDS_RULE"
    CYCLE_UNKNOWN = "CYCLE_UNKNOWN"
    PRORATION_DIFFERS = "PRORATION_DIFFERS"
    SALE_BELOW_COST = "SALE_BELOW_COST"
    SALE_BELOW_FLOOR = "SALE_BELOW_FLOOR"
    SALE_ABOVE_CAP = "SALE_ABOVE_CAP"
    PROMOTION_UNKNOWN = "PROMOTION_UNKNOWN"
    RATE_MISSING = "RATE_MISSING"
    RATE_STALE = "RATE_STALE"
    EVENT_IGNORED = "EVENT_IGNORED"
    USAGE_IGNORED = "USAGE_IGNORED"
    RETURN_LIMIT_EXCEEDED = "RETURN_LIMIT_EXCEEDED"
    CHANGE_REFUSED = "CHANGE_REFUSED"
    CHANGE_UNUSUAL = "CHANGE_UNUSUAL"
    CUSTOMER_PARKED = "CUSTOMER_PARKED"
    TENANT_UNMATCHED = "TENANT_UNMATCHED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One expected problem. *cure* tells a person what to do; *value* is shown as it was delivered."""

    code: IssueCode
    severity: Severity
    message: str
    cure: str
    customer_id: str = ""
    subject: str = ""
    file: str = ""
    line: int = 0
    column: str = ""
    value: str = ""
    count: int = 1

    @property
    def is_blocking(self) -> bool:
        """Whether somebody's approval has to wait for this."""
        return self.severity is Severity.BLOCKING

    def __str__(self) -> str:
        where = ":".join(part for part in (self.file, str(self.line) if self.line else "", self.column) if part)
        return f"{where + ': ' if where else ''}{self.message} {self.cure}"
