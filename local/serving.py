"""One machine as the cloud: the function app on the embedded store, with links that work.

Not here: how the host behaves (``functions_host``), the command line (``command``).
"""

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from local.functions_host.host import FunctionsHost, HostOptions, open_host
from local.functions_host.keys import AccessKeys
from local.functions_host.statuses import FileStatuses
from shared.bootstrap import Stores, open_stores, utc_now
from shared.domain.errors import InvalidError, NotFoundError
from shared.settings import Settings
from shared.storage.embedded.blobs import EmbeddedBlobs

APP_FOLDER = Path(__file__).resolve().parent.parent
BLOCK_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Machine:
    """A host that is ready to start, and the stores it works on."""

    host: FunctionsHost
    stores: Stores
    settings: Settings


def open_machine(settings: Settings, *, port: int, keys: AccessKeys | None = None, has_timers: bool = True) -> Machine:
    """Return the function app on this machine's store, not started yet.

    The environment is set to *settings*, because the function app reads it as it does in the cloud.
    """
    _put_environment(settings)
    logging.getLogger("azure").setLevel(logging.WARNING)
    stores = open_stores(settings)
    statuses = FileStatuses(settings.embedded_root.parent / "timers")
    routes = [Route("/blobs/{container}/{name:path}", _Download(stores).answer)]
    options = HostOptions(port=port, keys=keys, routes=routes, has_timers=has_timers)
    return Machine(open_host(APP_FOLDER, stores.queues, statuses, options), stores, settings)


def _put_environment(settings: Settings) -> None:
    os.environ["PRORATA_STORE"] = settings.store
    os.environ["PRORATA_EMBEDDED_ROOT"] = str(settings.embedded_root)
    os.environ["PRORATA_BASE_URL"] = settings.base_url
    os.environ["PRORATA_RESELLER_NAME"] = settings.reseller_name
    os.environ["PRORATA_BILLING_RUN_SCHEDULE"] = settings.billing_run_schedule
    os.environ["PRORATA_SWEEP_SCHEDULE"] = settings.sweep_schedule
    os.environ["PRORATA_LINK_HOURS"] = str(settings.link_hours)


class _Download:
    """Answers links: checks the signature and the expiry, then streams the one blob."""

    def __init__(self, stores: Stores) -> None:
        self._blobs = stores.exports

    async def answer(self, request: Request) -> Response:
        """Return the blob, 403 for a link that is wrong or expired, 404 for a blob that is gone."""
        container, name = request.path_params["container"], request.path_params["name"]
        if not isinstance(self._blobs, EmbeddedBlobs):
            return JSONResponse({"title": "Not found", "status": 404}, 404)
        try:
            filename = self._blobs.verify_link(container, name, dict(request.query_params), utc_now())
            info = self._blobs.info(container, name)
            stream = self._blobs.open(container, name)
        except NotFoundError as error:
            return JSONResponse({"title": "Not found", "status": 404, "detail": str(error)}, 404)
        except InvalidError as error:
            return JSONResponse({"title": "Link refused", "status": 403, "detail": str(error)}, 403)
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(filename)}",
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }

        def blocks() -> Iterator[bytes]:
            with stream:
                while block := stream.read(BLOCK_BYTES):
                    yield block

        media_type = info.content_type if info is not None else "application/octet-stream"
        return StreamingResponse(blocks(), media_type=media_type, headers=headers)
