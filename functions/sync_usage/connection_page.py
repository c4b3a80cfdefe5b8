"""The page a person sees after signing in at Microsoft: how it went and what to do, nothing to run and nothing to send.

Invariants: every value is escaped; no script, form, picture or address of another site; browsers are told so.

Not here: what went wrong (``shared/domain/connection``).
"""

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from html import escape
from typing import Final

import azure.functions as func

from shared.application.connection_health import account_advice
from shared.domain.consent import Consent
from shared.domain.errors import NotConnectedError, ProrataError

_STYLE: Final = (
    "body{max-width:42rem;margin:4rem auto;padding:0 1.5rem;font:1rem/1.6 system-ui,sans-serif;color:#1a1a1a;"
    "background:#fff}h1{font-size:1.5rem;font-weight:600}dt{color:#555;margin-top:1rem}dd{margin:0}"
    "@media(prefers-color-scheme:dark){body{color:#e8e8e8;background:#161616}dt{color:#a0a0a0}}"
)


def page(content: str, *, status: int = 200, headers: Mapping[str, str] | None = None) -> func.HttpResponse:
    """Return a whole page with *content*."""
    body = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Prorata: connection</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f"<body><main>{content}</main></body></html>\n"
    )
    digest = b64encode(sha256(_STYLE.encode()).digest()).decode()
    safe = {
        "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'",
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return func.HttpResponse(
        body, status_code=status, headers={**safe, **(headers or {})}, mimetype="text/html", charset="utf-8"
    )


def connected_page(consent: Consent) -> str:
    """Say who is connected, with which roles, and what is left to do."""
    identity = consent.identity
    factor = {True: "used", False: "not used", None: "not known yet"}[consent.has_mfa]
    rows = {
        "Account": f"{identity.name} ({identity.user_name})",
        "Roles": consent.roles.sentence(),
        "Second factor": factor,
        "To consider": account_advice(consent),
    }
    lines = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in rows.items() if text)
    is_whole = not consent.roles.missing and consent.has_mfa is not False
    title = "Connected" if is_whole else "Connected, but something is missing"
    return f"<h1>{title}</h1><dl>{lines}</dl><p>You can close this page.</p>"


def failed_page(error: ProrataError) -> str:
    """Say what went wrong and how it is cured."""
    state = error.state if isinstance(error, NotConnectedError) else "try again later"
    return f"<h1>Not connected: {escape(state)}</h1><p>{escape(str(error))}</p><p>Nothing was changed.</p>"
