"""Microsoft's books: which invoices there are, and what stands on them and on nothing yet.

Every currency has one invoice a month, closed on the 6th to 8th of the next month by the world's clock; whoever listens
is told that it is ready. Old contracts are billed on the 15th, two days later, on an invoice of their own ("D"). Rows
are never kept: an invoice's rows follow from the logs of its month, which do not change any more.

Invariants: the sum of ``Total`` over an invoice's rows is its total charges; the same world gives the same numbers,
rows and totals. ``keep_books`` sees to it that the books are open when something is to be closed.

Not here: the arithmetic (``charges``, ``azure_usage``, ``legacy_lines``), files (``parts``), calls.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from local.demo.arithmetic import Month, Span
from local.partner_center.billing.azure_usage import Estates, Used, is_azure_plan, meter_sums
from local.partner_center.billing.charges import charges
from local.partner_center.billing.legacy_lines import LegacyBook, is_legacy
from local.partner_center.billing.printing import Row
from local.partner_center.billing.recurring_rows import NOTHING, Paper, recurring_row
from local.partner_center.billing.usage_rows import UsageLines, monthly_row
from local.partner_center.entities import Customer, Subscription
from local.partner_center.switches import switches
from local.partner_center.world import Happening, World

HISTORY_MONTHS = 12
CLOSES_FROM_DAY, CLOSES_AT_H = 6, 10
LEGACY_READY_DAY = 17
_FIRST_NUMBER = 104_455_000
_NOBODY = ""


@dataclass(slots=True, kw_only=True)
class Invoice:
    """A document. *total* is None until somebody asks; *lines* are those of an amendment, which has no log."""

    id: str
    currency: str
    month: Month
    at: datetime
    is_legacy: bool = False
    document_type: str = "invoice"
    amends: str = ""
    total: Decimal | None = None
    paid: Decimal = NOTHING
    lines: list[Row] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """Microsoft's word for the type of the invoice."""
        return "Recurring" if self.is_legacy else "OneTime"

    @property
    def period(self) -> Span:
        """The days that are billed."""
        if self.is_legacy:
            return Span(self.month.day(15, months=-1), self.month.day(14))
        return self.month.span


