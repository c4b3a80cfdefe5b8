"""Seek paging: ``size``, then ``seekOperation`` with the continuation token out of the answer's ``links.next``.

The token carries what the first request asked (size, filter) and where the page ended, so that what is added or
deleted between two pages neither repeats nor hides another item. Items are in order of their ids.

Not here: offset paging of invoices, Graph's ``$skiptoken``.
"""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from local.partner_center.answers import Asked, RefusedError, link
from local.partner_center.entities import Json

TOKEN = "MS-ContinuationToken"  # noqa: S105 - the name of a header


@dataclass(frozen=True, slots=True, kw_only=True)
class Seek:
    """What a page is cut by: *filter* and *sort* as sent, the first and last key of the page the token came with."""

    operation: str
    size: int
    filter: str = ""
    sort: str = ""
    first: str = ""
    last: str = ""


def seek_of(asked: Asked, *, size_default: int, size_max: int) -> Seek:
    """Return what page is asked for.

    Raises:
        RefusedError: size, operation or token are none (400, 3000).
    """
    operation = asked.first("seekOperation").lower()
    if operation not in {"", "first", "next", "previous", "last", "page_index", "pageindex"}:
        raise RefusedError(400, 3000, f"Invalid property: seekOperation '{operation}'.")
    if operation in {"next", "previous", "last"}:
        return _continued(asked.headers.get(TOKEN.lower(), ""), operation)
    size = asked.first("size", "0") or "0"
    if not size.isdecimal():
        raise RefusedError(400, 3000, f"Invalid property: size '{size}'.")
    sort = f"{asked.first('sortField')} {asked.first('sortDirection')}".strip()
    cut_to = min(int(size) or size_default, size_max)
    return Seek(operation="first", size=cut_to, filter=asked.first("filter"), sort=sort)


def _continued(token: str, operation: str) -> Seek:
    try:
        held = json.loads(urlsafe_b64decode(token.encode()))
        return Seek(operation=operation, **{name: held[name] for name in ("size", "filter", "sort", "first", "last")})
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise RefusedError(400, 3000, f"Invalid property: {TOKEN}.") from error


def cut(keys: Sequence[str], seek: Seek) -> tuple[Sequence[str], bool]:
    """Return the page of the ascending *keys* that *seek* names, and whether more follow."""
    if seek.operation == "next":
        start = bisect_right(keys, seek.last)
    elif seek.operation == "previous":
        start = max(0, bisect_left(keys, seek.first) - seek.size)
    elif seek.operation == "last":
        start = max(0, len(keys) - seek.size)
    else:
        start = 0
    return keys[start : start + seek.size], start + seek.size < len(keys)


def next_link(uri: str, page: Sequence[str], seek: Seek) -> Json:
    """Return ``links.next`` for the page after *page*; *uri* is the collection without a query."""
    held = {"size": seek.size, "filter": seek.filter, "sort": seek.sort, "first": page[0], "last": page[-1]}
    token = urlsafe_b64encode(json.dumps(held).encode()).decode()
    return link(f"{uri}?size={seek.size}&seekOperation=Next", headers=((TOKEN, token),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """One comparison of Microsoft's filter objects; names and values in lower case."""

    field: str
    value: str
    operator: str

    def matches(self, text: str) -> bool:
        """Tell whether *text* passes, without regard to case.

        Raises:
            RefusedError: the operator is unknown (400, 3000).
        """
        found = text.casefold()
        checks = {
            "starts_with": found.startswith(self.value),
            "not_starts_with": not found.startswith(self.value),
            "equals": found == self.value,
            "not_equals": found != self.value,
            "substring": self.value in found,
        }
        if self.operator not in checks:
            raise RefusedError(400, 3000, f"Invalid property: filter operator '{self.operator}'.")
        return checks[self.operator]


def filter_of(sent: str, fields: Sequence[str]) -> Filter | None:
    """Return the filter in a ``filter`` parameter, None where there is none.

    Raises:
        RefusedError: it is no JSON object, or its field is not among *fields* (400, 3000).
    """
    if not sent:
        return None
    try:
        told = {str(key).lower(): str(value) for key, value in json.loads(sent).items()}
    except (ValueError, AttributeError) as error:
        raise RefusedError(400, 3000, "Invalid property: filter.") from error
    field = told.get("field", "").lower()
    if field not in {each.lower() for each in fields}:
        raise RefusedError(400, 3000, f"Invalid property: filter field '{told.get('field', '')}'.")
    operator = told.get("operator", "").lower()
    operator = {"startswith": "starts_with", "notequals": "not_equals"}.get(operator, operator)
    return Filter(field=field, value=told.get("value", "").casefold(), operator=operator)
