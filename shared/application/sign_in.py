"""The port to signing in: what the use cases around the connection ask of Microsoft, in plain values.

Not here: HTTP and MSAL (``shared/partner_center/sign_in``), what is done with the answers (``connect``).
"""

from collections.abc import Mapping
from typing import Any, Protocol

from shared.domain.consent import Probe, Roles, SignedIn, TokenEnd


class SignIn(Protocol):
    """Signing in at Microsoft, and looking at what the sign-in is worth."""

    def missing_settings(self) -> list[str]:
        """Return the settings without which nobody can sign in."""
        ...

    def begin(self, *, redirect: str, is_posted: bool) -> tuple[str, Mapping[str, Any]]:
        """Return the address to send the browser to, and what the answer has to fit: ``state``, ``nonce`` and so on.

        *is_posted* asks for an answer that is posted, instead of one in the address.

        Raises:
            NotConnectedError: a setting is missing, or the certificate cannot be read.
        """
        ...

    def complete(self, flow: Mapping[str, Any], code: str) -> SignedIn:
        """Redeem *code* and return who signed in.

        Raises:
            NotConnectedError: Microsoft refuses the code, or the sign-in is not of our tenant or not of this login.
            MicrosoftUnavailableError: the token service does not answer; begin a new login.
        """
        ...

    def changed(self) -> None:
        """Drop every access token of this process: the consent is another one."""
        ...

    def redeem(self) -> None:
        """Use the refresh token and store the newer one.

        Raises:
            NotConnectedError: the token service refuses.
            MicrosoftUnavailableError: it does not answer.
        """
        ...

    def app_problem(self) -> str:
        """Return why the app itself gets no token, whoever consented, and how that is cured; "" where it gets one."""
        ...

    def roles(self) -> Roles:
        """Return the roles of the account that consented; where they may not be read, that."""
        ...

    def probes(self) -> list[Probe]:
        """Make one cheap call to each API and say what it brought."""
        ...

    def endings(self) -> list[TokenEnd]:
        """Return when the access tokens of this process end."""
        ...
