"""Calls on the audit feed: what happened, by days, with paging and a filter.

The token that continues a page carries the question, so that a client may follow ``links.next`` with or without the
dates. Records are in the order in which things were written down.

Not here: what a record looks like (``audit``).
"""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta

from local.partner_center.answers import Answer, Asked, Call, RefusedError, collection, link
from local.partner_center.audit import number_of, record_view
from local.partner_center.entities import Json
from local.partner_center.paging import TOKEN, Filter, filter_of
from local.partner_center.world import Happening, World

_DAYS_BACK = 90
_SIZE_DEFAULT, _SIZE_MAX = 100, 500
_FIELDS = ("CompanyName", "CustomerId", "ResourceType")


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked: from *start* up to *end* (excluded), as ISO text; *after* is the last record that was read."""

    start: str
    end: str
    size: int
    filter: str
    after: int = -1


def list_records(asked: Asked) -> Answer:
    """Answer the records of some days."""
    question = _question(asked)
    numbers = list(_found(asked.world, question))
    page = numbers[: question.size]
    own = f"/auditrecords?startDate={question.start[:10]}&size={question.size}"
    following = _next(replace(question, after=page[-1]), own) if len(numbers) > len(page) else None
    items = [record_view(asked.world, number) for number in page]
    return Answer(json=collection(items, own, following=following))


def get_record(asked: Asked) -> Answer:
    """Answer one record."""
    number = number_of(asked.path["record_id"])
    happenings = asked.world.happenings
    if number is None or not 0 <= number < len(happenings) or not happenings[number].operation:
        raise RefusedError(404, 1000, "The audit record was not found.")
    return Answer(json=record_view(asked.world, number))


def _question(asked: Asked) -> _Question:
    token = asked.headers.get(TOKEN.lower())
    if token and asked.first("seekOperation").lower() == "next":
        return _continued(token)
    start = _instant(asked, "startDate")
    if start is None:
        raise RefusedError(400, 3000, "Invalid property: startDate is required.")
    if start < asked.now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=_DAYS_BACK):
        raise RefusedError(400, 3000, f"Invalid property: startDate is more than {_DAYS_BACK} days back.")
    end = _instant(asked, "endDate", is_end=True) or asked.now + timedelta(microseconds=1)
    if end <= start:
        raise RefusedError(400, 3000, "Invalid property: endDate lies before startDate.")
    size = asked.first("size") or asked.first("auditRequest.size") or "0"
    if not size.isdecimal():
        raise RefusedError(400, 3000, f"Invalid property: size '{size}'.")
    cut_to = min(int(size) or _SIZE_DEFAULT, _SIZE_MAX)
    return _Question(start.isoformat(), end.isoformat(), cut_to, asked.first("filter"))


def _instant(asked: Asked, name: str, *, is_end: bool = False) -> datetime | None:
    """Return a date of the query; a day that ends a range belongs to it whole."""
    text = asked.first(name) or asked.first(f"auditRequest.{name}")
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError as error:
        raise RefusedError(400, 3000, f"Invalid property: {name} '{text}'.") from error
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    is_day = found.hour == found.minute == found.second == 0
    return found + timedelta(days=1) if is_end and is_day else found


def _continued(token: str) -> _Question:
    try:
        return _Question(**json.loads(urlsafe_b64decode(token.encode())))
    except (ValueError, TypeError, binascii.Error) as error:
        raise RefusedError(400, 3000, f"Invalid property: {TOKEN}.") from error


def _next(question: _Question, own: str) -> Json:
    token = urlsafe_b64encode(json.dumps(asdict(question)).encode()).decode()
    return link(f"{own}&seekOperation=Next", headers=((TOKEN, token),))


def _found(world: World, question: _Question) -> Iterator[int]:
    """Yield the numbers of what is asked for, one more than a page."""
    start, end = datetime.fromisoformat(question.start), datetime.fromisoformat(question.end)
    wanted = filter_of(question.filter, _FIELDS)
    left = question.size + 1
    for number in range(question.after + 1, len(world.happenings)):
        happening = world.happenings[number]
        if not happening.operation or not start <= happening.at < end:
            continue
        if wanted is not None and not _passes(world, happening, wanted):
            continue
        yield number
        left -= 1
        if not left:
            return


def _passes(world: World, happening: Happening, wanted: Filter) -> bool:
    customer = world.customers.get(happening.customer_id)
    texts = {
        "companyname": customer.name if customer else "",
        "customerid": happening.customer_id,
        "resourcetype": happening.resource,
    }
    return wanted.matches(texts[wanted.field])


CALLS = (
    Call(method="GET", path="/v1/auditrecords", handler=list_records),
    Call(method="GET", path="/v1/auditrecords/{record_id}", handler=get_record),
    Call(method="GET", path="/auditactivity/v1/auditrecords", handler=list_records),
    Call(method="GET", path="/auditactivity/v1/auditrecords/{record_id}", handler=get_record),
)
