"""Checks: the traffic lights on a summary, made from what is known to be wrong.

A light is a colour and a word, so it can be read in print. A customer's lights name no issue: issues speak of cost.

Not here: finding what is wrong (the domain does), and showing the lights.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shared.documents.styles import Style
from shared.domain.invoices import Invoice, InvoiceState
from shared.domain.issues import Issue, IssueCode, Severity
from shared.domain.money import Money
from shared.domain.redaction import CustomerLine


@dataclass(frozen=True, slots=True)
class Check:
    """One light: what was checked, its colour, and what was found."""

    name: str
    light: Style
    finding: str


_GROUPS: tuple[tuple[str, tuple[IssueCode, ...]], ...] = (
    (
        "Microsoft's files are whole",
        (
            IssueCode.ROW_UNREADABLE,
            IssueCode.VALUE_INVALID,
            IssueCode.COLUMN_UNKNOWN,
            IssueCode.COLUMN_MISSING,
            IssueCode.FILE_DAMAGED,
            IssueCode.FILE_REPEATED,
            IssueCode.FILE_OVERLAPS,
        ),
    ),
    (
        "Microsoft's totals agree",
        (
            IssueCode.ROW_TOTAL_DIFFERS,
            IssueCode.CONTROL_TOTAL_DIFFERS,
            IssueCode.CONTROL_TOTAL_ABSENT,
            IssueCode.USAGE_DETAIL_DIFFERS,
            IssueCode.PERIOD_OUTSIDE,
        ),
    ),
    (
        "Every line has a price",
        (
            IssueCode.PRICE_MISSING,
            IssueCode.PRICE_BASE_MISSING,
            IssueCode.PRICE_ROW_PASSED_OVER,
            IssueCode.CREDIT_NEEDS_RULE,
        ),
    ),
    (
        "Every line has a cycle and a known type",
        (IssueCode.CYCLE_UNKNOWN, IssueCode.CHARGE_TYPE_UNKNOWN, IssueCode.PRORATION_DIFFERS),
    ),
    ("Nothing is sold below cost", (IssueCode.SALE_BELOW_COST,)),
    ("Nothing is an estimate", (IssueCode.ESTIMATE,)),
)
_LIGHTS = {Severity.NOTICE: Style.GREEN, Severity.WARNING: Style.AMBER, Severity.BLOCKING: Style.RED}
_RANK = {Severity.BLOCKING: 0, Severity.WARNING: 1, Severity.NOTICE: 2}
_WORDS = {Style.GREEN: "OK", Style.AMBER: "Look", Style.RED: "Stop"}


def word(light: Style) -> str:
    """Return the word of a light."""
    return _WORDS[light]


def in_reading_order(issues: Iterable[Issue]) -> list[Issue]:
    """Return the issues without repetition, what blocks first, then by customer, code and place."""
    return sorted(
        set(issues),
        key=lambda issue: (
            _RANK[issue.severity],
            issue.customer_id,
            issue.code,
            issue.file,
            issue.line,
            issue.column,
            issue.subject,
            issue.message,
            issue.value,
            issue.cure,
            issue.count,
        ),
    )


def count_of(issues: Iterable[Issue], severity: Severity) -> int:
    """Return how many problems of that severity the issues stand for."""
    return sum(issue.count for issue in issues if issue.severity is severity)


def run_checks(issues: Sequence[Issue]) -> list[Check]:
    """Return one light for each group of problems that a run can have, for the reseller."""
    checks = [_group_check(name, [issue for issue in issues if issue.code in codes]) for name, codes in _GROUPS]
    parked = {issue.customer_id for issue in issues if issue.is_blocking and issue.customer_id}
    finding = f"{len(parked)} parked; see Exceptions" if parked else "yes"
    return [*checks, Check("No customer is parked", Style.RED if parked else Style.GREEN, finding)]


def customer_checks(invoice: Invoice, lines: Sequence[CustomerLine]) -> list[Check]:
    """Return the lights that a customer may see."""
    estimates = sum(line.is_estimate for line in lines)
    is_final = invoice.state is InvoiceState.FINAL
    adds_up = Money.total((line.amount for line in lines), invoice.total.currency) == invoice.total
    return [
        Check("The lines add up to the total", Style.GREEN if adds_up else Style.RED, "yes" if adds_up else "no"),
        Check(
            "The invoice is final",
            Style.GREEN if is_final else Style.AMBER,
            "yes" if is_final else f"{invoice.state.value}: it may still change",
        ),
        Check(
            "Nothing is an estimate",
            Style.AMBER if estimates else Style.GREEN,
            f"{estimates} lines are estimates" if estimates else "yes",
        ),
        Check(
            "Nothing is missing",
            Style.RED if invoice.is_parked else Style.GREEN,
            "some lines are still being clarified" if invoice.is_parked else "yes",
        ),
    ]


def _group_check(name: str, issues: Sequence[Issue]) -> Check:
    if not issues:
        return Check(name, Style.GREEN, "yes")
    worst = min((issue.severity for issue in issues), key=_RANK.__getitem__)
    counts = [(count_of(issues, severity), severity.value) for severity in _RANK]
    found = ", ".join(f"{count} {severity}" for count, severity in counts if count)
    return Check(name, _LIGHTS[worst], f"{found}; see Exceptions")
