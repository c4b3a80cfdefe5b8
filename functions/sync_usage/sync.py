"""The sync over timer, queue and HTTP, and what it found.

The timer looks often and starts at most one sync for each local day; a request starts one whenever somebody asks.

Not here: what a sync reads and keeps (``shared/application/sync``).
"""

import logging
from typing import Any

import azure.functions as func

from functions.http import json_of, respond
from shared.application.billing_sync import sync_billing
from shared.application.messages import SyncMessage
from shared.application.sync import ask_for_tenant, local_day, start_due_sync, start_sync, sync_chunk
from shared.application.sync_views import customer_view, customers_view, drift_view, sync_view, timeline_view
from shared.bootstrap import services
from shared.domain.errors import MicrosoftUnavailableError, NotConnectedError
from shared.domain.texts import DEFAULT_LANGUAGE
from shared.storage.names import SYNC_QUEUE

logger = logging.getLogger(__name__)
blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library leaves this one untyped


@blueprint.timer_trigger(arg_name="timer", schedule="%PRORATA_SYNC_SCHEDULE%")
def nightly_sync(timer: func.TimerRequest) -> None:
    """Start the day's sync where it is time and nobody did; what Microsoft keeps from us now is tried again later."""
    try:
        start_due_sync(services(), sync_billing)
    except (NotConnectedError, MicrosoftUnavailableError) as error:
        logger.warning("sync (past due: %s) not started: %s", timer.past_due, error)


@blueprint.queue_trigger(arg_name="msg", queue_name=SYNC_QUEUE, connection="AzureWebJobsStorage")
def sync_customers(msg: func.QueueMessage) -> None:
    """Read one chunk of customers, or the audit feed."""
    sync_chunk(services(), SyncMessage.parse(msg.get_body()))


@blueprint.route(route="sync", methods=["POST"])
def ask_for_sync(req: func.HttpRequest) -> func.HttpResponse:
    """Start a sync of all customers, or of one (``?customer=...``, or a body ``{"tenant": "..."}``)."""
    return respond(lambda: _ask(req))


@blueprint.route(route="sync", methods=["GET"])
def show_sync(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001 - the engine passes it by name
    """Show the latest sync, how much of it is done, and who is parked, with the cure."""
    return respond(lambda: (200, sync_view(services(), local_day(services()))))


@blueprint.route(route="customers", methods=["GET"])
def list_customers(req: func.HttpRequest) -> func.HttpResponse:
    """Show every customer that a sync found, or a part of them (``?limit=100&after=CUSTOMER``)."""
    after, limit = req.params.get("after", ""), req.params.get("limit", "")
    return respond(lambda: (200, customers_view(services(), after=after, limit=limit)))


@blueprint.route(route="customers/{customer}", methods=["GET"])
def show_customer(req: func.HttpRequest) -> func.HttpResponse:
    """Show a customer with its subscriptions and licences."""
    return respond(lambda: (200, customer_view(services(), req.route_params["customer"])))


@blueprint.route(route="customers/{customer}/timeline", methods=["GET"])
def show_timeline(req: func.HttpRequest) -> func.HttpResponse:
    """Show everything that happened to a customer, in words (``?language=de``)."""
    return respond(lambda: (200, _timeline(req)))


@blueprint.route(route="customers/{customer}/subscriptions/{subscription}/timeline", methods=["GET"])
def show_subscription_timeline(req: func.HttpRequest) -> func.HttpResponse:
    """Show everything that happened to one subscription, in words."""
    return respond(lambda: (200, _timeline(req)))


@blueprint.route(route="drift", methods=["GET"])
def show_drift(req: func.HttpRequest) -> func.HttpResponse:
    """Show where our own record and Microsoft's differ (``?customer=...`` for one customer)."""
    return respond(lambda: (200, drift_view(services(), req.params.get("customer", ""))))


def _ask(req: func.HttpRequest) -> tuple[int, Any]:
    customer = req.params.get("customer", "")
    if not customer and not req.get_body():
        day = start_sync(services(), sync_billing)
        return 202, {"day": day.on.isoformat(), "customer_count": day.tenant_count, "status": "/api/sync"}
    message = ask_for_tenant(services(), customer or json_of(req, "tenant")["tenant"])
    return 202, {"day": message.day, "tenant": message.tenants, "status": f"/api/customers/{message.tenants}"}


def _timeline(req: func.HttpRequest) -> list[dict[str, Any]]:
    language = req.params.get("language") or DEFAULT_LANGUAGE
    subscription = req.route_params.get("subscription", "")
    return timeline_view(services(), req.route_params["customer"], subscription, language)
