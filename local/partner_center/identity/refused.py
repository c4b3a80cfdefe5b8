"""What the token service answers when it refuses, in the words of its codes.

Not here: when it refuses (``applications``, ``grants``, ``consent``).
"""

import uuid
from dataclasses import dataclass
from datetime import datetime

from local.partner_center.answers import Answer
from local.partner_center.entities import Json

NO_STORE = {"Cache-Control": "no-store, no-cache", "Pragma": "no-cache", "P3P": 'CP="DSP CUR OTPi IND OTRi ONL FIN"'}


@dataclass(frozen=True, slots=True)
class _Meaning:
    error: str
    text: str
    status: int = 400
    suberror: str = ""


MEANINGS = {
    28000: _Meaning(
        "invalid_scope", "The input parameter scope isn't valid because it contains more than one resource."
    ),
    50011: _Meaning("invalid_request", "The redirect URI '{0}' does not match those of the application '{1}'."),
    50058: _Meaning("login_required", "A silent sign-in request was sent but no user is signed in."),
    50076: _Meaning(
        "invalid_grant", "You must use multi-factor authentication to access '{0}'.", suberror="basic_action"
    ),
    50173: _Meaning(
        "invalid_grant",
        "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have "
        "changed or reset their password.",
        suberror="bad_token",
    ),
    54005: _Meaning("invalid_grant", "OAuth2 Authorization code was already redeemed, please retry with a new code."),
    65001: _Meaning(
        "invalid_grant",
        "The user or administrator has not consented to use the application with ID '{0}'. Send an interactive "
        "authorization request for this user and resource.",
        suberror="consent_required",
    ),
    65004: _Meaning("access_denied", "User declined to consent to access the app."),
    70000: _Meaning("invalid_grant", "The provided value for the input parameter '{0}' is not valid."),
    70003: _Meaning("unsupported_grant_type", "The app requested an unsupported grant type '{0}'."),
    70005: _Meaning("unsupported_response_type", "The response type '{0}' is not supported."),
    70008: _Meaning("invalid_grant", "The provided authorization code or refresh token has expired."),
    70011: _Meaning("invalid_scope", "The provided value for the input parameter 'scope' is not valid: {0}."),
    70016: _Meaning("authorization_pending", "The device authorization is pending. Please continue polling."),
    70020: _Meaning("expired_token", "The provided value for the input parameter 'device_code' has expired."),
    90002: _Meaning("invalid_request", "Tenant '{0}' not found. Check that it is right and has active subscriptions."),
    90094: _Meaning(
        "access_denied",
        "An administrator of the directory has set a policy that prevents you from granting this application the "
        "permissions it is requesting. Contact an administrator who can grant them on your behalf.",
    ),
    500011: _Meaning("invalid_resource", "The resource principal named {0} was not found in the tenant named {1}."),
    500112: _Meaning("invalid_grant", "The reply address '{0}' does not match that of the authorization request."),
    501481: _Meaning("invalid_grant", "The Code_Verifier does not match the code_challenge of the request."),
    700016: _Meaning("unauthorized_client", "Application with identifier '{0}' was not found in the directory '{1}'."),
    700027: _Meaning("invalid_client", "The certificate with identifier used to sign the client assertion: {0}.", 401),
    700082: _Meaning(
        "invalid_grant",
        "The refresh token has expired due to inactivity. The token was inactive for 90.00:00:00.",
        suberror="bad_token",
    ),
    900144: _Meaning("invalid_request", "The request body must contain the following parameter: '{0}'."),
    1002012: _Meaning("invalid_scope", "The provided value for scope {0} is not valid. It must end in '/.default'."),
    7000215: _Meaning(
        "invalid_client", "Invalid client secret provided. Send the secret's value, not its ID, for app '{0}'.", 401
    ),
    7000218: _Meaning("invalid_client", "The request body must contain: 'client_assertion' or 'client_secret'.", 401),
    7000222: _Meaning("invalid_client", "The provided client secret keys for app '{0}' are expired.", 401),
}


class SignInError(Exception):
    """Raised to refuse a token or a sign-in, with the number of Microsoft's AADSTS code."""

    def __init__(self, code: int, *details: str) -> None:
        meaning = MEANINGS[code]
        super().__init__(f"AADSTS{code}: {meaning.text.format(*details)}")
        self.code, self.error = code, meaning.error
        self.status, self.suberror = meaning.status, meaning.suberror

    def answer(self, at: datetime, correlation_id: str = "") -> Answer:
        """Return the refusal as the token endpoint writes it."""
        return Answer(status=self.status, json=self.body(at, correlation_id), headers=dict(NO_STORE))

    def body(self, at: datetime, correlation_id: str = "") -> Json:
        """Return the refusal as an object."""
        trace_id, correlation_id = str(uuid.uuid4()), correlation_id or str(uuid.uuid4())
        stamp = f"{at:%Y-%m-%d %H:%M:%SZ}"
        return {
            "error": self.error,
            "error_description": f"{self} Trace ID: {trace_id} Correlation ID: {correlation_id} Timestamp: {stamp}",
            "error_codes": [self.code],
            "timestamp": stamp,
            "trace_id": trace_id,
            "correlation_id": correlation_id,
            "error_uri": f"https://login.microsoftonline.com/error?code={self.code}",
            "suberror": self.suberror or None,
        }
