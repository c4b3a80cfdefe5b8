"""The certificate behind a webhook's signature: had only from listed hosts, and trusted only through a known root.

Invariants: nothing is fetched from a host that is not listed; no redirect is followed; a certificate counts while it is
in date, leads to a trusted root, and was issued to Microsoft Corporation. A stream of forged notifications does not
become a stream of requests: what was fetched is kept for a day, an address that was refused or silent is not asked
again for a minute, and of new addresses a few a minute are asked, without pushing out a certificate that is good.

Source: Microsoft Partner Center documentation, "Partner Center webhooks", how to authenticate a callback.

Not here: the signature itself (``webhook_signature``).
"""

import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from urllib.parse import urlsplit

import certifi
from cryptography import x509
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID
from cryptography.x509.verification import ExtensionPolicy, PolicyBuilder, Store, VerificationError

from shared.domain.errors import ForgedError, MicrosoftUnavailableError

ORGANISATION = "Microsoft Corporation"
CERTIFICATE_BYTES_MAX = 64 << 10
INTERMEDIATES_MAX = 3
KEPT = timedelta(days=1)
REFUSED = timedelta(minutes=1)
ADDRESSES_MAX = 32
LOOKS_MAX = 10
"""New addresses asked in a minute; Microsoft uses one, and sends again what was put off."""
_HOST = re.compile(r"[a-z0-9.-]+(:\d{1,5})?")
_LOOPBACK = frozenset({"127.0.0.1", "localhost"})

Fetch = Callable[[str], bytes]
"""Returns what lies at an address, at most ``CERTIFICATE_BYTES_MAX`` bytes, without following redirects.

Raises:
    MicrosoftUnavailableError: no answer, or none that is a certificate.
"""


@dataclass(frozen=True, slots=True)
class _Kept:
    """What came of an address: *reason* says why it is no certificate, *is_silent* that nothing could be had."""

    until: datetime
    certificate: x509.Certificate | None
    reason: str = ""
    is_silent: bool = False


