"""Keys: the identity of everything that is kept, made from what is billed and from nothing else.

Same key and same content: done already. Same key and other content: a new revision, or a conflict. A key never
contains a clock, a random number or an amount.

Examples::

    line       nce-4f1d09c2a6b35e17-1
    run        2026-10/all
    invoice    2026-10_EUR_invoice_r001      (partition: the customer)

Not here: table and blob names (``shared/storage``).
"""

from dataclasses import dataclass
from decimal import Decimal
from hashlib import blake2b

from shared.domain.money import EXACT
from shared.domain.periods import BillingPeriod
from shared.domain.source_lines import Family, SourceLine

_PREFIX = {
    Family.NEW_COMMERCE: "nce",
    Family.DAILY_USAGE: "use",
    Family.LEGACY_LICENCE: "old",
    Family.LEGACY_USAGE: "ous",
}


def digest(*parts: str) -> str:
    """Return 16 hex digits that stand for *parts*; no two different sequences of parts share a spelling."""
    try:
        encoded = [part.encode() for part in parts]
    except UnicodeEncodeError:
        encoded = [part.encode("utf-8", "surrogatepass") for part in parts]
    sized = b"".join([len(each).to_bytes(4, "big") + each for each in encoded])
    return blake2b(sized, digest_size=8).hexdigest()


def line_identity(line: SourceLine) -> str:
    """Return the identity of a source line without its occurrence number: what is billed, not how much it costs.

    No price of Microsoft's goes into it: the key is shown to customers, who could find a price by trying.
    """
    return f"{_PREFIX[line.family]}-{digest(*_identifying(line))}"


def line_key(line: SourceLine, occurrence: int) -> str:
    """Return the key of a line: its identity, and which of the equal-looking lines it is (from 1)."""
    return f"{line_identity(line)}-{occurrence}"


def _identifying(line: SourceLine) -> tuple[str, ...]:
    common = (
        line.invoice_number,
        line.customer_id,
        line.subscription_id,
        line.product_id,
        line.sku_id,
        line.charge_type.casefold(),
        str(line.charge or ""),
        line.cost.currency,
    )
    if line.family is Family.DAILY_USAGE:
        return (
            *common,
            line.entitlement_id,
            line.meter_id,
            line.benefit_type,
            str(line.fx_rate),
        )
    return (
        *common,
        line.availability_id,
        line.order_id,
        str(line.ordered_on or ""),
        line.reference_id,
        line.reservation_order_id,
        line.meter_id,
        line.meter_name,
        _plain(line.quantity),
        _plain(line.ordered_quantity),
        "credit" if line.is_credit else "charge",
    )


def _plain(number: Decimal | None) -> str:
    """One spelling for one number: files write 1, 1.0 and 1E0."""
    return "" if number is None else f"{number.normalize(EXACT):f}"


@dataclass(frozen=True, slots=True, order=True)
class RunKey:
    """The identity of a billing run: one period and one scope (``all``, or a customer id)."""

    period: BillingPeriod
    scope: str = "all"

    def render(self) -> str:
        """Return for example ``2026-10_all``."""
        return f"{self.period}_{self.scope}"


@dataclass(frozen=True, slots=True, order=True)
class InvoiceKey:
    """The identity of an invoice within its customer: period, currency, kind and revision."""

    period: BillingPeriod
    currency: str
    revision: int
    kind: str = "invoice"

    def render(self) -> str:
        """Return for example ``2026-10_EUR_invoice_r001``; sorts by revision."""
        return f"{self.period}_{self.currency}_{self.kind}_r{self.revision:03d}"
