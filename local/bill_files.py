"""Billing a month from a person's own files: read, bill, keep revisions, write documents, all or nothing.

The output folder remembers what was billed before (in ``.prorata`` inside it), so the same input writes nothing and
other input makes revisions that say what changed. Documents are rendered into a staging folder first and moved into
place when all of them are there; documents that no longer apply are moved to ``superseded``.

Not here: the command line (``command``), the rules (``shared/domain``).
"""

import errno
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from local.parallel_reading import read_files
from local.price_files import customer_groups, opened, price_book, price_sheet, special_terms
from shared.application.services import Document, Formats
from shared.bootstrap import FORMATS, open_stores
from shared.domain.agreed_terms import price_boundaries
from shared.domain.charging import ChargeLine
from shared.domain.customer_bills import CustomerBill, Terms, bill_customer, by_customer, emptied
from shared.domain.errors import BusyError, InvalidError, StorageUnavailableError
from shared.domain.invoices import Invoice
from shared.domain.issues import Issue
from shared.domain.keys import RunKey
from shared.domain.periods import BillingPeriod
from shared.domain.prices.price_locks import PriceLockPolicy
from shared.domain.source_files import ControlTotal, check_control_totals, outside_period
from shared.domain.subscription_details import by_subscription, with_details
from shared.settings import Settings
from shared.storage.repositories.invoices import Invoices

try:
    import fcntl
except ImportError:  # Windows has none; two runs on one folder are then not kept apart
    fcntl = None  # type: ignore[assignment]  # the module or nothing

MEMORY, STAGING, SUPERSEDED, LOCK = ".prorata", "staging", "superseded", "lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class BillRequest:
    """What a person hands in. Without *period* the month that most rows lie in is billed.

    *offers* is the list of offers and discounts, *price_lock* what a price list change means for running terms,
    *customer_groups* who shares the prices of a group.
    """

    lines: Sequence[Path]
    prices: Path
    out: Path
    period: BillingPeriod | None = None
    price_sheets: Sequence[Path] = ()
    subscription_details: Path | None = None
    control: Path | None = None
    controls: Sequence[ControlTotal] = ()
    reseller_name: str = "The reseller"
    offers: Path | None = None
    price_lock: PriceLockPolicy | None = None
    customer_groups: Path | None = None


@dataclass(slots=True, kw_only=True)
class BillResult:
    """What came out. *written* are new files; *unchanged_count* were there already."""

    period: BillingPeriod
    run_id: str
    bills: list[CustomerBill]
    invoices: list[Invoice]
    issues: list[Issue]
    written: list[Path] = field(default_factory=list)
    unchanged_count: int = 0
    out: Path = field(default_factory=Path)

    @property
    def is_blocked(self) -> bool:
        """Whether an issue keeps somebody, or everybody, from approval."""
        return any(issue.is_blocking for issue in self.issues)


def bill_files(request: BillRequest, progress: Callable[[int], None] = lambda _: None) -> BillResult:
    """Bill the month and write its documents.

    Raises:
        InvalidError: a file cannot be used, or no row has a date; nothing was written.
        StorageUnavailableError: the output folder cannot be written; nothing of this run was left there.
    """
    formats = FORMATS
    groups = customer_groups(request.customer_groups)
    prices = price_book(request.prices, groups)
    special = special_terms(request.offers, request.price_lock, groups)
    files = read_files(request.lines, price_boundaries(prices, special), progress)
    period = request.period or files.period
    if period is None:
        if files.issues:
            raise InvalidError(f"no row could be used: {files.issues[0]}")
        raise InvalidError("no row has a date, so the month cannot be told: give it with --period, such as 2026-10")
    outside = filter(None, (outside_period(read, period) for read in files.reads))
    issues = [*files.issues, *outside, *check_control_totals(files.reads, _controls(request))]
    terms = Terms(period, prices, price_sheet(request.price_sheets), _detail(request, formats), special)
    customers = by_customer(files.lines, files.folds, files.issues)
    bills = [bill_customer(customer, terms) for customer in customers.values()]
    general = [issue for issue in issues if not issue.customer_id]
    return _write(request, period, bills, general)


