"""A stand-in for Azure Key Vault on loopback: secrets over HTTPS, as Microsoft documents the data plane.

It asks for a bearer token with a challenge, keeps versions, and keeps a deleted name taken until it is recovered
(soft delete with purge protection). The token may be any but an empty one.

Not here: keys, certificates, listing, access control.
"""

import json
import ssl
import threading
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

VALUE_BYTES_MAX = 25 * 1024
_LOOPBACK = "127.0.0.1"
_CHALLENGE = 'Bearer authorization="https://login.microsoftonline.com/partner", resource="https://vault.azure.net"'
Answer = tuple[int, dict[str, Any]]


@dataclass(slots=True)
class Vault:
    """The secrets by name: their versions, newest last, and which names are deleted. *fails* answers that status."""

    versions: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    fails: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class KeyVault:
    """The server; use it as a context manager. *certificate_file* is the authority that a client has to trust."""

    def __init__(self, folder: Path) -> None:
        self.vault = Vault()
        self.certificate_file = folder / "authority.pem"
        self._server = ThreadingHTTPServer((_LOOPBACK, 0), _Handler)
        self._server.vault = self.vault  # type: ignore[attr-defined]  # the handler finds it there
        self._server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(_certificate(folder, self.certificate_file))
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://{_LOOPBACK}:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer a read."""
        self._answer(self._get)

    def do_PUT(self) -> None:
        """Answer a write."""
        self._answer(self._put)

    def do_DELETE(self) -> None:
        """Answer a deletion."""
        self._answer(self._delete)

    def do_POST(self) -> None:
        """Answer a recovery."""
        self._answer(self._recover)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's own name
        """Keep quiet."""

    @property
    def _vault(self) -> Vault:
        return cast("Vault", self.server.vault)  # type: ignore[attr-defined]  # put there by KeyVault

    def _answer(self, handle: Any) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if len(self.headers.get("Authorization", "")) <= len("Bearer "):
            self._send(401, _error("Unauthorized", "no token"), {"WWW-Authenticate": _CHALLENGE})
            return
        parts = urlsplit(self.path).path.strip("/").split("/")
        with self._vault.lock:
            if self._vault.fails:
                self._send(self._vault.fails, _error("Forbidden", "refused on purpose"), {})
                return
            status, value = handle(parts[1].lower(), parts, body)
            self._send(status, value, {})

    def _get(self, name: str, parts: list[str], _body: bytes) -> Answer:
        is_deleted = name in self._vault.deleted
        if name not in self._vault.versions or is_deleted is not (parts[0] == "deletedsecrets"):
            return 404, _error("SecretNotFound", f"A secret with (name/id) {name} was not found in this key vault.")
        return 200, self._bundle(name)

    def _put(self, name: str, _parts: list[str], body: bytes) -> Answer:
        value = json.loads(body)["value"]
        if len(value.encode()) > VALUE_BYTES_MAX:
            return 400, _error("BadParameter", "The value is too long.")
        if name in self._vault.deleted:
            inner = {"innererror": {"code": "ObjectIsDeletedButRecoverable"}}
            error = _error("Conflict", f"Secret {name} is currently in a deleted but recoverable state.")
            return 409, {"error": {**error["error"], **inner}}
        version = {"value": value, "version": uuid.uuid4().hex, "at": int(time.time())}
        self._vault.versions.setdefault(name, []).append(version)
        return 200, self._bundle(name)

    def _delete(self, name: str, _parts: list[str], _body: bytes) -> Answer:
        status, bundle = self._get(name, ["secrets"], b"")
        if status != 200:
            return status, bundle
        self._vault.deleted.add(name)
        until = int(time.time()) + 90 * 86400
        recovery = {"recoveryId": f"{self._base()}/deletedsecrets/{name}", "scheduledPurgeDate": until}
        return 200, {**bundle, **recovery, "deletedDate": int(time.time())}

    def _recover(self, name: str, _parts: list[str], _body: bytes) -> Answer:
        if name not in self._vault.deleted:
            return 404, _error("SecretNotFound", f"A deleted secret {name} was not found in this key vault.")
        self._vault.deleted.discard(name)
        return 200, self._bundle(name)

    def _bundle(self, name: str) -> dict[str, Any]:
        newest = self._vault.versions[name][-1]
        attributes = {"enabled": True, "created": newest["at"], "updated": newest["at"]}
        return {
            "value": newest["value"],
            "id": f"{self._base()}/secrets/{name}/{newest['version']}",
            "attributes": {**attributes, "recoveryLevel": "Recoverable", "recoverableDays": 90},
        }

    def _base(self) -> str:
        return f"https://{self.headers['Host']}"

    def _send(self, status: int, value: dict[str, Any], headers: dict[str, str]) -> None:
        content = json.dumps(value).encode()
        self.send_response(status)
        for name, text in {**headers, "Content-Type": "application/json", "Content-Length": str(len(content))}.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(content)


def _error(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


def _certificate(folder: Path, authority_file: Path) -> Path:
    """Make an authority and a certificate of 127.0.0.1 by it; return the file with certificate and key."""
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = _signed("Stand-in authority", authority_key.public_key(), "Stand-in authority", authority_key)
    own = _signed(_LOOPBACK, key.public_key(), "Stand-in authority", authority_key)
    pem = serialization.Encoding.PEM
    plain = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    folder.mkdir(parents=True, exist_ok=True)
    authority_file.write_bytes(authority.public_bytes(pem))
    path = folder / "server.pem"
    path.write_bytes(own.public_bytes(pem) + plain)
    return path


def _signed(
    subject: str, key: ec.EllipticCurvePublicKey, issuer: str, issuer_key: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    is_authority = subject == issuer
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                key_cert_sign=is_authority,
                crl_sign=is_authority,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )
    if not is_authority:
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(subject))])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(issuer_key, hashes.SHA256())
