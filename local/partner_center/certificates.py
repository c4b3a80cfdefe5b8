"""Certificates of the simulator's own making: for HTTPS under Microsoft's names, and for signing webhooks.

Nobody trusts them who was not told to: ``ca.pem`` is what a client is given. Keys of a folder are kept, so that a
client has to be told once.

Not here: where they are used (``server``, ``webhooks``).
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

HOST_NAMES = (
    "localhost",
    "login.microsoftonline.com",
    "login.windows.net",
    "sts.windows.net",
    "api.partnercenter.microsoft.com",
    "api.partner.microsoft.com",
    "graph.microsoft.com",
    "3psostorageacct.blob.core.windows.net",
    "*.blob.core.windows.net",
)
"""The names a client may reach the simulator by, once its hosts file leads them to this machine."""

_ORGANISATION = "Microsoft Corporation"
_FROM, _UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2049, 12, 31, tzinfo=UTC)
_CA_FILE, _CERTIFICATE_FILE, _KEY_FILE = "ca.pem", "server.pem", "server.key"
_SIGNER = "pcnotifications-dispatch.microsoft.com"

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Key

    @property
    def pem(self) -> bytes:
        """The certificate as text."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def der(self) -> bytes:
        """The certificate as bytes."""
        return self.certificate.public_bytes(Encoding.DER)


@dataclass(frozen=True, slots=True)
class Signing:
    """Who signs webhooks, and the root behind it; *stranger* has the right name, but no root that anybody trusts."""

    root: Identity
    signer: Identity
    stranger: Identity


def prepare_tls(folder: Path) -> Path:
    """Return *folder* with ``ca.pem``, ``server.pem`` and ``server.key`` in it, made where they are missing.

    Raises:
        OSError: the folder cannot be written.
    """
    if all((folder / name).exists() for name in (_CA_FILE, _CERTIFICATE_FILE, _KEY_FILE)):
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    root = _root("Simulated Microsoft TLS root")
    server = _issued(root, "localhost", ec.generate_private_key(ec.SECP256R1()), is_server=True)
    (folder / _CA_FILE).write_bytes(root.pem)
    (folder / _CERTIFICATE_FILE).write_bytes(server.pem + root.pem)
    secret = server.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with os.fdopen(os.open(folder / _KEY_FILE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
        stream.write(secret)
    return folder


@cache
def webhook_signing() -> Signing:
    """Return who signs webhooks in this process."""
    root = _root("Simulated Microsoft webhook root")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return Signing(root, _issued(root, _SIGNER, key), _issued(_root("Nobody's root"), _SIGNER, key))


def _root(name: str) -> Identity:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(name)
    builder = (
        _builder(subject, subject, key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
        .add_extension(_usage(is_root=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return Identity(builder.sign(key, SHA256()), key)


def _issued(root: Identity, name: str, key: Key, *, is_server: bool = False) -> Identity:
    usage = ExtendedKeyUsageOID.SERVER_AUTH if is_server else ExtendedKeyUsageOID.CLIENT_AUTH
    names: list[x509.GeneralName] = [x509.DNSName(each) for each in (HOST_NAMES if is_server else (name,))]
    if is_server:
        names.append(x509.IPAddress(IPv4Address("127.0.0.1")))
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(root.key.public_key())
    builder = (
        _builder(_name(name), root.certificate.subject, key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(is_root=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(identifier, critical=False)
    )
    return Identity(builder.sign(root.key, SHA256()), key)


def _builder(subject: x509.Name, issuer: x509.Name, key: Key) -> x509.CertificateBuilder:
    return x509.CertificateBuilder(
        issuer_name=issuer,
        subject_name=subject,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=_FROM,
        not_valid_after=_UNTIL,
    )


def _name(common: str) -> x509.Name:
    pairs = ((NameOID.COUNTRY_NAME, "US"), (NameOID.ORGANIZATION_NAME, _ORGANISATION), (NameOID.COMMON_NAME, common))
    return x509.Name([x509.NameAttribute(kind, text) for kind, text in pairs])


def _usage(*, is_root: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_root,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_root,
        crl_sign=is_root,
        encipher_only=False,
        decipher_only=False,
    )
