"""Invoices: one document for one customer, billing period and currency, made of charge lines.

Life: ``draft`` (made by a run, may be replaced) -> ``final`` (approved, numbered, never changed). A draft made again
from the same input is the same invoice; from other input it is a new revision that lists what changed. Totals are sums
of rounded lines, and the content hash covers every line, so two invoices with one hash are one invoice.

Not here: tax, payment terms, numbers (given at approval by the store), and documents.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from shared.domain.charging import ChargeLine
from shared.domain.errors import IntegrityError
from shared.domain.issues import Issue
from shared.domain.keys import InvoiceKey, digest
from shared.domain.money import Money
from shared.domain.periods import BillingPeriod


class InvoiceState(StrEnum):
    """Where an invoice is in its life."""

    DRAFT = "draft"
    FINAL = "final"
    SUPERSEDED = "superseded"


class ChangeKind(StrEnum):
    """How a line differs from the revision before."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChange:
    """One line that differs from the revision before; an absent side is None."""

    kind: ChangeKind
    key: str
    description: str
    before: Money | None
    after: Money | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """What one customer owes for one month in one currency.

    *replaces* and *already_invoiced* are number and total of the final invoice that this revision replaces.
    """

    key: InvoiceKey
    customer_id: str
    customer_name: str
    lines: tuple[ChargeLine, ...]
    total: Money
    content_hash: str
    state: InvoiceState = InvoiceState.DRAFT
    number: str = ""
    issues: tuple[Issue, ...] = ()
    changes: tuple[LineChange, ...] = ()
    replaces: str = ""
    already_invoiced: Money | None = None

    @property
    def to_settle(self) -> Money:
        """What is left to pay (or to give back) after the final invoice that this one replaces, if any."""
        return self.total if self.already_invoiced is None else self.total - self.already_invoiced

    @property
    def is_parked(self) -> bool:
        """Whether a blocking issue keeps this invoice out of approval."""
        return any(issue.is_blocking for issue in self.issues)

    @property
    def costs(self) -> tuple[Money, ...]:
        """Microsoft's cost behind the lines, one sum a currency, unrounded."""
        return sums_by_currency(line.cost for line in self.lines)

    @property
    def margin(self) -> Money | None:
        """Sale less cost, or None where a cost is in another currency."""
        costs = self.costs
        if any(cost.currency != self.total.currency for cost in costs):
            return None
        return self.total - Money.total(costs, self.total.currency)


def make_invoices(
    customer_id: str,
    customer_name: str,
    period: BillingPeriod,
    lines: Iterable[ChargeLine],
    issues: Sequence[Issue] = (),
) -> list[Invoice]:
    """Return one draft of revision 1 for each currency among *lines*, ordered by currency.

    Raises:
        IntegrityError: a line belongs to another customer, or two lines share a key.
    """
    by_currency: dict[str, list[ChargeLine]] = defaultdict(list)
    for line in lines:
        if line.customer_id.casefold() != customer_id.casefold():
            raise IntegrityError(f"line {line.key} belongs to customer {line.customer_id}, not to {customer_id}")
        by_currency[line.amount.currency].append(line)
    return [
        _draft(customer_id, customer_name, InvoiceKey(period, currency, 1), by_currency[currency], issues)
        for currency in sorted(by_currency)
    ]


def empty_invoice(previous: Invoice) -> Invoice:
    """Return a draft without lines for a customer that *previous* billed and that no longer has anything to pay."""
    key = replace(previous.key, revision=1)
    return _draft(previous.customer_id, previous.customer_name, key, (), ())


def revise(previous: Invoice, draft: Invoice) -> Invoice:
    """Return what stands after *draft* was made where *previous* stood before.

    Same content: *previous* itself (nothing to do), with the issues of the new run if it is still a draft. Other
    content: the draft as the next revision, saying what changed.
    """
    if previous.content_hash == draft.content_hash:
        if previous.state is InvoiceState.FINAL:
            return previous
        return replace(previous, state=InvoiceState.DRAFT, issues=draft.issues)
    key = replace(previous.key, revision=previous.key.revision + 1)
    number = "" if previous.state is InvoiceState.FINAL else previous.number  # one that was reserved and never used
    return replace(draft, key=key, number=number, changes=line_changes(previous.lines, draft.lines))


def line_changes(before: Sequence[ChargeLine], after: Sequence[ChargeLine]) -> tuple[LineChange, ...]:
    """Return the lines that were added, removed or changed in content, in key order."""
    old, new = {line.key: line for line in before}, {line.key: line for line in after}
    changes = []
    for key in sorted(old.keys() | new.keys()):
        was, now = old.get(key), new.get(key)
        if was is not None and now is not None and line_hash(was) == line_hash(now):
            continue
        kind = ChangeKind.ADDED if was is None else ChangeKind.REMOVED if now is None else ChangeKind.CHANGED
        described = new[key] if key in new else old[key]
        changes.append(
            LineChange(
                kind=kind,
                key=key,
                description=described.sku_name or described.product_name or described.subscription_name,
                before=was.amount if was else None,
                after=now.amount if now else None,
            )
        )
    return tuple(changes)


def line_hash(line: ChargeLine) -> str:
    """Return 16 hex digits over what a reader of the invoice sees, and the cost; not over where the row stood."""
    return digest(
        line.key,
        str(line.amount),
        str(line.cost),
        f"{line.quantity:f}",
        f"{line.unit_price if line.unit_price is not None else '':}",
        str(line.charge or ""),
        line.charge_type,
        line.subscription_name,
        line.friendly_name,
        line.purchase_order,
        line.product_name,
        line.sku_name,
        *(f"{step.kind.value} {step.name}" for step in line.explanation.steps),
    )


def sums_by_currency(amounts: Iterable[Money]) -> tuple[Money, ...]:
    """Return one exact sum a currency, ordered by currency."""
    by_currency: dict[str, list[Money]] = defaultdict(list)
    for amount in amounts:
        by_currency[amount.currency].append(amount)
    return tuple(Money.total(by_currency[currency], currency) for currency in sorted(by_currency))


def _draft(
    customer_id: str, customer_name: str, key: InvoiceKey, lines: Sequence[ChargeLine], issues: Sequence[Issue]
) -> Invoice:
    ordered = tuple(sorted(lines, key=_reading_order))
    if len({line.key for line in ordered}) != len(ordered):
        raise IntegrityError(f"two lines of customer {customer_id} share one key: a row would be billed twice")
    return Invoice(
        key=key,
        customer_id=customer_id,
        customer_name=customer_name,
        lines=ordered,
        total=Money.total((line.amount for line in ordered), key.currency),
        content_hash=digest(*map(line_hash, ordered)),
        issues=tuple(issues),
    )


def _reading_order(line: ChargeLine) -> tuple[str, ...]:
    return (
        line.subscription_name.casefold(),
        line.subscription_id,
        line.product_name.casefold(),
        line.meter_category,
        line.meter_name,
        str(line.charge or ""),
        "" if line.amount.is_negative else "~",
        line.key,
    )
