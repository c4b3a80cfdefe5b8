"""An organisation: a customer as the reseller's own records know it, with everything a new tenant's form asks for.

Invariants: the id is the reseller's and never changes; domains are lower case in their ASCII form; tenant ids are lower
case. Equal organisations are equal values, so importing the same twice changes nothing.

Not here: which tenant is whose (``matching``), reading files (``shared/documents/organisations_file``).
"""

import re
from dataclasses import dataclass

from shared.domain.errors import InvalidError

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
DOMAIN_CHARACTERS_MAX = 253


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """One organisation. *tenant_ids* are tenants it is known to own; *country* is ISO 3166 alpha-2, "" if unknown."""

    id: str
    name: str
    domains: tuple[str, ...] = ()
    tenant_ids: tuple[str, ...] = ()
    country: str = ""
    address_line1: str = ""
    address_line2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    culture: str = ""
    language: str = ""
    registration_number: str = ""
    purchase_order: str = ""


def domain_name(text: str) -> str:
    """Return a domain in lower case and ASCII (``Müller.DE`` is ``xn--mller-kva.de``), without ``www.`` and a last dot.

    Raises:
        InvalidError: it is no domain name.
    """
    name = text.strip().rstrip(".").lower()
    try:
        name = name.encode("idna").decode() if not name.isascii() else name
    except UnicodeError as error:
        raise InvalidError(f"{text[:60]!r} is no domain name, such as contoso.com") from error
    name = name.removeprefix("www.")
    labels = name.split(".")
    if len(name) > DOMAIN_CHARACTERS_MAX or len(labels) < 2 or not all(map(_LABEL.fullmatch, labels)):
        raise InvalidError(f"{text[:60]!r} is no domain name, such as contoso.com")
    return name


def tenant_id(text: str) -> str:
    """Return a tenant id in lower case.

    Raises:
        InvalidError: it is none.
    """
    name = text.strip().lower().strip("{}")
    if not _GUID.fullmatch(name):
        raise InvalidError(f"{text[:60]!r} is no tenant id, such as 0c39d6d5-c70d-4c55-bc02-f620844f3fd1")
    return name
