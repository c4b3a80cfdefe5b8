"""Faults of the network and of Microsoft's front ends, acted out on any call.

Not here: faults that belong to one rule (``calls``), those of tokens (``identity``) and webhooks (``webhooks``).
"""

import time
from collections import defaultdict, deque
from math import ceil

from local.partner_center.answers import Answer, Host, RefusedError
from local.partner_center.faults import FaultKind, Faults
from local.partner_center.refusals import throttled
from local.partner_center.switches import switches
from local.partner_center.world import World

_PAGE = "<html><head><title>{status}</title></head><body><h2>Our services aren't available right now</h2></body></html>"
_MINUTE_S = 60.0
_GRAPH_CODES = {500: "InternalServerError", 503: "ServiceUnavailable", 504: "GatewayTimeout"}


class DroppedError(Exception):
    """Raised to end the connection without an answer."""


class InsteadError(Exception):
    """Raised to answer something else than was asked for."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"answered {answer.status} instead")
        self.answer = answer


def seconds_of_delay(faults: Faults, method: str, url_path: str) -> float:
    """Return for how many seconds this call is held up."""
    slow = faults.strike(FaultKind.SLOW, url_path, method)
    return slow.value if slow else 0


def before(faults: Faults, method: str, url_path: str, host: Host) -> None:
    """Act out what happens before the work.

    Raises:
        DroppedError: the connection ends.
        InsteadError: a front end answers.
    """
    if faults.strike(FaultKind.TIMEOUT_BEFORE_COMMIT, url_path, method):
        raise DroppedError
    throttle = faults.strike(FaultKind.THROTTLED, url_path, method)
    if throttle:
        raise InsteadError(throttled(host, int(throttle.value or 1)))
    page = faults.strike(FaultKind.HTML_ANSWER, url_path, method)
    if page:
        status = int(page.value or 502)
        raise InsteadError(
            Answer(status=status, content=_PAGE.format(status=status).encode(), content_type="text/html")
        )
    failed = faults.strike(FaultKind.SERVER_ERROR, url_path, method)
    if failed:
        status = int(failed.value or 500)
        code = _GRAPH_CODES.get(status, "UnknownError") if host is Host.GRAPH else 800003
        raise RefusedError(status, code, "The server could not process the request now.")


def after(faults: Faults, method: str, url_path: str) -> None:
    """Act out what happens once the work is done.

    Raises:
        DroppedError: the connection ends, the answer is lost.
    """
    if faults.strike(FaultKind.TIMEOUT_AFTER_COMMIT, url_path, method):
        raise DroppedError


def limit(world: World, tenant_id: str) -> None:
    """Count a call of *tenant_id*. A minute passes with the world's clock and with the real one.

    Raises:
        InsteadError: there were too many within a minute.
    """
    allowed = switches(world).requests_per_minute
    if not allowed:
        return
    counts: defaultdict[str, deque[float]] = world.room("throttling", lambda: defaultdict(deque))
    now, calls = time.monotonic() + world.clock.now().timestamp(), counts[tenant_id]
    while calls and now - calls[0] >= _MINUTE_S:
        calls.popleft()
    if len(calls) >= allowed:
        raise InsteadError(throttled(Host.PARTNER_CENTER, max(1, ceil(_MINUTE_S - (now - calls[0])))))
    calls.append(now)
