"""Invoices of Partner Center's own API: list, one, totals, documents, line items, and what is not billed yet.

Source: Microsoft Partner Center documentation, "Invoice resources" and the pages of each call.

Not here: what is on an invoice (``billing``), the exports (``exports``).
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from local.partner_center.answers import Answer, Asked, Call, RefusedError, collection, instant, link
from local.partner_center.billing.books import Books, Invoice, open_books
from local.partner_center.billing.line_items import billed_lines, unbilled_lines
from local.partner_center.billing.printing import Row, statement_pdf
from local.partner_center.billing.rates import SYMBOLS
from local.partner_center.entities import Json
from local.partner_center.paging import TOKEN

LINES_MAX = 2000
NEVER = "0001-01-01T00:00:00"
_PROVIDERS = {"onetime": "onetime", "marketplace": "onetime", "all": "onetime", "office": "office", "azure": "azure"}
_KINDS = {"billinglineitems": "billing", "usagelineitems": "usage"}
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "equals": lambda mine, given: bool(mine == given),
    "notequals": lambda mine, given: bool(mine != given),
    "greaterthan": lambda mine, given: bool(mine > given),
    "greaterthanorequals": lambda mine, given: bool(mine >= given),
    "lessthan": lambda mine, given: bool(mine < given),
    "lessthanorequals": lambda mine, given: bool(mine <= given),
    "startswith": lambda mine, given: str(mine).lower().startswith(str(given).lower()),
}


def _list(asked: Asked) -> Answer:
    books = open_books(asked.world)
    found = sorted(books.invoices.values(), key=lambda each: (each.at, each.id))
    found = [each for each in found if not each.amends]
    if sent := asked.first("filter"):
        passes = _filter(sent)
        found = [each for each in found if passes(each)]
    offset, size = _page(asked, size_max=len(found) or 1)
    page = found[offset : offset + size]
    following = None
    if offset + size < len(found):
        uri = f"/invoices?size={size}&offset={offset + size}&seekOperation=Next"
        following = link(uri, headers=((TOKEN, _token(offset + size, size)),))
    items = [_invoice_json(books, each) for each in page]
    return Answer(json=collection(items, "/invoices", following=following))


def _one(asked: Asked) -> Answer:
    books = open_books(asked.world)
    return Answer(json=_invoice_json(books, _invoice(asked, books)))


def _invoice(asked: Asked, books: Books) -> Invoice:
    """The invoice in the route, with or without its type in front."""
    number = asked.path["invoice_id"].upper()
    found = books.invoices.get(number.removeprefix("ONETIME-").removeprefix("RECURRING-"))
    if found is None:
        raise RefusedError(404, 1000, f"The invoice {asked.path['invoice_id']} was not found.")
    return found


def _invoice_json(books: Books, invoice: Invoice) -> Json:
    own = f"/invoices/{invoice.kind}-{invoice.id}"
    amendments = [each for each in books.invoices.values() if each.amends == invoice.id]
    return {
        "id": invoice.id,
        "invoiceDate": instant(invoice.at),
        "billingPeriodStartDate": f"{invoice.period.first.isoformat()}T00:00:00Z",
        "billingPeriodEndDate": f"{invoice.period.last.isoformat()}T23:59:59Z",
        "totalCharges": books.total(invoice),
        "paidAmount": invoice.paid,
        "currencyCode": invoice.currency,
        "currencySymbol": SYMBOLS.get(invoice.currency, invoice.currency),
        "pdfDownloadLink": f"{own}/documents/statement",
        "taxReceipts": [
            {"id": receipt, "taxReceiptPdfDownloadLink": f"{own}/receipts/{receipt}/documents/statement"}
            for receipt in _receipts(books, invoice)
        ],
        "invoiceDetails": [] if invoice.amends else _details(invoice, own),
        "amendments": [_invoice_json(books, each) for each in amendments],
        "documentType": invoice.document_type,
        "amendsOf": invoice.amends or None,
        "state": "Paid" if invoice.paid and invoice.paid >= books.total(invoice) else "Due",
        "invoiceType": invoice.kind,
        "links": {"self": link(own)},
        "attributes": {"objectType": "Invoice"},
    }


def _details(invoice: Invoice, own: str) -> list[Json]:
    kinds = [("billing_line_items", "one_time", "OneTime"), ("usage_line_items", "marketplace", "OneTime")]
    if invoice.is_legacy:
        kinds = [
            ("billing_line_items", "office", "Office"),
            ("billing_line_items", "azure", "Azure"),
            ("usage_line_items", "azure", "Azure"),
        ]
    return [
        {
            "invoiceLineItemType": kind,
            "billingProvider": provider,
            "links": {"self": link(f"{own}/lineitems/{name}/{kind.title().replace('_', '')}")},
            "attributes": {"objectType": "InvoiceDetail"},
        }
        for kind, provider, name in kinds
    ]


def _receipts(books: Books, invoice: Invoice) -> list[str]:
    """Taiwan's tax receipts; other countries have none."""
    return [f"{invoice.id}-1"] if books.world.partner.country == "TW" else []


