"""A notification counts only when Microsoft signed it, byte for byte."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from shared.domain.errors import ForgedError, MicrosoftUnavailableError
from shared.partner_center.webhook_certificates import LOOKS_MAX, is_allowed, trusted_roots
from shared.partner_center.webhook_signature import BODY_BYTES_MAX, verify

NOW = datetime(2026, 10, 15, 12, tzinfo=UTC)
URL = "https://certificates.example/cert/notifications.cer"
Signed = Callable[..., dict[str, str]]


@pytest.fixture
def served(authority: Any, signing_key: rsa.RSAPrivateKey) -> Any:
    """Return the authority, with the signing key's certificate at its address."""
    authority.served[URL] = authority.leaf(signing_key).public_bytes(Encoding.DER)
    return authority


def test_a_signed_notification_is_accepted(served: Any, signed: Signed, body: bytes) -> None:
    """The certificate leads over an intermediate to the trusted root, and the signature fits the body."""
    assert verify(signed(body), body, NOW, served.certificates()) is None


def test_header_names_come_in_any_case_and_the_other_signature_header_counts(
    served: Any, signed: Signed, body: bytes
) -> None:
    """A gateway that swallows Authorization gets the signature in x-ms-signature."""
    headers = {name.lower(): value for name, value in signed(body).items()}
    headers["x-ms-signature"] = headers["authorization"]
    headers["authorization"] = "Bearer something-else"

    assert verify(headers, body, NOW, served.certificates()) is None


def test_a_certificate_in_text_form_counts_too(
    authority: Any, signing_key: rsa.RSAPrivateKey, signed: Signed, body: bytes
) -> None:
    """PEM and DER are the same certificate."""
    authority.served[URL] = authority.leaf(signing_key, by_root=True).public_bytes(Encoding.PEM)

    assert verify(signed(body), body, NOW, authority.certificates()) is None


def test_one_changed_byte_is_refused(served: Any, signed: Signed, body: bytes) -> None:
    """The signature is over the bytes of the body."""
    with pytest.raises(ForgedError, match="signature does not fit"):
        verify(signed(body), body + b" ", NOW, served.certificates())


def test_another_key_is_refused(
    served: Any, signed: Signed, body: bytes, rsa_keys: tuple[rsa.RSAPrivateKey, ...]
) -> None:
    """Who holds another key is somebody else."""
    with pytest.raises(ForgedError, match="signature does not fit"):
        verify(signed(body, key=rsa_keys[0]), body, NOW, served.certificates())


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("Authorization", "", "Signature"),
        ("Authorization", "Bearer abc", "Signature"),
        ("Authorization", "Signature not*base64", "no base64"),
        ("X-MS-Signature-Algorithm", "", "rsa-sha256"),
        ("X-MS-Signature-Algorithm", "rsa-md5", "rsa-sha256"),
        ("X-MS-Certificate-Url", "", "listed host"),
    ],
)
def test_a_missing_or_odd_header_is_refused_by_name(
    served: Any, signed: Signed, body: bytes, name: str, value: str, says: str
) -> None:
    """The message tells which header is at fault."""
    with pytest.raises(ForgedError, match=says):
        verify({**signed(body), name: value}, body, NOW, served.certificates())


def test_a_huge_body_is_refused_before_anything_is_fetched(served: Any, signed: Signed) -> None:
    """Size is looked at first."""
    with pytest.raises(ForgedError, match="more than any notification"):
        verify({}, b"x" * (BODY_BYTES_MAX + 1), NOW, served.certificates())

    assert [] == served.asked


