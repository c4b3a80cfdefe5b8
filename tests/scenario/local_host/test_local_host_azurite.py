"""The host works on Azure's queues as it does on the embedded ones."""

import uuid
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from azure.storage.queue import QueueClient

from local.functions_host import FileStatuses, FunctionsHost, index_app
from local.functions_host.config import HostConfig, QueueConfig
from shared.storage.azure.clients import AzureAccount
from shared.storage.azure.queues import AzureQueues

APP = """
    import azure.functions as func
    app = func.FunctionApp()
    seen = []

    @app.queue_trigger(arg_name="msg", queue_name="%QUEUE%", connection="S")
    @app.queue_output(arg_name="out", queue_name="%QUEUE%-next", connection="S")
    def work(msg: func.QueueMessage, out: func.Out[str]) -> None:
        seen.append((msg.get_body().decode(), msg.dequeue_count, msg.insertion_time is not None))
        out.set("next")
        if msg.get_body() == b"bad":
            raise RuntimeError("no")
"""


@pytest.mark.azurite
def test_messages_are_worked_off_retried_and_poisoned_on_azurite(azurite: str, tmp_path: Path) -> None:
    """One story through the other adapter: success, output, failure, poison, undecodable."""
    (tmp_path / "function_app.py").write_text(dedent(APP), encoding="utf-8")
    queue = f"work-{uuid.uuid4().hex}"
    queues: Any = AzureQueues.connect(AzureAccount(connection_string=azurite))
    index = index_app(tmp_path, {"QUEUE": queue})
    config = HostConfig(queues=QueueConfig(4, 2, dequeue_count_max=2, polling_interval_max_s=0.2))
    for body in ("good", "bad", b"\xff"):
        queues.send(queue, body)
    QueueClient.from_connection_string(azurite, queue).send_message("not base64!")

    with FunctionsHost(index, config, queues, FileStatuses(tmp_path)) as host:
        host.drain(30)
    seen = index.functions[0].call.__globals__["seen"]
    poison = sorted(message.body for message in queues.receive(f"{queue}-poison", limit=5))

    assert sorted(seen) == [("bad", 1, True), ("bad", 2, True), ("good", 1, True)]
    assert poison == [b"bad", b"not base64!", b"\xff"]
    assert [message.body for message in queues.receive(f"{queue}-next", limit=5)] == [b"next"]
