"""Invoice lines as Partner Center's own API (v1) writes them: camel case, a few names of its own, texts for dates.

Microsoft has frozen new commerce there: invoices after 21 April 2025 have no lines any more, and neither has what is
unbilled. Its pages still show them, so ``Books.v1_is_frozen`` says whether that rule is followed; it is not at first.

Source: Microsoft Partner Center documentation, "Invoice resources", "Get invoice line items".

Not here: the rows (``books``), paging (``calls.invoices``).
"""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from local.demo.columns import camel
from local.partner_center.billing.books import Books, Invoice
from local.partner_center.billing.printing import Row
from local.partner_center.billing.recurring_rows import Paper

FROZEN_AFTER = datetime(2025, 4, 21, tzinfo=UTC)
_RENAMED = {
    "Tier2MpnId": "resellerMpnId",
    "Unit": "unitOfMeasure",
    "ResourceURI": "resourceUri",
    "BenefitOrderID": "benefitOrderId",
    "BenefitID": "benefitId",
    "PartnerEarnedCreditPercentage": "rateOfPartnerEarnedCredit",
    "CreditPercentage": "rateOfCredit",
}
_SHARES = {"rateOfPartnerEarnedCredit", "rateOfCredit"}


def billed_lines(books: Books, invoice: Invoice, provider: str, kind: str) -> Iterator[Row]:
    """Yield an invoice's lines; *provider* is onetime, marketplace, office or azure, *kind* billing or usage."""
    if invoice.is_legacy:
        if kind == "usage":
            return books.legacy_daily_rows(invoice) if provider == "azure" else iter(())
        return books.legacy_rows(invoice, provider) if provider in {"office", "azure"} else iter(())
    if provider in {"office", "azure"} or (books.v1_is_frozen and invoice.at > FROZEN_AFTER):
        return iter(())
    if kind == "usage":
        return map(usage_item, books.usage_rows(books.paper(invoice), invoice.at))
    return map(one_time_item, books.rows(invoice))


def unbilled_lines(books: Books, currency: str, span: str, provider: str, kind: str) -> Iterator[Row]:
    """Yield what is on no invoice yet; *span* is current or last."""
    month = books.open_month(span)
    if month is None or books.v1_is_frozen or provider in {"office", "azure"}:
        return iter(())
    if kind == "usage":
        paper = Paper(partner=books.world.partner, month=month, currency=currency)
        return map(usage_item, books.usage_rows(paper, books.world.clock.now()))
    return map(one_time_item, books.unbilled_rows(currency, month))


def one_time_item(row: Row) -> Row:
    """Return a reconciliation row as OneTimeInvoiceLineItem."""
    item = {camel(name): _value(value) for name, value in row.items()}
    item["productQualifiers"] = json.loads(row["ProductQualifiers"] or "[]")
    return item | {
        "discountDetails": "",
        "invoiceLineItemType": "billing_line_items",
        "billingProvider": "one_time",
        "attributes": {"objectType": "OneTimeInvoiceLineItem"},
    }


def usage_item(row: Row) -> Row:
    """Return a daily usage row as DailyRatedUsageLineItem."""
    item = {_RENAMED.get(name) or camel(name): _value(value) for name, value in row.items()}
    item |= {name: Decimal(item[name]).scaleb(-2) for name in _SHARES}
    return item | {
        "hasPartnerEarnedCredit": bool(row["PartnerEarnedCreditPercentage"]),
        "invoiceLineItemType": "usage_line_items",
        "billingProvider": "marketplace",
        "attributes": {"objectType": "DailyRatedUsageLineItem"},
    }


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%S}Z"
    if isinstance(value, date):
        return f"{value.isoformat()}T00:00:00Z"
    return value
