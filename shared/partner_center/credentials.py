"""Who the app says it is at the token service: a client secret, or a certificate in one of its usual wrappings.

Invariants: nothing of a secret or key stands in a ``repr``, a log or an error. A certificate is read anew for each use,
so that a renewed one counts without a restart.

Not here: asking for tokens (``tokens``).
"""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.domain.connection import ConnectionState, cure_of
from shared.domain.errors import NotConnectedError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_NAME_CHARACTERS_MAX = 260
_UNRESOLVED = "@Microsoft.KeyVault("
_FILE_SUFFIXES = {".pem", ".pfx", ".p12", ".crt", ".cer", ".key"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AppCredentials:
    """The app registration; a certificate counts before a secret.

    *certificate* is a PEM or PFX file, the name of a secret that holds one (PFX: base64), or that content itself, which
    is what a Key Vault reference leaves. *secret_named* reads a secret. A reference that led nowhere is not given.
    """

    tenant_id: str
    client_id: str
    secret: str = field(default="", repr=False)
    certificate: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    secret_named: Callable[[str], str | None] = field(default=lambda _: None, repr=False)

    def missing(self) -> list[str]:
        """Return the settings that are not given."""
        named = {"PRORATA_PARTNER_TENANT_ID": self.tenant_id, "PRORATA_CLIENT_ID": self.client_id}
        lacking = [name for name, value in named.items() if not value]
        if not _given(self.secret) and not _given(self.certificate):
            lacking.append("PRORATA_CLIENT_SECRET or PRORATA_CLIENT_CERTIFICATE")
        return lacking

    def for_msal(self) -> str | dict[str, Any]:
        """Return the credential in the form that the token library takes.

        Raises:
            NotConnectedError: a setting is missing, or the certificate cannot be read.
        """
        if lacking := self.missing():
            state = ConnectionState.NOT_CONFIGURED
            raise NotConnectedError(f"not set: {', '.join(lacking)}; {cure_of(state)}", state=state)
        if not _given(self.certificate):
            return self.secret
        content = _unwrapped(self._content())
        password = self.password.encode() or None
        key, certificate = _from_pem(content, password) if b"-----BEGIN" in content else _from_pfx(content, password)
        return {"private_key": key, "public_certificate": certificate}

    def _content(self) -> bytes:
        if "-----BEGIN" in self.certificate or len(self.certificate) > _NAME_CHARACTERS_MAX:
            return self.certificate.encode()
        path = Path(self.certificate)
        is_file = path.suffix.lower() in _FILE_SUFFIXES or len(path.parts) > 1
        try:
            if is_file:
                return path.read_bytes()
        except OSError as error:
            raise _unreadable(f"file {path} cannot be read ({error.strerror})") from error
        value = self.secret_named(self.certificate)
        if value is None:
            raise _unreadable(f"there is no secret named {self.certificate}")
        return value.encode()


def _given(value: str) -> str:
    """Return the value of a setting, "" where it is a reference that led to no secret."""
    return "" if value.startswith(_UNRESOLVED) else value


def _unwrapped(content: bytes) -> bytes:
    """Return what a Key Vault secret holds: it gives a PFX in base64."""
    if b"-----BEGIN" in content:
        return content
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        return content


def _from_pfx(content: bytes, password: bytes | None) -> tuple[str, str]:
    from cryptography.hazmat.primitives.serialization import pkcs12  # noqa: PLC0415 - only certificates pay for it

    try:
        key, certificate, _ = pkcs12.load_key_and_certificates(content, password)
    except ValueError:
        raise _unreadable("it is no PFX, or the password is wrong") from None
    if key is None or certificate is None:
        raise _unreadable("it lacks the private key or the certificate")
    return _plain(key), _pem(certificate)


def _from_pem(content: bytes, password: bytes | None) -> tuple[str, str]:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415 - as above
    from cryptography.x509 import load_pem_x509_certificates  # noqa: PLC0415 - as above

    try:
        certificate = load_pem_x509_certificates(content)[0]
        key = load_pem_private_key(_block(content), password)
    except (ValueError, TypeError):
        raise _unreadable("it lacks the private key or the certificate, or the password is wrong") from None
    return _plain(key), _pem(certificate)


def _block(content: bytes) -> bytes:
    """Return the private key's block of a PEM that holds a certificate as well."""
    start = content.find(b"PRIVATE KEY-----")
    begin = content.rfind(b"-----BEGIN", 0, start)
    end = content.find(b"PRIVATE KEY-----", content.find(b"-----END", start))
    return content[begin : end + len(b"PRIVATE KEY-----")] if begin >= 0 and end >= 0 else b""


def _plain(key: Any) -> str:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - as above

    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    text: bytes = key.private_bytes(encoding, form, serialization.NoEncryption())
    return text.decode()


def _pem(certificate: "Certificate") -> str:
    from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415 - as above

    return certificate.public_bytes(Encoding.PEM).decode()


def _unreadable(why: str) -> NotConnectedError:
    state = ConnectionState.CERTIFICATE_WRONG
    return NotConnectedError(
        f"PRORATA_CLIENT_CERTIFICATE: {why}; give a PEM with certificate and key, a PFX, or the name of a secret that "
        "holds one, and PRORATA_CLIENT_CERTIFICATE_PASSWORD where it has one",
        state=state,
    )
