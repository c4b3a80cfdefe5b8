"""Billing runs over HTTP, timer and queues.

The timer and the request start the same run; the queues take it forward; the sweep asks again for whatever got lost.

Not here: what a run does (``shared/application``).
"""

import logging
from typing import Any

import azure.functions as func

from functions.http import json_of, period_of, respond, upload_of
from shared.application.bill_chunk import bill_chunk
from shared.application.messages import ChunkMessage, RunMessage
from shared.application.runs import advance_run, approve_run, start_run, sweep_runs
from shared.application.terms import keep_terms
from shared.application.views import run_view
from shared.bootstrap import services
from shared.domain.errors import InvalidError, StateError
from shared.domain.keys import RunKey
from shared.domain.periods import BillingPeriod
from shared.storage.names import BILLING_CHUNKS_QUEUE, BILLING_FINALISE_QUEUE
from shared.storage.repositories.runs import Run
from shared.storage.repositories.terms import TermsKind

logger = logging.getLogger(__name__)
blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library leaves this one untyped


@blueprint.route(route="billing-terms/{period}/{kind}", methods=["PUT"])
def upload_billing_terms(req: func.HttpRequest) -> func.HttpResponse:
    """Check billing terms of a kind (a price list, customer groups, offers and so on), and put them in force."""
    return respond(lambda: _keep_terms(req))


@blueprint.route(route="billing-runs", methods=["POST"])
def start_billing_run(req: func.HttpRequest) -> func.HttpResponse:
    """Start the period's run, or resume it; 200 where there is nothing new to do."""
    return respond(lambda: _start(BillingPeriod.parse(json_of(req, "period")["period"])))


@blueprint.route(route="billing-runs/{period}", methods=["GET"])
def show_billing_run(req: func.HttpRequest) -> func.HttpResponse:
    """Show how far the run is, its sums, parked customers and issues."""
    return respond(lambda: (200, _view(services().runs.need(RunKey(period_of(req))))))


@blueprint.route(route="billing-runs/{period}/approve", methods=["POST"])
def approve_billing_run(req: func.HttpRequest) -> func.HttpResponse:
    """Make the run's invoices final, except those of parked customers."""
    return respond(lambda: _approve(req))


@blueprint.timer_trigger(arg_name="timer", schedule="%PRORATA_BILLING_RUN_SCHEDULE%")
def monthly_billing_run(timer: func.TimerRequest) -> None:
    """Start the run for the month before; without files there is nothing to run yet."""
    period = BillingPeriod.of(services().clock().date()).previous
    try:
        start_run(services(), period)
    except StateError as error:
        logger.warning("monthly run for %s (past due: %s) not started: %s", period, timer.past_due, error)


@blueprint.timer_trigger(arg_name="timer", schedule="%PRORATA_SWEEP_SCHEDULE%")
def sweep_billing_runs(timer: func.TimerRequest) -> None:
    """Ask again for what unfinished runs are missing."""
    count = sweep_runs(services())
    logger.info("sweep (past due: %s): %s unfinished runs", timer.past_due, count)


@blueprint.queue_trigger(arg_name="msg", queue_name=BILLING_CHUNKS_QUEUE, connection="AzureWebJobsStorage")
def bill_customers(msg: func.QueueMessage) -> None:
    """Bill one chunk of customers."""
    bill_chunk(services(), ChunkMessage.parse(msg.get_body()))


@blueprint.queue_trigger(arg_name="msg", queue_name=BILLING_FINALISE_QUEUE, connection="AzureWebJobsStorage")
def advance_billing_run(msg: func.QueueMessage) -> None:
    """Take a run to its next state if everything for it is there."""
    advance_run(services(), RunMessage.parse(msg.get_body()))


def _keep_terms(req: func.HttpRequest) -> tuple[int, Any]:
    kind = req.route_params.get("kind", "")
    if kind not in list(TermsKind):
        raise InvalidError(f"kind: {kind[:40]!r} is not known; use {', '.join(TermsKind)}")
    name = req.params.get("name") or kind
    changed = keep_terms(services(), TermsKind(kind), period_of(req), name, upload_of(req))
    return 200, {"kind": kind, "in_force_from": str(period_of(req)), "changed": changed}


def _start(period: BillingPeriod) -> tuple[int, Any]:
    run, is_new = start_run(services(), period)
    return (202 if is_new else 200), _view(run)


def _approve(req: func.HttpRequest) -> tuple[int, Any]:
    run, is_news = approve_run(services(), period_of(req), json_of(req, "approved_by")["approved_by"])
    return (202 if is_news else 200), _view(run)


def _view(run: Run) -> dict[str, Any]:
    return run_view(run, services().runs.outcomes(run))
