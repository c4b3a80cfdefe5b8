"""HTTP functions behind one ASGI endpoint: routing, keys, size limit, conversion, custom headers.

Invariants: a path or method that no function answers is 404 (never 405), before any key is asked for; a function that
fails answers 500 with an empty body, its traceback goes to the log alone; no URL is logged, for it may carry a key.

Not here: TLS, CORS, Easy Auth and the 230 seconds after which Azure's front end gives up.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from azure.functions.meta import Datum
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from local.functions_host.functions import Function, HttpTrigger
from local.functions_host.invoke import Invoker, Result
from local.functions_host.keys import AccessKeys, key_of
from local.functions_host.routes import Route, parse_route, split_path

_HOP_HEADERS = frozenset({"content-length", "transfer-encoding", "connection"})
_BODILESS = frozenset({204, 304})


@dataclass(frozen=True, slots=True)
class _Endpoint:
    function: Function
    trigger: HttpTrigger
    route: Route


class HttpFunctions:
    """The ASGI application of all HTTP functions of one app; *keys* None asks for none."""

    def __init__(
        self,
        functions: Sequence[Function],
        invoker: Invoker,
        *,
        route_prefix: str,
        keys: AccessKeys | None,
        body_bytes_max: int,
    ) -> None:
        endpoints = [
            _Endpoint(function, function.trigger, parse_route(function.trigger.route, where=function.name))
            for function in functions
            if isinstance(function.trigger, HttpTrigger)
        ]
        self._endpoints = sorted(endpoints, key=lambda endpoint: endpoint.route.ranks)
        self._invoker = invoker
        self._prefix = [piece.lower() for piece in route_prefix.split("/") if piece]
        self._keys = keys
        self._body_bytes_max = body_bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        path = request.scope.get("raw_path") or request.scope["path"].encode()
        found = self._find(path.decode("latin-1"), request.method)
        if found is None:
            return Response(status_code=404)
        endpoint, route_params = found
        function, level = endpoint.function, endpoint.trigger.level
        if self._keys is not None and not self._keys.opens_function(function.name, level, key_of(request)):
            return Response(status_code=401)
        body = await self._body(request)
        if body is None:
            return Response(status_code=413)
        outcome = await self._invoker.invoke(function, _request_datum(request, route_params, body), {})
        if outcome.result is not Result.SUCCEEDED:
            return Response(status_code=500)
        return _response(outcome.response) if outcome.response is not None else Response(status_code=204)

    def _find(self, path: str, method: str) -> tuple[_Endpoint, dict[str, str]] | None:
        pieces = split_path(path)
        depth = len(self._prefix)
        if [piece.lower() for piece in pieces[:depth]] != self._prefix:
            return None
        for endpoint in self._endpoints:
            if endpoint.trigger.methods and method.upper() not in endpoint.trigger.methods:
                continue
            values = endpoint.route.match(pieces[depth:])
            if values is not None:
                return endpoint, values
        return None

    async def _body(self, request: Request) -> bytes | None:
        """Return the body, or None when it is over the limit; reading stops there."""
        announced = request.headers.get("content-length", "")
        if announced.isdigit() and int(announced) > self._body_bytes_max:
            return None
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > self._body_bytes_max:
                return None
        return bytes(body)


class CustomHeaders:
    """ASGI middleware that adds the headers of ``host.json`` where a response does not set them itself."""

    def __init__(self, app: Any, headers: Mapping[str, str]) -> None:
        self._app = app
        self._headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on and complete the response's headers."""

        async def send_completed(message: Any) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(one for one in self._headers if one[0] not in given)]
            await send(message)

        await self._app(scope, receive, send_completed)


def _request_datum(request: Request, route_params: Mapping[str, str], body: bytes) -> Datum:
    value = {
        "method": _text(request.method),
        "url": _text(str(request.url)),
        "headers": _joined(request.headers.items()),
        "query": _joined(request.query_params.multi_items()),
        "params": {name: _text(text) for name, text in route_params.items()},
        "body": Datum(body, "bytes"),
    }
    return Datum(value, "http")


def _response(datum: Datum) -> Response:
    if datum.type != "http":
        return Response(datum.value, media_type="text/plain")
    status = int(datum.value["status_code"].value)
    headers = {
        name: header.value for name, header in datum.value["headers"].items() if name.lower() not in _HOP_HEADERS
    }
    body = b"" if status in _BODILESS else datum.value["body"].value
    response = Response(body, status_code=status, headers=headers)
    for cookie in _cookies(datum):
        response.headers.append("set-cookie", cookie)
    return response


def _cookies(datum: Datum) -> Iterator[str]:
    for cookie in datum.value["cookies"] or ():
        for morsel in cookie.values():
            yield morsel.OutputString()


def _joined(pairs: Any) -> dict[str, Datum]:
    """Return the values by name; repeated ones are joined by a comma, as the host hands them over."""
    values: dict[str, str] = {}
    for name, value in pairs:
        values[name] = f"{values[name]},{value}" if name in values else value
    return {name: _text(value) for name, value in values.items()}


def _text(value: str) -> Datum:
    return Datum(value, "string")
