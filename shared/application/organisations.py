"""Organisations: import them, see which tenant is whose, decide where the rules cannot, and keep the unmatched waiting.

As long as nobody imported an organisation, every tenant is billed as its own customer. From the first one on, a tenant
that belongs to no organisation is drafted but not approved, with nobody else held up.

Not here: how tenants are matched (``shared/domain/organisations/matching``), where tenants come from (``sync``).
"""

import logging
from collections.abc import Collection, Mapping, Sequence

from shared.application.services import Services
from shared.domain.errors import InvalidError, NotFoundError
from shared.domain.issues import Issue, IssueCode, Severity
from shared.domain.organisations.importing import Outcome, RowReport, import_report
from shared.domain.organisations.matching import NOBODY, Match, MatchState, match_tenants
from shared.domain.organisations.organisation import Organisation, tenant_id
from shared.domain.periods import BillingPeriod
from shared.domain.snapshots.values import Tenant
from shared.storage.repositories.organisations import Decision

logger = logging.getLogger(__name__)
WORDS_CHARACTERS_MAX = 200


def import_organisations(
    services: Services, rows: Sequence[tuple[int, Mapping[str, str]]], *, dry_run: bool
) -> tuple[RowReport, ...]:
    """Import *rows* (line number, texts by field), or only say what would happen; a refused row is left out."""
    report = import_report(rows, services.organisations.all())
    if dry_run:
        return report
    news = {Outcome.CREATED, Outcome.UPDATED}
    services.organisations.keep_all(r.organisation for r in report if r.organisation is not None and r.outcome in news)
    logger.info("organisations: %s rows, %s refused", len(report), sum(r.outcome is Outcome.REFUSED for r in report))
    return report


def known_tenants(services: Services) -> dict[str, Tenant]:
    """Return every tenant that a sync ever found, by id in lower case: one that left may still be on an invoice."""
    return {key: known.tenant for key, known in services.synced.known_tenants().items()}


def matches(services: Services) -> tuple[list[Match], dict[str, Tenant], dict[str, Organisation]]:
    """Return what is known of every tenant, with the tenants and organisations by id."""
    tenants, organisations = known_tenants(services), services.organisations.all()
    return _match(services, organisations, tenants.values()), tenants, organisations


def decide(services: Services, tenant: str, organisation_id: str | None, decided_by: str, reason: str = "") -> Match:
    """Keep a person's word on a tenant: an organisation, "" for nobody of ours, None for "by rule again".

    Raises:
        InvalidError: the tenant is no id, nobody signs, or a text is too long.
        NotFoundError: the sync knows no such tenant, or there is no such organisation.
    """
    key = tenant_id(tenant)
    if not decided_by.strip() or max(len(decided_by), len(reason)) > WORDS_CHARACTERS_MAX:
        raise InvalidError(
            f"decided_by: give the name of who decides; texts have at most {WORDS_CHARACTERS_MAX} letters"
        )
    found, organisations = known_tenants(services).get(key), services.organisations.all()
    if found is None:
        raise NotFoundError(f"tenant: the last sync found no customer {key}; sync, then decide")
    if organisation_id is None:
        services.organisations.undecide(key)
    elif organisation_id != NOBODY and organisation_id not in organisations:
        raise NotFoundError(f"organisation_id: there is no organisation {organisation_id[:60]!r}; import it first")
    else:
        word = Decision(tenant_id=key, organisation_id=organisation_id, decided_by=decided_by, reason=reason)
        if services.organisations.decisions().get(key) != word:
            services.organisations.decide(word)
    return _match(services, organisations, [found])[0]


def unmatched_of(services: Services, period: BillingPeriod) -> tuple[str, ...]:
    """Return the customers with lines in *period* whose tenant belongs to no organisation, in order."""
    if services.organisations.is_empty():
        return ()
    known = known_tenants(services)
    tenants = [known.get(each) or Tenant(id=each, name="", domain="") for each in services.sources.customers(period)]
    found = _match(services, services.organisations.all(), tenants)
    return tuple(match.tenant_id.lower() for match in found if match.state is not MatchState.MATCHED)


def unmatched_issue(customer_id: str) -> Issue:
    """Return why a customer waits."""
    return Issue(
        code=IssueCode.TENANT_UNMATCHED,
        severity=Severity.BLOCKING,
        message=f"Tenant {customer_id} belongs to no organisation yet.",
        cure="Match it (GET /api/tenants?state=unmatched shows whom it may belong to), then run again.",
        customer_id=customer_id,
    )


def _match(services: Services, organisations: Mapping[str, Organisation], tenants: Collection[Tenant]) -> list[Match]:
    decisions = {key: each.organisation_id for key, each in services.organisations.decisions().items()}
    return match_tenants(organisations.values(), tenants, decisions)
