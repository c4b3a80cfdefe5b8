"""Domains: may a new tenant have this one, and if not, whose is it and what to do.

A tenant that exists is not made again: where it is a customer of ours that customer is named, and for anybody else's
there is the address at which its owner accepts us as reseller.

Not here: making tenants.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from shared.application.services import Services
from shared.domain.errors import InvalidError
from shared.domain.organisations.matching import INITIAL_DOMAINS

_PREFIX = re.compile(r"[a-z0-9][a-z0-9-]{0,25}[a-z0-9]|[a-z0-9]")


class DomainState(StrEnum):
    """What is known of a domain."""

    AVAILABLE = "available"
    OURS = "ours"  # a customer of ours has it
    TAKEN = "taken"  # somebody else's tenant has it


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainCheck:
    """The answer: *reason* and *next_step* for a person; *link* only where a relationship has to be asked for."""

    domain: str
    state: DomainState
    reason: str
    next_step: str
    tenant_id: str = ""
    link: str = ""


def check_domain(services: Services, name: str) -> DomainCheck:
    """Say whether a new tenant may have *name* (``contoso`` or ``contoso.onmicrosoft.com``).

    Raises:
        InvalidError: it can be no tenant's initial domain.
        MicrosoftUnavailableError, NotConnectedError: nobody can tell now.
    """
    domain = _initial_domain(name)
    own = next((each for each in services.synced.tenants() if each.domain.lower() == domain), None)
    if own is not None:
        return DomainCheck(
            domain=domain,
            state=DomainState.OURS,
            reason=f"{own.name} is a customer already and has this domain.",
            next_step="Order for that customer; no new tenant is needed.",
            tenant_id=own.id,
        )
    if not services.microsoft().domain_is_taken(domain):
        return DomainCheck(domain=domain, state=DomainState.AVAILABLE, reason="No tenant has it.", next_step="Use it.")
    return DomainCheck(
        domain=domain,
        state=DomainState.TAKEN,
        reason="A tenant with this domain exists; it is no customer of ours.",
        next_step="Choose another name, or send its owner the link: who accepts becomes a customer with that tenant.",
        link=services.microsoft().relationship_link(),
    )


def _initial_domain(name: str) -> str:
    plain = name.strip().lower()
    ending = next((each for each in INITIAL_DOMAINS if plain.endswith(each)), INITIAL_DOMAINS[0])
    prefix = plain.removesuffix(ending)
    if not _PREFIX.fullmatch(prefix):
        raise InvalidError(
            f"domain: {name[:60]!r} is none; an initial domain is 1 to 27 letters, digits and hyphens, such as contoso"
        )
    return f"{prefix}{ending}"
