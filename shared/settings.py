"""The settings of Prorata: the only reader of the environment.

Every name begins with ``PRORATA_``; an empty value counts as not given. ``infra`` sets the same names, and a test
holds the two together.

Not here: the settings of the Functions host itself (``AzureWebJobsStorage`` and its kind).
"""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What an installation chooses. Read it once, in ``bootstrap``."""

    model_config = SettingsConfigDict(env_prefix="PRORATA_", env_ignore_empty=True, frozen=True)

    store: Literal["embedded", "azure"] = "embedded"
    embedded_root: Path = Path(".prorata/store")
    base_url: str = "http://127.0.0.1:7071"
    connection_string: SecretStr = SecretStr("")
    tables_url: str = ""
    blobs_url: str = ""
    queues_url: str = ""
    exports_url: str = ""
    identity_client_id: str = ""
    reseller_name: str = Field(default="The reseller", max_length=200)
    billing_run_schedule: str = "0 0 6 9 * *"
    sweep_schedule: str = "0 */15 * * * *"
    link_hours: int = Field(default=24, ge=1, le=144)
