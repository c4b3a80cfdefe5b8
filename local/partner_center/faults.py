"""Faults that can be switched on, each for so many calls and for the paths that match.

Not here: how each is acted out (``server``), and faults that belong to one rule (an order that stays invisible).
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum


class FaultKind(StrEnum):
    """What goes wrong."""

    TIMEOUT_AFTER_COMMIT = "timeout-after-commit"  # the work is done, the answer never arrives
    TIMEOUT_BEFORE_COMMIT = "timeout-before-commit"  # the connection ends, nothing was done
    SERVER_ERROR = "server-error"  # *value*: the status (500, 502, 503, 504)
    THROTTLED = "throttled"  # 429; *value*: Retry-After in seconds
    SLOW = "slow"  # *value*: seconds until the answer
    BUSY = "busy"  # 409 800082 on changes of a subscription; *value*: seconds after each order or change
    ORDER_INVISIBLE = "order-invisible"  # *value*: minutes until a new order and its subscription can be read
    SUBSCRIPTION_ID_MISSING = "subscription-id-missing"  # *value*: minutes until order lines name their subscription
    MFA_REQUIRED = "mfa-required"  # 401 900421 for app+user tokens
    TOKEN_EXPIRED = "token-expired"  # noqa: S105 - a name; the refresh token is past its 90 days
    TOKEN_REVOKED = "token-revoked"  # noqa: S105 - a name; AADSTS50173
    SECRET_WRONG = "secret-wrong"  # noqa: S105 - a name; AADSTS7000215
    CONSENT_MISSING = "consent-missing"  # AADSTS65001
    USER_CONSENT_FORBIDDEN = "user-consent-forbidden"  # AADSTS90094
    ACCESS_TOKEN_REFUSED = "access-token-refused"  # noqa: S105 - a name; 401 with an empty body
    HTML_ANSWER = "html-answer"  # a gateway's page, status *value*
    PART_TRUNCATED = "part-truncated"  # an export part ends early
    SAS_REFUSED = "sas-refused"  # 403 on the address of a part
    EXPORT_EXPIRED = "export-expired"  # 410 on operations and manifests
    EXPORT_FAILED = "export-failed"  # a failed operation, code 5000
    UNKNOWN_ENUM = "unknown-enum"  # a status nobody knows, in subscriptions
    WEBHOOK_DUPLICATED = "webhook-duplicated"
    WEBHOOK_DISORDERED = "webhook-disordered"
    WEBHOOK_LATE = "webhook-late"  # *value*: hours (up to 48)
    WEBHOOK_FORGED = "webhook-forged"
    WEBHOOK_HOSTILE_CERTIFICATE = "webhook-hostile-certificate"


@dataclass(slots=True, kw_only=True)
class Fault:
    """One fault: *times* calls it strikes (None: until switched off) where *path* (a regular expression) matches.

    *skip* lets so many matching calls through first; *method* "" means any.
    """

    kind: FaultKind
    path: str = ""
    method: str = ""
    value: float = 0
    times: int | None = 1
    skip: int = 0
    struck: int = field(default=0)


class Faults:
    """The faults switched on now."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Switch a fault on."""
        self.faults.append(fault)

    def clear(self) -> None:
        """Switch all faults off."""
        self.faults.clear()

    def strike(self, kind: FaultKind, path: str = "", method: str = "") -> Fault | None:
        """Return the fault of that kind that strikes this call, and count it; None where none does."""
        for fault in self.faults:
            if fault.kind is not kind or (fault.method and fault.method != method):
                continue
            if fault.path and not re.search(fault.path, path, re.IGNORECASE):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            if fault.times is not None and fault.struck >= fault.times:
                continue
            fault.struck += 1
            return fault
        return None
