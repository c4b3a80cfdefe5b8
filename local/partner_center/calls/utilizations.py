"""What Azure subscriptions of the old commerce used, by the day or hour.

The same quantities as on the invoices of old contracts; a day is told from the next day on.

Source: Microsoft Partner Center documentation, "Get a customer's utilization records for Azure".

Not here: Azure plans (``usage``, ``exports``).
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import islice

from local.demo.arithmetic import over, rounddown
from local.demo.legacy import SERVICES
from local.partner_center.answers import Answer, Asked, Call, RefusedError, collection, link
from local.partner_center.billing.legacy_lines import is_legacy, meter_id, used_on
from local.partner_center.entities import Json, Subscription
from local.partner_center.paging import TOKEN

SIZE_MAX = 1000
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


def _utilizations(asked: Asked) -> Answer:
    customer = asked.customer()
    sold = customer.subscriptions.get(asked.path["subscription_id"].lower())
    if sold is None or not (is_legacy(sold) and sold.billing_type == "usage"):
        raise RefusedError(404, 20003, f"The subscription {asked.path['subscription_id']} was not found.")
    granularity = asked.first("granularity", "daily").lower()
    if granularity not in {"daily", "hourly"}:
        raise RefusedError(400, 3000, f"Invalid property: granularity '{granularity}'.")
    offset, size = _page(asked)
    records = _records(sold, asked, _HOUR if granularity == "hourly" else _DAY)
    page = list(islice(records, offset, offset + size + 1))
    own = f"/customers/{customer.id}/subscriptions/{sold.id}/utilizations/azure"
    following = None
    if len(page) > size:
        query = f"start_time={asked.first('start_time')}&end_time={asked.first('end_time')}&granularity={granularity}"
        token = urlsafe_b64encode(json.dumps([offset + size, size]).encode()).decode()
        following = link(f"{own}?{query}&size={size}&seek_operation=Next", headers=((TOKEN, token),))
    return Answer(json=collection(page[:size], own, following=following))


def _page(asked: Asked) -> tuple[int, int]:
    token = asked.headers.get(TOKEN.lower(), "")
    if asked.first("seek_operation").lower() == "next" and token:
        try:
            offset, size = json.loads(urlsafe_b64decode(token.encode()))
            return int(offset), int(size)
        except (ValueError, TypeError, Base64Error) as error:
            raise RefusedError(400, 3000, f"Invalid property: {TOKEN}.") from error
    size = asked.first("size") or str(SIZE_MAX)
    if not size.isdecimal() or size == "0":
        raise RefusedError(400, 3000, f"Invalid property: size '{size}'.")
    return 0, min(int(size), SIZE_MAX)


def _instant(asked: Asked, name: str) -> datetime:
    try:
        found = datetime.fromisoformat(asked.first(name).replace(" ", "+"))  # a plus sign that was not escaped
    except ValueError as error:
        raise RefusedError(400, 3000, f"Invalid property: {name}.") from error
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _records(sold: Subscription, asked: Asked, step: timedelta) -> Iterator[Json]:
    start, end = _instant(asked, "start_time"), _instant(asked, "end_time")
    told_until = datetime.combine(asked.now.date(), time(), UTC)
    at = max(start, sold.created_at)
    at = at.replace(hour=0 if step == _DAY else at.hour, minute=0, second=0, microsecond=0)
    while at + step <= min(end, told_until):
        for place in range(len(SERVICES)):
            yield _record(sold, place, at, step)
        at += step


def _record(sold: Subscription, place: int, at: datetime, step: timedelta) -> Json:
    category, subcategory, name, unit, _, _ = SERVICES[place]
    quantity = used_on(sold, at.date(), place)
    uri = f"/subscriptions/{sold.entitlement_id or sold.id}/resourceGroups/classic/providers/{category}/{name}"
    return {
        "usageStartTime": f"{at:%Y-%m-%dT%H:%M:%S}+00:00",
        "usageEndTime": f"{at + step:%Y-%m-%dT%H:%M:%S}+00:00",
        "resource": {
            "id": meter_id(place),
            "name": name,
            "category": category,
            "subcategory": subcategory,
            "region": "West Europe",
        },
        "quantity": quantity if step == _DAY else rounddown(over(quantity, 24), 8),
        "unit": unit,
        "infoFields": {},
        "instanceData": {
            "resourceUri": uri.replace(" ", ""),
            "location": "westeurope",
            "partNumber": "",
            "orderNumber": "",
            "additionalInfo": {},
        },
        "attributes": {"objectType": "AzureUtilizationRecord"},
    }


CALLS = (
    Call(
        method="GET",
        path="/v1/customers/{customer_id}/subscriptions/{subscription_id}/utilizations/azure",
        handler=_utilizations,
    ),
)
