"""How values become JSON here: Decimals as bare numbers with all their digits, dates as instants in UTC.

Not here: which columns there are.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from json.encoder import encode_basestring
from typing import Any

Row = dict[str, Any]


def words(text: str) -> frozenset[str]:
    """Return the words of a text, for lists of column names."""
    return frozenset(text.split())


def json_text(value: Any) -> str:
    """Return any value as JSON; a Decimal keeps its digits, None is ``null``."""
    if isinstance(value, dict):
        return "{" + json_members(value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(json_text, value)) + "]"
    return _scalar(value)


def json_members(members: Iterable[tuple[str, Any]]) -> str:
    """Return the inside of an object."""
    return ",".join(f'"{name}":{json_text(value)}' for name, value in members)


def json_line(row: Mapping[str, Any]) -> str:
    """Return one row of plain values as a line of JSON lines."""
    return "{" + ",".join([f'"{name}":{_scalar(value)}' for name, value in row.items()]) + "}\n"


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return str(encode_basestring(value))
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return f'"{value:%Y-%m-%dT%H:%M:%S}Z"'
    if isinstance(value, date):
        return f'"{value.isoformat()}T00:00:00Z"'
    return str(value)


def statement_pdf(lines: Iterable[str]) -> bytes:
    """Return a small PDF of one page with *lines* of text; what Latin-1 cannot say is shown as ``?``."""
    shown = "".join(f"({_pdf_escaped(line)}) Tj T*\n" for line in lines)
    content = f"BT /F1 10 Tf 14 TL 50 790 Td\n{shown}ET\n".encode("latin-1", "replace")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources 6 0 R >>",
        b"<< /Length %d >>\nstream\n%bendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Font << /F1 5 0 R >> >>",
    )
    return _pdf_file(objects)


def _pdf_file(objects: tuple[bytes, ...]) -> bytes:
    written, offsets = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        offsets.append(len(written))
        written += b"%d 0 obj\n%b\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    head = b"xref\n0 %d\n0000000000 65535 f \n%b" % (len(objects) + 1, table)
    tail = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(written))
    return written + head + tail


def _pdf_escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
