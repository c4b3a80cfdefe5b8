"""Files of a run: written from a queue, listed with links that expire.

Not here: what stands in the files (``shared/documents``).
"""

from typing import Any

import azure.functions as func

from functions.http import period_of, respond
from shared.application.export_run import export_chunk, exports_with_links
from shared.application.messages import ChunkMessage
from shared.application.views import export_view
from shared.bootstrap import services
from shared.storage.names import EXPORTS_QUEUE

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library leaves this one untyped


@blueprint.route(route="exports/{period}", methods=["GET"])
def list_exports(req: func.HttpRequest) -> func.HttpResponse:
    """Show the period's files with fresh links; a link is a secret of its own and expires."""
    return respond(lambda: _list(req))


@blueprint.queue_trigger(arg_name="msg", queue_name=EXPORTS_QUEUE, connection="AzureWebJobsStorage")
def export_customers(msg: func.QueueMessage) -> None:
    """Write the files of one chunk of customers."""
    export_chunk(services(), ChunkMessage.parse(msg.get_body()))


def _list(req: func.HttpRequest) -> tuple[int, Any]:
    return 200, [export_view(export, link) for export, link in exports_with_links(services(), period_of(req))]
