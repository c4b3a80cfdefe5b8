"""Which application asks, proven by its secret or by a token that its certificate signed.

Not here: what it is given (``grants``).
"""

import time
from collections.abc import Mapping
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from local.partner_center.faults import FaultKind
from local.partner_center.identity.refused import SignInError
from local.partner_center.identity.requests import required
from local.partner_center.identity.signing import claims_of
from local.partner_center.world import World

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def register_certificate(world: World, pem: bytes) -> None:
    """Let the partner's application prove itself with this certificate as well.

    Raises:
        ValueError: it is none, or has no RSA key.
    """
    key = x509.load_pem_x509_certificate(pem).public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise ValueError("the certificate has no RSA key")  # noqa: TRY004 - its content, not its type, is wrong
    _certificates(world).append(key)


def known_application(world: World, fields: Mapping[str, str], tenant_id: str) -> str:
    """Return the application's id.

    Raises:
        SignInError: there is no such application.
    """
    client_id = required(fields, "client_id")
    if client_id.lower() != world.partner.client_id.lower():
        raise SignInError(700016, client_id, tenant_id)
    return world.partner.client_id


def check_credential(world: World, fields: Mapping[str, str], url_path: str) -> None:
    """Return if the application proves who it is.

    Raises:
        SignInError: the secret is wrong, over or missing, or the assertion is not the registered certificate's.
    """
    wrong = world.faults.strike(FaultKind.SECRET_WRONG, url_path, "POST")
    if wrong:
        raise SignInError(7000222 if wrong.value == 7000222 else 7000215, world.partner.client_id)
    if fields.get("client_assertion"):
        _check_assertion(world, fields)
    elif not fields.get("client_secret"):
        raise SignInError(7000218)
    elif fields["client_secret"] != world.partner.client_secret:
        raise SignInError(7000215, world.partner.client_id)


def _certificates(world: World) -> list[rsa.RSAPublicKey]:
    room: list[rsa.RSAPublicKey] = world.room("certificates", list)
    return room


def _check_assertion(world: World, fields: Mapping[str, str]) -> None:
    if fields.get("client_assertion_type") != _ASSERTION:
        raise SignInError(70000, "client_assertion_type")
    for key in _certificates(world):
        try:
            claims = claims_of(fields["client_assertion"], key)
        except ValueError:
            continue
        break
    else:
        raise SignInError(700027, "is not one that is registered, or did not sign it")
    is_for_us = "/oauth2/" in urlsplit(str(claims.get("aud", ""))).path
    is_ours = claims.get("iss") == claims.get("sub") == world.partner.client_id
    if not (is_for_us and is_ours and float(claims.get("exp", 0)) > time.time()):
        raise SignInError(700027, "signed one that is over, or for another application or audience")
