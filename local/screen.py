"""What the commands print: tables and progress for people, JSON for programs.

Names from files are shown as text, never as markup; with JSON, nothing else goes to standard output.

Not here: exit codes (``command``).
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from shared.application.views import issue_view, money_view
from shared.domain.customer_bills import CustomerBill
from shared.domain.invoices import Invoice, sums_by_currency
from shared.domain.issues import Issue, Severity
from shared.domain.money import Money, quotient_half_up

if TYPE_CHECKING:
    from local.bill_files import BillResult
    from local.demo.run import DemoResult

ISSUES_SHOWN_MAX = 15
ISSUES_OF_A_KIND_MAX = 3
LINKS_SHOWN_MAX = 6
_COLOURS = {Severity.BLOCKING: "red", Severity.WARNING: "yellow", Severity.NOTICE: "dim"}


class Screen:
    """One command's output."""

    def __init__(self, *, is_json: bool) -> None:
        self._is_json = is_json
        self._out = Console(highlight=False, soft_wrap=True, emoji=False)
        self._err = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)

    def say(self, text: str) -> None:
        """Tell a person something."""
        (self._err if self._is_json else self._out).print(escape(text))

    def problem(self, text: str) -> None:
        """Tell why nothing was done."""
        self._err.print(f"[red]{escape(text)}[/red]")
        if self._is_json:
            print(json.dumps({"error": text}, ensure_ascii=False))  # noqa: T201 - standard output is for programs

    def result(self, value: object, text: str) -> None:
        """Show a result: *value* as JSON for programs, *text* for people."""
        if self._is_json:
            print(json.dumps(value, ensure_ascii=False, indent=2))  # noqa: T201 - standard output is for programs
        else:
            self._out.print(escape(text))

    @contextmanager
    def progress(self, total_bytes: int) -> Iterator[Callable[[int], None]]:
        """Show a bar while files are read; yields what to call with the bytes read so far."""
        columns = (TextColumn("Reading"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
        with Progress(*columns, console=self._err, transient=True, disable=not self._err.is_terminal) as bar:
            task = bar.add_task("read", total=total_bytes)
            yield lambda done: bar.update(task, completed=done)

    def bill(self, result: "BillResult") -> None:
        """Show what was billed."""
        if self._is_json:
            print(json.dumps(_bill_view(result), ensure_ascii=False, indent=2))  # noqa: T201 - as above
            return
        self._out.print(_customers_table(result))
        self._issues(result.issues)
        if not result.written:
            self.say(f"Nothing to do: all {result.unchanged_count} files in {result.out} are up to date.")
        else:
            self.say(f"Wrote {len(result.written)} files to {result.out} ({result.unchanged_count} were up to date):")
            for path in [path for path in result.written if path.parent.name == "reseller"]:
                self.say(f"  {path}")
            if any(path.parent.name == "customers" for path in result.written):
                self.say(f"  {result.out / 'customers'}/ (a workbook and a CSV for each customer, without cost)")
            parked_count = sum(bill.is_parked for bill in result.bills)
            if parked_count:
                self.say(f"  no files for {parked_count} parked customers: see what blocks them above")

    def demo(self, result: "DemoResult") -> None:
        """Show what the demo made, and where it is."""
        if self._is_json:
            print(json.dumps(_demo_view(result), ensure_ascii=False, indent=2))  # noqa: T201 - as above
            return
        run = result.run
        self._out.print(_demo_table(run))
        parked = [customer for customer in run["customers"] if customer["is_parked"]]
        self.say(f"{run['billed_count']} customers billed, {len(parked)} parked, run is {run['state']}.")
        for issue in run["issues"][:ISSUES_SHOWN_MAX]:
            self.say(f"  {issue['severity']}: {issue['message']} {issue['cure']}")
        self.say(f"Delivered by Microsoft's simulated side: {_delivered(result.deliveries)}")
        self.say(f"Your own prices, and Microsoft's side as a scenario: {result.files}")
        self.say(f"Finished files ({len(result.exports)}): {result.folder}")
        self.say("Links (they work while 'make serve' runs, and expire):")
        for export in result.exports[:LINKS_SHOWN_MAX]:
            self.say(f"  {export['label']} ({export['format']}): {export['link']}")
        if not result.is_new:
            self.say("This month was billed before from the same input: nothing to do.")

    def _issues(self, issues: Sequence[Issue]) -> None:
        """Show a few issues of each kind, the worst kinds first; the workbook has them all."""
        kinds: dict[tuple[int, str], list[Issue]] = defaultdict(list)
        for issue in issues:
            kinds[(list(_COLOURS).index(issue.severity), issue.code)].append(issue)
        for _, alike in sorted(kinds.items(), key=lambda kind: kind[0]):
            for issue in alike[:ISSUES_OF_A_KIND_MAX]:
                self._out.print(f"[{_COLOURS[issue.severity]}]{issue.severity}[/] {escape(str(issue))}")
            if len(alike) > ISSUES_OF_A_KIND_MAX:
                self.say(
                    f"  ... and {len(alike) - ISSUES_OF_A_KIND_MAX} more like this: see Exceptions in the workbook."
                )


def _delivered(deliveries: Sequence[dict[str, Any]]) -> str:
    """Say what came in of the month: invoices by number with their rows."""
    billed = [each for each in deliveries if each["invoice_id"]]
    rows = sum(each["row_count"] for each in billed)
    numbers = sorted({each["invoice_id"] for each in billed})
    return f"{rows} rows of {len(numbers)} invoices ({', '.join(numbers)})"


def _customers_table(result: "BillResult") -> Table:
    parked = {bill.customer_id for bill in result.bills if bill.is_parked}
    rows = [
        _invoice_cells(invoice, is_parked=invoice.customer_id.casefold() in parked)
        for invoice in sorted(result.invoices, key=lambda each: (-each.total.amount, each.customer_name))
    ]
    rows += [
        (escape(_short(bill.customer_name)), "0", "", "", "", "", "", "[red]parked[/]")
        for bill in result.bills
        if not bill.invoices and bill.is_parked
    ]
    totals = [_total_cells(total, result) for total in sums_by_currency(each.total for each in result.invoices)]
    names = ("Customer", "Lines", "Cost", "Sale", "Margin", "%", "", "")
    return _table(f"Billing period {result.period}", names, rows, totals)


def _table(
    title: str, names: Sequence[str], rows: Sequence[tuple[str, ...]], totals: Sequence[tuple[str, ...]]
) -> Table:
    """Return a table whose first column gives way on a narrow screen; figures are never cut."""
    table = Table(title=title, box=SIMPLE, pad_edge=False, padding=(0, 1, 0, 0), title_justify="left")
    table.add_column(names[0], no_wrap=True, overflow="ellipsis", min_width=12)
    for index, name in enumerate(names[1:], start=1):
        width = max((Text.from_markup(row[index]).cell_len for row in (*rows, *totals)), default=0)
        justify: Literal["left", "right"] = "right" if name else "left"
        table.add_column(name, justify=justify, no_wrap=True, min_width=max(width, len(name)))
    for row in rows:
        table.add_row(*row)
    table.add_section()
    for row in totals:
        table.add_row(*row, style="bold")
    return table


def _invoice_cells(invoice: Invoice, *, is_parked: bool) -> tuple[str, ...]:
    margin = invoice.margin
    return (
        escape(_short(invoice.customer_name)),
        str(len(invoice.lines)),
        _costs(invoice.costs, invoice.total.currency),
        _shown(invoice.total),
        _shown(margin) if margin is not None else "",
        _percent(margin, invoice.total) if margin is not None else "",
        invoice.total.currency,
        "[red]parked[/]" if is_parked else "",
    )


def _total_cells(total: Money, result: "BillResult") -> tuple[str, ...]:
    own = [invoice for invoice in result.invoices if invoice.total.currency == total.currency]
    costs = sums_by_currency(cost for invoice in own for cost in invoice.costs)
    margin = total - costs[0] if len(costs) == 1 and costs[0].currency == total.currency else None
    return (
        f"{len(own)} invoices",
        str(sum(len(invoice.lines) for invoice in own)),
        _costs(costs, total.currency),
        _shown(total),
        _shown(margin) if margin is not None else "",
        _percent(margin, total) if margin is not None else "",
        total.currency,
        "",
    )


def _demo_table(run: dict[str, Any]) -> Table:
    rows = [
        (
            escape(_short(customer["customer_name"])),
            customer["costs"].get(currency, ""),
            sale,
            currency,
            "[red]parked[/]" if customer["is_parked"] else "",
        )
        for customer in run["customers"]
        for currency, sale in (customer["sales"] or {"": ""}).items()
    ]
    totals = [("Total", run["costs"].get(currency, ""), sale, currency, "") for currency, sale in run["sales"].items()]
    return _table(f"Billing run {run['period']}", ("Customer", "Cost", "Sale", "", ""), rows, totals)


def _demo_view(result: "DemoResult") -> dict[str, Any]:
    return {"run": result.run, "exports": result.exports, "is_new": result.is_new, "folder": str(result.folder)}


def _bill_view(result: "BillResult") -> dict[str, Any]:
    return {
        "period": str(result.period),
        "out": str(result.out),
        "customers": [_customer_view(bill, result) for bill in result.bills],
        "sales": money_view(sums_by_currency(invoice.total for invoice in result.invoices)),
        "costs": money_view(sums_by_currency(cost for invoice in result.invoices for cost in invoice.costs)),
        "issues": [issue_view(issue) for issue in result.issues],
        "written": [str(path) for path in result.written],
        "unchanged_count": result.unchanged_count,
    }


def _customer_view(bill: CustomerBill, result: "BillResult") -> dict[str, Any]:
    own = [invoice for invoice in result.invoices if invoice.customer_id.casefold() == bill.customer_id]
    margins = [invoice.margin for invoice in own]
    return {
        "customer_id": bill.customer_id,
        "customer_name": bill.customer_name,
        "is_parked": bill.is_parked,
        "invoices": [
            {"key": invoice.key.render(), "state": invoice.state.value, "line_count": len(invoice.lines)}
            for invoice in own
        ],
        "sales": money_view(invoice.total for invoice in own),
        "costs": money_view(sums_by_currency(cost for invoice in own for cost in invoice.costs)),
        "margins": money_view(margin for margin in margins if margin is not None),
    }


def _short(name: str) -> str:
    printable = "".join(character if character.isprintable() else "?" for character in name)
    return printable if len(printable) <= 32 else f"{printable[:31]}…"


def _shown(amount: Money) -> str:
    return f"{amount.rounded().amount:,f}"


def _costs(costs: Sequence[Money], currency: str) -> str:
    """Name the currency of a cost only where it is not the sale's."""
    return " + ".join(_shown(cost) + ("" if cost.currency == currency else f" {cost.currency}") for cost in costs)


def _percent(margin: Money, total: Money) -> str:
    if total.is_zero:
        return ""
    return f"{quotient_half_up(margin.amount * Decimal(100), total.amount, 1)}%"
