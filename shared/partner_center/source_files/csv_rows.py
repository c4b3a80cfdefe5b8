"""CSV as Microsoft and Excel write it: a header, then rows with the number of the line they begin on.

Comma, semicolon and tab are told apart by the header. Quotes must close: a quote that never does means a file that
was cut off, and would otherwise swallow all rows behind it.

Not here: what the columns mean.
"""

import csv
import io
from collections.abc import Iterator

from shared.domain.errors import SourceFileError
from shared.partner_center.source_files.containers import LINE_BYTES_MAX

csv.field_size_limit(LINE_BYTES_MAX)
Rows = Iterator[tuple[int, list[str]]]


def csv_rows(name: str, raw: io.RawIOBase, begins_on: int = 1) -> tuple[list[str], Rows]:
    """Return the header, which stands on line *begins_on*, and an iterator over line numbers and rows.

    Raises:
        SourceFileError: not UTF-8, a column twice, or (while iterating) a quote that never closes.
    """
    text = io.TextIOWrapper(io.BufferedReader(raw), encoding="utf-8", newline="")
    try:
        header_line = text.readline(LINE_BYTES_MAX)
    except UnicodeDecodeError as error:
        raise _not_utf8(name) from error
    delimiter = max(",;\t", key=header_line.count)
    headers = [header.strip().lstrip("'") for header in next(csv.reader([header_line], delimiter=delimiter), [])]
    doubled = {header for header in headers if header and headers.count(header) > 1}
    if doubled:
        raise SourceFileError(f"{name}: the column {min(doubled)} stands twice in the header. Download the file again.")
    return headers, _rows(name, text, delimiter, begins_on)


def _rows(name: str, text: io.TextIOWrapper, delimiter: str, begins_on: int) -> Rows:
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    line = begins_on
    try:
        for row in reader:
            yield line + 1, row
            line = begins_on + reader.line_num
    except UnicodeDecodeError as error:
        raise _not_utf8(name) from error
    except csv.Error as error:
        raise SourceFileError(
            f"{name}: the value after line {line} cannot be read ({error}). The file is cut off or damaged: "
            "download it again."
        ) from error


def _not_utf8(name: str) -> SourceFileError:
    return SourceFileError(f"{name}: is not UTF-8 text. Save as 'CSV UTF-8', or download it again.")
