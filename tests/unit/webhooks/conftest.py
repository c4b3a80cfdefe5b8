"""A certificate authority of our own, and notifications signed as Partner Center signs them."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from shared.domain.errors import MicrosoftUnavailableError
from shared.partner_center.webhook_certificates import WebhookCertificates

NOW = datetime(2026, 10, 15, 12, tzinfo=UTC)
URL = "https://certificates.example/cert/notifications.cer"
ISSUER_URL = "http://www.microsoft.com/pki/intermediate.cer"
ORGANISATION = "Microsoft Corporation"

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def _name(common: str, organisation: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


@dataclass
class Authority:
    """A root, an intermediate, and the leaf a test asks for; *served* lies where it says, *asked* was fetched."""

    root_key: rsa.RSAPrivateKey
    root: x509.Certificate
    middle_key: rsa.RSAPrivateKey
    middle: x509.Certificate
    served: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def fetch(self, url: str) -> bytes:
        """Return what lies at *url*, as the network would."""
        self.asked.append(url)
        if url not in self.served:
            raise MicrosoftUnavailableError("nothing there")
        return self.served[url]

    def leaf(
        self,
        key: Key,
        *,
        organisation: str = ORGANISATION,
        first: datetime = NOW - timedelta(days=30),
        last: datetime = NOW + timedelta(days=300),
        by_root: bool = False,
    ) -> x509.Certificate:
        """Return a leaf certificate; by the intermediate, which says where it lies, unless *by_root*."""
        issuer, issuer_key = (self.root, self.root_key) if by_root else (self.middle, self.middle_key)
        access = x509.AccessDescription(
            AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier(ISSUER_URL)
        )
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name("pcnotifications-dispatch.microsoft.com", organisation))
            .issuer_name(issuer.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(first)
            .not_valid_after(last)
            .add_extension(x509.AuthorityInformationAccess([access]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        )
        return builder.sign(issuer_key, hashes.SHA256())

    def certificates(self, *hosts: str) -> WebhookCertificates:
        """Return the checker that trusts this authority's root."""
        return WebhookCertificates(hosts or ("certificates.example",), [self.root], self.fetch)


def authority_certificate(
    common: str, key: rsa.RSAPrivateKey, issuer: x509.Name, issuer_key: rsa.RSAPrivateKey
) -> x509.Certificate:
    """Return a certificate that may issue others."""
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(_name(common, "Test Authority"))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=400))
        .not_valid_after(NOW + timedelta(days=4000))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )


@pytest.fixture(scope="session")
def rsa_keys() -> tuple[rsa.RSAPrivateKey, ...]:
    """Return three keys; making them takes long, so once."""
    return tuple(rsa.generate_private_key(65537, 2048) for _ in range(3))


@pytest.fixture
def authority(rsa_keys: tuple[rsa.RSAPrivateKey, ...]) -> Authority:
    """Return an authority whose intermediate lies where its leaves say."""
    root_key, middle_key, _ = rsa_keys
    name = _name("Root", "Test Authority")
    root = authority_certificate("Root", root_key, name, root_key)
    middle = authority_certificate("Intermediate", middle_key, root.subject, root_key)
    made = Authority(root_key, root, middle_key, middle)
    made.served[ISSUER_URL] = middle.public_bytes(Encoding.DER)
    return made


@pytest.fixture
def signing_key(rsa_keys: tuple[rsa.RSAPrivateKey, ...]) -> rsa.RSAPrivateKey:
    """Return Microsoft's signing key, as far as these tests are concerned."""
    return rsa_keys[2]


@pytest.fixture
def body() -> bytes:
    """Return a notification of a changed subscription."""
    customer, subscription = "0c39d6d5-c70d-4c55-bc02-f620844f3fd1", "488745b5-2086-4912-802c-6abb9f7c3638"
    return json.dumps(
        {
            "EventName": "subscription-updated",
            "ResourceUri": "https://api.partnercenter.microsoft.com/webhooks/v1"
            f"/customers/{customer}/subscriptions/{subscription}",
            "ResourceName": "subscription",
            "AuditUri": None,
            "ResourceChangeUtcDate": "2026-10-14T16:19:06.3520276+00:00",
        }
    ).encode()


@pytest.fixture
def signed(signing_key: rsa.RSAPrivateKey) -> Callable[..., dict[str, str]]:
    """Return a function that gives the headers of a signed body."""

    def headers(body: bytes, *, key: rsa.RSAPrivateKey = signing_key, url: str = URL) -> dict[str, str]:
        signature = key.sign(body, padding.PKCS1v15(), hashes.SHA256())
        return {
            "Authorization": f"Signature {base64.b64encode(signature).decode()}",
            "X-MS-Certificate-Url": url,
            "X-MS-Signature-Algorithm": "rsa-sha256",
        }

    return headers
