"""Device codes: a program shows a short code, somebody types it into a page elsewhere.

Not here: polling for the tokens (``grants``).
"""

import secrets

from local.partner_center.answers import Answer, Asked, Call, Host
from local.partner_center.identity.applications import known_application
from local.partner_center.identity.refused import SignInError
from local.partner_center.identity.requests import audience_of, form, tenant_of
from local.partner_center.identity.sign_ins import DEVICE_LASTS, Device, sign_ins

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_INTERVAL_S = 1


def answer_device_code(asked: Asked) -> Answer:
    """Answer a program that wants somebody to sign in elsewhere."""
    fields = form(asked)
    try:
        tenant_id = tenant_of(asked)
        known_application(asked.world, fields, tenant_id)
        audience = audience_of(fields, tenant_id)
    except SignInError as error:
        return error.answer(asked.now)
    user_code = "".join(secrets.choice(_LETTERS) for _ in range(9))
    device_code = secrets.token_urlsafe(90)
    sign_ins(asked.world).devices[device_code] = Device(
        user_code=user_code,
        tenant_id=tenant_id,
        audience=audience,
        scope=fields.get("scope", ""),
        expires_at=asked.now + DEVICE_LASTS,
    )
    page = f"{asked.base_url}/common/oauth2/deviceauth"
    return Answer(
        json={
            "user_code": user_code,
            "device_code": device_code,
            "verification_uri": page,
            "verification_url": page,
            "expires_in": int(DEVICE_LASTS.total_seconds()),
            "interval": _INTERVAL_S,
            "message": f"To sign in, open {page} in a browser and enter the code {user_code} to authenticate.",
        }
    )


def answer_device_page(asked: Asked) -> Answer:
    """Let the device with the code in ``code`` (or ``otc``) in, or turn it away with ``choice=cancel``."""
    fields = form(asked)
    code = (fields.get("code") or fields.get("otc", "")).upper()
    device = next((each for each in sign_ins(asked.world).devices.values() if each.user_code == code), None)
    if device is None:
        page = '<form><label>Code <input name="code"></label> <button>Next</button></form>'
        return Answer(content=page.encode(), content_type="text/html; charset=utf-8")
    device.is_declined = fields.get("choice") == "cancel"
    device.is_approved = not device.is_declined
    return Answer(content=b"<p>You may close this window.</p>", content_type="text/html; charset=utf-8")


CALLS = (
    Call(method="POST", path="/{tenant}/oauth2/v2.0/devicecode", handler=answer_device_code, host=Host.OPEN),
    Call(method="POST", path="/{tenant}/oauth2/devicecode", handler=answer_device_code, host=Host.OPEN),
    Call(method="GET", path="/{tenant}/oauth2/deviceauth", handler=answer_device_page, host=Host.OPEN),
    Call(method="POST", path="/{tenant}/oauth2/deviceauth", handler=answer_device_page, host=Host.OPEN),
)
