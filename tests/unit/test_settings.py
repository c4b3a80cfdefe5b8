"""Settings: read from the environment under their names, checked, and never shown where they are secret."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from shared.settings import Settings


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment without any of Prorata's settings."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"PRORATA_{name.upper()}", raising=False)
    return monkeypatch


def test_everything_has_a_default() -> None:
    """A machine without settings works on the embedded store; equal settings are one installation."""
    settings = Settings()

    assert (settings.store, settings.embedded_root, settings.link_hours) == ("embedded", Path(".prorata/store"), 24)
    assert hash(settings) == hash(Settings())
    assert settings == Settings()


def test_the_environment_is_read_under_prorata_names(environment: pytest.MonkeyPatch) -> None:
    """An empty value counts as not given; other names do not count."""
    environment.setenv("PRORATA_STORE", "azure")
    environment.setenv("PRORATA_RESELLER_NAME", "Norrsken")
    environment.setenv("PRORATA_LINK_HOURS", "")
    environment.setenv("STORE", "nowhere")
    settings = Settings()

    assert (settings.store, settings.reseller_name, settings.link_hours) == ("azure", "Norrsken", 24)


def test_the_connection_string_is_not_shown() -> None:
    """Neither in a log of the settings nor in an error."""
    settings = Settings(connection_string="AccountKey=hidden")

    assert "hidden" not in repr(settings) + str(settings)
    assert settings.connection_string.get_secret_value() == "AccountKey=hidden"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("store", "disk"),
        ("link_hours", "0"),
        ("link_hours", "145"),
        ("link_hours", "a day"),
        ("reseller_name", "x" * 201),
    ],
)
def test_a_value_that_cannot_be_is_refused(environment: pytest.MonkeyPatch, name: str, value: str) -> None:
    """The error names the setting."""
    environment.setenv(f"PRORATA_{name.upper()}", value)
    with pytest.raises(ValidationError, match=name):
        Settings()


def test_settings_do_not_change() -> None:
    """They are read once."""
    with pytest.raises(ValidationError):
        Settings().store = "azure"  # type: ignore[misc]  # that it is refused is the point
