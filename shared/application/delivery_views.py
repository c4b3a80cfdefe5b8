"""What the API shows of deliveries and Microsoft's invoices, as plain JSON values: amounts as text, no address.

Not here: the stored values themselves.
"""

from typing import Any

from shared.application.services import Services
from shared.domain.periods import BillingPeriod
from shared.domain.snapshots.values import MicrosoftInvoice
from shared.storage.repositories.deliveries import Delivery, DeliveryState, gone_way
from shared.storage.repositories.microsoft_invoices import month_of


def deliveries_view(services: Services, period: BillingPeriod) -> list[dict[str, Any]]:
    """Return the month's deliveries, each with how far it is and whether it counts."""
    deliveries = services.deliveries.of_period(period)
    overtaken = gone_way(deliveries)
    return [_delivery_view(services, each, is_overtaken=each.row in overtaken) for each in deliveries]


def microsoft_invoice_view(invoice: MicrosoftInvoice) -> dict[str, Any]:
    """Return an invoice of Microsoft's."""
    return {
        "id": invoice.id,
        "period": str(month_of(invoice)),
        "invoice_on": invoice.invoice_on.isoformat(),
        "starts_on": invoice.starts_on.isoformat(),
        "ends_on": invoice.ends_on.isoformat(),
        "total": f"{invoice.total:f}",
        "paid": f"{invoice.paid:f}",
        "currency": invoice.currency,
        "document_type": invoice.document_type,
        "amends": invoice.amends,
        "contents": list(invoice.contents),
    }


def _delivery_view(services: Services, delivery: Delivery, *, is_overtaken: bool) -> dict[str, Any]:
    part_count = len(delivery.parts)
    if delivery.state is DeliveryState.READY:
        taken_in = len(services.sources.delivered(delivery.period, delivery.file_prefix))
    else:
        taken_in = part_count if delivery.counting == delivery.version else 0
    return {
        "kind": str(delivery.kind),
        "invoice_id": delivery.invoice_id,
        "currency": delivery.currency,
        "state": delivery.state.value,
        "part_count": part_count,
        "parts_taken_in": taken_in,
        "row_count": delivery.row_count,
        "etag": delivery.counting_etag,
        "counts": bool(delivery.counting) and not is_overtaken,
        "is_estimate": not delivery.is_billed,
        "note": delivery.note,
    }
