"""Read Microsoft's audit feed: who changed what, to the second, and put that in the place of what snapshots guess.

The feed fills late, so each reading goes back some days before the last sync that read it whole, and the first one as
far as the feed reaches; an entry that is known already changes nothing.

Not here: what an entry says (``shared/domain/snapshots/audit``), merging (``shared/domain/snapshots/comparison``).
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from shared.application.services import Services
from shared.application.sync_tenant import REASON_CHARACTERS_MAX, code_of, done_looks, keep_news
from shared.domain.errors import MicrosoftRefusedError
from shared.domain.snapshots.audit import facts_of
from shared.domain.snapshots.tracks import Fact, Look
from shared.storage.repositories.synced import Trouble, TroubleKind
from shared.storage.repositories.synced_subscriptions import KeptSubscription

logger = logging.getLogger(__name__)
LOOK_BACK_DAYS = 3
"""How many days before the last sync are read again."""
REACH_DAYS, SPAN_DAYS = 89, 10
"""How far the feed goes back, and how many days are read at once."""

_FactsOfTenant = dict[str, list[Fact]]


def spans_to_read(services: Services, on: date) -> list[tuple[date, int]]:
    """Return what of the feed the sync of the local day *on* is to read: last UTC days, and how many before each."""
    today = services.clock().date()
    days = services.synced.days
    done = next((day for day in days.before(on) if day.is_done and day.on < on and not days.has_unread(day.on)), None)
    back = min((today - done.on).days + LOOK_BACK_DAYS, REACH_DAYS) if done else REACH_DAYS
    return [
        (today - timedelta(days=first), min(SPAN_DAYS - 1, back - first)) for first in range(0, back + 1, SPAN_DAYS)
    ]


def sync_audit(services: Services, on: date, look_back_days: int = LOOK_BACK_DAYS) -> int | None:
    """Read the feed of the UTC day *on* and the days before it; return how many rows of history that wrote.

    None where Microsoft refuses the feed, which is a trouble then.

    Raises:
        MicrosoftUnavailableError, ThrottledError: try again later; what was read so far is kept.
        NotConnectedError: nothing can be read.
    """
    known = services.synced.troubles([""])
    try:
        told = _read(services, on, look_back_days)
    except MicrosoftRefusedError as error:
        logger.warning("sync: audit feed refused: %s", error.code or error.status)
        cure = "Connect with a user who may read the audit feed (Admin Agent), then sync again."
        services.synced.keep_trouble(_trouble(services, error, cure), known)
        return None
    services.synced.end_trouble("", TroubleKind.AUDIT, known)
    ours, looks = services.synced.known_tenants(), done_looks(services)
    parked = {each.tenant_id.lower() for each in services.synced.troubles() if each.kind is TroubleKind.PARKED}
    count = 0
    for tenant in sorted(told.keys() & ours.keys()):
        seen = [] if tenant in parked else [look for look in looks if ours[tenant].was_read_from(look.begun_at)]
        count += _keep(services, tenant, told[tenant], seen)
    logger.info("sync: audit feed until %s: %s tenants, %s changes", on, len(told), count)
    return count


def _read(services: Services, on: date, look_back_days: int) -> dict[str, _FactsOfTenant]:
    told: dict[str, _FactsOfTenant] = {}
    for days in range(look_back_days, -1, -1):
        for record in services.microsoft().audit_records(on - timedelta(days=days)):
            tenant = told.setdefault(record.tenant_id.lower(), {})
            for subscription_id, facts in facts_of(record).items():
                tenant.setdefault(subscription_id, []).extend(facts)
    return {tenant: facts for tenant, facts in told.items() if facts}


def _keep(services: Services, tenant_id: str, told: _FactsOfTenant, looks: Sequence[Look]) -> int:
    return keep_news(services, tenant_id, lambda known: _news(known, told, looks))[1]


def _news(known: Mapping[str, KeptSubscription], told: _FactsOfTenant, looks: Sequence[Look]) -> list[KeptSubscription]:
    news = [_with(known.get(key) or KeptSubscription(id=key), facts, looks) for key, facts in sorted(told.items())]
    return [each for each in news if each is not None]


def _with(kept: KeptSubscription, facts: Sequence[Fact], looks: Sequence[Look]) -> KeptSubscription | None:
    track = kept.track.told(facts, looks)
    return None if track is kept.track else replace(kept, track=track)


def give_up_audit(services: Services, error: Exception) -> None:
    """Let it show that the feed was not read: whoever did what since is unknown until the next sync reads it."""
    logger.warning("sync: audit feed given up for now: %s", error)
    trouble = _trouble(services, error, "Wait for the next sync, or ask for one: it reads what is missing.")
    services.synced.keep_trouble(trouble, services.synced.troubles([""]))


def _trouble(services: Services, error: Exception, cure: str) -> Trouble:
    return Trouble(
        tenant_id="",
        kind=TroubleKind.AUDIT,
        code=code_of(error),
        reason=str(error)[:REASON_CHARACTERS_MAX],
        cure=cure,
        since=services.clock(),
    )
