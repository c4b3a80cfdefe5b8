"""HTTP functions answer as they do in Azure."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from local.functions_host import AccessKeys, HostOptions

Start = Callable[..., Any]
OPEN = "auth_level=func.AuthLevel.ANONYMOUS"
APP = f"""
    @app.route(route="invoices/{{number:int?}}", methods=["GET"], {OPEN})
    def show(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse(f"{{req.route_params}} {{dict(req.params)}}", mimetype="text/html")

    @app.route(route="invoices/latest", methods=["GET"], {OPEN})
    def latest(req: func.HttpRequest) -> str:
        return "the latest"

    @app.route(route="invoices", methods=["POST"], {OPEN})
    async def create(req: func.HttpRequest) -> func.HttpResponse:
        headers = {{"Cache-Control": "max-age=1", "Location": "/api/invoices/1"}}
        response = func.HttpResponse(req.get_json()["name"] + req.headers["x-test"], status_code=201, headers=headers)
        response.headers.add("Set-Cookie", "a=b; Path=/")
        return response

    @app.route(route="echo", {OPEN})
    def echo(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse(req.method.encode() + b" " + req.get_body(), mimetype="application/octet-stream")

    @app.route(route="broken", {OPEN})
    def broken(req: func.HttpRequest) -> str:
        raise RuntimeError("secret detail")

    @app.route(route="nothing", {OPEN})
    def nothing(req: func.HttpRequest):
        return None

    @app.route(route="files/{{*path}}", {OPEN})
    def files(req: func.HttpRequest, context: func.Context) -> str:
        return f"{{req.route_params['path']}} {{context.function_name}} {{len(context.invocation_id)}}"

    @app.route(route="gone", {OPEN})
    def gone(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse("a body that 204 forbids", status_code=204)

    @app.route(route="liar", {OPEN})
    def liar(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse("four", headers={{"Content-Length": "400", "X-Kept": "yes"}})

    gate = threading.Barrier(4)

    @app.route(route="together", {OPEN})
    def together(req: func.HttpRequest) -> str:
        gate.wait(10)
        return "met"
"""


@pytest.fixture
def site(start: Start) -> Any:
    """The sample app on a host without keys."""
    return start(APP, HostOptions(body_bytes_max=1000))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/invoices/7", 200),
        ("GET", "/API/Invoices/7/", 200),
        ("GET", "/api/invoices/x", 404),
        ("GET", "/invoices/7", 404),
        ("GET", "/", 404),
        ("DELETE", "/api/invoices/7", 404),
        ("HEAD", "/api/invoices/7", 404),
        ("PATCH", "/api/echo", 200),
    ],
)
def test_a_route_answers_its_methods_and_everything_else_is_404(site: Any, method: str, path: str, status: int) -> None:
    """A wrong method is 404 and never 405; case does not count."""
    assert status == site.call(method, path).status_code


def test_a_literal_route_wins_over_a_parameter(site: Any) -> None:
    """The order in which functions are declared does not matter."""
    assert site.call("GET", "/api/invoices/latest").text == "the latest"


def test_parameters_arrive_decoded_and_repeated_ones_joined(site: Any) -> None:
    """A function sees route and query parameters as Azure hands them over."""
    response = site.call("GET", "/api/invoices/7?a=x%20y&a=z&b=")

    assert response.text == "{'number': '7'} {'a': 'x y,z', 'b': ''}"
    assert response.headers["content-type"] == "text/html; charset=utf-8"


def test_an_async_function_answers_with_status_headers_and_cookies(site: Any) -> None:
    """A response leaves as the function made it; custom headers only fill what it left open."""
    response = site.call("POST", "/api/invoices", json={"name": "n"}, headers={"X-Test": "t"})

    assert (response.status_code, response.text, response.headers["location"]) == (201, "nt", "/api/invoices/1")
    assert (response.cookies["a"], response.headers["cache-control"]) == ("b", "max-age=1")
    assert site.call("GET", "/api/echo").headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/api/broken", "/api/nothing"])
def test_a_failure_is_an_empty_500_and_its_traceback_is_in_the_log(site: Any, path: str, caplog: Any) -> None:
    """No detail leaves the house; returning nothing is a failure too."""
    response = site.call("GET", path)

    assert (response.status_code, response.content) == (500, b"")
    assert "Traceback" in caplog.text


def test_a_catch_all_takes_the_rest_of_the_path(site: Any) -> None:
    """Slashes included, and the context names function and invocation."""
    assert site.call("GET", "/api/files/2026/05/x.csv").text == "2026/05/x.csv files 36"


def test_a_body_over_the_limit_is_413(site: Any) -> None:
    """Whether the size is announced or not."""
    announced = site.call("POST", "/api/echo", data=b"x" * 1001)
    streamed = site.call("POST", "/api/echo", data=iter([b"x" * 600, b"x" * 600]))

    assert [announced.status_code, streamed.status_code] == [413, 413]
    assert site.call("POST", "/api/echo", data=b"x" * 1000).content == b"POST " + b"x" * 1000


def test_204_has_no_body(site: Any) -> None:
    """A body that the protocol forbids is left out."""
    assert (site.call("GET", "/api/gone").status_code, site.call("GET", "/api/gone").content) == (204, b"")


def test_the_length_of_a_response_is_the_hosts_to_say(site: Any) -> None:
    """Headers of the connection are not a function's."""
    response = site.call("GET", "/api/liar")

    assert (response.text, response.headers["content-length"], response.headers["x-kept"]) == ("four", "4", "yes")


def test_synchronous_functions_run_side_by_side(site: Any) -> None:
    """They share cpu + 4 threads, so that four can meet."""
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: site.call("GET", "/api/together").text, range(4)))

    assert answers == ["met"] * 4


def test_keys_are_asked_for_when_switched_on(start: Start) -> None:
    """401 if missing or wrong; anonymous needs none, admin the master key."""
    keys = AccessKeys("master", {"default": "host"}, {"Locked": {"partner": "own"}})
    site = start(
        """
        @app.route(route="locked")
        def locked(req: func.HttpRequest) -> str:
            return "in"

        @app.route(route="vault", auth_level=func.AuthLevel.ADMIN)
        def vault(req: func.HttpRequest) -> str:
            return "in"

        @app.route(route="open", auth_level=func.AuthLevel.ANONYMOUS)
        def public(req: func.HttpRequest) -> str:
            return "in"
        """,
        HostOptions(keys=keys),
    )

    def status(path: str, key: str | None = None) -> int:
        headers = {"x-functions-key": key} if key else {}
        return int(site.call("GET", path, headers=headers).status_code)

    assert [status("/api/locked"), status("/api/locked", "wrong")] == [401, 401]
    assert [status("/api/locked", key) for key in ("own", "host", "master")] == [200, 200, 200]
    assert [status("/api/locked?code=host"), status("/api/locked?code=no")] == [200, 401]
    assert [status("/api/vault", key) for key in ("own", "host", "master")] == [401, 401, 200]
    assert [status("/api/open"), status("/api/unknown")] == [200, 404]
    assert [status("/admin/functions", key) for key in (None, "host", "master")] == [401, 401, 200]


def test_a_caller_may_add_routes_of_its_own(start: Start) -> None:
    """The product mounts its download links beside the functions."""

    async def hello(request: Request) -> PlainTextResponse:
        return PlainTextResponse(request.path_params["name"])

    site = start(APP, HostOptions(routes=[Route("/blobs/{name}", hello)]))

    assert site.call("GET", "/blobs/x").text == "x"
