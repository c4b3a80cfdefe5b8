"""What ``prorata prices change`` does: show what a change would make of a price list, and write it when asked to.

The file that is changed stays as it is; the new list is another file, with the old rows ended the day before and new
ones behind them that carry author and note in their Note.

Not here: the command line (``command``), what a change does to a price (``shared/domain/prices/bulk_changes``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path

from shared.documents.price_list_writing import write_price_list
from shared.documents.price_lists import read_price_list
from shared.domain.errors import InvalidError
from shared.domain.explanations import plain
from shared.domain.prices import PriceBook, PriceEntry, PriceMethod, ScopeKind
from shared.domain.prices.bulk_changes import BulkChange, BulkPreview, PreviewRow, PriceFilter, apply, preview
from shared.domain.prices.versions import PriceListVersion

SHOWN_ROWS_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRequest:
    """What a person asks for. *filters* are by the names of the options; without *out* nothing is written."""

    price_list: Path
    first_day: date
    percent: Decimal | None = None
    amount: Decimal | None = None
    currency: str = ""
    step: Decimal | None = None
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    includes_later: bool = False
    author: str = ""
    note: str = ""
    out: Path | None = None


def change_prices(request: ChangeRequest) -> str:
    """Return the preview as text, and write the new list where the request names a file.

    Raises:
        InvalidError: the list or the request cannot be used; nothing was written.
    """
    version = PriceListVersion(valid_from=date.min, entries=tuple(_entries(request.price_list)))
    seen = preview(version, _change(request))
    groups = {entry.scope: () for entry in seen.entries if entry.scope_kind is ScopeKind.GROUP}
    PriceBook(seen.entries, name=request.price_list.name, groups=groups)
    text = _told(seen)
    if request.out is None:
        return f"{text}\nNothing was written: add --out NEW --author NAME --note TEXT to write the new list."
    made = apply(version, seen, author=request.author, note=request.note)
    former = {entry.row: entry for entry in version.entries}
    _write(request.out, [_signed(entry, made, former.get(entry.row)) for entry in made.entries])
    return f"{text}\nWrote {request.out} ({made.version_id}), in force from {made.valid_from}."


def _entries(path: Path) -> list[PriceEntry]:
    try:
        with path.open("rb") as stream:
            return read_price_list(stream, path.name)
    except OSError as error:
        raise InvalidError(f"{path}: cannot be opened ({error.strerror}). Check the path and its rights.") from error


def _change(request: ChangeRequest) -> BulkChange:
    wanted = {name: frozenset(values) for name, values in request.filters.items()}

    def texts(name: str) -> frozenset[str]:
        return wanted.get(name, frozenset())

    return BulkChange(
        valid_from=request.first_day,
        percent=request.percent,
        amount=request.amount,
        currency=request.currency,
        rounding_step=request.step,
        includes_later=request.includes_later,
        rows=PriceFilter(
            customers=texts("customer"),
            customer_groups=texts("group"),
            subscriptions=texts("subscription"),
            vendors=texts("vendor"),
            product_ids=texts("product"),
            sku_ids=texts("sku"),
            meter_ids=texts("meter"),
            meter_categories=texts("category"),
            terms=texts("term"),
            billing_plans=texts("plan"),
            methods=frozenset(map(_method, texts("method"))),
        ),
    )


def _method(text: str) -> PriceMethod:
    try:
        return PriceMethod(text)
    except ValueError as error:
        raise InvalidError(f"--method {text}: write one of {', '.join(PriceMethod)}") from error


def _told(seen: BulkPreview) -> str:
    shown = [_row(row) for row in seen.rows[:SHOWN_ROWS_MAX]]
    more = [f"... and {len(seen.rows) - SHOWN_ROWS_MAX} more"] if len(seen.rows) > SHOWN_ROWS_MAX else []
    left = [f"left alone: row {each.row} ({each.owner}: {each.applies_to}): {each.reason}" for each in seen.left]
    counts = f"{seen.changed_count} rows change, {seen.untouched_count} stay as they are."
    return "\n".join([*shown, *more, *left, counts])


def _row(row: PreviewRow) -> str:
    tier = "" if row.from_units is None else f", from unit {plain(row.from_units)}"
    unit = f" {row.currency}" if row.currency else "%"
    difference = f"{row.difference:+f}"
    return (
        f"row {row.row} ({row.owner}: {row.applies_to}{tier}) {row.method.value}: "
        f"{row.before:f} -> {row.after:f}{unit} ({difference})"
    )


def _signed(entry: PriceEntry, made: PriceListVersion, former: PriceEntry | None) -> PriceEntry:
    """Return a row with a new price with who decided it and why in its note; the others as they are."""
    signed = f"{made.note} ({made.author})" if made.note else made.author
    is_same = former is not None and (entry.value, entry.tiers) == (former.value, former.tiers)
    return entry if is_same else replace(entry, note=signed)


def _write(out: Path, entries: Sequence[PriceEntry]) -> None:
    content = BytesIO()
    write_price_list(content, entries, as_xlsx=out.suffix.casefold() != ".csv")
    try:
        with out.open("xb") as stream:
            stream.write(content.getvalue())
    except FileExistsError as error:
        raise InvalidError(f"{out} is there already: remove it first, or name another file") from error
    except OSError as error:
        raise InvalidError(f"{out} cannot be written ({error.strerror}): choose another place") from error
