"""JSON web tokens: signed by the simulator's own key, and read from clients that prove who they are with a certificate.

The key is made once in a process; nobody outside this machine ever trusts it.

Not here: what a token says (``issuing``), who may have one (``grants``).
"""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import cache
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from local.partner_center.entities import Json

_MASKED = padding.PSS(mgf=padding.MGF1(SHA256()), salt_length=padding.PSS.DIGEST_LENGTH)
_PADDINGS: dict[str, Any] = {"RS256": padding.PKCS1v15(), "PS256": _MASKED}
_PARTS = 3


@cache
def signing_key() -> rsa.RSAPrivateKey:
    """Return the key of this process."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def key_id() -> str:
    """Return the name of the key, which tokens carry and ``public_keys`` lists."""
    return hashlib.sha256(_number(signing_key().public_key().public_numbers().n).encode()).hexdigest()[:27]


def public_keys() -> Json:
    """Return the public half as a key set."""
    numbers = signing_key().public_key().public_numbers()
    key = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": key_id(), "x5t": key_id()}
    return {"keys": [{**key, "n": _number(numbers.n), "e": _number(numbers.e)}]}


def signed(claims: Json) -> str:
    """Return *claims* as a token signed with RS256."""
    header = {"typ": "JWT", "alg": "RS256", "kid": key_id(), "x5t": key_id()}
    body = f"{encoded(msgspec.json.encode(header))}.{encoded(msgspec.json.encode(claims))}"
    return f"{body}.{encoded(signing_key().sign(body.encode(), padding.PKCS1v15(), SHA256()))}"


def claims_of(token: str, key: rsa.RSAPublicKey) -> Json:
    """Return what a token says, once *key* has verified it.

    Raises:
        ValueError: it is no token, of an algorithm other than RS256 and PS256, or *key* did not sign it.
    """
    parts = token.split(".")
    if len(parts) != _PARTS:
        raise ValueError("a token has three parts")
    try:
        header, claims = (msgspec.json.decode(decoded(part), type=dict[str, Any]) for part in parts[:2])
        scheme = _PADDINGS[header["alg"]]
        key.verify(decoded(parts[2]), f"{parts[0]}.{parts[1]}".encode(), scheme, SHA256())
    except (InvalidSignature, KeyError, msgspec.MsgspecError) as error:
        raise ValueError("the signature is not that of the registered certificate") from error
    return claims


def encoded(content: bytes) -> str:
    """Return base64 for addresses, without padding."""
    return urlsafe_b64encode(content).decode().rstrip("=")


def decoded(text: str) -> bytes:
    """Undo ``encoded``.

    Raises:
        ValueError: it is no base64.
    """
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _number(value: int) -> str:
    return encoded(value.to_bytes((value.bit_length() + 7) // 8))
