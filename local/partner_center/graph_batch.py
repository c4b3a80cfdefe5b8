"""Graph's ``$batch``: up to 20 requests in one, each answered as if it had come alone.

Not here: how one is answered (``answering``).
"""

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

import msgspec

from local.partner_center.answers import Answer, Asked, Call, Host, RefusedError
from local.partner_center.entities import Json
from local.partner_center.exchange import Received

_REQUESTS_MAX = 20
_FAILED = 400

AnswerOne = Callable[[Received], tuple[int, Mapping[str, str], bytes]]
"""Answers one request: status, headers, content."""


def batch_call(answer_one: AnswerOne) -> Call:
    """Return the call that takes batches."""

    def answer(asked: Asked) -> Answer:
        return Answer(json={"responses": _responses(asked, answer_one)})

    return Call(method="POST", path="/v1.0/$batch", handler=answer, host=Host.GRAPH)


def _responses(asked: Asked, answer_one: AnswerOne) -> list[Json]:
    """Answer in the order of the batch; what depends on a failed request fails with 424."""
    requests = asked.json().get("requests")
    if not isinstance(requests, list) or not 0 < len(requests) <= _REQUESTS_MAX:
        raise RefusedError(400, "BadRequest", f"A batch has 1 to {_REQUESTS_MAX} requests.")
    found: dict[str, Json] = {}
    for each in requests:
        if not isinstance(each, dict) or not all(isinstance(each.get(name), str) for name in ("id", "method", "url")):
            raise RefusedError(400, "BadRequest", "Each request of a batch has id, method and url.")
        failed = [name for name in each.get("dependsOn") or () if found.get(name, {}).get("status", 424) >= _FAILED]
        error = {"code": "FailedDependency", "message": f"Failed: {', '.join(failed)}"}
        body: Any = {"error": error}
        found[each["id"]] = {"id": each["id"], "status": 424, "headers": {}, "body": body}
        if not failed:
            found[each["id"]] = _response(each, answer_one(_received(asked, each)))
    return list(found.values())


def _received(asked: Asked, each: Json) -> Received:
    path, _, query = each["url"].partition("?")
    raw = msgspec.json.encode(each["body"]) if each.get("body") is not None else b""
    own = {str(name).lower(): str(value) for name, value in (each.get("headers") or {}).items()}
    return Received(
        method=each["method"].upper(),
        url_path=f"/v1.0/{unquote(path).lstrip('/')}",
        query_string=query,
        headers={"authorization": asked.headers["authorization"], "content-type": "application/json", **own},
        raw=raw,
        base_url=asked.base_url,
    )


def _response(each: Json, reply: tuple[int, Mapping[str, str], bytes]) -> Json:
    status, headers, content = reply
    is_json = "json" in headers.get("Content-Type", "")
    body: Any = msgspec.Raw(content) if is_json and content else (b64encode(content).decode() or None)
    return {"id": each["id"], "status": status, "headers": dict(headers), "body": body}
