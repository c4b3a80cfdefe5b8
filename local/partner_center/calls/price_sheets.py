"""Price sheets, exchange rates and the offer matrix, on the host of the price API.

Invariants: with ``Accept-Encoding: deflate`` the body is a ZIP with one CSV, which is no encoding of HTTP; without it
the CSV itself. A market, view or month that there is not is a 404.

Not here: the rows (``price_sheet_rows``).
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date

from local.partner_center import price_sheet_rows as sheets
from local.partner_center import terms
from local.partner_center.answers import Answer, Asked, Call, Host, RefusedError
from local.partner_center.catalogue_items import items
from local.partner_center.markets import MARKETS
from local.partner_center.price_sheet_rows import Row
from local.partner_center.pricing import CURRENCIES, usd_per_unit

_FILES = {
    "azure_consumption": "azureconsumption.csv",
    "azure_reservations": "azurereservations.csv",
    "updatedlicensebased": "updatedoffice.csv",
    "marketplace": "marketplace.csv",
    "software": "software.csv",
    "licensebasedest": "licensebasedest.csv",
    "licensebasedeos": "licensebasedeos.csv",
}
_ZIPPED_AT = (2026, 1, 1, 0, 0, 0)


def _price_sheet(asked: Asked) -> Answer:
    market, view = asked.path["market"].upper(), asked.path["view"].lower()
    if market not in MARKETS or view not in _FILES:
        raise RefusedError(404, "NotFound", f"There is no price sheet {view} for the market {market}.")
    first = _month(asked, asked.first("timeline", "current").lower())
    last = terms.month_end(first)
    world = asked.world
    if view == "azure_consumption":
        return _file(asked, _FILES[view], sheets.AZURE_COLUMNS, sheets.azure_rows(world, market))
    if view == "updatedlicensebased":
        rows: Iterable[Row] = sheets.licence_rows(world, market, first, last)
    elif view == "licensebasedest":
        rows = sheets.extended_rows(world, market, first, last)
    elif view == "licensebasedeos":
        rows = ()
    else:
        rows = sheets.goods_rows(world, view, market, first, last)
    return _file(asked, _FILES[view], sheets.LICENCE_COLUMNS, rows)


def _month(asked: Asked, timeline: str) -> date:
    today = asked.now.date().replace(day=1)
    text = asked.first("month")
    if timeline not in ("current", "history", "future"):
        raise RefusedError(400, "BadRequest", f"The timeline {timeline} is not one of current, history, future.")
    if timeline == "history" and not text:
        raise RefusedError(400, "BadRequest", "The timeline history needs a month.")
    month = _read_month(text) if text else today
    if timeline == "future" and not text:
        month = terms.add_months(today, 1)
    is_known = sheets.FIRST_DAY <= month <= terms.add_months(today, 1 if timeline == "future" else 0)
    if not is_known:
        raise RefusedError(404, "NotFound", f"There is no price sheet for {month:%Y%m}.")
    return month


def _read_month(text: str) -> date:
    if not re.fullmatch(r"\d{4}(0[1-9]|1[0-2])", text):
        raise RefusedError(400, "BadRequest", f"The month {text} is not written as YYYYMM.")
    return date(int(text[:4]), int(text[4:]), 1)


def _exchange_rates(asked: Asked) -> Answer:
    month = _read_month(asked.path["month"])
    if not sheets.FIRST_DAY <= month <= terms.add_months(asked.now.date().replace(day=1), 0):
        raise RefusedError(404, "NotFound", f"There are no exchange rates for {month:%Y%m}.")
    rows = [[currency, f"{usd_per_unit(currency, f'{month:%Y%m}'):f}", f"{month:%Y%m}"] for currency in CURRENCIES]
    return _file(asked, f"fxrates-{month:%Y%m}.csv", ("CurrencyCode", "USDPerUnit", "Month"), rows)


def _offer_matrix(asked: Asked) -> Answer:
    month = _read_month(asked.path["month"])
    if not sheets.FIRST_DAY <= month <= terms.add_months(asked.now.date().replace(day=1), 1):
        raise RefusedError(404, "NotFound", f"There is no offer matrix for {month:%Y%m}.")
    rows = [
        [
            each.product_title or each.title,
            each.product_id,
            each.sku_id,
            each.title,
            each.directory_id,
            each.part_number,
            str(each.minimum),
            str(each.maximum),
            "1" if each.is_trial else "",
            "Tenant" if each.is_trial else "",
            ";".join(each.prerequisites),
            each.converts_to,
            each.title,
            ";".join(MARKETS),
        ]
        for each in items().values()
        if each.is_licence
    ]
    return _file(asked, f"offermatrix-{month:%Y%m}.csv", sheets.OFFER_COLUMNS, rows)


def _file(asked: Asked, name: str, columns: Sequence[str], rows: Iterable[Row]) -> Answer:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(rows)
    content = text.getvalue().encode("utf-8-sig")
    if "deflate" in asked.headers.get("accept-encoding", "").lower():
        name, content = name.removesuffix(".csv") + ".zip", _zipped(name, content)
    headers = {"Content-Disposition": f"attachment; filename={name}"}
    return Answer(content=content, content_type="application/octet-stream", headers=headers)


def _zipped(name: str, content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name, _ZIPPED_AT), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


_SHEET = "/v1.0/sales/pricesheets(Market='{market}',PricesheetView='{view}')/$value"
CALLS = (
    Call(method="GET", path=_SHEET, handler=_price_sheet, host=Host.PARTNER_API, needs_user=True),
    Call(
        method="GET",
        path="/v1.0/sales/fxrates(Month='{month}')/$value",
        handler=_exchange_rates,
        host=Host.PARTNER_API,
        needs_user=True,
    ),
    Call(
        method="GET",
        path="/v1.0/sales/offermatrix(Month='{month}')/$value",
        handler=_offer_matrix,
        host=Host.PARTNER_API,
        needs_user=True,
    ),
)
