"""How long Microsoft asks to wait: seconds, an HTTP date, or a sentence in the body of its throttle.

Not here: waiting (``transport``).
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

RETRY_AFTER_S_MAX: Final = 24 * 60 * 60
_SENTENCE = re.compile(r"try again in (\d{1,9}) second", re.IGNORECASE)


def retry_after_s(headers: Mapping[str, str], description: str = "", *, now: datetime | None = None) -> int | None:
    """Return the whole seconds to wait, at most a day, or None where nothing (readable) is said.

    *headers* have lower-case names. A date is counted from *now*, else from the answer's own ``Date``.
    """
    told = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", told):
        whole, _, fraction = told.partition(".")
        return _limited(int(whole) + (1 if fraction.strip("0") else 0))
    at, reference = instant(told), now or instant(headers.get("date", ""))
    if at is not None and reference is not None:
        seconds = (at - reference).total_seconds()
        return _limited(int(seconds) + (1 if seconds > int(seconds) else 0))
    found = _SENTENCE.search(description)
    return _limited(int(found[1])) if found else None


def _limited(seconds: int) -> int:
    return max(0, min(seconds, RETRY_AFTER_S_MAX))


def instant(text: str) -> datetime | None:
    """Return the instant of an HTTP date, None where it is none."""
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at
