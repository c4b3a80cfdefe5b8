"""The app proves itself with a certificate: in every wrapping it comes in, and with what can be wrong with it."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from pydantic import SecretStr

from local.partner_center.identity.applications import register_certificate
from shared.domain.connection import ConnectionState

Office = Any  # what the conftest's fixture gives
PASSWORD = b"a-very-secret-password"


class Certificate:
    """A certificate of the app's and its key, in every wrapping."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Prorata")])
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
            .not_valid_after(datetime.now(UTC) + timedelta(days=365))
            .sign(self.key, hashes.SHA256())
        )
        self.public = self.certificate.public_bytes(serialization.Encoding.PEM)

    def pem(self, password: bytes = b"") -> bytes:
        """Certificate and key as text."""
        encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
        form = serialization.PrivateFormat.PKCS8
        return self.key.private_bytes(serialization.Encoding.PEM, form, encryption) + self.public

    def pfx(self, password: bytes = b"") -> bytes:
        """Both in one binary file."""
        encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
        return pkcs12.serialize_key_and_certificates(b"app", self.key, self.certificate, None, encryption)


@pytest.fixture(scope="module")
def certificate() -> Certificate:
    """One certificate for all tests: keys take long to make."""
    return Certificate()


def connect_with(office: Office, setting: str, password: bytes = b"") -> None:
    """Let the app prove itself with what *setting* names, and connect."""
    office.restart(
        client_secret=SecretStr(""),
        client_certificate=SecretStr(setting),
        client_certificate_password=SecretStr(password.decode()),
    )
    office.connect()


@pytest.mark.parametrize("password", [b"", PASSWORD])
@pytest.mark.parametrize("kind", ["pem", "pfx"])
def test_a_file_of_either_kind_will_do(
    office: Office, certificate: Certificate, tmp_path: Path, kind: str, password: bytes
) -> None:
    """With a password or without."""
    register_certificate(office.simulator.world, certificate.public)
    path = tmp_path / f"app.{kind}"
    path.write_bytes(getattr(certificate, kind)(password))
    connect_with(office, str(path), password)

    assert ConnectionState.CONNECTED is office.state()


@pytest.mark.parametrize("kind", ["pem", "pfx"])
def test_a_secret_that_holds_one_will_do(office: Office, certificate: Certificate, kind: str) -> None:
    """As Key Vault keeps certificates: a PFX in base64, or a PEM; named, or put in place by a reference."""
    register_certificate(office.simulator.world, certificate.public)
    content = certificate.pem().decode() if kind == "pem" else b64encode(certificate.pfx()).decode()
    office.services.secrets.put("client-certificate", content)
    states = []
    for setting in ("client-certificate", content):
        connect_with(office, setting)
        states.append(office.state())

    assert [ConnectionState.CONNECTED] * 2 == states


def test_a_certificate_that_microsoft_does_not_know_is_told(office: Office, certificate: Certificate) -> None:
    """By its own state, not as a wrong secret."""
    office.connect()
    office.services.secrets.put("client-certificate", certificate.pem().decode())
    office.restart(client_secret=SecretStr(""), client_certificate=SecretStr("client-certificate"))

    assert ConnectionState.CERTIFICATE_WRONG == office.redeem_fails().state


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "lacks|no PFX"),
        (b"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n", "lacks the private key"),
        (b"\x30\x82\x01", "no PFX"),
    ],
)
def test_a_file_that_holds_none_is_told(office: Office, tmp_path: Path, content: bytes, says: str) -> None:
    """Before Microsoft is asked, with the setting's name."""
    path = tmp_path / "app.pem"
    path.write_bytes(content)
    office.restart(client_certificate=SecretStr(str(path)))
    error = office.redeem_fails()

    assert ConnectionState.CERTIFICATE_WRONG == error.state
    assert "PRORATA_CLIENT_CERTIFICATE: " in str(error)
    assert any(each in str(error) for each in says.split("|"))


@pytest.mark.parametrize("setting", ["no/such.pfx", "no-such-secret", "nowhere.pem"])
def test_a_certificate_that_is_not_there_is_told(office: Office, setting: str) -> None:
    """Files and secrets alike."""
    office.restart(client_certificate=SecretStr(setting))
    error = office.redeem_fails()

    assert ConnectionState.CERTIFICATE_WRONG == error.state
    assert setting in str(error)


def test_a_wrong_password_is_told_and_not_shown(office: Office, certificate: Certificate, tmp_path: Path) -> None:
    """Nor is the key."""
    path = tmp_path / "app.pfx"
    path.write_bytes(certificate.pfx(PASSWORD))
    office.restart(client_certificate=SecretStr(str(path)), client_certificate_password=SecretStr("another-secret"))
    error = office.redeem_fails()

    assert "password is wrong" in str(error)
    assert "another-secret" not in str(error)


def test_references_that_led_nowhere_are_not_given(office: Office) -> None:
    """Azure leaves the reference where there is no secret; the other of the two counts."""
    nowhere = "@Microsoft.KeyVault(SecretUri=https://vault/secrets/client-certificate)"
    office.restart(client_certificate=SecretStr(nowhere))
    office.connect()
    with_secret = office.state()
    office.restart(client_secret=SecretStr(nowhere))

    assert ConnectionState.CONNECTED is with_secret
    assert ConnectionState.NOT_CONFIGURED is office.state()
