"""Source files: upload, look at, withdraw; the worker that reads them.

Not here: what is read and how (``shared/application/ingest``).
"""

from typing import Any

import azure.functions as func

from functions.http import period_of, respond, upload_of
from shared.application.ingest import accept_source_file, ingest
from shared.application.messages import IngestMessage
from shared.application.views import source_file_view
from shared.bootstrap import services
from shared.domain.errors import NotFoundError
from shared.storage.names import INGEST_QUEUE

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library leaves this one untyped
_FILE = "source-files/{period}/{name}"


@blueprint.route(route=_FILE, methods=["PUT"])
def upload_source_file(req: func.HttpRequest) -> func.HttpResponse:
    """Keep the body as a source file of the period and ask for its ingest."""
    return respond(lambda: _accept(req, upload_of(req)))


@blueprint.route(route=_FILE, methods=["POST"])
def ingest_stored_file(req: func.HttpRequest) -> func.HttpResponse:
    """Ask for the ingest of a file that was put into the container before (larger than a request may be)."""
    return respond(lambda: _accept(req, None))


@blueprint.route(route=_FILE, methods=["DELETE"])
def withdraw_source_file(req: func.HttpRequest) -> func.HttpResponse:
    """Let a file count no longer; its bytes are kept."""
    return respond(lambda: _withdraw(req))


@blueprint.route(route="source-files/{period}", methods=["GET"])
def list_source_files(req: func.HttpRequest) -> func.HttpResponse:
    """Show the period's files, what they hold and what was wrong with them."""
    return respond(lambda: (200, [source_file_view(each) for each in services().sources.records(period_of(req))]))


@blueprint.queue_trigger(arg_name="msg", queue_name=INGEST_QUEUE, connection="AzureWebJobsStorage")
def ingest_source_file(msg: func.QueueMessage) -> None:
    """Read, check and lay out one uploaded file."""
    ingest(services(), IngestMessage.parse(msg.get_body()))


def _accept(req: func.HttpRequest, content: bytes | None) -> tuple[int, Any]:
    message = accept_source_file(services(), period_of(req), req.route_params["name"], content)
    return 202, {"period": message.period, "name": message.name, "status": f"/api/source-files/{message.period}"}


def _withdraw(req: func.HttpRequest) -> tuple[int, Any]:
    name = req.route_params["name"]
    if not services().sources.withdraw(period_of(req), name):
        raise NotFoundError(f"name: no source file {name[:80]} was read for {period_of(req)}")
    return 204, None
