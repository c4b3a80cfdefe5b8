"""The sync of all customers: once for each local day, or when somebody asks.

::

    start: list of customers -> tenants, chunks onto a queue -> each chunk: tenant by tenant -> day done

A tenant that cannot be read is parked with the reason and what to do; the others go on, and its next success ends that.
Where Microsoft asks to wait, or does not answer, the rest of the chunk goes back onto the queue and comes again later:
slow is no failure. Only where Microsoft does not know us any more, all of it stops, with one reason.

Invariants: every step may be done twice, or begun and never ended; a sync that finds nothing new writes nothing.

Not here: what is read of a tenant (``sync_tenant``), the audit feed (``sync_audit``), what is shown (``sync_views``).
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shared.application.messages import SyncMessage
from shared.application.services import Services
from shared.application.sync_audit import give_up_audit, spans_to_read, sync_audit
from shared.application.sync_tenant import REASON_CHARACTERS_MAX, Before, before_reading, code_of, sync_tenant
from shared.domain.errors import (
    AlreadyExistsError,
    ChangedError,
    InvalidError,
    MicrosoftBusyError,
    MicrosoftUnavailableError,
    NotConnectedError,
    NotFoundError,
    OperationalError,
    ProrataError,
    ThrottledError,
)
from shared.storage.names import SYNC_QUEUE
from shared.storage.repositories.sync_days import DayState, SyncDay
from shared.storage.repositories.synced import Trouble, TroubleKind

logger = logging.getLogger(__name__)
TENANTS, AUDIT = "tenants", "audit"
NO_CHUNK = -1
"""The number of work that belongs to no chunk: one tenant that somebody asked for."""
DELAY_S, DELAY_S_MAX, ATTEMPTS_MAX = 30, 3600, 12
FAILURES_IN_A_ROW_MAX = 2
LATE_MAX = timedelta(hours=2)
"""So long after its time the sync of the day before may still be begun: the timer looks only every so many minutes."""
CHUNK_TIME_MAX = timedelta(minutes=4)
"""So long a message is worked on before its rest goes back: a function has ten minutes, and each call may wait."""
_TRY_LATER = (MicrosoftUnavailableError, MicrosoftBusyError, ChangedError, AlreadyExistsError)


def local_day(services: Services) -> date:
    """Return the day it is where the sync's time is told.

    Raises:
        InvalidError: the zone in the settings does not exist.
    """
    return services.clock().astimezone(_zone(services.sync_zone)).date()


def due_at(on: date, sync_time: str, zone: str) -> datetime:
    """Return the instant (UTC) at which the sync of a local day is due.

    A time that the clocks skip that day counts as if they had not; one that comes twice is the first.

    Raises:
        InvalidError: the zone does not exist.
    """
    return datetime.combine(on, time.fromisoformat(sync_time), _zone(zone)).astimezone(UTC)


def ask_nothing(_services: Services) -> None:
    """Ask for nothing beside the sync."""


def start_due_sync(services: Services, ask_beside: Callable[[Services], None] = ask_nothing) -> SyncDay | None:
    """Start the local day's sync if it is time, and nobody did; return it where something was begun.

    What was left half-begun, was stopped, or lost its messages is begun again. *ask_beside*: see ``start_sync``.

    Raises:
        NotConnectedError: Microsoft does not know us; the day's state says so.
        MicrosoftUnavailableError: the list of customers cannot be had now; the next call tries again.
    """
    on = _due_day(services)
    if on is None:
        return None
    day = services.synced.days.get(on)
    if day is not None and (day.is_done or (day.state is DayState.READING and services.queues.depth(SYNC_QUEUE))):
        return None
    if day is not None and day.state is DayState.STOPPED and not _is_back(services):
        return None
    return start_sync(services, ask_beside, on=on)


def _due_day(services: Services) -> date | None:
    """Return the local day whose sync is due: today, or right after midnight still yesterday; None for neither."""
    today, now = local_day(services), services.clock()
    if now >= due_at(today, services.sync_time, services.sync_zone):
        return today
    yesterday = today - timedelta(days=1)
    is_late = now - due_at(yesterday, services.sync_time, services.sync_zone) <= LATE_MAX
    return yesterday if is_late else None


def _is_back(services: Services) -> bool:
    """Whether Microsoft knows us again, asked by a call that needs the person who connected us."""
    tenant = next(iter(services.synced.tenants()), None)
    try:
        if tenant is not None:
            services.microsoft().tenant(tenant.id)
    except NotConnectedError:
        return False
    except InvalidError:  # it refuses this customer, not us
        return True
    return True


def start_sync(
    services: Services, ask_beside: Callable[[Services], None] = ask_nothing, *, on: date | None = None
) -> SyncDay:
    """Read the list of customers and hand out the work; return the day it counts for (*on*, else the local day).

    *ask_beside* hands out what else the day asks for. It is called before the day counts as handed out, so that a
    process that ends in between is made up for by the next call.

    Raises:
        NotConnectedError: Microsoft does not know us; the day's state says so.
        MicrosoftUnavailableError: the list of customers cannot be had now.
    """
    day = services.synced.days.begin(on or local_day(services), services.clock())
    try:
        tenants = sorted(services.microsoft().tenants(), key=lambda tenant: tenant.id.lower())
    except NotConnectedError as error:
        _stop(services, day.on, error)
        raise
    if day.state is DayState.STOPPED:
        day = services.synced.days.move(replace(day, state=DayState.LISTING, reason="", connection=""))
    news = services.synced.keep_tenants(tenants, services.clock())
    messages = _messages(services, day.on, [tenant.id for tenant in tenants])
    for message in messages:
        services.queues.send(SYNC_QUEUE, message.body())
    ask_beside(services)
    logger.info("sync %s: %s customers (%s news) in %s chunks", day.on, len(tenants), news, len(messages))
    return _settle(services, replace(day, chunk_count=len(messages), tenant_count=len(tenants)))


def ask_for_tenant(services: Services, tenant_id: str, *, may_be_new: bool = False) -> SyncMessage:
    """Ask for one tenant to be read anew; *may_be_new* where Microsoft itself named it.

    Raises:
        NotFoundError: no sync found it.
    """
    if not may_be_new and services.synced.tenant(tenant_id) is None:
        raise NotFoundError(f"tenant: no sync found a customer {tenant_id[:80]}; sync all, then ask again")
    message = SyncMessage(local_day(services).isoformat(), TENANTS, NO_CHUNK, tenant_id.lower(), 0)
    services.queues.send(SYNC_QUEUE, message.body())
    return message


def sync_chunk(services: Services, message: SyncMessage) -> None:
    """Work off one message: a chunk of tenants, or the audit feed.

    Raises:
        StorageUnavailableError: the store was in the way; the message comes again.
        InvalidError: the message can never be worked off.
    """
    on = _day(message.day)
    day = services.synced.days.get(on)
    if day is not None and day.state is DayState.STOPPED and message.chunk != NO_CHUNK:
        return  # whoever starts it again hands out the work anew
    try:
        rest = _read_audit(services, message) if message.what == AUDIT else _read_tenants(services, message)
    except NotConnectedError as error:
        _stop(services, on, error)
        return
    if message.what == TENANTS:
        _note_waiting(services, on, message, rest if isinstance(rest, _Rest) else None)
    if isinstance(rest, _Rest):
        services.queues.send(SYNC_QUEUE, rest.message.body(), delay_s=rest.delay_s)
    elif message.chunk != NO_CHUNK:
        services.synced.days.mark_chunk(on, f"{message.chunk:06d}", is_read=rest)
        day = services.synced.days.get(on)
        if day is not None and day.state is DayState.READING:
            _settle(services, day)


@dataclass(frozen=True, slots=True)
class _Rest:
    """What of a message is left, and after how long it is to come again."""

    message: SyncMessage
    delay_s: int


def _note_waiting(services: Services, on: date, message: SyncMessage, rest: _Rest | None) -> None:
    """Let the day say how many of a message's customers wait for another try; none is nothing to write."""
    chunk = message.tenants if message.chunk == NO_CHUNK else f"{message.chunk:06d}"
    count = 0 if rest is None or not rest.delay_s else rest.message.tenants.count(",") + 1
    services.synced.days.note_waiting(on, chunk, count)


