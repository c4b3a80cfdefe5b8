"""The connection to Microsoft over HTTP, and its weekly redemption.

The callback takes no key: Microsoft sends the browser there. What it answers is decided by the login that was begun in
the same browser, and its page says nothing that an account's owner does not know.

Not here: what a login means (``shared/application/connect``), the page's text (``connection_page``).
"""

import logging
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final
from urllib.parse import parse_qsl

import azure.functions as func

from functions.http import respond
from functions.sync_usage.connection_page import connected_page, failed_page, page
from shared.application.connect import LOGIN_LASTS, begin_login, complete_login, forget_connection
from shared.application.connection_health import connection_health, health_view, redeem
from shared.bootstrap import services
from shared.domain.errors import NotConnectedError, NotFoundError, ProrataError

logger = logging.getLogger(__name__)
blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library leaves this one untyped
ANSWER_BYTES_MAX: Final = 64 << 10
_COOKIE: Final = "prorata-login"
_SECURE_COOKIE: Final = f"__Host-{_COOKIE}"


@blueprint.route(route="connection/login", methods=["GET"])
def begin_connection(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001 - the host passes it by this name
    """Send the browser to Microsoft's sign-in page."""
    try:
        begun = begin_login(services())
    except ProrataError as error:
        return page(failed_page(error), status=409)
    cookie = _cookie(begun.browser, int(LOGIN_LASTS.total_seconds()), is_secure=begun.is_posted)
    headers = {"Location": begun.address, "Set-Cookie": cookie, "Cache-Control": "no-store"}
    return func.HttpResponse(status_code=302, headers={**headers, "Referrer-Policy": "no-referrer"})


@blueprint.route(route="connection/callback", methods=["GET", "POST"], auth_level=func.AuthLevel.ANONYMOUS)
def complete_connection(req: func.HttpRequest) -> func.HttpResponse:
    """Take Microsoft's answer to a login and show how it went."""
    forgotten = {"Set-Cookie": _cookie("", 0, is_secure=services().base_url.startswith("https://"))}
    try:
        consent = complete_login(services(), _answer(req), _browser(req))
    except NotConnectedError as error:
        return page(failed_page(error), status=403, headers=forgotten)
    except ProrataError as error:
        logger.warning("login not completed: %s", type(error).__name__)
        return page(failed_page(error), status=503, headers=forgotten)
    return page(connected_page(consent), headers=forgotten)


@blueprint.route(route="connection", methods=["GET"])
def show_connection(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001 - as above
    """Show how the connection is and what to do next."""
    return respond(lambda: (200, health_view(connection_health(services()))))


@blueprint.route(route="connection", methods=["DELETE"])
def forget_consent(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001 - as above
    """Forget the consent and its refresh token."""
    return respond(_forget)


@blueprint.timer_trigger(arg_name="timer", schedule="%PRORATA_REDEMPTION_SCHEDULE%")
def redeem_refresh_token(timer: func.TimerRequest) -> None:
    """Use the refresh token, so that Microsoft keeps it for another 90 days."""
    try:
        health = redeem(services())
    except NotConnectedError as error:
        logger.error("redemption (past due: %s) refused: %s: %s", timer.past_due, error.state, error)  # noqa: TRY400 - the message says it all
        return
    logger.info("redemption (past due: %s): %s", timer.past_due, health.state)


def _forget() -> tuple[int, Any]:
    if not forget_connection(services()):
        raise NotFoundError("no connection: nobody has consented")
    return 204, None


def _answer(req: func.HttpRequest) -> dict[str, str]:
    """Return what Microsoft's page sent: as a form, or in the address."""
    if req.method.upper() != "POST":
        return dict(req.params)
    body = req.get_body()
    text = body.decode("utf-8", "replace") if len(body) <= ANSWER_BYTES_MAX else ""
    return dict(parse_qsl(text))


def _browser(req: func.HttpRequest) -> str:
    """Return what the browser kept since the login began, "" for nothing."""
    cookies: SimpleCookie = SimpleCookie()
    try:
        cookies.load(req.headers.get("Cookie") or "")
    except CookieError:
        return ""
    # Where we are on https, only the name that no other site of the domain can set.
    found = cookies.get(_SECURE_COOKIE if services().base_url.startswith("https://") else _COOKIE)
    return "" if found is None else found.value


def _cookie(value: str, age_s: int, *, is_secure: bool) -> str:
    """Return the cookie; a posted answer comes from Microsoft's page, so there the cookie has to cross sites."""
    name, kind = (_SECURE_COOKIE, "Secure; SameSite=None") if is_secure else (_COOKIE, "SameSite=Lax")
    return f"{name}={value}; Path=/; Max-Age={age_s}; HttpOnly; {kind}"
