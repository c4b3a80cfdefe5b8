"""A whole month of the demo reseller: every file that Microsoft would deliver, and the reseller's own.

Deterministic: the same period, number of customers and seed give the same bytes, on any day.

Not here: how a line is made (``desk``, ``azure``, ``legacy``), the price list (``price_files``), and the large files
for measurements (``usage``).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from local.demo import extras, legacy, population, stories
from local.demo.arithmetic import Month, total
from local.demo.azure import MonthlySums, daily_row, make_estates, priced_meters, used
from local.demo.columns import (
    CONTROL_TOTALS,
    DAILY_USAGE,
    LEGACY_LICENCE,
    LEGACY_USAGE,
    NEW_COMMERCE,
    PRICE_LIST,
    PRICE_SHEET,
    SUBSCRIPTION_DETAILS,
    camel,
)
from local.demo.desk import BILLS, Desk
from local.demo.formats import Row, csv_bytes, json_line, json_lines, write_gzip, write_zip
from local.demo.legacy import LegacyDesk
from local.demo.organisations import Customer, make_customers, make_partner, stream
from local.demo.price_files import price_list, price_sheet, subscription_details

AZURE_CUSTOMERS = 20
"""How many customers billed in euro have daily usage; one in dollar has Azure on its invoice without daily rows."""
USAGE_PARTS = 2


@dataclass(frozen=True, slots=True)
class ControlTotal:
    """What Microsoft says of a document: the number of its lines and their sum before tax."""

    invoice_number: str
    currency: str
    lines: int
    subtotal: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoMonth:
    """The files of a month, and Microsoft's totals of its four documents."""

    period: str
    invoice_eur: Path
    invoice_usd: Path
    daily_usage: tuple[Path, ...]
    legacy_licence: Path
    legacy_usage: Path
    price_list: Path
    price_sheet: Path
    subscription_details: Path
    control_totals: Path
    totals: tuple[ControlTotal, ...]

    @property
    def microsoft_files(self) -> tuple[Path, ...]:
        """The billing files, which are what an import reads."""
        return (self.invoice_eur, self.invoice_usd, *self.daily_usage, self.legacy_licence, self.legacy_usage)


def write_month(folder: Path, *, period: str = "2026-10", customers: int = 42, seed: int = 7) -> DemoMonth:
    """Write the month into *folder*, which is made if it is missing; files of the same names are replaced.

    Raises:
        ValueError: *period* is no month such as 2026-10, or there are fewer than 40 *customers*.
    """
    month, people, partner = Month.parse(period), make_customers(seed, customers), make_partner(seed)
    folder.mkdir(parents=True, exist_ok=True)
    desk = Desk(month, partner, seed)
    usage = _bill_new_commerce(desk, people, seed)
    old = LegacyDesk(month, partner, seed)
    euro = _billed_in(people, "EUR")
    old.bill([euro[place] for place in legacy.PLACES])
    totals = (*(_total(bill.number, currency, desk.lines[currency]) for currency, bill in BILLS.items()), *_legacy(old))
    return DemoMonth(
        period=str(month),
        invoice_eur=_write_euro(folder, desk, seed),
        invoice_usd=_write_dollar(folder, desk, seed),
        daily_usage=_write_usage(folder, usage),
        legacy_licence=_write_legacy_licence(folder, old),
        legacy_usage=_write(folder, f"legacy_usage_{legacy.INVOICE}.csv", LEGACY_USAGE, old.usage),
        price_list=_write(folder, "price_list.csv", PRICE_LIST, price_list(month, people, priced_meters(seed))),
        price_sheet=_write(folder, f"price_sheet_{month}.csv", PRICE_SHEET, price_sheet(month)),
        subscription_details=_write_details(folder, desk, seed),
        control_totals=_write_totals(folder, totals),
        totals=totals,
    )