def _read_tenants(services: Services, message: SyncMessage) -> _Rest | bool:
    tenant_ids, waiting, in_a_row = message.tenants.split(","), list[str](), 0
    before, until = before_reading(services, tenant_ids), services.clock() + CHUNK_TIME_MAX
    for number, tenant_id in enumerate(tenant_ids):
        if number and services.clock() > until:
            return _Rest(replace(message, tenants=",".join([*tenant_ids[number:], *waiting])), 0)
        try:
            _sync_or_park(services, tenant_id, before)
        except ThrottledError as error:
            return _throttled(replace(message, tenants=",".join([*tenant_ids[number:], *waiting])), error)
        except _TRY_LATER as error:
            logger.warning("sync: tenant %s waits: %s", tenant_id, type(error).__name__)
            waiting.append(tenant_id)
            in_a_row += 1
            if message.attempt >= ATTEMPTS_MAX:
                _park(services, tenant_id, before, error, str(error))
                waiting.remove(tenant_id)
            elif in_a_row >= FAILURES_IN_A_ROW_MAX:
                waiting = [*tenant_ids[number + 1 :], *waiting]
                break
        else:
            in_a_row = 0
    return _later(replace(message, tenants=",".join(waiting))) if waiting else True


def _read_audit(services: Services, message: SyncMessage) -> _Rest | bool:
    until, _, days = message.tenants.partition("/")
    if not days.isdecimal():
        raise InvalidError(f"tenants: {message.tenants[:40]!r} is no span such as 2026-10-31/9")
    try:
        count = sync_audit(services, _day(until), int(days))
    except ThrottledError as error:
        return _throttled(message, error)
    except _TRY_LATER as error:
        logger.warning("sync: audit feed waits: %s", type(error).__name__)
        if message.attempt < ATTEMPTS_MAX:
            return _later(message)
        give_up_audit(services, error)
        return False
    return count is not None