class WebhookCertificates:
    """Fetches and checks certificates. *roots* are the trusted ones; *hosts* may be ``name`` or ``127.0.0.1:port``.

    *issuer_hosts* are where intermediate certificates may be fetched; those prove themselves by the chain.
    """

    def __init__(
        self,
        hosts: Sequence[str],
        roots: Sequence[x509.Certificate],
        fetch: Fetch,
        issuer_hosts: Sequence[str] = ("*.microsoft.com", "*.digicert.com"),
    ) -> None:
        self._hosts, self._store, self._fetch, self._issuer_hosts = hosts, Store(list(roots)), fetch, issuer_hosts
        self._kept: dict[str, _Kept] = {}
        self._looks: list[datetime] = []
        self._guard = Lock()

    def certificate(self, url: str, now: datetime) -> x509.Certificate:
        """Return the certificate at *url*, in date at *now* and trusted.

        Raises:
            ForgedError: the address is not allowed, or the certificate is none of Microsoft's.
            MicrosoftUnavailableError: the certificate could not be fetched now.
        """
        if not is_allowed(url, self._hosts):
            raise ForgedError(
                "X-MS-Certificate-Url: does not lead to a listed host (PRORATA_WEBHOOK_CERTIFICATE_HOSTS)"
            )
        kept = self._known(url, now)
        if kept is None:
            kept = self._look(url, now)
            self._keep(url, kept)
        if kept.certificate is None:
            raise MicrosoftUnavailableError(kept.reason) if kept.is_silent else ForgedError(kept.reason)
        if not kept.certificate.not_valid_before_utc <= now <= kept.certificate.not_valid_after_utc:
            raise ForgedError("the certificate of the webhook is out of date")
        return kept.certificate

    def _known(self, url: str, now: datetime) -> _Kept | None:
        """Return what came of *url* before, or None where it may be asked now, which counts as asked."""
        with self._guard:
            kept = self._kept.get(url)
            if kept is not None and kept.until > now:
                return kept
            self._looks = [at for at in self._looks if now - at < REFUSED]
            if len(self._looks) >= LOOKS_MAX:
                raise MicrosoftUnavailableError("too many new certificates were named within a minute; send it again")
            self._looks.append(now)
            return None

    def _keep(self, url: str, kept: _Kept) -> None:
        with self._guard:
            while len(self._kept) >= ADDRESSES_MAX:
                of_no_use = (each for each, before in self._kept.items() if before.certificate is None)
                del self._kept[next(of_no_use, next(iter(self._kept)))]
            self._kept[url] = kept

    def _look(self, url: str, now: datetime) -> _Kept:
        try:
            certificate = _read(self._fetch(url))
            self._check(certificate, now)
        except MicrosoftUnavailableError as error:
            return _Kept(now + REFUSED, None, str(error), is_silent=True)
        except ForgedError as error:
            return _Kept(now + REFUSED, None, str(error))
        except ValueError:  # parts of a certificate are read when they are asked for
            return _Kept(now + REFUSED, None, "the certificate of the webhook is damaged")
        return _Kept(now + KEPT, certificate)

    def _check(self, leaf: x509.Certificate, now: datetime) -> None:
        names = [str(each.value) for each in leaf.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]
        if names != [ORGANISATION]:
            raise ForgedError("the certificate of the webhook was not issued to Microsoft Corporation")
        policies = {"ca_policy": ExtensionPolicy.webpki_defaults_ca(), "ee_policy": ExtensionPolicy.permit_all()}
        verifier = PolicyBuilder().store(self._store).time(now).extension_policies(**policies).build_client_verifier()
        try:
            verifier.verify(leaf, self._issuers(leaf))
        except VerificationError:
            raise ForgedError("the certificate of the webhook does not lead to a trusted root") from None

    def _may_hold_issuers(self, address: str) -> bool:
        """Whether an issuer's certificate may be fetched from *address*: over http as well, for the chain proves it."""
        host = urlsplit(address).netloc.lower()
        is_plain = _HOST.fullmatch(host) is not None and address.isascii() and address.isprintable()
        return is_plain and _is_listed(host, (*self._issuer_hosts, *self._hosts))

    def _issuers(self, leaf: x509.Certificate) -> list[x509.Certificate]:
        """Fetch the chain upwards, as far as certificates say where their issuer's is."""
        found: list[x509.Certificate] = []
        below = leaf
        while len(found) < INTERMEDIATES_MAX and below.issuer != below.subject:
            address = _issuer_address(below)
            if not self._may_hold_issuers(address):
                break
            try:
                below = _read(self._fetch(address))
            except (ForgedError, MicrosoftUnavailableError):
                break  # the chain is judged by what there is
            found.append(below)
        return found


def is_allowed(url: str, hosts: Sequence[str]) -> bool:
    """Whether a certificate may be fetched from *url*: https (or a listed loopback address), listed, nothing odd."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    if parts.username or parts.password or parts.query or parts.fragment or not url.isprintable() or "\\" in url:
        return False
    host = (parts.hostname or "").lower()
    if host in _LOOPBACK:
        return parts.scheme in {"http", "https"} and f"{host}:{port}" in hosts
    return parts.scheme == "https" and port in {None, 443} and _is_listed(host, hosts)


def trusted_roots(file: Path | None) -> list[x509.Certificate]:
    """Return the roots in *file* (PEM), or those of ``certifi`` without one."""
    with warnings.catch_warnings():  # one public root has a serial number that a later version will not load
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        return x509.load_pem_x509_certificates((file or Path(certifi.where())).read_bytes())


def _is_listed(host: str, hosts: Sequence[str]) -> bool:
    host = host.lower()
    return any(host == each or (each.startswith("*.") and host.endswith(each[1:])) for each in map(str.lower, hosts))


def _read(content: bytes) -> x509.Certificate:
    try:
        if content.lstrip().startswith(b"-----"):
            return x509.load_pem_x509_certificate(content)
        return x509.load_der_x509_certificate(content)
    except ValueError:
        raise ForgedError("what X-MS-Certificate-Url leads to is no certificate") from None


def _issuer_address(certificate: x509.Certificate) -> str:
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except (x509.ExtensionNotFound, ValueError):
        return ""
    for each in access:
        if each.access_method == AuthorityInformationAccessOID.CA_ISSUERS and isinstance(
            each.access_location, x509.UniformResourceIdentifier
        ):
            return each.access_location.value
    return ""
