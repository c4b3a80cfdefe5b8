"""What can be wrong with adjusting the price of one line, said so that a person knows what to do.

Not here: when an issue arises (see ``adjusted_sales``), and rates (``prices.exchange``).
"""

from dataclasses import replace

from shared.domain.issues import Issue, IssueCode, Severity
from shared.domain.prices.adjustments import shown
from shared.domain.prices.guards import Breach, GuardKind
from shared.domain.source_lines import SourceLine


def about(line: SourceLine, issue: Issue) -> Issue:
    """Return *issue* with the customer, the subscription and the place in Microsoft's file that it is about."""
    return replace(
        issue,
        customer_id=line.customer_id,
        subject=line.subscription_id or line.product_id or line.meter_id,
        file=line.origin.file,
        line=line.origin.line,
    )


def promotion_unknown(line: SourceLine) -> Issue:
    """A promotion is to be passed on or kept, but Microsoft's prices do not tell how much it is."""
    return about(
        line,
        Issue(
            code=IssueCode.PROMOTION_UNKNOWN,
            severity=Severity.WARNING,
            message=f"The promotion {line.promotion_id} on {_name(line)} of {line.customer_name} has no percentage: "
            f"its unit price is {line.unit_price}, its effective one {line.effective_unit_price}.",
            cure="The price was left as it is. Look the promotion up, and give an offer for it if it is to be given.",
        ),
    )


def limit_passed(line: SourceLine, breach: Breach, currency: str) -> Issue:
    """A price passed a floor or a cap that only tells."""
    is_floor = breach.guard.kind is GuardKind.FLOOR
    return about(
        line,
        Issue(
            code=IssueCode.SALE_BELOW_FLOOR if is_floor else IssueCode.SALE_ABOVE_CAP,
            severity=Severity.WARNING,
            message=f"{_name(line)} is sold to {line.customer_name} at {shown(breach.price):f} {currency} a unit, "
            f"{'below the floor' if is_floor else 'above the cap'} {breach.guard.name} of {shown(breach.limit):f}.",
            cure="Change the price or the limit, or approve it knowingly.",
        ),
    )


def _name(line: SourceLine) -> str:
    return line.sku_name or line.product_name or line.subscription_name or line.meter_name or "a line"
