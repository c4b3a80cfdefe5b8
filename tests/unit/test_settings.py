"""Settings: read from the environment under their names, checked, and never shown where they are secret."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from shared.settings import Settings, misspelt, problems_of


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


def test_a_misspelt_setting_is_noticed() -> None:
    """With the one that was meant, where one is near; what others read is left alone."""
    names = ["PRORATA_CLIENT_SECRT", "PRORATA_QUITE_ELSE", "PRORATA_STORE", "PRORATA_REQUIRE", "PATH"]

    assert [
        "PRORATA_CLIENT_SECRT is read by nobody; did you mean PRORATA_CLIENT_SECRET?",
        "PRORATA_QUITE_ELSE is read by nobody",
    ] == misspelt(names)


def test_a_value_that_cannot_be_is_named_for_people(environment: pytest.MonkeyPatch) -> None:
    """By the setting's name, without the value."""
    environment.setenv("PRORATA_LINK_HOURS", "many-9182")
    with pytest.raises(ValidationError) as told:
        Settings()
    (sentence,) = problems_of(told.value)

    assert sentence.startswith("PRORATA_LINK_HOURS: ")
    assert "9182" not in sentence