def _summaries(asked: Asked) -> Answer:
    books = open_books(asked.world)
    used = {each.currency for each in books.invoices.values()}
    items = [_summary_json(books, currency) for currency in asked.world.partner.currencies if currency in used]
    return Answer(json=collection(items, "/invoices/summaries"))


def _summary(asked: Asked) -> Answer:
    return Answer(json=_summary_json(open_books(asked.world), asked.world.partner.currencies[0]))


def _summary_json(books: Books, currency: str) -> Json:
    mine = [each for each in books.invoices.values() if each.currency == currency]
    details = [
        {"invoiceType": kind, "summary": _balance(books, currency, [each for each in mine if each.kind == kind])}
        for kind in ("Recurring", "OneTime")
    ]
    links = {"self": link("/invoices/summary")}
    return _balance(books, currency, mine) | {"details": details, "links": links}


def _balance(books: Books, currency: str, invoices: list[Invoice]) -> Json:
    instants = sorted(each.at for each in invoices)
    return {
        "balanceAmount": sum((books.total(each) - each.paid for each in invoices), Decimal(0)),
        "currencyCode": currency,
        "currencySymbol": SYMBOLS.get(currency, currency),
        "accountingDate": instant(books.world.clock.now()),
        "firstInvoiceCreationDate": instant(instants[0]) if instants else NEVER,
        "lastPaymentDate": NEVER,
        "lastPaymentAmount": sum((each.paid for each in invoices), Decimal(0)),
        "latestInvoiceDate": instant(instants[-1]) if instants else NEVER,
        "attributes": {"objectType": "InvoiceSummary"},
    }


def _statement(asked: Asked) -> Answer:
    books = open_books(asked.world)
    return Answer(content=_pdf(books, _invoice(asked, books), "Invoice"), content_type="application/pdf")


def _receipt(asked: Asked) -> Answer:
    books = open_books(asked.world)
    invoice = _invoice(asked, books)
    if asked.path["receipt_id"] not in _receipts(books, invoice):
        raise RefusedError(404, 1000, f"The receipt {asked.path['receipt_id']} was not found.")
    return Answer(content=_pdf(books, invoice, "Tax receipt"), content_type="application/pdf")


def _pdf(books: Books, invoice: Invoice, title: str) -> bytes:
    period = invoice.period
    return statement_pdf(
        (
            f"{title} {invoice.id}",
            f"Billed to {books.world.partner.name}",
            f"Date {invoice.at:%Y-%m-%d}, period {period.first} to {period.last}",
            f"Total charges {books.total(invoice)} {invoice.currency}",
        )
    )


def _estimate_links(asked: Asked) -> Answer:
    currency = _currency(asked)
    kinds = (("daily_rated_usage", "UsageLineItems"), ("non_consumption", "BillingLineItems"))
    items = [
        {
            "type": kind,
            "title": f"{kind} {period}",
            "description": f"Estimate of the {period.lower()} period",
            "period": period,
            "link": link(
                f"/invoices/unbilled/lineitems?provider=OneTime&invoicelineitemtype={items}&currencycode={currency}"
                f"&period={period.lower()}&size={LINES_MAX}"
            ),
            "attributes": {"objectType": "EstimateLink"},
        }
        for kind, items in kinds
        for period in ("Current", "Previous")
    ]
    return Answer(json=collection(items, f"/invoices/estimates/links?currencycode={currency}"))


def _lines(asked: Asked) -> Answer:
    books = open_books(asked.world)
    provider, kind = _what(asked)
    if asked.path["invoice_id"].lower() == "unbilled":
        span = asked.first("period", "current").lower()
        if span not in {"current", "previous", "last"}:
            raise RefusedError(400, 3000, f"Invalid property: period '{span}'.")
        rows = unbilled_lines(books, _currency(asked), "current" if span == "current" else "last", provider, kind)
    else:
        rows = billed_lines(books, _invoice(asked, books), provider, kind)
    if wanted := asked.first("hasPartnerEarnedCredit").lower():
        rows = (row for row in rows if str(row.get("hasPartnerEarnedCredit", False)).lower() == wanted)
    return _lines_page(asked, rows)


