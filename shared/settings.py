"""The settings of Prorata: the only reader of the environment.

Every name begins with ``PRORATA_``; an empty value counts as not given. ``infra`` sets the same names, and a test
holds the two together.

Not here: the settings of the Functions host itself (``AzureWebJobsStorage`` and its kind).
"""

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Final, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX: Final = "PRORATA_"
_IN_TEMPLATES: Final = {"VAULT_NAME", "EXPORT_RETENTION_DAYS"}
_IN_TESTS: Final = {"REQUIRE", "PYTHON313", "SWAGGER", "AZURE_TYPES", "WRITE"}


class Settings(BaseSettings):
    """What an installation chooses. Read it once, in ``bootstrap``."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True)

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
    partner_tenant_id: str = ""
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    client_certificate: SecretStr = Field(
        default=SecretStr(""), description="a PEM or PFX file, the name of a secret that holds one, or its content"
    )
    client_certificate_password: SecretStr = SecretStr("")
    vault_url: str = ""
    secrets_root: Path | None = Field(default=None, description="else the folder secrets of the embedded store")
    secrets_key: SecretStr = SecretStr("")
    login_url: str = "https://login.microsoftonline.com"
    partner_center_url: str = "https://api.partnercenter.microsoft.com"
    partner_api_url: str = "https://api.partner.microsoft.com"
    graph_url: str = "https://graph.microsoft.com"
    export_hosts: str = "*.blob.core.windows.net"
    webhook_certificate_hosts: str = "3psostorageacct.blob.core.windows.net"
    webhook_trust_file: Path | None = None
    countries: str = Field(default="", description="countries sold in, such as NL,DE; the first one's currency leads")
    billing_currencies: str = Field(default="", description="currencies Microsoft bills in, such as EUR,USD")
    sync_time: str = Field(default="09:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    sync_zone: str = "Europe/Amsterdam"
    sync_schedule: str = "0 */15 * * * *"
    redemption_schedule: str = "0 30 3 * * 0"
    unbilled_lookback_days: int = Field(default=5, ge=0, le=31)
    link_hours: int = Field(default=24, ge=1, le=144)


def misspelt(names: Iterable[str]) -> list[str]:
    """Return a sentence for each of *names* that looks like a setting and is read by nobody."""
    fields = {name.upper() for name in Settings.model_fields}
    asked = sorted(name.upper().removeprefix(PREFIX) for name in names if name.upper().startswith(PREFIX))
    return [_meant(name, fields) for name in asked if name not in fields | _IN_TEMPLATES | _IN_TESTS]


def _meant(name: str, fields: set[str]) -> str:
    near = get_close_matches(name, sorted(fields), n=1)
    return f"{PREFIX}{name} is read by nobody" + (f"; did you mean {PREFIX}{near[0]}?" if near else "")


def problems_of(error: ValidationError) -> list[str]:
    """Return a sentence for each setting that cannot be; values are left out, as they may be secret."""
    return [f"{PREFIX}{'.'.join(map(str, each['loc'])).upper()}: {each['msg']}" for each in error.errors()]
