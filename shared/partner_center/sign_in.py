"""Signing in at Microsoft: the address to go to, and what the code that comes back is worth.

Invariants: the answer has to fit the login that was begun (state, nonce, code verifier), and the identity in it has to
be ours: this app's, of the partner's tenant. MSAL reads that identity without checking it; it comes from the token
service itself, with the nonce of this login, so that its signature and its times add nothing.

Not here: cookies and storage (``shared/application/connect``), tokens in use (``tokens``), roles (``standing``).
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from shared.domain.connection import ConnectionState, cure_of
from shared.domain.consent import Identity, Probe, Roles, SignedIn, TokenEnd
from shared.domain.errors import NotConnectedError, OperationalError
from shared.partner_center.hosts import Audience
from shared.partner_center.standing import probe, roles_of
from shared.partner_center.tokens import MsalTokens, refusal
from shared.partner_center.transport import Transport

SCOPES: Final = (f"{Audience.PARTNER_CENTER}/user_impersonation",)
"""MSAL adds openid, profile and offline_access. One refresh token serves every API that the app has consent for."""

_OF_A_GRANT: Final = frozenset({ConnectionState.TOKEN_EXPIRED, ConnectionState.TOKEN_REVOKED})
"""What Microsoft says of a bad refresh token it says of a bad code as well."""


class MsalSignIn:
    """``SignIn`` on MSAL; it shares *tokens* with the client."""

    def __init__(self, tokens: MsalTokens, transport: Transport, clock: Callable[[], datetime]) -> None:
        self._tokens, self._transport, self._clock = tokens, transport, clock

    def missing_settings(self) -> list[str]:
        """Return the settings without which nobody can sign in."""
        return self._tokens.app.missing()

    def begin(self, *, redirect: str, is_posted: bool) -> tuple[str, Mapping[str, Any]]:
        """Return the address to send the browser to, and what the answer has to fit.

        *is_posted* asks for an answer that is posted, instead of one in the address.

        Raises:
            NotConnectedError: a setting is missing, or the certificate cannot be read.
        """
        flow: dict[str, Any] = self._tokens.application().initiate_auth_code_flow(
            list(SCOPES), redirect_uri=redirect, prompt="select_account", response_mode="form_post"
        )
        address = self._tokens.login_address(str(flow.pop("auth_uri")))
        if not is_posted:  # MSAL warns aloud where it is asked for this
            address = address.replace("response_mode=form_post", "response_mode=query")
        return address, flow

    def complete(self, flow: Mapping[str, Any], code: str) -> SignedIn:
        """Redeem *code* and return who signed in.

        Raises:
            NotConnectedError: Microsoft refuses the code, or the sign-in is not of our tenant or not of this login.
            MicrosoftUnavailableError: the token service does not answer; begin a new login.
        """
        try:
            answer: dict[str, Any] = self._tokens.application().acquire_token_by_auth_code_flow(
                dict(flow), {"state": flow["state"], "code": code}
            )
        except (ValueError, RuntimeError):
            raise _mismatch("the answer does not fit this login") from None  # the cause may quote the identity
        if "error" in answer:
            state, number, cure = refusal(answer, Audience.PARTNER_CENTER)
            if state in _OF_A_GRANT:
                raise _mismatch(f"Microsoft does not take the code ({number})")
            raise NotConnectedError(f"{cure} ({number})", state=state)
        identity = self._identity(answer.get("id_token_claims"))
        if not answer.get("refresh_token"):
            state = ConnectionState.CONSENT_MISSING
            raise NotConnectedError(f"Microsoft gave no refresh token: {cure_of(state)}", state=state)
        return SignedIn(identity=identity, refresh_token=str(answer["refresh_token"]))

    def changed(self) -> None:
        """Drop every access token of this process: the consent is another one."""
        self._tokens.forget_all()

    def redeem(self) -> None:
        """Use the refresh token and store the newer one.

        Raises:
            NotConnectedError: the token service refuses.
            MicrosoftUnavailableError: it does not answer.
        """
        self._tokens.forget(Audience.PARTNER_CENTER)
        self._tokens.token(Audience.PARTNER_CENTER)

    def app_problem(self) -> str:
        """Return why the app itself gets no token, whoever consented, and how that is cured; "" where it gets one."""
        try:
            self._tokens.token(Audience.GRAPH, is_app_only=True)
        except (NotConnectedError, OperationalError) as error:
            return str(error)
        return ""

    def roles(self) -> Roles:
        """Return the roles of the account that consented; where they may not be read, that."""
        return roles_of(self._transport)

    def probes(self) -> list[Probe]:
        """Make one cheap call to each API and say what it brought."""
        return [probe(self._transport, audience, self._clock) for audience in Audience]

    def endings(self) -> list[TokenEnd]:
        """Return when the access tokens of this process end."""
        ends = self._tokens.endings().items()
        return [
            TokenEnd(audience=key.audience, tenant_id=key.tenant_id, is_app_only=key.is_app_only, ends_at=ends_at)
            for key, ends_at in sorted(ends, key=lambda one: (one[0].tenant_id, one[0].audience))
        ]

    def _identity(self, claims: object) -> Identity:
        if not isinstance(claims, dict) or not claims.get("nonce"):
            raise _mismatch("the answer names nobody")
        if str(claims.get("aud")).lower() != self._tokens.app.client_id.lower():
            raise _mismatch("the answer is for another app")
        tenant_id = str(claims.get("tid"))
        if tenant_id.lower() != self._tokens.app.tenant_id.lower():
            state = ConnectionState.WRONG_TENANT
            raise NotConnectedError(f"signed in to tenant {tenant_id[:60]}: {cure_of(state)}", state=state)
        return Identity(
            user_name=str(claims.get("preferred_username") or claims.get("upn") or ""),
            object_id=str(claims.get("oid") or ""),
            name=str(claims.get("name") or ""),
            tenant_id=tenant_id,
        )


def _mismatch(why: str) -> NotConnectedError:
    state = ConnectionState.LOGIN_MISMATCH
    return NotConnectedError(f"{why}: {cure_of(state)}", state=state)