def _what(asked: Asked) -> tuple[str, str]:
    provider = asked.path.get("provider") or asked.first("provider", "onetime")
    kind = asked.path.get("kind") or asked.first("invoicelineitemtype") or asked.first("nvoicelineitemtype")
    if provider.lower() not in _PROVIDERS:
        raise RefusedError(400, 3000, f"Invalid property: provider '{provider}'.")
    if kind.lower() not in _KINDS:
        raise RefusedError(400, 3000, f"Invalid property: invoiceLineItemType '{kind}'.")
    return _PROVIDERS[provider.lower()], _KINDS[kind.lower()]


def _currency(asked: Asked) -> str:
    currency = asked.first("currencycode").upper()
    if currency not in asked.world.partner.currencies:
        raise RefusedError(400, 3000, f"Invalid property: currencyCode '{currency}'.")
    return currency


def _lines_page(asked: Asked, rows: Iterator[Row]) -> Answer:
    offset, size = _page(asked, size_max=LINES_MAX)
    page = list(islice(rows, offset, offset + size + 1))
    provider, kind = _what(asked)
    own = f"/invoices/{asked.path['invoice_id']}/lineitems?provider={provider}&invoicelineitemtype={kind}lineitems"
    if currency := asked.first("currencycode"):
        own += f"&currencycode={currency}"
    if period := asked.first("period"):
        own += f"&period={period}"
    own += f"&size={size}"
    following = None
    if len(page) > size:
        headers = ((TOKEN, _token(offset + size, size)),)
        following = link(f"{own}&offset={offset + size}&seekOperation=Next", headers=headers)
    return Answer(json=collection(page[:size], own, following=following))


def _page(asked: Asked, *, size_max: int) -> tuple[int, int]:
    """Where the page begins and how long it is: from the continuation token, or else from offset and size."""
    token = asked.headers.get(TOKEN.lower(), "")
    if asked.first("seekOperation").lower() == "next" and token:
        try:
            held = json.loads(urlsafe_b64decode(token.encode()))
            return int(held["offset"]), int(held["size"])
        except (ValueError, KeyError, TypeError, Base64Error) as error:
            raise RefusedError(400, 3000, f"Invalid property: {TOKEN}.") from error
    size, offset = asked.first("size") or "0", asked.first("offset") or "0"
    if not (size.isdecimal() and offset.isdecimal()):
        raise RefusedError(400, 3000, "Invalid property: size or offset.")
    return int(offset), min(int(size) or size_max, size_max)


def _token(offset: int, size: int) -> str:
    return urlsafe_b64encode(json.dumps({"offset": offset, "size": size}).encode()).decode()


def _filter(sent: str) -> Callable[[Invoice], bool]:
    try:
        return _condition({key.lower(): value for key, value in json.loads(sent).items()})
    except (ValueError, AttributeError, KeyError) as error:
        raise RefusedError(400, 3000, "Invalid property: filter.") from error


def _condition(told: Json) -> Callable[[Invoice], bool]:
    operator = str(told["operator"]).lower().replace("_", "")
    if "leftfilter" in told:
        left, right = (
            _condition({key.lower(): value for key, value in told[name].items()})
            for name in ("leftfilter", "rightfilter")
        )
        if operator == "and":
            return lambda invoice: left(invoice) and right(invoice)
        return lambda invoice: left(invoice) or right(invoice)
    compare, given = _OPERATORS[operator], str(told["value"])
    field = str(told["field"]).lower()
    if field == "invoicedate":
        day = datetime.fromisoformat(given).date()
        return lambda invoice: compare(invoice.at.date(), day)
    read: Callable[[Invoice], str] = {
        "invoicetype": lambda invoice: invoice.kind.lower(),
        "currencycode": lambda invoice: invoice.currency.lower(),
        "id": lambda invoice: invoice.id.lower(),
    }[field]
    return lambda invoice: compare(read(invoice), given.lower())


CALLS = (
    Call(method="GET", path="/v1/invoices", handler=_list),
    Call(method="GET", path="/v1/invoices/summary", handler=_summary, needs_user=True),
    Call(method="GET", path="/v1/invoices/summaries", handler=_summaries, needs_user=True),
    Call(method="GET", path="/v1/invoices/estimates/links", handler=_estimate_links),
    Call(method="GET", path="/v1/invoices/{invoice_id}", handler=_one, needs_user=True),
    Call(method="GET", path="/v1/invoices/{invoice_id}/documents/statement", handler=_statement, needs_user=True),
    Call(
        method="GET",
        path="/v1/invoices/{invoice_id}/receipts/{receipt_id}/documents/statement",
        handler=_receipt,
        needs_user=True,
    ),
    Call(method="GET", path="/v1/invoices/{invoice_id}/lineitems", handler=_lines),
    Call(method="GET", path="/v1/invoices/{invoice_id}/lineitems/{provider}/{kind}", handler=_lines),
)
