"""Microsoft's own libraries against the simulator, unmodified."""

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msal
import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12
from cryptography.x509.oid import NameOID

from local.partner_center.opening import serve
from local.partner_center.server import Simulator

SCOPES = ["https://api.partnercenter.microsoft.com/.default"]
_USUAL = "https://login.microsoftonline.com"


class _Redirecting:
    """An HTTP client for MSAL that sends what goes to Microsoft to another address."""

    def __init__(self, address: str) -> None:
        self._address, self._session = address, requests.Session()
        self._session.trust_env = False

    def get(self, url: str, **options: Any) -> requests.Response:
        return self._session.get(url.replace(_USUAL, self._address), **options)

    def post(self, url: str, **options: Any) -> requests.Response:
        return self._session.post(url.replace(_USUAL, self._address), **options)

    def close(self) -> None:
        self._session.close()


@pytest.fixture
def http_client(simulator: Simulator) -> Iterator[_Redirecting]:
    """Microsoft's address leads to the simulator."""
    client = _Redirecting(simulator.base_url)
    yield client
    client.close()


def _application(simulator: Simulator, credential: object, **options: object) -> msal.ConfidentialClientApplication:
    partner = simulator.world.partner
    usual = {"authority": f"{_USUAL}/{partner.tenant_id}"}
    return msal.ConfidentialClientApplication(partner.client_id, client_credential=credential, **{**usual, **options})


def test_msal_signs_a_person_in_and_redeems_the_code(simulator: Simulator, http_client: _Redirecting) -> None:
    """State, nonce and PKCE are its own; the refresh token then opens another API."""
    app = _application(simulator, simulator.world.partner.client_secret, http_client=http_client)
    callback = "http://localhost:7071/api/connection/callback"
    flow = app.initiate_auth_code_flow(SCOPES, redirect_uri=callback, response_mode="form_post")
    page = requests.get(flow["auth_uri"], timeout=10).text
    answer = app.acquire_token_by_auth_code_flow(flow, dict(re.findall(r'name="([^"]+)" value="([^"]*)"', page)))
    other = app.acquire_token_by_refresh_token(answer["refresh_token"], ["https://graph.microsoft.com/.default"])

    assert simulator.world.partner.admin_name == answer["id_token_claims"]["preferred_username"]
    assert {"access_token", "refresh_token"} <= {*other}


def test_msal_finds_its_application_token_in_its_cache(simulator: Simulator, http_client: _Redirecting) -> None:
    """The second time nobody is asked."""
    app = _application(simulator, simulator.world.partner.client_secret, http_client=http_client)
    sources = [app.acquire_token_for_client(SCOPES)["token_source"] for _ in range(2)]

    assert ["identity_provider", "cache"] == sources


def test_msal_signs_in_by_device_code(simulator: Simulator, http_client: _Redirecting) -> None:
    """It polls until it is let in."""
    partner = simulator.world.partner
    authority = f"{_USUAL}/{partner.tenant_id}"
    app = msal.PublicClientApplication(partner.client_id, authority=authority, http_client=http_client)
    answer = app.acquire_token_by_device_flow(app.initiate_device_flow(SCOPES))

    assert {"access_token", "refresh_token", "id_token"} <= {*answer}


@pytest.mark.parametrize("as_pfx", [False, True])
def test_msal_proves_itself_with_a_certificate(
    simulator: Simulator, http_client: _Redirecting, tmp_path: Path, *, as_pfx: bool
) -> None:
    """RS256 with a PEM and its thumbprint, PS256 with a PFX; another certificate is refused."""
    key, certificate = _certificate()
    stranger, _ = _certificate()
    simulator.register_certificate(certificate.public_bytes(Encoding.PEM))
    thumbprint = certificate.fingerprint(SHA1()).hex()  # noqa: S303 - the name by which the library asks for it
    pems = [each.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) for each in (key, stranger)]
    good: dict[str, object] = {"private_key": pems[0].decode(), "thumbprint": thumbprint}
    if as_pfx:
        path = tmp_path / "app.pfx"
        path.write_bytes(pkcs12.serialize_key_and_certificates(b"app", key, certificate, None, NoEncryption()))
        good = {"private_key_pfx_path": str(path), "public_certificate": True}
    bad = {"private_key": pems[1].decode(), "thumbprint": thumbprint}
    answers = [
        _application(simulator, each, http_client=http_client).acquire_token_for_client(SCOPES) for each in (good, bad)
    ]

    assert "access_token" in answers[0]
    assert ("invalid_client", [700027]) == (answers[1]["error"], answers[1]["error_codes"])


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Simulator, Path]]:
    """A simulator that speaks HTTPS, and the root to trust."""
    folder = tmp_path_factory.mktemp("tls")
    with serve(tls=folder) as running:
        yield running, folder / "ca.pem"


def test_msal_works_over_https_without_any_redirection(
    secure: tuple[Simulator, Path], session: requests.Session
) -> None:
    """Only the root has to be trusted, and the authority named."""
    simulator, root = secure
    session.verify = str(root)
    authority = f"{simulator.base_url}/{simulator.world.partner.tenant_id}"
    options = {"authority": authority, "instance_discovery": False, "http_client": session}
    app = _application(simulator, simulator.world.partner.client_secret, **options)

    assert "access_token" in app.acquire_token_for_client(SCOPES)


def test_azure_identity_works_over_https(secure: tuple[Simulator, Path]) -> None:
    """As Graph's clients use it; a wrong secret is its error."""
    simulator, root = secure
    partner = simulator.world.partner
    options = {"authority": simulator.base_url, "disable_instance_discovery": True, "connection_verify": str(root)}
    with (
        ClientSecretCredential(partner.tenant_id, partner.client_id, partner.client_secret, **options) as good,
        ClientSecretCredential(partner.tenant_id, partner.client_id, "wrong", **options) as bad,
    ):
        token = good.get_token("https://graph.microsoft.com/.default").token
        with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
            bad.get_token("https://graph.microsoft.com/.default")

        headers = {"Authorization": f"Bearer {token}"}
        answer = requests.get(f"{simulator.base_url}/v1.0/nothing", headers=headers, verify=str(root), timeout=10)
        assert 404 == answer.status_code


def _certificate() -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "prorata")])
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now - dt.timedelta(days=1),
        not_valid_after=now + dt.timedelta(days=1),
    )
    return key, builder.sign(key, SHA256())
