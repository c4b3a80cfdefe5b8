"""What can be wrong between us and Microsoft, and how each is cured: pure rules over codes.

Microsoft's token service numbers its refusals (``AADSTS700082``), Partner Center numbers its own (``900421``); both end
in one of these states. A number that nobody knows is REFUSED, never CONNECTED.

Not here: asking for tokens (``shared/partner_center/tokens``), keeping the state (``repositories/connection``).
"""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final


class ConnectionState(StrEnum):
    """How it stands with the connection. Everything but CONNECTED needs a person."""

    NOT_CONFIGURED = "not-configured"
    NOT_CONNECTED = "not-connected"
    CONNECTED = "connected"
    MFA_REQUIRED = "mfa-required"
    TOKEN_EXPIRED = "token-expired"  # noqa: S105 - the name of a state
    TOKEN_REVOKED = "token-revoked"  # noqa: S105 - the name of a state
    SECRET_WRONG = "secret-wrong"  # noqa: S105 - the name of a state
    SECRET_EXPIRED = "secret-expired"  # noqa: S105 - the name of a state
    CERTIFICATE_WRONG = "certificate-wrong"
    CONSENT_MISSING = "consent-missing"
    USER_CONSENT_FORBIDDEN = "user-consent-forbidden"
    APP_UNKNOWN = "app-unknown"
    RESOURCE_MISSING = "resource-missing"
    TENANT_UNKNOWN = "tenant-unknown"
    REDIRECT_UNKNOWN = "redirect-unknown"
    ACCOUNT_UNUSABLE = "account-unusable"
    ROLE_MISSING = "role-missing"
    CONDITIONAL_ACCESS = "conditional-access"
    WRONG_AUDIENCE = "wrong-audience"
    WRONG_TENANT = "wrong-tenant"
    LOGIN_MISMATCH = "login-mismatch"
    REFUSED = "refused"


_State = ConnectionState
_LOGIN: Final = "connect anew at /api/connection/login"

_CURES: Final[Mapping[ConnectionState, str]] = {
    _State.NOT_CONFIGURED: "set PRORATA_PARTNER_TENANT_ID, PRORATA_CLIENT_ID and a secret or certificate "
    "(PRORATA_CLIENT_SECRET or PRORATA_CLIENT_CERTIFICATE)",
    _State.NOT_CONNECTED: "nobody has consented yet: open /api/connection/login and sign in with the service account",
    _State.CONNECTED: "nothing to do",
    _State.MFA_REQUIRED: "Microsoft asks for multifactor authentication: register a method for the account and "
    f"{_LOGIN}, going through the second factor",
    _State.TOKEN_EXPIRED: f"the refresh token was not used for 90 days or met its limit: {_LOGIN}",
    _State.TOKEN_REVOKED: "the refresh token was revoked, as a change of password or of the second factor does: "
    f"{_LOGIN}",
    _State.SECRET_WRONG: "the client secret is not one of the app's: copy the secret's value, not its id, from "
    "Entra > App registrations > Certificates & secrets into PRORATA_CLIENT_SECRET",
    _State.SECRET_EXPIRED: "the client secret has expired: make a new one in Entra > App registrations > "
    "Certificates & secrets and put its value into PRORATA_CLIENT_SECRET",
    _State.CERTIFICATE_WRONG: "Microsoft does not accept the certificate: upload the public part of the one in "
    "PRORATA_CLIENT_CERTIFICATE to the app registration, check that it has not expired and that this clock is right",
    _State.CONSENT_MISSING: "the app lacks consent: in Entra > App registrations > API permissions choose "
    f"'Grant admin consent', then {_LOGIN}",
    _State.USER_CONSENT_FORBIDDEN: "consent was declined, or the tenant lets no user consent: let an administrator "
    "allow it in Entra > Enterprise applications > Consent and permissions > User consent settings, approve it in "
    f"Enterprise applications > Admin consent requests, or grant it for all in API permissions; then {_LOGIN}",
    _State.APP_UNKNOWN: "there is no such app in the partner's tenant, or it is disabled: check PRORATA_CLIENT_ID and "
    "PRORATA_PARTNER_TENANT_ID",
    _State.RESOURCE_MISSING: "the tenant has no service principal for an API, or the app does not ask for it: add "
    "the permission under API permissions, and the service principal with: az ad sp create --id ID",
    _State.TENANT_UNKNOWN: "Microsoft knows no such tenant: check PRORATA_PARTNER_TENANT_ID",
    _State.REDIRECT_UNKNOWN: "the app does not know where to return to: add PRORATA_BASE_URL followed by "
    "/api/connection/callback as a redirect URI of the kind Web",
    _State.ACCOUNT_UNUSABLE: "the account that consented is blocked, deleted or its password has expired: repair it, "
    f"then {_LOGIN}",
    _State.ROLE_MISSING: "the account that consented lacks a role in Partner Center: give it Admin agent, or Billing "
    "admin and Sales agent, wait some minutes, then ask again",
    _State.CONDITIONAL_ACCESS: "a Conditional Access policy blocks the sign-in: let an administrator exclude the "
    f"account or this address from it (Entra > Protection > Conditional Access), then {_LOGIN}",
    _State.WRONG_AUDIENCE: "the token was made for another API: check that PRORATA_PARTNER_CENTER_URL, "
    "PRORATA_PARTNER_API_URL and PRORATA_GRAPH_URL are Microsoft's, and that Partner Center > App management lists "
    "the app",
    _State.WRONG_TENANT: "somebody of another tenant signed in: sign in with an account of the partner's tenant",
    _State.LOGIN_MISMATCH: "this answer belongs to no login that was begun in this browser within 15 minutes, or it "
    f"was used before: {_LOGIN}, in one browser window",
    _State.REFUSED: f"look the number up at https://login.microsoftonline.com/error; if it says nothing else, {_LOGIN}",
}