class Books:
    """The invoices of one world. *tax_rates* are by currency; *since* is the first month that is billed at all."""

    def __init__(self, world: World, *, since: Month | None = None) -> None:
        self.world = world
        self.invoices: dict[str, Invoice] = {}
        self.tax_rates: dict[str, Decimal] = {"USD": Decimal("0.0825")}
        self.estates = Estates(world.seed)
        self.legacy = LegacyBook(world, self.billing_currency)
        now = world.clock.now().date()
        self._since = since or _moved(Month(now.year, now.month), -HISTORY_MONTHS)
        self._next = self._since
        self._next_legacy = self._since
        self.catch_up()

    @property
    def v1_is_frozen(self) -> bool:
        """Whether the old API tells no lines of new commerce any more (``line_items``): a switch."""
        return switches(self.world).v1_is_frozen

    @v1_is_frozen.setter
    def v1_is_frozen(self, is_frozen: bool) -> None:
        switches(self.world).v1_is_frozen = is_frozen

    def catch_up(self) -> None:
        """Close whatever is due, and be called again when the next closing is."""
        now = self.world.clock.now()
        while (at := closes_at(self._next)) <= now:
            month, self._next = self._next, _moved(self._next, 1)
            self._close(month, at)
        while (at := _legacy_closes_at(self._next_legacy)) <= now:
            month, self._next_legacy = self._next_legacy, _moved(self._next_legacy, 1)
            self._close_legacy(month, at)
        for at in (closes_at(self._next), _legacy_closes_at(self._next_legacy)):
            self.world.clock.at(at, self._on_time)

    def _on_time(self, _: datetime) -> None:
        now = self.world.clock.now()
        if closes_at(self._next) <= now or _legacy_closes_at(self._next_legacy) <= now:
            self.catch_up()

    def total(self, invoice: Invoice) -> Decimal:
        """Return the invoice's total charges, tax included."""
        if invoice.total is None:
            rows = self.legacy_rows(invoice) if invoice.is_legacy else self.rows(invoice)
            names = ("totalForCustomer", "postTaxTotal") if invoice.is_legacy else ("Total",)
            invoice.total = sum((row[name] for row in rows for name in names if name in row), NOTHING)
        return invoice.total

    def rows(self, invoice: Invoice) -> Iterator[Row]:
        """Yield the reconciliation rows of a new-commerce invoice, customer by customer."""
        if invoice.lines:
            return iter(invoice.lines)
        return self._rows(self.paper(invoice), invoice.at)

    def unbilled_rows(self, currency: str, month: Month) -> Iterator[Row]:
        """Yield what stands on no invoice yet, as it is known now."""
        return self._rows(self._open_paper(currency, month), self.world.clock.now())

    def usage_lines(self, invoice: Invoice, *, is_basic: bool = False) -> Iterator[str]:
        """Yield an invoice's daily rated usage as JSON lines."""
        return self._usage(self.paper(invoice), invoice.at, is_basic=is_basic)

    def unbilled_usage_lines(self, currency: str, month: Month, *, is_basic: bool = False) -> Iterator[str]:
        """Yield the daily rated usage of a month that is on no invoice yet, as it is known now."""
        return self._usage(self._open_paper(currency, month), self.world.clock.now(), is_basic=is_basic)

    def usage_rows(self, paper: Paper, seen_at: datetime) -> Iterator[Row]:
        """Yield daily rated usage as rows with all columns."""
        for customer, plan in self._plans(paper):
            lines = UsageLines(paper, customer, plan, is_basic=False)
            for used in self.estates.used(plan, paper.month.span, seen_at):
                yield lines.row(used)

    def legacy_rows(self, invoice: Invoice, content: str = "") -> Iterator[Row]:
        """Yield the lines of an old contract's invoice; *content* is office or azure, "" for both."""
        if content in {"", "office"}:
            yield from self.legacy.licence_rows(invoice.month, invoice.currency, invoice.at)
        if content in {"", "azure"}:
            yield from self.legacy.usage_rows(invoice.month, invoice.currency, invoice.id)

    def legacy_daily_rows(self, invoice: Invoice) -> Iterator[Row]:
        """Yield the daily usage of an old contract's invoice."""
        return self.legacy.daily_rows(invoice.month, invoice.currency, invoice.id)

    def paper(self, invoice: Invoice) -> Paper:
        """Return what the invoice's lines are written for."""
        paper = self._open_paper(invoice.currency, invoice.month)
        return replace(paper, invoice_id=invoice.id, tax_rate=self.tax_rates.get(invoice.currency, NOTHING))

    def open_month(self, span: str) -> Month | None:
        """Return the month that is unbilled as "current" or "last"; None where the last one is billed by now."""
        now = self.world.clock.now()
        current = Month(now.year, now.month)
        if span == "current":
            return current
        last = _moved(current, -1)
        return last if closes_at(last) > now else None

    def amend(self, invoice: Invoice, lines: list[Row], *, document_type: str = "adjustment_note") -> Invoice:
        """Issue a document of *lines* that amends an invoice (credit note, void note); it is told like an invoice."""
        number = f"E{invoice.id[1:]}{sum(each.amends == invoice.id for each in self.invoices.values()) + 1}"
        made = Invoice(
            id=number,
            currency=invoice.currency,
            month=invoice.month,
            at=self.world.clock.now(),
            document_type=document_type,
            amends=invoice.id,
            lines=[{**line, "InvoiceNumber": number} for line in lines],
        )
        self._issue(made)
        return made

    def used(self, plan: Subscription, month: Month) -> Iterator[Used]:
        """Yield what a plan used in a month, as it is known now."""
        return self.estates.used(plan, month.span, self.world.clock.now())

    def _open_paper(self, currency: str, month: Month) -> Paper:
        return Paper(partner=self.world.partner, month=month, currency=currency)

    def _rows(self, paper: Paper, until: datetime) -> Iterator[Row]:
        for customer in list(self.world.customers.values()):
            yield from self._rows_of(paper, customer, until)

    def _rows_of(self, paper: Paper, customer: Customer, until: datetime) -> Iterator[Row]:
        for sold in list(customer.subscriptions.values()):
            if self.billing_currency(customer, sold) != paper.currency or is_legacy(sold):
                continue
            if is_azure_plan(sold):
                for summed in meter_sums(self.estates.used(sold, paper.month.span, until)):
                    yield monthly_row(paper, customer, sold, summed)
            for charge in charges(sold, paper.month, until):
                yield recurring_row(paper, customer, sold, charge)

    def _usage(self, paper: Paper, seen_at: datetime, *, is_basic: bool) -> Iterator[str]:
        for customer, plan in self._plans(paper):
            lines = UsageLines(paper, customer, plan, is_basic=is_basic)
            for used in self.estates.used(plan, paper.month.span, seen_at):
                yield lines.line(used)

    def _plans(self, paper: Paper) -> Iterator[tuple[Customer, Subscription]]:
        for customer in list(self.world.customers.values()):
            for sold in list(customer.subscriptions.values()):
                if is_azure_plan(sold) and self.billing_currency(customer, sold) == paper.currency:
                    yield customer, sold

    def _close(self, month: Month, at: datetime) -> None:
        for place, currency in enumerate(self._currencies()):
            number = _FIRST_NUMBER + (month.year - 2020) * 120 + month.number * 10 + place
            invoice = Invoice(id=f"G{number:09d}", currency=currency, month=month, at=at)
            if any(True for _ in self._rows(self.paper(invoice), at)):
                self._issue(invoice)

    def _close_legacy(self, month: Month, at: datetime) -> None:
        for place, currency in enumerate(self._currencies()):
            number = 40_000_000 + (month.year - 2020) * 120 + month.number * 10 + place
            invoice = Invoice(id=f"D{number:09d}", currency=currency, month=month, at=at, is_legacy=True)
            if any(True for _ in self.legacy_rows(invoice)):
                self._issue(invoice)

    def _currencies(self) -> list[str]:
        return list(self.world.partner.currencies)

    def billing_currency(self, customer: Customer, sold: Subscription) -> str:
        """Return the partner's currency that a subscription is billed in: the customer's, or else the first one."""
        currencies = self.world.partner.currencies
        wanted = str(sold.extra.get("billing_currency", customer.currency))
        return wanted if wanted in currencies else currencies[0]

    def _issue(self, invoice: Invoice) -> None:
        self.invoices[invoice.id] = invoice
        happening = Happening(
            at=invoice.at,
            customer_id=_NOBODY,
            resource="invoice",
            resource_id=invoice.id,
            operation="ready_invoice",
            event="invoice-ready",
        )
        self.world.tell(happening)


