"""Matching: which organisation a tenant of Microsoft's belongs to, how that is known, and how sure it is.

By id (100), by a domain that both name (90), by the same name (80); each counts only while it points to exactly one
organisation. Anything weaker is a candidate and waits for a person: an initial domain made of the organisation's own
(contoso.onmicrosoft.com for contoso.com, 60), a name that is nearly the same (50 to 79), and any tie. What a person
decided counts above everything, also that a tenant is nobody's.

The result depends on the organisations, tenants and decisions alone, not on their order.

Not here: keeping decisions (``shared/storage/repositories/organisations``), what an unmatched tenant blocks.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from shared.domain.organisations.names import likeness, plain_name
from shared.domain.organisations.organisation import Organisation
from shared.domain.snapshots.values import Tenant

BY_PERSON, BY_ID, BY_DOMAIN, BY_NAME, BY_INITIAL_DOMAIN = 100, 100, 90, 80, 60
SURE_FROM = 80
LIKENESS_MIN = 88
SHARED_BY_MAX = 200
CANDIDATES_MAX = 5
INITIAL_DOMAINS = (".onmicrosoft.com", ".onmicrosoft.us", ".partner.onmschina.cn")
NOBODY = ""
"""A person's decision that a tenant belongs to no organisation of ours; it stays unmatched, and nothing is proposed."""


class MatchState(StrEnum):
    """What is known of a tenant."""

    MATCHED = "matched"
    AMBIGUOUS = "ambiguous"  # a person has to choose among the candidates
    UNMATCHED = "unmatched"  # nobody comes near


class MatchedBy(StrEnum):
    """What two records have in common."""

    PERSON = "person"
    ID = "id"
    DOMAIN = "domain"
    NAME = "name"
    INITIAL_DOMAIN = "initial-domain"
    SIMILAR_NAME = "similar-name"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An organisation that a tenant may belong to; *confidence* in percent."""

    organisation_id: str
    by: MatchedBy
    confidence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What is known of one tenant. *candidates* are best first; a matched tenant's first one is the match."""

    tenant_id: str
    state: MatchState
    candidates: tuple[Candidate, ...] = ()

    @property
    def organisation_id(self) -> str:
        """The organisation, or "" while it is not known."""
        return self.candidates[0].organisation_id if self.state is MatchState.MATCHED else ""


def match_tenants(
    organisations: Iterable[Organisation], tenants: Iterable[Tenant], decisions: Mapping[str, str]
) -> list[Match]:
    """Return what is known of each tenant, by tenant id. *decisions* maps tenant ids to organisation ids or ``NOBODY``.

    A decision for an organisation that is gone counts for nothing.
    """
    index = _Index(organisations)
    return [_match(index, tenant, decisions) for tenant in sorted(tenants, key=lambda each: each.id)]


class _Index:
    """Organisations by everything they are found by."""

    def __init__(self, organisations: Iterable[Organisation]) -> None:
        self.ids: set[str] = set()
        self.tenants: dict[str, set[str]] = defaultdict(set)
        self.domains: dict[str, set[str]] = defaultdict(set)
        self.labels: dict[str, set[str]] = defaultdict(set)
        self.names: dict[str, set[str]] = defaultdict(set)
        self.hints: dict[str, set[str]] = defaultdict(set)
        for each in organisations:
            self._add(each)

    def _add(self, organisation: Organisation) -> None:
        self.ids.add(organisation.id)
        for tenant in organisation.tenant_ids:
            self.tenants[tenant].add(organisation.id)
        for domain in organisation.domains:
            self.domains[domain].add(organisation.id)
            self.labels[_label(domain)].add(organisation.id)
        name = plain_name(organisation.name)
        self.names[name].add(organisation.id)
        for hint in _hints(name):
            self.hints[hint].add(name)

    def alike(self, name: str) -> Iterable[tuple[str, int]]:
        """Yield organisations whose name is nearly the same, with how alike it is.

        Looked at are names that share a word or their first letters; a word that hundreds share tells nothing.
        """
        near = [self.hints[hint] for hint in _hints(name) if hint in self.hints]
        for other in set().union(*(names for names in near if len(names) <= SHARED_BY_MAX)):
            percent = likeness(name, other)
            if percent >= LIKENESS_MIN:
                for organisation_id in self.names[other]:
                    yield organisation_id, min(79, percent - 20)


def _match(index: _Index, tenant: Tenant, decisions: Mapping[str, str]) -> Match:
    decided = decisions.get(tenant.id.lower())
    if decided == NOBODY:
        return Match(tenant_id=tenant.id, state=MatchState.UNMATCHED)
    if decided in index.ids:
        sure = Candidate(str(decided), MatchedBy.PERSON, BY_PERSON)
        return Match(tenant_id=tenant.id, state=MatchState.MATCHED, candidates=(sure,))
    candidates = _candidates(index, tenant)
    if not candidates:
        return Match(tenant_id=tenant.id, state=MatchState.UNMATCHED)
    best = candidates[0].confidence
    is_sure = best >= SURE_FROM and sum(each.confidence == best for each in candidates) == 1
    state = MatchState.MATCHED if is_sure else MatchState.AMBIGUOUS
    return Match(tenant_id=tenant.id, state=state, candidates=tuple(candidates[:CANDIDATES_MAX]))


def _candidates(index: _Index, tenant: Tenant) -> list[Candidate]:
    """Return the organisations that come near, each once by what it has best in common, best first."""
    domain, name = tenant.domain.lower().removeprefix("www."), plain_name(tenant.name)
    found: list[Candidate] = []
    found += _each(index.tenants.get(tenant.id.lower()), MatchedBy.ID, BY_ID)
    found += _each(index.domains.get(domain), MatchedBy.DOMAIN, BY_DOMAIN)
    found += _each(index.names.get(name) if name else None, MatchedBy.NAME, BY_NAME)
    if domain.endswith(INITIAL_DOMAINS):
        found += _each(index.labels.get(_label(domain)), MatchedBy.INITIAL_DOMAIN, BY_INITIAL_DOMAIN)
    if not any(each.confidence >= SURE_FROM for each in found):  # looking for the similar is the slow part
        found += [Candidate(other, MatchedBy.SIMILAR_NAME, percent) for other, percent in index.alike(name)]
    best: dict[str, Candidate] = {}
    for each in found:
        if each.organisation_id not in best or best[each.organisation_id].confidence < each.confidence:
            best[each.organisation_id] = each
    return sorted(best.values(), key=lambda each: (-each.confidence, each.organisation_id))


def _each(organisation_ids: set[str] | None, by: MatchedBy, confidence: int) -> Sequence[Candidate]:
    return [Candidate(each, by, confidence) for each in sorted(organisation_ids or ())]


def _label(domain: str) -> str:
    return domain.split(".", 1)[0]


def _hints(name: str) -> set[str]:
    return {f"{name[:3]}...", *name.split()} if name else set()
