"""Deliveries: what Microsoft's billing exports brought, a look at them on demand, and the worker that takes them in.

Not here: the steps themselves (``shared/application/deliveries``), the nightly timer (``sync``).
"""

import logging
from typing import Any

import azure.functions as func

from functions.http import period_of, respond
from shared.application.billing_sync import need_connection, sweep, sync_billing, work_off_billing
from shared.application.delivery_views import deliveries_view, microsoft_invoice_view
from shared.application.messages import DeliveryMessage
from shared.bootstrap import services
from shared.domain.periods import BillingPeriod
from shared.storage.names import DELIVERIES_QUEUE

logger = logging.getLogger(__name__)
blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library leaves this one untyped


@blueprint.route(route="deliveries/{period}", methods=["GET"])
def list_deliveries(req: func.HttpRequest) -> func.HttpResponse:
    """Show the month's deliveries: how far each is, and whether it counts."""
    return respond(lambda: (200, deliveries_view(services(), period_of(req))))


@blueprint.route(route="deliveries", methods=["POST"])
def look_for_deliveries(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001 - the engine passes it by this name
    """Look now, as the nightly sync does; refused with the cure where there is no working connection."""
    return respond(_look)


@blueprint.route(route="microsoft-invoices", methods=["GET"])
def list_microsoft_invoices(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001 - as above
    """Show Microsoft's invoices, by month and number."""
    return respond(lambda: (200, [microsoft_invoice_view(each) for each in services().microsoft_invoices.all()]))


@blueprint.queue_trigger(arg_name="msg", queue_name=DELIVERIES_QUEUE, connection="AzureWebJobsStorage")
def take_in_delivery(msg: func.QueueMessage) -> None:
    """Do one step of a delivery."""
    work_off_billing(services(), DeliveryMessage.parse(msg.get_body()))


@blueprint.timer_trigger(arg_name="timer", schedule="%PRORATA_SWEEP_SCHEDULE%")
def sweep_deliveries(timer: func.TimerRequest) -> None:
    """Look again at deliveries that are under way."""
    count = sweep(services())
    logger.info("sweep (past due: %s): %s deliveries under way", timer.past_due, count)


def _look() -> tuple[int, Any]:
    need_connection(services())
    sync_billing(services())
    current = BillingPeriod.of(services().clock().date())
    return 202, {"status": [f"/api/deliveries/{period}" for period in (current.previous, current)]}