@pytest.mark.parametrize(
    "url",
    [
        "http://certificates.example/cert.cer",
        "https://certificates.example.evil.test/cert.cer",
        "https://evil.test/certificates.example/cert.cer",
        "https://certificates.example:8443/cert.cer",
        "https://user:secret@certificates.example/cert.cer",
        "https://certificates.example/cert.cer?next=http://169.254.169.254/",
        "https://certificates.example\\@evil.test/cert.cer",
        "https://169.254.169.254/metadata",
        "http://127.0.0.1:80/cert.cer",
        "file:///etc/passwd",
        "https://[::1/cert.cer",
        "",
    ],
)
def test_nothing_is_fetched_from_an_address_that_is_not_listed(
    served: Any, signed: Signed, body: bytes, url: str
) -> None:
    """The address is judged before it is asked."""
    with pytest.raises(ForgedError, match="listed host"):
        verify(signed(body, url=url), body, NOW, served.certificates())

    assert [] == served.asked


def test_loopback_is_allowed_only_where_it_is_listed_with_its_port() -> None:
    """One machine may listen to its own simulator."""
    assert is_allowed("http://127.0.0.1:8123/cert.cer", ["127.0.0.1:8123"])
    assert not is_allowed("http://127.0.0.1:8124/cert.cer", ["127.0.0.1:8123"])


def test_a_wildcard_lists_the_hosts_below_a_name_only() -> None:
    """``*.name`` does not fit the name itself or one that merely ends alike."""
    assert is_allowed("https://one.store.example/c.cer", ["*.store.example"])
    assert not is_allowed("https://store.example/c.cer", ["*.store.example"])
    assert not is_allowed("https://mystore.example/c.cer", ["*.store.example"])


@pytest.mark.parametrize("organisation", ["Microsoft Corp", "Evil Microsoft Corporation", "microsoft corporation"])
def test_another_organisation_is_refused(
    authority: Any, signing_key: rsa.RSAPrivateKey, signed: Signed, body: bytes, organisation: str
) -> None:
    """The certificate must be issued to Microsoft Corporation, whoever issued it."""
    authority.served[URL] = authority.leaf(signing_key, organisation=organisation).public_bytes(Encoding.DER)

    with pytest.raises(ForgedError, match="not issued to Microsoft"):
        verify(signed(body), body, NOW, authority.certificates())


def test_a_certificate_without_a_trusted_root_is_refused(
    served: Any, signed: Signed, body: bytes, signing_key: rsa.RSAPrivateKey
) -> None:
    """Naming Microsoft in a certificate of one's own proves nothing."""
    stranger = type(served)(signing_key, served.leaf(signing_key), signing_key, served.leaf(signing_key), served.served)

    with pytest.raises(ForgedError, match="trusted root"):
        verify(signed(body), body, NOW, stranger.certificates())


def test_a_missing_intermediate_is_refused(served: Any, signed: Signed, body: bytes) -> None:
    """A chain with a hole does not lead to the root."""
    del served.served["http://www.microsoft.com/pki/intermediate.cer"]

    with pytest.raises(ForgedError, match="trusted root"):
        verify(signed(body), body, NOW, served.certificates())


@pytest.mark.parametrize("days", [(-30, -1), (1, 30)])
def test_a_certificate_out_of_date_is_refused(
    authority: Any, signing_key: rsa.RSAPrivateKey, signed: Signed, body: bytes, days: tuple[int, int]
) -> None:
    """Expired and not yet valid are both refused."""
    first, last = (NOW + timedelta(days=each) for each in days)
    authority.served[URL] = authority.leaf(signing_key, first=first, last=last).public_bytes(Encoding.DER)

    with pytest.raises(ForgedError, match=r"trusted root|out of date"):
        verify(signed(body), body, NOW, authority.certificates())


def test_a_kept_certificate_that_expires_meanwhile_is_refused(
    authority: Any, signing_key: rsa.RSAPrivateKey, signed: Signed, body: bytes
) -> None:
    """What is kept for a day is still looked at each time."""
    leaf = authority.leaf(signing_key, last=NOW + timedelta(hours=1))
    authority.served[URL] = leaf.public_bytes(Encoding.DER)
    certificates = authority.certificates()
    verify(signed(body), body, NOW, certificates)

    with pytest.raises(ForgedError, match="out of date"):
        verify(signed(body), body, NOW + timedelta(hours=2), certificates)


