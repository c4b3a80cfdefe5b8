"""Microsoft's hosts and the tokens they ask for.

All addresses are settings, so that the same client talks to the simulator.

Not here: how a token is had (``tokens``), requests (``transport``).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Audience(StrEnum):
    """Whom an access token is for. The value is the resource as Microsoft's token service knows it."""

    PARTNER_CENTER = "https://api.partnercenter.microsoft.com"
    PARTNER_API = "https://api.partner.microsoft.com"
    GRAPH = "https://graph.microsoft.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosts:
    """Where Microsoft is: base addresses without a trailing slash. *export_hosts* may begin with ``*.``."""

    login: str = "https://login.microsoftonline.com"
    partner_center: str = "https://api.partnercenter.microsoft.com"
    partner_api: str = "https://api.partner.microsoft.com"
    graph: str = "https://graph.microsoft.com"
    export_hosts: tuple[str, ...] = ("*.blob.core.windows.net",)

    def base(self, audience: Audience) -> str:
        """Return the base address of the API that takes tokens for *audience*."""
        return {
            Audience.PARTNER_CENTER: self.partner_center,
            Audience.PARTNER_API: self.partner_api,
            Audience.GRAPH: self.graph,
        }[audience]


class Tokens(Protocol):
    """Access tokens, each for one audience, kept until five minutes before they end."""

    def token(self, audience: Audience, *, tenant_id: str = "", is_app_only: bool = False) -> str:
        """Return an access token; *tenant_id* names a customer's tenant, "" is the partner's own.

        Raises:
            NotConnectedError: the token service refuses; the state says why, the message how to cure it.
            MicrosoftUnavailableError: the token service does not answer.
        """
        ...

    def forget(self, audience: Audience, *, tenant_id: str = "", is_app_only: bool = False) -> None:
        """Drop a token that an API refused, so that the next call fetches a new one."""
        ...
