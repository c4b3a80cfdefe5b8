"""A question about what should have been billed, and its answer: the way in and out of the engine.

Not here: the engine (``engine``), files (``shared/documents/histories``), the use case (``application/explain``).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.domain.expected.asked_sales import AskedSale, SaleAnswer
from shared.domain.expected.history import History
from shared.domain.expected.lines import Expected, ExpectedLine
from shared.domain.expected.tax import Taxed, TaxRule, taxed
from shared.domain.expected.vendor_lines import PrintedLine, PrintedLineAnswer
from shared.domain.money import Money
from shared.domain.periods import BillingPeriod
from shared.domain.texts import DEFAULT_LANGUAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A history, what the vendor printed for it, sales to be worked out, and the language of the answer."""

    history: History
    currency: str
    printed: tuple[PrintedLine, ...] = ()
    sales: tuple[AskedSale, ...] = ()
    tax: TaxRule | None = None
    language: str = DEFAULT_LANGUAGE
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceTotal:
    """What one invoice holds: *invoice* is the day or month it is named by, "" where a line names none.

    *indexes* are its lines in the answer; *taxed* is there where tax was asked for, its taxes in their order.
    """

    invoice: str
    total: Money
    indexes: tuple[int, ...]
    taxed: Taxed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Lines in the order in which they arose, their totals, and what was found out about the printed lines."""

    question: Question
    expected: Expected
    totals: tuple[Money, ...]
    invoices: tuple[InvoiceTotal, ...]
    printed: tuple[PrintedLineAnswer, ...] = ()
    sales: tuple[SaleAnswer, ...] = ()

    @property
    def is_blocked(self) -> bool:
        """Whether something was found that a person has to settle first."""
        return any(issue.is_blocking for issue in self.expected.issues)

    def tax_in(self, currency: str) -> Money:
        """Return the tax of all invoices in that currency; zero where none was asked for."""
        taxes = [each.taxed.tax for each in self.invoices if each.taxed is not None]
        return Money.total((tax for tax in taxes if tax.currency == currency), currency)


def invoice_name(line: ExpectedLine) -> str:
    """Return the day or month that the line's invoice is named by."""
    if line.invoice is None:
        return ""
    return str(line.invoice) if isinstance(line.invoice, BillingPeriod) else line.invoice.isoformat()


def totals_of(expected: Expected, currency: str) -> tuple[Money, ...]:
    """Return the total of each currency, *currency* first, and a zero where there is no line at all."""
    found = dict.fromkeys([currency, *(line.currency for line in expected.lines)])
    used = {line.currency for line in expected.lines} or {currency}
    return tuple(expected.total(each) for each in found if each in used)


def invoices_of(expected: Expected, rule: TaxRule | None = None) -> tuple[InvoiceTotal, ...]:
    """Return the total of each invoice and currency, by the invoice's day or month, with the tax that *rule* makes."""
    parts: dict[tuple[str, str], list[int]] = {}
    for index, line in enumerate(expected.lines):
        parts.setdefault((invoice_name(line), line.currency), []).append(index)
    return tuple(_invoice(expected, name, indexes, rule) for (name, _), indexes in sorted(parts.items()))


def _invoice(expected: Expected, name: str, indexes: Sequence[int], rule: TaxRule | None) -> InvoiceTotal:
    amounts = [expected.lines[index].money for index in indexes]
    currency = amounts[0].currency
    return InvoiceTotal(
        invoice=name,
        total=Money.total(amounts, currency),
        indexes=tuple(indexes),
        taxed=None if rule is None else taxed(amounts, rule, currency),
    )
