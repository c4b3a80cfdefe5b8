"""Cancellation windows: until when something bought, renewed or added can be given back, and for how much.

Which window holds follows from the kind of service and the day (``vendor_tables``). A length in hours is exact. One in
days is counted by convention: to the end of the last calendar day after the day of purchase, or in blocks of 24 hours.

Not here: the lines of a cancellation (the rules of each kind), batches of seats (``subscriptions/seat_batches``).
"""

from datetime import date, datetime, timedelta

from shared.domain.expected.conventions import CancelWindow, EarlyCancelWindow
from shared.domain.expected.vendor_tables import CANCELLATION_WINDOWS, Length, Row, Window, WindowKind
from shared.domain.subscriptions.kinds import ServiceKind

_KINDS = {
    ServiceKind.LEGACY_LICENCE: WindowKind.LEGACY_LICENCE,
    ServiceKind.LICENCE: WindowKind.LICENCE,
    ServiceKind.SOFTWARE_SUBSCRIPTION: WindowKind.SOFTWARE_SUBSCRIPTION,
    ServiceKind.PERPETUAL_SOFTWARE: WindowKind.PERPETUAL_SOFTWARE,
    ServiceKind.RESERVATION: WindowKind.RESERVATION,
    ServiceKind.SAVINGS_PLAN: WindowKind.SAVINGS_PLAN,
}


def window_kind(kind: ServiceKind, *, is_trial: bool = False, months: int = 1, name: str = "") -> WindowKind | None:
    """Return whose window applies to a service of that kind; None where the vendor has none (usage, own services).

    *months* is the length of the term; *name* the product's name, by which Business Central is told.
    """
    if is_trial:
        return WindowKind.TRIAL
    if "business central" in name.casefold() and kind in {ServiceKind.LICENCE, ServiceKind.MARKETPLACE}:
        return WindowKind.BUSINESS_CENTRAL
    if kind is ServiceKind.MARKETPLACE:
        return WindowKind.SAAS_MONTHLY if months == 1 else WindowKind.SAAS_YEARLY
    return _KINDS.get(kind)


def window_in_force(
    kind: WindowKind, on: date, early: EarlyCancelWindow = EarlyCancelWindow.SEVENTY_TWO_HOURS
) -> Row[Window]:
    """Return the window of what was bought, renewed or added on that day, with its source.

    *early* says which window licences had before the row of today began.
    """
    if kind is WindowKind.LICENCE and early is EarlyCancelWindow.AS_TODAY:
        return CANCELLATION_WINDOWS[kind][-1]
    return next(row for row in CANCELLATION_WINDOWS[kind] if row.holds_on(on))


def is_early(kind: WindowKind, on: date) -> bool:
    """Whether *on* is a day on which the convention decides which window a licence had."""
    return kind is WindowKind.LICENCE and not CANCELLATION_WINDOWS[kind][-1].holds_on(on)


def window_ends_at(window: Window, since: datetime, convention: CancelWindow) -> datetime | None:
    """Return the first instant at which nothing can be given back any more; None: there is none."""
    return None if window.open is None else _end(window.open, since, convention)


def full_refund_ends_at(window: Window, since: datetime, convention: CancelWindow) -> datetime:
    """Return the first instant at which less than everything is given back."""
    return _end(window.full, since, convention)


def _end(length: Length, since: datetime, convention: CancelWindow) -> datetime:
    try:
        if length.days and convention is CancelWindow.CALENDAR_DAYS:
            midnight = since.replace(hour=0, minute=0, second=0, microsecond=0)
            return midnight + timedelta(days=length.days + 1)
        return since + timedelta(days=length.days, hours=length.hours)
    except OverflowError:  # the window outlives the calendar
        return datetime.max.replace(tzinfo=since.tzinfo)