def _write(request: BillRequest, period: BillingPeriod, bills: list[CustomerBill], general: list[Issue]) -> BillResult:
    run_id = RunKey(period).render()
    with _folder(request.out) as memory:
        kept = _invoices_in(memory)
        drafts = [
            draft
            for bill in bills
            for draft in (*bill.invoices, *emptied(bill, kept.of_period(bill.customer_id, period)))
        ]
        planned = [kept.preview(draft) for draft in drafts]
        result = BillResult(
            period=period,
            run_id=run_id,
            bills=bills,
            invoices=planned,
            issues=[*general, *(issue for bill in bills for issue in bill.issues)],
            out=request.out,
        )
        wanted = _render(request, result, general, memory / STAGING)
        for draft in drafts:
            kept.keep(draft)
        _move_into_place(result, wanted, memory)
    return result


def _render(request: BillRequest, result: BillResult, general: list[Issue], staging: Path) -> list[Path]:
    """Render what is not there yet into *staging*; return all files that should be there, relative to the folder."""
    parked = {bill.customer_id for bill in result.bills if bill.is_parked}
    made = partial(_staged, request.out, staging)
    wanted: list[Path] = []
    for invoice in result.invoices:
        if invoice.customer_id.casefold() not in parked:
            documents = FORMATS.customer_documents(invoice, reseller_name=request.reseller_name, run_id=result.run_id)
            wanted.extend(made(Path("customers") / document.file_name, document) for document in documents)
    without_invoice = [issue for bill in result.bills if not bill.invoices for issue in bill.issues]
    documents = FORMATS.reseller_documents(
        lambda: result.invoices,
        reseller_name=request.reseller_name,
        run_id=result.run_id,
        issues=[*general, *without_invoice],
    )
    wanted.extend(made(Path("reseller") / document.file_name, document) for document in documents)
    return wanted


def _staged(out: Path, staging: Path, name: Path, document: Document) -> Path:
    target = out / name
    if not target.exists() or target.read_bytes() != document.content:
        waiting = staging / name
        waiting.parent.mkdir(parents=True, exist_ok=True)
        waiting.write_bytes(document.content)
    return name


def _move_into_place(result: BillResult, wanted: Sequence[Path], memory: Path) -> None:
    listing = memory / f"files-{result.period}.json"
    before = [Path(name) for name in json.loads(listing.read_text())] if listing.exists() else []
    for name in before:
        if name not in wanted and (result.out / name).exists():
            target = result.out / SUPERSEDED / name
            target.parent.mkdir(parents=True, exist_ok=True)
            (result.out / name).replace(target)
    for name in wanted:
        waiting = memory / STAGING / name
        if waiting.exists():
            (result.out / name).parent.mkdir(parents=True, exist_ok=True)
            waiting.replace(result.out / name)
            result.written.append(result.out / name)
        else:
            result.unchanged_count += 1
    listing.write_text(json.dumps([str(name) for name in wanted], indent=1))


@contextmanager
def _folder(out: Path) -> Iterator[Path]:
    """Yield the folder's memory; whatever fails, no half-made document stays behind."""
    memory = out / MEMORY
    staging = memory / STAGING
    try:
        memory.mkdir(parents=True, exist_ok=True)
        with _locked(memory / LOCK, out):
            shutil.rmtree(staging, ignore_errors=True)
            staging.mkdir(parents=True)
            try:
                yield memory
            finally:
                shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        reason = "the disk is full" if error.errno == errno.ENOSPC else (error.strerror or str(error))
        raise StorageUnavailableError(
            f"the output folder {out} cannot be written: {reason}. Free space, close its files, or choose another."
        ) from error


@contextmanager
def _locked(path: Path, out: Path) -> Iterator[None]:
    """Keep other processes out of the folder; the lock ends with the process, however that ends.

    Raises:
        BusyError: another process is writing there.
    """
    with path.open("w") as lock:
        if fcntl is not None:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise BusyError(
                    f"another prorata bill is writing to {out} right now: wait, or choose another"
                ) from error
        yield


def _invoices_in(memory: Path) -> Invoices:
    stores = open_stores(Settings(store="embedded", embedded_root=memory / "store"))
    return Invoices(stores.tables, stores.blobs)


def _controls(request: BillRequest) -> list[ControlTotal]:
    if request.control is None:
        return list(request.controls)
    return [*opened(request.control, FORMATS.read_control_totals), *request.controls]


def _detail(request: BillRequest, formats: Formats) -> Callable[[ChargeLine], ChargeLine]:
    if request.subscription_details is None:
        return partial(with_details, details=by_subscription(()))
    details = opened(request.subscription_details, formats.read_subscription_details)
    return partial(with_details, details=by_subscription(details))