_RESOURCES: Final = {
    "api.partnercenter.microsoft.com": "Microsoft Partner Center (fa3d9a0c-3fb0-42cc-9193-47c7ecd2edbd), "
    "permission user_impersonation",
    "api.partner.microsoft.com": "Partner API (4990cffe-04e8-4e8b-808a-1175604b879f), permission user_impersonation",
    "graph.microsoft.com": "Microsoft Graph (00000003-0000-0000-c000-000000000000), permissions "
    "PartnerBilling.Read.All, User.Read, GroupMember.Read.All",
}
"""What the app asks of each API, by the API's host: names and ids as Entra shows them."""

_NUMBERS: Final[Mapping[ConnectionState, frozenset[int]]] = {
    _State.MFA_REQUIRED: frozenset({50072, 50074, 50076, 50078, 50079, 50158}),
    _State.TOKEN_EXPIRED: frozenset({70008, 70043, 700082, 700084}),
    _State.TOKEN_REVOKED: frozenset({50132, 50133, 50173, 70000, 700081}),
    _State.SECRET_WRONG: frozenset({7000215, 7000216, 7000218}),
    _State.SECRET_EXPIRED: frozenset({7000222}),
    _State.CERTIFICATE_WRONG: frozenset({50012, 700021, 700023, 700024, 700027, 700030, 7000272}),
    _State.CONSENT_MISSING: frozenset({65001}),
    _State.USER_CONSENT_FORBIDDEN: frozenset({65004, 90094, 90095, 900941}),
    _State.APP_UNKNOWN: frozenset({700016, 7000112, 7000113}),
    _State.RESOURCE_MISSING: frozenset({500011, 500014, 650052, 650057}),
    _State.TENANT_UNKNOWN: frozenset({90002, 90013, 900023}),
    _State.REDIRECT_UNKNOWN: frozenset({50011, 500113}),
    _State.ACCOUNT_UNUSABLE: frozenset({50034, 50053, 50055, 50057, 500571}),
    _State.CONDITIONAL_ACCESS: frozenset({53000, 53001, 53002, 53003, 53004, 50005, 50097, 50131, 530032}),
    _State.WRONG_TENANT: frozenset({50020, 50177, 90072}),
    _State.LOGIN_MISMATCH: frozenset({54005, 50148, 501481}),
}
_BY_NUMBER: Final = {number: state for state, numbers in _NUMBERS.items() for number in numbers}
_BY_WORD: Final[Mapping[str, ConnectionState]] = {
    "access_denied": _State.USER_CONSENT_FORBIDDEN,
    "consent_required": _State.CONSENT_MISSING,
    "invalid_client": _State.SECRET_WRONG,
    "invalid_resource": _State.RESOURCE_MISSING,
    "unauthorized_client": _State.APP_UNKNOWN,
}
_BY_PARTNER_CODE: Final[Mapping[str, ConnectionState]] = {
    "10001": _State.MFA_REQUIRED,
    "900150": _State.ROLE_MISSING,
    "900308": _State.ROLE_MISSING,
    "900309": _State.CONDITIONAL_ACCESS,
    "900420": _State.WRONG_AUDIENCE,
    "900421": _State.MFA_REQUIRED,
}
_NUMBER: Final = re.compile(r"AADSTS(\d{5,8})")
_OF_ONE_TENANT: Final = frozenset(
    {
        _State.CONSENT_MISSING,
        _State.USER_CONSENT_FORBIDDEN,
        _State.APP_UNKNOWN,
        _State.RESOURCE_MISSING,
        _State.TENANT_UNKNOWN,
        _State.CONDITIONAL_ACCESS,
        _State.WRONG_TENANT,
        _State.ACCOUNT_UNUSABLE,
        _State.REFUSED,
    }
)


def numbers_in(text: str) -> tuple[int, ...]:
    """Return the AADSTS numbers in a description of Microsoft's, each once, in order."""
    return tuple(dict.fromkeys(int(number) for number in _NUMBER.findall(text)))


def token_state(word: str, numbers: Iterable[int] = (), *, suberror: str = "") -> ConnectionState:
    """Return what a refusal of the token service means: its *word* (``invalid_grant``), AADSTS numbers, suberror."""
    for number in numbers:
        if number in _BY_NUMBER:
            return _BY_NUMBER[number]
    if suberror == "consent_required":
        return _State.CONSENT_MISSING
    return _BY_WORD.get(word, _State.REFUSED)


def callback_state(word: str, description: str = "") -> ConnectionState:
    """Return what Microsoft's error at the end of a login means: there, a missing consent was refused by somebody."""
    state = token_state(word, numbers_in(description))
    return _State.USER_CONSENT_FORBIDDEN if state is _State.CONSENT_MISSING else state


def refusal_state(code: str) -> ConnectionState | None:
    """Return the state that Partner Center's *code* stands for, or None where it says nothing of the connection."""
    return _BY_PARTNER_CODE.get(code)


def is_of_one_tenant(state: ConnectionState) -> bool:
    """Whether that refusal, in a customer's tenant, says something of that tenant only and nothing of us."""
    return state in _OF_ONE_TENANT


def cure_of(state: ConnectionState, *, resource: str = "") -> str:
    """Return what a person has to do; *resource* is the address of the API that was asked for, if one was."""
    cure = _CURES[state]
    needs = _RESOURCES.get(resource.removeprefix("https://").rstrip("/"), "")
    concerned = {_State.RESOURCE_MISSING, _State.CONSENT_MISSING}
    return f"{cure}; needed is {needs}" if needs and state in concerned else cure
