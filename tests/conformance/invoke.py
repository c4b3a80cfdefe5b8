"""Indexes an app with Microsoft's own Python engine, and invokes its functions, without the Functions host.

Run it with a Python that has ``azure-functions-runtime`` (3.13 or later)::

    python invoke.py APP_FOLDER < invocations.json

It reads a JSON list of invocations (``{"function", "trigger", "value", "metadata"}``; empty input is none) and writes
one JSON object: ``functions`` (name and bindings of each) and ``results``, or ``error`` when the app is refused.

The engine's interface is private, hence its exact version is pinned by the caller. It wants protobuf classes only to
fill them in; plain records do.
"""

import asyncio
import json
import sys
import uuid
from pathlib import Path
from types import SimpleNamespace
from typing import Any


class Record(SimpleNamespace):
    """Stands for any protobuf message the engine fills in."""

    Failure, Success = 0, 1
    undefined, string, binary, stream = range(4)
    out, inout = 1, 2


class Messages:
    """Stands for the engine's protobuf module: every class in it is a :class:`Record`."""

    def __getattr__(self, name: str) -> type[Record]:
        """Return the class called *name*."""
        return Record


async def indexed(folder: Path) -> list[dict[str, Any]]:
    """Let the engine load and index the app; raise RuntimeError with its message when it refuses."""
    import azure_functions_runtime as engine  # noqa: PLC0415 - only this interpreter has it

    request = SimpleNamespace(
        request=SimpleNamespace(
            worker_init_request=SimpleNamespace(capabilities={}, function_app_directory=str(folder))
        ),
        properties={"host": "127.0.0.1", "protos": Messages()},
    )
    started = await engine.worker_init_request(request)
    if started.result.status != Record.Success:
        raise RuntimeError(started.result.exception.message)
    metadata = await engine.functions_metadata_request(request)
    return [
        {"name": one.name, "bindings": [json.loads(binding) for binding in one.raw_bindings]}
        for one in metadata.function_metadata_results or []
    ]


async def invoked(invocation: dict[str, Any]) -> dict[str, Any]:
    """Run one function by the engine's own path from trigger value to outputs."""
    from azure_functions_runtime.native_invocation import (  # noqa: PLC0415 - only this interpreter has it
        invocation_request_native,
    )

    function_id = str(uuid.uuid5(uuid.NAMESPACE_OID, invocation["function"]))
    inputs = [(invocation["trigger"], datum(invocation["value"]))]
    metadata = {name: datum(value) for name, value in invocation.get("metadata", {}).items()}
    is_ok, returned, outputs, error, _ = await invocation_request_native("1", function_id, inputs, metadata)
    return {
        "ok": is_ok,
        "returned": plain(returned),
        "outputs": {name: plain(value) for name, value in outputs},
        "error": error,
    }


def datum(value: Any) -> Any:
    """Return the engine's form of ``{"type", "value"}``, members of an HTTP request included."""
    from azure_functions_runtime.bindings.datumdef import Datum  # noqa: PLC0415 - only this interpreter has it

    content = value["value"]
    if value["type"] == "http":
        content = {name: datum(part) if "type" in part else members(part) for name, part in content.items()}
    if value["type"] == "bytes":
        content = content.encode()
    return Datum(content, value["type"])


def members(part: dict[str, Any]) -> dict[str, Any]:
    """Return each member of headers, query or route parameters in the engine's form."""
    return {name: datum({"type": "string", "value": text}) for name, text in part.items()}


def plain(value: Any) -> Any:
    """Return JSON for what the engine gave back."""
    if hasattr(value, "type") and hasattr(value, "value"):
        return plain(value.value)
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    return value.decode() if isinstance(value, bytes) else value


async def main(folder: Path) -> dict[str, Any]:
    """Index, then invoke what standard input asks for."""
    import azure_functions_runtime as engine  # noqa: PLC0415 - only this interpreter has it

    sys.path.insert(0, str(folder))
    asked = json.loads(sys.stdin.read() or "[]")
    engine.start_threadpool_executor()
    try:
        functions = await indexed(folder)
        return {"functions": functions, "results": [await invoked(one) for one in asked]}
    except RuntimeError as error:
        return {"error": str(error)}
    finally:
        engine.stop_threadpool_executor()


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(main(Path(sys.argv[1]).resolve()))) + "\n")