def test_a_key_that_is_no_rsa_key_is_refused(authority: Any, signed: Signed, body: bytes) -> None:
    """Only what Microsoft documents is understood."""
    authority.served[URL] = authority.leaf(ec.generate_private_key(ec.SECP256R1())).public_bytes(Encoding.DER)

    with pytest.raises(ForgedError, match="no RSA key"):
        verify(signed(body), body, NOW, authority.certificates())


def test_what_is_no_certificate_is_refused(authority: Any, signed: Signed, body: bytes) -> None:
    """An error page in the place of a certificate proves nothing."""
    authority.served[URL] = b"<html>not here</html>"

    with pytest.raises(ForgedError, match="no certificate"):
        verify(signed(body), body, NOW, authority.certificates())


def test_a_certificate_is_fetched_once_a_day(served: Any, signed: Signed, body: bytes) -> None:
    """A stream of notifications is not a stream of requests."""
    certificates = served.certificates()
    for hours in (0, 1, 23):
        verify(signed(body), body, NOW + timedelta(hours=hours), certificates)
    first = list(served.asked)
    verify(signed(body), body, NOW + timedelta(hours=25), certificates)

    assert [URL, "http://www.microsoft.com/pki/intermediate.cer"] == first
    assert first * 2 == served.asked


def test_a_refused_certificate_is_not_fetched_again_for_a_minute(authority: Any, signed: Signed, body: bytes) -> None:
    """Forged notifications cannot make us ask for their certificate over and over."""
    authority.served[URL] = b"junk"
    certificates = authority.certificates()
    for seconds in (0, 30, 61):
        with pytest.raises(ForgedError):
            verify(signed(body), body, NOW + timedelta(seconds=seconds), certificates)

    assert [URL, URL] == authority.asked


def test_a_certificate_that_cannot_be_had_now_is_no_forgery(authority: Any, signed: Signed, body: bytes) -> None:
    """Microsoft sends the notification again; ours is to answer that we cannot now."""
    with pytest.raises(MicrosoftUnavailableError):
        verify(signed(body), body, NOW, authority.certificates())


def test_a_silent_address_is_not_asked_again_for_a_minute(authority: Any, signed: Signed, body: bytes) -> None:
    """Forged notifications cannot make us wait for a certificate over and over."""
    certificates = authority.certificates()
    for seconds in (0, 30, 61):
        with pytest.raises(MicrosoftUnavailableError):
            verify(signed(body), body, NOW + timedelta(seconds=seconds), certificates)

    assert [URL, URL] == authority.asked


def test_a_flood_of_addresses_is_no_flood_of_requests(served: Any, signed: Signed, body: bytes) -> None:
    """Each forged notification may name another address; what is known to be good stays known."""
    certificates = served.certificates()
    verify(signed(body), body, NOW, certificates)
    asked_before = len(served.asked)
    for number in range(200):
        later = NOW + timedelta(seconds=number)
        forged = signed(body, url=f"https://certificates.example/{number}.cer")
        with pytest.raises(MicrosoftUnavailableError):
            verify(forged, body, later, certificates)
    asked = len(served.asked) - asked_before
    verify(signed(body), body, NOW + timedelta(seconds=200), certificates)

    assert 3 * LOOKS_MAX < asked < 5 * LOOKS_MAX
    assert asked_before + asked == len(served.asked)


def test_roots_come_from_a_file_or_are_the_public_ones(authority: Any, tmp_path: Path) -> None:
    """A file names exactly the roots to trust; without one the public roots count."""
    file = tmp_path / "roots.pem"
    file.write_bytes(authority.root.public_bytes(Encoding.PEM))

    assert [authority.root] == trusted_roots(file)
    assert trusted_roots(None)
