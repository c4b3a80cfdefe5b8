"""Daily rated usage: the one family with millions of rows, decoded into typed rows and added up as it streams by.

Of 55 columns the loop looks at 15; the whole row is read once for each fold (customer, subscription, meter), so the
columns that only describe cost nothing. Numbers, bare or quoted or in exponent form, become Decimals directly. A
chunk that does not decode, or sums that are no numbers, send the rows through the exact, slower check that names the
bad value.

Invariants: either way the same rows give the same sums; a column that the first row did not have is looked for in the
first, the last and every sixteenth chunk (an export has one schema for the whole file).

Not here: containers and CSV (``reading``), what a fold is (``shared/domain/usage_folding``).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal, DecimalException, localcontext
from itertools import chain
from operator import attrgetter
from typing import Any, cast

import msgspec

from shared.domain.errors import SourceFileError
from shared.domain.money import EXACT
from shared.domain.source_lines import SourceLine
from shared.domain.usage_folding import Counted, UsageRow
from shared.partner_center.source_files.json_rows import json_values
from shared.partner_center.source_files.mapping import ValueProblem, Values
from shared.partner_center.source_files.row_sink import RowSink, RowTaker
from shared.partner_center.source_files.values import day, is_sane, number

SCHEMA_CHECK_STRIDE = 16
_TEXTS = (
    "customer_id",
    "usage_on",
    "meter_id",
    "currency",
    "subscription_id",
    "entitlement_id",
    "product_id",
    "sku_id",
    "charge_type",
    "benefit_type",
    "invoice_number",
)
_NUMBERS = ("unit_price", "quantity", "cost")
_numbers_of = attrgetter(*_NUMBERS)


class _Row(msgspec.Struct, gc=False):
    """A row as the loop needs it, built from CSV or from the slow path."""

    customer_id: str
    usage_on: str
    meter_id: str
    currency: str
    unit_price: Decimal
    quantity: Decimal
    cost: Decimal
    subscription_id: str | None = ""
    entitlement_id: str | None = ""
    product_id: str | None = ""
    sku_id: str | None = ""
    charge_type: str | None = ""
    benefit_type: str | None = ""
    invoice_number: str | None = ""
    fx_rate: Decimal | None = Decimal(1)


class _Days(dict[str, str]):
    """Delivered dates as ISO text; "" for one that cannot be read."""

    def __missing__(self, text: str) -> str:
        try:
            read = day(text)
        except ValueError:
            read = None
        self[text] = read.isoformat() if read else ""
        return self[text]


class DailyUsage:
    """Adds the rows of one daily usage file to its sink."""

    def __init__(self, sink: RowSink, headers: Sequence[str]) -> None:
        self._sink = sink
        self._days = _Days()
        self._schema = _schema_decoder(headers)
        self._use_fields()

    def _use_fields(self) -> None:
        self._decoder = _decoder(self._sink.fields)
        self._describer = _describer(self._sink.fields)

    def read_json(self, first: bytes, chunks: Iterator[bytes], line: int = 1) -> None:
        """Add all rows of a JSON lines file; *first* is its first chunk, and begins on that *line*."""
        chunk, index = first, 0
        while chunk:
            following = next(chunks, b"")
            if index % SCHEMA_CHECK_STRIDE == 0 or not following:
                self._check_schema(chunk)
            starts = _line_starts(chunk)
            self._add_chunk(chunk, starts, line)
            line, chunk, index = line + len(starts) - 1, following, index + 1

    def add_values(self, delivered: Mapping[str, object], line: int) -> None:
        """Add one row given by delivered header, with every value checked."""
        values = self._sink.by_field(delivered)
        try:
            row = _checked(values)
        except ValueProblem as problem:
            self._sink.bad_value(line, values, problem)
            return
        self._sink.read.folds.add((row,), lambda _: self._opening(values, line), self._days)

    def _add_chunk(self, chunk: bytes, starts: Sequence[int], first_line: int) -> None:
        """Add the rows of a chunk whose lines begin at *starts*; the last start is the chunk's end or an open line."""
        rows = self._decode(chunk)
        if rows is None:
            for line, row in _numbered(chunk, first_line):
                self._add_text(row, line)
            return
        has_blank_lines = len(rows) != len(starts) - chunk.endswith(b"\n")
        numbered = list(_numbered(chunk, first_line)) if has_blank_lines else []
        if self._sink.extracts is not None:
            self._keep_rows(chunk, starts, rows, numbered or first_line)

        def describe(index: int) -> SourceLine | Counted | None:
            if has_blank_lines:
                line, row = numbered[index]
            else:
                line, row = first_line + index, chunk[slice(*starts[index : index + 2])]
            return self._line(self._described(row, line), line)

        self._sink.read.folds.add(rows, describe, self._days)

    def _keep_rows(
        self, chunk: bytes, starts: Sequence[int], rows: Sequence[UsageRow], lines: int | list[tuple[int, bytes]]
    ) -> None:
        """Hand on the rows as delivered: as they stand, or one by one where blank lines stand between them."""
        extracts = cast("RowTaker", self._sink.extracts)
        if isinstance(lines, int):
            ends = starts if chunk.endswith(b"\n") else [*starts, len(chunk)]
            extracts.json_rows([row.customer_id for row in rows], chunk, ends, lines)
            return
        for row, (line, text) in zip(rows, lines, strict=True):
            extracts.json_row(row.customer_id, text, line)

    def _line(self, values: Values, line: int) -> SourceLine | Counted | None:
        """Return the row that opens a fold, or None after reporting a value that the sums would need."""
        try:
            _check_day(values)
        except ValueProblem as problem:
            self._sink.bad_value(line, values, problem)
            return None
        return self._opening(values, line)

    def _opening(self, values: Values, line: int) -> SourceLine | Counted | None:
        """Return the whole row; of a file that is laid out just what counts, because its extracts are read again."""
        return self._sink.line(values, line) if self._sink.extracts is None else self._sink.counted(values, line)

    def _described(self, row: bytes, line: int) -> Values:
        """Return the values of every wanted column; by the typed decoder, or exactly where a type is unusual."""
        try:
            return cast("Values", msgspec.structs.asdict(self._describer.decode(row)))
        except msgspec.DecodeError:
            return self._sink.by_field(json_values(row, self._sink.file, line))

    def _add_text(self, row: bytes, line: int) -> None:
        try:
            values = json_values(row, self._sink.file, line)
        except SourceFileError as error:
            self._sink.unreadable(line, row[:80].decode("utf-8", "replace"), str(error))
            return
        if self._sink.extracts is not None:
            self._sink.extracts.json_row(values.get(self._sink.fields["customer_id"]), row, line)
        self._sink.headers_seen(values.keys())
        self.add_values(values, line)

    def _decode(self, chunk: bytes) -> list[UsageRow] | None:
        """Return the chunk's rows, or None where one of them needs to be looked at more closely."""
        try:
            rows = self._decoder.decode_lines(chunk)
            with localcontext(EXACT):
                checksum = sum(chain.from_iterable(map(_numbers_of, rows)), Decimal(0))
        except (msgspec.DecodeError, DecimalException):
            return None
        return cast("list[UsageRow]", rows) if is_sane(checksum) else None

    def _check_schema(self, chunk: bytes) -> None:
        try:
            self._schema.decode_lines(chunk)
        except msgspec.DecodeError:
            for line, row in _numbered(chunk, 1):
                with suppress(SourceFileError):  # an unreadable row is reported when it is added
                    self._sink.headers_seen(json_values(row, self._sink.file, line).keys())
            self._use_fields()


