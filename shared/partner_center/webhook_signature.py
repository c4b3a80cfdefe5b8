"""The signature of Partner Center's webhooks: who sent this body, proven before anything of it is read.

Source: Microsoft Partner Center documentation, "Partner Center webhooks", how to authenticate a callback: an RSA
signature (PKCS #1 v1.5) over the bytes of the body, in ``Authorization: Signature ...`` or, where the registration
asked for it, in ``x-ms-signature``.

Not here: the certificate (``webhook_certificates``), what a notification means (``shared/application/hints``).
"""

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from shared.domain.errors import ForgedError
from shared.partner_center.webhook_certificates import WebhookCertificates

BODY_BYTES_MAX = 256 << 10
KEY_BITS_MIN = 2048
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "rsa-sha256": hashes.SHA256(),
    "rsa-sha384": hashes.SHA384(),
    "rsa-sha512": hashes.SHA512(),
}
_SCHEME = "signature "


def verify(headers: Mapping[str, str], body: bytes, now: datetime, certificates: WebhookCertificates) -> None:
    """Return if *body* was signed by Microsoft; *headers* may have names in any case.

    Raises:
        ForgedError: it was not, or it does not say enough to tell; the message names the header.
        MicrosoftUnavailableError: the certificate could not be had now. Microsoft sends the notification again.
    """
    if len(body) > BODY_BYTES_MAX:
        raise ForgedError(f"body: {len(body)} bytes is more than any notification has")
    named = {name.lower(): value for name, value in headers.items()}
    signature = _signature(named)
    algorithm = _HASHES.get(named.get("x-ms-signature-algorithm", "").strip().lower())
    if algorithm is None:
        raise ForgedError(f"X-MS-Signature-Algorithm: send one of {', '.join(_HASHES)}")
    certificate = certificates.certificate(named.get("x-ms-certificate-url", "").strip(), now)
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < KEY_BITS_MIN:
        raise ForgedError("the certificate of the webhook has no RSA key of at least 2048 bits")
    try:
        key.verify(signature, body, padding.PKCS1v15(), algorithm)
    except InvalidSignature:
        raise ForgedError("the signature does not fit the body") from None


def _signature(headers: Mapping[str, str]) -> bytes:
    for name in ("x-ms-signature", "authorization"):
        value = headers.get(name, "").strip()
        if value[: len(_SCHEME)].lower() == _SCHEME:
            try:
                return base64.b64decode(value[len(_SCHEME) :].strip(), validate=True)
            except (binascii.Error, ValueError):
                raise ForgedError(f"{name}: is no base64") from None
    raise ForgedError("Authorization: send 'Signature' and the signature in base64 (or the same in x-ms-signature)")
