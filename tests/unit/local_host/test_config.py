"""``host.json`` and ``local.settings.json`` are read strictly."""

import json
from pathlib import Path
from typing import Any

import pytest

from local.functions_host.config import QueueConfig, parse_time_span, put_settings, read_host_config
from shared.domain.errors import InvalidError

ROOT = Path(__file__).parents[3]


def written(folder: Path, document: Any) -> Path:
    """Return a ``host.json`` with *document* in it."""
    path = folder / "host.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_the_products_own_host_json_is_understood() -> None:
    """The file that Azure reads configures this host too."""
    config = read_host_config(ROOT / "host.json")

    assert (config.route_prefix, config.function_timeout_s) == ("api", 600.0)
    assert QueueConfig(4, 2, 5, 30.0, 2.0) == config.queues
    assert config.custom_headers == {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}


def test_what_is_not_said_is_azures_default(tmp_path: Path) -> None:
    """An empty host.json behaves as in Azure."""
    config = read_host_config(written(tmp_path, {"version": "2.0"}))

    assert ("api", 1800, QueueConfig()) == (config.route_prefix, config.function_timeout_s, config.queues)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "version"),
        ([], "no JSON object"),
        ({"version": "2.0", "extensions": {"queues": {"batchSize": 33}}}, "batchSize is 33"),
        ({"version": "2.0", "extensions": {"queues": {"messageEncoding": "none"}}}, "write 'base64'"),
        ({"version": "2.0", "extensions": {"queues": {"visibilityTimeout": "30s"}}}, "no time span"),
        ({"version": "2.0", "extensions": {"http": []}}, "write an object"),
    ],
)
def test_what_the_host_cannot_honour_is_refused(tmp_path: Path, document: Any, message: str) -> None:
    """Nothing is ignored in silence."""
    with pytest.raises(InvalidError, match=message):
        read_host_config(written(tmp_path, document))


def test_local_settings_fill_the_environment_but_never_win(tmp_path: Path) -> None:
    """What the process was started with stays."""
    path = tmp_path / "local.settings.json"
    path.write_text(json.dumps({"Values": {"A": "file", "B": 2}}), encoding="utf-8")
    environment = {"A": "process"}

    put_settings(path, environment)
    put_settings(tmp_path / "missing.json", environment)

    assert environment == {"A": "process", "B": "2"}


@pytest.mark.parametrize(("text", "seconds"), [("00:00:30", 30), ("1.02:00:00", 93600), ("00:00:00.5", 0.5)])
def test_a_time_span_is_seconds(text: str, seconds: float) -> None:
    """The .NET notation, days and fractions included."""
    assert seconds == parse_time_span(text, where="x")
