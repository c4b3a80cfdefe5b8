"""One machine as the cloud: the function app on the embedded store, with links that work.

Not here: how the host behaves (``functions_host``), the command line (``command``).
"""

import logging
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from local.functions_host.host import FunctionsHost, HostOptions, open_host
from local.functions_host.keys import AccessKeys
from local.functions_host.statuses import FileStatuses
from shared.bootstrap import Stores, open_stores, utc_now
from shared.domain.errors import InvalidError, NotFoundError, StorageUnavailableError
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


def prepare_store(settings: Settings) -> None:
    """Make the embedded store's folder, before anything is begun that would find it missing.

    Raises:
        StorageUnavailableError: it cannot be made.
    """
    root = settings.embedded_root
    if settings.store != "embedded":
        return
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=root):
            pass
    except OSError as error:
        cure = "name another folder as PRORATA_EMBEDDED_ROOT"
        raise StorageUnavailableError(f"{root} cannot be written: {error.strerror}; {cure}") from error


def _put_environment(settings: Settings) -> None:
    for name, value in settings:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        os.environ[f"PRORATA_{name.upper()}"] = "" if text is None else str(text)


class _Download:
    """Answers links: checks the signature and the expiry, then streams the one blob."""

    def __init__(self, stores: Stores) -> None:
        self._blobs = stores.exports

    async def answer(self, request: Request) -> Response:
        """Return the blob, 403 for a link that is wrong or expired, 404 for a blob that is gone."""
        container, name = request.path_params["container"], request.path_params["name"]
        if not isinstance(self._blobs, EmbeddedBlobs):
            return _problem(404, "Not found", "this host keeps no files; links lead to the storage account")
        try:
            filename = self._blobs.verify_link(container, name, dict(request.query_params), utc_now())
            info = self._blobs.info(container, name)
            stream = self._blobs.open(container, name)
        except NotFoundError as error:
            return _problem(404, "Not found", str(error))
        except InvalidError as error:
            return _problem(403, "Link refused", str(error))
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


def _problem(status: int, title: str, detail: str) -> JSONResponse:
    """Return problem details, as the function app answers."""
    details = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return JSONResponse(details, status, media_type="application/problem+json")
