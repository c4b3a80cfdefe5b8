"""When a timer is due: NCRONTAB expressions of six (or five) fields and plain time spans, always in UTC.

Invariants: day of month AND day of week have to match, as in Azure and unlike cron; an expression Azure cannot read is
refused here too, even where croniter would take it (``L``, ``#``, ``?``, ``@daily``, Sunday as 7).

Not here: what was run already (see ``timers``).
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from croniter import CroniterError, croniter

from local.functions_host.config import parse_time_span
from shared.domain.errors import InvalidError

_VALUE = r"(?:\d{1,2}|[A-Za-z]{3,9})"
_PART = rf"(?:\*|{_VALUE}(?:-{_VALUE})?)(?:/\d{{1,2}})?"
_FIELD = re.compile(rf"{_PART}(?:,{_PART})*")
_NAMES = re.compile(r"([A-Za-z]{3})[A-Za-z]*")
_EXAMPLE = "write {second} {minute} {hour} {day} {month} {day of week}, for example '0 30 3 * * *'"


@dataclass(frozen=True, slots=True)
class Schedule:
    """Either an expression of six fields or an *interval_s* between runs; *text* is what the app wrote."""

    text: str
    cron: str | None
    interval_s: float

    def next_after(self, instant: datetime) -> datetime:
        """Return the first due instant strictly after *instant* (aware, UTC)."""
        if self.cron is None:
            return instant + timedelta(seconds=self.interval_s)
        due: datetime = _croniter(self.cron, instant).get_next(datetime)
        return due

    def gap_after(self, instant: datetime) -> timedelta:
        """Return the time between the next two due instants after *instant*."""
        first = self.next_after(instant)
        return self.next_after(first) - first


def parse_schedule(text: str, *, where: str, now: datetime) -> Schedule:
    """Read a schedule; *now* proves that it will ever be due.

    Raises:
        InvalidError: Azure would not understand it, or it is never due.
    """
    fields = text.split()
    if len(fields) == 1 and ":" in text:
        return _interval(text, where=where)
    if len(fields) not in (5, 6) or not all(_FIELD.fullmatch(field) for field in fields):
        raise InvalidError(f"{where}: {text!r} is no NCRONTAB schedule; {_EXAMPLE}")
    if "7" in re.split(r"[,\-]", fields[-1].split("/")[0]):
        raise InvalidError(f"{where}: {text!r} names day 7 of the week; Sunday is 0 or SUN")
    cron = " ".join(_NAMES.sub(r"\1", field) for field in (["0"] if len(fields) == 5 else []) + fields)
    try:
        _croniter(cron, now).get_next(datetime)
    except (CroniterError, ValueError, KeyError) as error:
        raise InvalidError(f"{where}: {text!r} is never due or out of range; {_EXAMPLE}") from error
    return Schedule(text, cron, 0)


def _interval(text: str, *, where: str) -> Schedule:
    interval_s = parse_time_span(text, where=where)
    if interval_s <= 0:
        raise InvalidError(f"{where}: {text!r} is no time at all; write at least 00:00:01")
    return Schedule(text, None, interval_s)


def _croniter(cron: str, instant: datetime) -> croniter:
    return croniter(cron, instant, second_at_beginning=True, day_or=False)