def open_books(world: World, *, since: Month | None = None) -> Books:
    """Return the world's books, opened at the first call; *since* is the first month they bill (a year back)."""
    found: Books = world.room("billing", lambda: Books(world, since=since))
    return found


def keep_books(world: World) -> None:
    """Make sure that invoices are closed, and told, in time, even where nobody asks for them before."""
    now = world.clock.now()
    month = Month(now.year, now.month)
    nexts = (closes_at(_moved(month, -1)), closes_at(month), _legacy_closes_at(month))

    def open_now(_: datetime) -> None:
        open_books(world)

    world.clock.at(min(at for at in nexts if at > now), open_now)


def closes_at(month: Month) -> datetime:
    """Return when the month's invoices are ready: on the 6th, 7th or 8th of the month after."""
    day = month.day(CLOSES_FROM_DAY + month.number % 3, months=1)
    return datetime(day.year, day.month, day.day, CLOSES_AT_H, tzinfo=UTC)


def _legacy_closes_at(month: Month) -> datetime:
    day: date = month.day(LEGACY_READY_DAY)
    return datetime(day.year, day.month, day.day, CLOSES_AT_H, tzinfo=UTC)


def _moved(month: Month, months: int) -> Month:
    day = month.day(1, months=months)
    return Month(day.year, day.month)


def month_before(now: datetime) -> Month:
    """Return the month before the one of *now*."""
    before = now.replace(day=1) - timedelta(days=1)
    return Month(before.year, before.month)
