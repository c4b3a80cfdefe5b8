"""One request from its arrival to its answer: route, token, faults, repetition, handler, headers.

Invariants: all of it happens under the world's lock, except while an answer is made to be slow; a repeated MS-RequestId
gets the stored answer, whatever that was; what a fault drops after the work was done is stored all the same.

Not here: sockets (``server``), tokens (``access``), bytes (``exchange``).
"""

import logging
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from local.partner_center import faulty
from local.partner_center.access import TokenRefusedError, caller, mfa_headers, token_refused
from local.partner_center.answers import Answer, Asked, Call, Caller, Host, RefusedError
from local.partner_center.exchange import CONTROLS, Received, content_of, has_bom, http_date, telling_headers
from local.partner_center.graph_batch import batch_call
from local.partner_center.journal import Logged, journal
from local.partner_center.matching import Found, Routes
from local.partner_center.refusals import host_of, nothing_there, refusal
from local.partner_center.switches import switches
from local.partner_center.world import World

logger = logging.getLogger(__name__)
_ALIASES = {"/webhooks/v1/customers/": "/v1/customers/", "/beta/": "/v1.0/"}
_REMEMBERED = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes out; *is_dropped* ends the connection instead (after the content, where there is some)."""

    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    content: bytes = b""
    is_dropped: bool = False


class Answering:
    """Answers requests out of one world."""

    def __init__(self, world: World, calls: Iterable[Call]) -> None:
        self.world = world
        self._routes = Routes((*calls, batch_call(self._answer_one)))

    def reply(self, received: Received) -> Reply:
        """Return what to send for *received*."""
        begun, world = time.perf_counter(), self.world
        with world.lock:
            found, host = self._find(received)
            reply = self._reply(received, found, host)
            if not received.url_path.startswith(CONTROLS):
                logged = Logged(
                    method=received.method,
                    path=received.url_path,
                    route=found.call.path if isinstance(found, Found) else "",
                    status=0 if reply.is_dropped else reply.status,
                    spent_s=time.perf_counter() - begun,
                )
                journal(world).calls.append(logged)
        return reply

    def _answer_one(self, received: Received) -> tuple[int, dict[str, str], bytes]:
        """Answer a request out of a batch."""
        reply = self.reply(received)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in reply.headers}
        return reply.status or 504, headers, reply.content

    def _find(self, received: Received) -> tuple[Found | frozenset[str], Host]:
        """Find the call; webhooks name customers' addresses below /webhooks, and Graph's beta is not another Graph."""
        path = received.url_path
        lower, known = path.lower(), path
        for begin, means in _ALIASES.items():
            if lower.startswith(begin):
                known = f"{means}{path[len(begin) :]}"
        found = self._routes.find(received.method, known)
        return found, found.call.host if isinstance(found, Found) else host_of(path)

    def _reply(self, received: Received, found: Found | frozenset[str], host: Host) -> Reply:
        now = self.world.clock.now()
        request_id = received.headers.get("ms-requestid") or str(uuid.uuid4())
        try:
            answer = self._answer(received, found, host)
        except TokenRefusedError:
            answer = token_refused(host)
        except RefusedError as error:
            answer = refusal(error, host, request_id=request_id, at=now)
        except faulty.InsteadError as instead:
            answer = instead.answer
        except faulty.DroppedError:
            return Reply(is_dropped=True)
        except Exception:  # the entry point: a fault of the simulator's own is a server's error to its caller
            logger.exception("%s %s failed", received.method, received.url_path)
            failed = RefusedError(500, 800003, "The server could not process the request.")
            answer = refusal(failed, host, request_id=request_id, at=now)
        correlation_id = received.headers.get("ms-correlationid") or str(uuid.uuid4())
        headers = {**telling_headers(host, received, request_id, correlation_id), "Date": http_date(now)}
        return self._written(received, host, answer, headers)

    def _answer(self, received: Received, found: Found | frozenset[str], host: Host) -> Answer:
        if not isinstance(found, Found):
            raise nothing_there(host, found)
        call, faults = found.call, self.world.faults
        if faults.faults and not received.url_path.startswith(CONTROLS):
            faulty.before(faults, received.method, received.url_path, call.host)
        who = caller(self.world, call, received.url_path, received.headers.get("authorization", ""))
        if call.is_throttled:
            faulty.limit(self.world, who.tenant_id)
        if call.host is not Host.OPEN:
            received.check_acceptable()
        asked = self._asked(received, found, who)
        answer = self._stored_or_new(call, asked, received)
        if faults.faults:
            faulty.after(faults, received.method, received.url_path)
        mfa = mfa_headers(asked)
        return replace(answer, headers={**answer.headers, **mfa}) if mfa else answer

    def _asked(self, received: Received, found: Found, who: Caller) -> Asked:
        return Asked(
            world=self.world,
            method=received.method,
            url_path=received.url_path,
            path=found.path,
            query=received.query(),
            headers=received.headers,
            body=received.body(),
            raw=received.raw,
            caller=who,
            base_url=received.base_url,
        )

    def _stored_or_new(self, call: Call, asked: Asked, received: Received) -> Answer:
        request_id = received.request_id.lower()
        if not (call.is_repeatable and request_id):
            return call.handler(asked)
        key, now = (request_id, received.method, received.url_path.lower()), asked.now
        remembered = journal(self.world).stored
        stored = remembered.get(key)
        if stored is not None and now - stored[0] < _REMEMBERED:
            return stored[1]
        answer = _handled(call, asked, received.request_id)
        remembered[key] = (now, answer)
        return answer

    def _written(self, received: Received, host: Host, answer: Answer, told: dict[str, str]) -> Reply:
        url = f"{received.url_path}?{received.query_string}"
        is_json = answer.json is not None and answer.content is None
        with_bom = is_json and has_bom(url, host, switches(self.world).bom_share)
        content = content_of(answer, with_bom=with_bom, with_nulls=host is Host.GRAPH)
        kind = {"Content-Type": answer.content_type} if content else {}
        headers = {**kind, "Content-Length": str(len(content)), **told, **answer.headers}
        promised = int({name.lower(): value for name, value in headers.items()}["content-length"])
        if answer.status == 204:
            headers.pop("Content-Length")
        pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        is_short = promised > len(content) and received.method != "HEAD"
        return Reply(answer.status, pairs, content, is_dropped=is_short)


def _handled(call: Call, asked: Asked, request_id: str) -> Answer:
    """Return the handler's answer; a refusal for good is an answer too, and stored like one."""
    try:
        return call.handler(asked)
    except RefusedError as error:
        if error.status >= 500:
            raise
        return refusal(error, call.host, request_id=request_id, at=asked.now)