def _line_starts(chunk: bytes) -> list[int]:
    """Return where each line begins, and the end of the chunk; no line is copied, unlike by splitting."""
    starts, find, at = [0], chunk.find, chunk.find(b"\n")
    while at >= 0:
        starts.append(at + 1)
        at = find(b"\n", at + 1)
    return starts


def _numbered(chunk: bytes, first_line: int) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that hold something, with their numbers in the file."""
    for offset, row in enumerate(chunk.split(b"\n")):
        if row.strip():
            yield first_line + offset, row


def _checked(values: Values) -> _Row:
    """Return the row with every number and the date checked.

    Raises:
        ValueProblem: a value that is needed is missing or cannot be read.
    """
    _check_day(values)
    texts: dict[str, Any] = {name: str(values.get(name) or "") for name in _TEXTS}
    checked: dict[str, Any] = {name: _needed_number(values, name) for name in _NUMBERS}
    if values.get("fx_rate") not in {None, ""}:
        checked["fx_rate"] = _needed_number(values, "fx_rate")
    return _Row(**texts, **checked)


def _check_day(values: Values) -> None:
    text = str(values.get("usage_on") or "")
    try:
        on = day(text)
    except ValueError as error:
        raise ValueProblem("usage_on", text, str(error)) from error
    if on is None:
        raise ValueProblem("usage_on", "", "is empty; the day of the usage is needed.")


def _needed_number(values: Values, field: str) -> Decimal:
    value = values.get(field)
    try:
        if isinstance(value, str | Decimal) and value != "":
            return number(value)
    except ValueError as error:
        raise ValueProblem(field, value, str(error)) from error
    raise ValueProblem(field, value or "", "is empty; a number is needed.")


def _decoder(fields: Mapping[str, str]) -> msgspec.json.Decoder[Any]:
    """Return a decoder that reads just the wanted columns, by the names this file gives them."""
    wanted: list[tuple[str, Any] | tuple[str, Any, Any]] = [
        ("customer_id", str),
        ("usage_on", str),
        ("meter_id", str),
        ("currency", str),
        *((name, Decimal) for name in _NUMBERS),
        ("fx_rate", Decimal | None, Decimal(1)),
        *((name, str | None, "") for name in _TEXTS[4:]),
    ]
    renamed = {field[0]: fields.get(field[0], f"absent {field[0]}") for field in wanted}
    return msgspec.json.Decoder(msgspec.defstruct("DeliveredRow", wanted, rename=renamed, gc=False))


def _describer(fields: Mapping[str, str]) -> msgspec.json.Decoder[Any]:
    """Return a decoder that reads every column that feeds a source line."""
    decimals = {*_NUMBERS, "fx_rate", "effective_unit_price"}
    wanted = [(name, Decimal | None if name in decimals else str | None, None) for name in fields]
    return msgspec.json.Decoder(msgspec.defstruct("DescribedRow", wanted, rename=dict(fields), gc=False))


def _schema_decoder(headers: Sequence[str]) -> msgspec.json.Decoder[Any]:
    """Return a decoder that fails on a row with a column that is not among *headers*."""
    columns = [(f"c{index}", msgspec.Raw, msgspec.Raw()) for index in range(len(headers))]
    renamed = {f"c{index}": header for index, header in enumerate(headers)}
    struct = msgspec.defstruct("Schema", columns, rename=renamed, gc=False, forbid_unknown_fields=True)
    return msgspec.json.Decoder(struct)
