"""What can be wrong with pricing one line, said so that a person knows what to do.

Each function builds one issue; severity is decided here and nowhere else.

Not here: when an issue arises (see ``charging``).
"""

from datetime import date

from shared.domain.issues import Issue, IssueCode, Severity
from shared.domain.money import Money
from shared.domain.prices import PriceMethod, PriceSheet
from shared.domain.proration import Proration, plan_name, term_name
from shared.domain.source_lines import SourceLine


def _issue(line: SourceLine, code: IssueCode, severity: Severity, message: str, cure: str) -> Issue:
    return Issue(
        code=code,
        severity=severity,
        message=message,
        cure=cure,
        customer_id=line.customer_id,
        subject=line.subscription_id or line.product_id or line.meter_id,
        file=line.origin.file,
        line=line.origin.line,
    )


def _what(line: SourceLine) -> str:
    name = line.sku_name or line.product_name or line.subscription_name or line.meter_name or "a line"
    keys = "/".join(part for part in (line.product_id, line.sku_id) if part) or line.meter_id
    plan = " ".join(part for part in (term_name(line), plan_name(line)) if part)
    return f"{name} ({', '.join(part for part in (keys, plan, line.meter_category) if part)})"


def price_missing(line: SourceLine, on: date | None) -> Issue:
    """Nobody priced this line: it blocks its customer, and is never billed at zero or at cost."""
    return _issue(
        line,
        IssueCode.PRICE_MISSING,
        Severity.BLOCKING,
        f"No price for {_what(line)} of {line.customer_name}{f' on {on}' if on else ''}.",
        "Add a row to the price list for this product, meter or meter category, or one without keys for the rest.",
    )


def base_missing(line: SourceLine, sheet: PriceSheet, method: PriceMethod) -> Issue:
    """The price rests on a recommended or retail price that nobody supplied."""
    if method is PriceMethod.RETAIL:
        rests_on = "retail, but Microsoft's line has neither a retail amount nor a partner earned credit"
        cure = "Retail prices Azure usage only: give the product or meter another method, or the daily usage file."
    else:
        is_off = method is PriceMethod.DISCOUNT_OFF_ERP
        rests_on = f"a {'discount off' if is_off else 'percent of'} ERP, but {sheet.name} has no ERP for it"
        cure = "Add Microsoft's price sheet of that month and currency, or give the product a fixed price."
    return _issue(
        line,
        IssueCode.PRICE_BASE_MISSING,
        Severity.BLOCKING,
        f"The price of {_what(line)} is {rests_on}.",
        cure,
    )


def price_row_passed_over(line: SourceLine, list_name: str, passed_over: int, used: int, on: date | None) -> Issue:
    """A row that says more about the line does not apply, so a vaguer one priced it."""
    return _issue(
        line,
        IssueCode.PRICE_ROW_PASSED_OVER,
        Severity.WARNING,
        f"{list_name}: row {passed_over} names {_what(line)} but is not in force{f' on {on}' if on else ''} or is in "
        f"another currency than {line.cost.currency}; row {used} was used.",
        "Check the dates of the row: a price applies to cycles that begin while it is in force.",
    )


def credit_needs_rule(line: SourceLine) -> Issue:
    """A fixed price cannot tell what a credit or a discount is worth to the customer."""
    return _issue(
        line,
        IssueCode.CREDIT_NEEDS_RULE,
        Severity.BLOCKING,
        f"{line.charge_type} of {line.cost} for {line.customer_name} is an amount, not a price times a quantity.",
        f"Add a row with ChargeType {line.charge_type} and method markup_on_cost (0 passes it on unchanged).",
    )


def credit_beyond_month(line: SourceLine, row: int) -> Issue:
    """A credit under tiers or free units takes back units that were not charged before it."""
    return _issue(
        line,
        IssueCode.CREDIT_NEEDS_RULE,
        Severity.WARNING,
        f"{_what(line)} takes back {line.units:f} units of {line.customer_name}, more than were counted before it: "
        f"row {row} credits the rest like a charge of its own, from the first tier on.",
        "Compare it with the charge that it takes back: of some of the units the tiers may have been others.",
    )


def cycle_unknown(line: SourceLine) -> Issue:
    """The dates of the line fit no charge cycle, so its share cannot be computed."""
    return _issue(
        line,
        IssueCode.CYCLE_UNKNOWN,
        Severity.BLOCKING,
        f"The charge cycle of {_what(line)} cannot be told from {line.charge} and '{line.billing_frequency}'.",
        "Check the charge dates and the billing frequency of this row against Microsoft's file.",
    )


def charge_type_unknown(line: SourceLine) -> Issue:
    """Microsoft used a charge type that no list has."""
    return _issue(
        line,
        IssueCode.CHARGE_TYPE_UNKNOWN,
        Severity.WARNING,
        f"The charge type '{line.charge_type}' is not known; the line was priced like an ordinary charge.",
        "Check the line by hand, and report the new type so that it gets a rule.",
    )


def proration_differs(line: SourceLine, proration: Proration) -> Issue:
    """Microsoft's own unit price implies another share of the cycle than the dates do."""
    return _issue(
        line,
        IssueCode.PRORATION_DIFFERS,
        Severity.NOTICE,
        f"Microsoft charged {line.effective_unit_price} of {line.unit_price} for {_what(line)}; "
        f"the dates say {proration.days} of {proration.cycle_days} days.",
        "The sale follows the dates. Compare the two before approving.",
    )


def customer_parked(customer_id: str, who: str, reason: str) -> Issue:
    """This customer's books would be wrong, or a fault kept them from being made; everybody else is billed."""
    return Issue(
        code=IssueCode.CUSTOMER_PARKED,
        severity=Severity.BLOCKING,
        message=f"{who} was not billed: {reason}.",
        cure="Everybody else was. Look at this customer's rows, then run again.",
        customer_id=customer_id,
    )


def estimates(customer_id: str, customer_name: str, count: int) -> Issue:
    """Microsoft has not invoiced some of the customer's lines yet."""
    return Issue(
        code=IssueCode.ESTIMATE,
        severity=Severity.WARNING,
        message=f"{count} lines of {customer_name} are unbilled: Microsoft may still change them.",
        cure="Use them as a forecast; run again with the billed files before approving.",
        customer_id=customer_id,
    )


def estimates_overtaken(customer_id: str, customer_name: str, count: int) -> Issue:
    """Unbilled lines were left out, because the billed ones of the same subscription are there."""
    return Issue(
        code=IssueCode.ESTIMATE,
        severity=Severity.WARNING,
        message=f"{count} unbilled lines of {customer_name} were left out: the same subscriptions are billed already.",
        cure="Give billed and unbilled files of one month separately.",
        customer_id=customer_id,
    )


def sale_below_cost(line: SourceLine, sale: Money) -> Issue:
    """The sale is less than the cost; credits are not meant."""
    return _issue(
        line,
        IssueCode.SALE_BELOW_COST,
        Severity.WARNING,
        f"{_what(line)} is sold to {line.customer_name} at {sale}, below its cost of {line.cost.rounded()}.",
        "Raise the price, or approve it knowingly.",
    )