def _throttled(message: SyncMessage, error: ThrottledError) -> _Rest:
    return _Rest(message, min(max(error.retry_after_s, 1), DELAY_S_MAX))


def _later(message: SyncMessage) -> _Rest:
    delay_s = min(DELAY_S << message.attempt, DELAY_S_MAX)
    return _Rest(replace(message, attempt=message.attempt + 1), delay_s)


def _sync_or_park(services: Services, tenant_id: str, before: Before) -> None:
    try:
        sync_tenant(services, tenant_id, before)
    except (*_TRY_LATER, OperationalError, NotConnectedError):
        raise  # nothing is wrong with the tenant
    except Exception as error:  # one tenant must not keep the others from being read
        if isinstance(error, ProrataError):
            logger.warning("sync: tenant %s parked: %s", tenant_id, error)
            _park(services, tenant_id, before, error, str(error))
        else:
            logger.exception("sync: tenant %s parked by a fault", tenant_id)
            _park(services, tenant_id, before, error, f"a fault in Prorata ({type(error).__name__}), see the log")


def _park(services: Services, tenant_id: str, before: Before, error: Exception, reason: str) -> None:
    trouble = Trouble(
        tenant_id=tenant_id,
        kind=TroubleKind.PARKED,
        code=code_of(error),
        reason=reason[:REASON_CHARACTERS_MAX],
        cure="Cure the reason, then ask for this tenant again (POST /api/sync with it), or wait for the next sync.",
        since=services.clock(),
    )
    services.synced.keep_trouble(trouble, before.troubles)


def _stop(services: Services, on: date, error: NotConnectedError) -> None:
    """Let the day say that it stopped, and why; others may be doing the same."""
    logger.error("sync %s: stopped, connection %s", on, error.state)
    day = services.synced.days.begin(on, services.clock())
    if (day.state, day.connection) == (DayState.STOPPED, error.state):
        return
    stopped = replace(day, state=DayState.STOPPED, reason=str(error)[:REASON_CHARACTERS_MAX], connection=error.state)
    with suppress(ChangedError):
        services.synced.days.move(stopped)


def _settle(services: Services, day: SyncDay) -> SyncDay:
    """Write how far the day is: done once all its chunks were read. Others may be doing so too, or have stopped it."""
    for _ in range(ATTEMPTS_MAX):
        is_done = services.synced.days.done_chunk_count(day.on) >= day.chunk_count
        now = replace(day, state=DayState.DONE if is_done else DayState.READING)
        with suppress(ChangedError):
            return services.synced.days.move(replace(now, done_at=day.done_at or services.clock()) if is_done else now)
        newer = services.synced.days.begin(day.on, day.started_at)
        if newer.state is DayState.STOPPED:
            return newer
        day = replace(day, etag=newer.etag, done_at=newer.done_at)
    return day


def _messages(services: Services, on: date, tenant_ids: Sequence[str]) -> list[SyncMessage]:
    size = services.chunk_customers
    chunks = [",".join(tenant_ids[first : first + size]) for first in range(0, len(tenant_ids), size)]
    spans = [f"{until.isoformat()}/{days}" for until, days in spans_to_read(services, on)]
    work = [*((TENANTS, chunk) for chunk in chunks), *((AUDIT, span) for span in spans)]
    return [SyncMessage(on.isoformat(), what, number, which, 0) for number, (what, which) in enumerate(work)]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidError(f"day: {text[:40]!r} is no date such as 2026-10-31") from error


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidError(
            f"PRORATA_SYNC_ZONE: there is no time zone {name!r}; use one like Europe/Amsterdam"
        ) from error
