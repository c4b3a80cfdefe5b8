"""The part of the host's own API that people and scripts use: run a function by hand, list, ask for life.

Invariants: with access keys on, everything here needs the master key; a manual run answers 202 at once, and
what becomes of it stands in the log. A queue function run by hand that fails is not retried, for there is no message
to come back.

Not here: key management and the other hundred routes of Azure's admin API.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

from azure.functions.meta import Datum
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.functions_host.functions import Function, HttpTrigger, TimerTrigger
from local.functions_host.index import Index
from local.functions_host.invoke import Invoker
from local.functions_host.keys import AccessKeys, key_of

Endpoint = Callable[[Request], Awaitable[Response]]


class Admin:
    """Routes under ``/admin``; *fire_timer* runs a timer function through its worker, so that it never overlaps."""

    def __init__(
        self,
        index: Index,
        invoker: Invoker,
        fire_timer: Callable[[str], Awaitable[None]],
        *,
        route_prefix: str,
        keys: AccessKeys | None,
    ) -> None:
        self._index = index
        self._invoker = invoker
        self._fire_timer = fire_timer
        self._route_prefix = route_prefix
        self._keys = keys
        self._under_way: set[asyncio.Future[Any]] = set()

    def routes(self) -> list[Route]:
        """Return the routes to mount at the root."""
        return [
            Route("/admin/host/status", self._guarded(self._status), methods=["GET"]),
            Route("/admin/functions", self._guarded(self._list), methods=["GET"]),
            Route("/admin/functions/{name}", self._guarded(self._run), methods=["POST"]),
        ]

    def _guarded(self, endpoint: Endpoint) -> Endpoint:
        async def answer(request: Request) -> Response:
            if self._keys is not None and not self._keys.opens_admin(key_of(request)):
                return Response(status_code=401)
            return await endpoint(request)

        return answer

    async def _status(self, _request: Request) -> Response:
        return JSONResponse(
            {
                "id": "local",
                "state": "Running",
                "functionCount": len(self._index.functions),
                "runningCount": self._invoker.running_count,
            }
        )

    async def _list(self, _request: Request) -> Response:
        return JSONResponse([self._described(function) for function in self._index.functions])

    async def _run(self, request: Request) -> Response:
        function = self._index.named(request.path_params["name"])
        if function is None:
            return _refusal(404, "no such function")
        if isinstance(function.trigger, HttpTrigger):
            return _refusal(400, f"{function.name} is an HTTP function; call its route")
        try:
            document = json.loads(await request.body() or b"{}")
        except ValueError:
            return _refusal(400, 'the body is no JSON; send {"input": ...}')
        if not isinstance(document, dict):
            return _refusal(400, 'the body is no JSON object; send {"input": ...}')
        self._begin(function, document.get("input"))
        return Response(status_code=202)

    def _begin(self, function: Function, given: Any) -> None:
        run: Awaitable[Any]
        if isinstance(function.trigger, TimerTrigger):
            run = self._fire_timer(function.name)
        else:
            run = self._invoker.invoke(function, *_queue_input(given))
        counted = ExitStack()
        counted.enter_context(self._invoker.counted())  # before the answer, so that a drain after it waits
        task = asyncio.ensure_future(run)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        task.add_done_callback(lambda _: counted.close())

    def _described(self, function: Function) -> dict[str, Any]:
        trigger = function.trigger
        url = None
        if isinstance(trigger, HttpTrigger):
            url = "/".join(["", *filter(None, [self._route_prefix, trigger.route.strip("/")])])
        return {
            "name": function.name,
            "language": "python",
            "isDisabled": False,
            "invokeUrlTemplate": url,
            "config": {"bindings": [dict(binding) for binding in function.bindings]},
        }


def _queue_input(given: Any) -> tuple[Datum, dict[str, Datum]]:
    body = given if isinstance(given, str) else json.dumps(given)
    metadata = {
        "Id": Datum("manual", "string"),
        "DequeueCount": Datum(1, "int"),
        "InsertionTime": Datum(datetime.now(UTC).isoformat(), "string"),
    }
    return Datum(body, "string"), metadata


def _refusal(status: int, message: str) -> Response:
    return JSONResponse({"error": message}, status_code=status)