def _bill_new_commerce(desk: Desk, people: list[Customer], seed: int) -> list[Row]:
    """Put the month on the new-commerce invoices; return the daily rows of the euro invoice."""
    euro, dollar = _billed_in(people, "EUR"), _billed_in(people, "USD")
    savings = extras.savings_orders(seed, euro)
    stories.tell(desk, people)
    population.live(desk, people, seed)
    extras.sell(desk, euro, savings)
    rows, sums = [], MonthlySums()
    with_azure = [*euro[:AZURE_CUSTOMERS], dollar[0]]
    for usage in used(make_estates(seed, with_azure, savings, priced_meters(seed)), desk.month, seed):
        sums.add(usage)
        if usage.estate.customer.currency == "EUR":
            rows.append(daily_row(usage, desk.month, desk.partner))
    sums.bill(desk)
    return rows


def _billed_in(people: Iterable[Customer], currency: str) -> list[Customer]:
    return [customer for customer in people if customer.currency == currency]


def _shuffled(lines: list[Row], seed: int, purpose: str) -> list[Row]:
    """Microsoft's lines come in no order of time."""
    shuffled = list(lines)
    stream(seed, purpose).shuffle(shuffled)
    return shuffled


def _write_euro(folder: Path, desk: Desk, seed: int) -> Path:
    path = folder / f"recon_{BILLS['EUR'].number}_EUR.csv"
    path.write_bytes(csv_bytes(NEW_COMMERCE, _shuffled(desk.lines["EUR"], seed, "order of euro lines"), bom=True))
    return path


def _write_dollar(folder: Path, desk: Desk, seed: int) -> Path:
    path = folder / f"recon_{BILLS['USD'].number}_USD.json.gz"
    lines = _shuffled(desk.lines["USD"], seed, "order of dollar lines")
    rows = [{camel(name): line[name] for name in NEW_COMMERCE} for line in lines]
    write_gzip(path, json_lines(rows), members=4)
    return path


def _write_usage(folder: Path, rows: list[Row]) -> tuple[Path, ...]:
    """Day by day over two parts, so that a customer's usage is in both."""
    size = -(-len(rows) // USAGE_PARTS)
    paths = []
    for part in range(USAGE_PARTS):
        path = folder / f"usage_{BILLS['EUR'].number}_EUR_part-{part:05d}.json.gz"
        ordered = ({name: row[name] for name in DAILY_USAGE} for row in rows[part * size : (part + 1) * size])
        write_gzip(path, "".join(json_line(row) + "\n" for row in ordered).encode())
        paths.append(path)
    return tuple(paths)


def _write_legacy_licence(folder: Path, old: LegacyDesk) -> Path:
    path = folder / f"legacy_licence_{legacy.INVOICE}.zip"
    write_zip(path, f"{legacy.INVOICE}.csv", csv_bytes(LEGACY_LICENCE, old.licences))
    return path


def _write(folder: Path, name: str, columns: tuple[str, ...], rows: list[Row]) -> Path:
    path = folder / name
    path.write_bytes(csv_bytes(columns, rows))
    return path


def _write_details(folder: Path, desk: Desk, seed: int) -> Path:
    lines = [line for bill in BILLS for line in desk.lines[bill]]
    rows = subscription_details(desk.month, lines, seed)
    return _write(folder, "subscription_details.csv", SUBSCRIPTION_DETAILS, rows)


def _write_totals(folder: Path, totals: tuple[ControlTotal, ...]) -> Path:
    rows: list[Row] = [
        dict(zip(CONTROL_TOTALS, (one.invoice_number, one.currency, one.lines, one.subtotal), strict=True))
        for one in totals
    ]
    return _write(folder, "control_totals.csv", CONTROL_TOTALS, rows)


def _total(number: str, currency: str, lines: list[Row], column: str = "Subtotal") -> ControlTotal:
    return ControlTotal(number, currency, len(lines), total([Decimal(str(line[column])) for line in lines]))


def _legacy(old: LegacyDesk) -> tuple[ControlTotal, ControlTotal]:
    """Old contracts make two documents; the licence file carries no invoice number, so neither does its total."""
    return _total("", "EUR", old.licences), _total(legacy.INVOICE, "EUR", old.usage, "PretaxCharges")
