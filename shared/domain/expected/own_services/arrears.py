"""In arrears: a cycle is charged on the day after its end (or the service's), for what was so in it.

Sources: Lago, "Upgrades and downgrades" (pay in arrears: each plan for its days); rhipe, "Billable ratio" (each
quantity for its days of the calendar month); ActivePlatform (the highest quantity of the month).

Not here: what was known when (``recurring``), how parts are counted (``shares``), measured consumption (``metered``).
"""

from shared.domain.expected.own_services import rules
from shared.domain.expected.own_services.booking import Booking
from shared.domain.expected.own_services.making import Maker, Why
from shared.domain.expected.own_services.recurring import Known, Window
from shared.domain.expected.own_services.shares import part_of
from shared.domain.expected.own_services.timeline import counted


def bill_in_arrears(known: Known, maker: Maker, window: Window) -> Booking:
    """Make the lines of a cycle that is charged after its end; amounts granted in it come after its charges."""
    billing, cycle, end = known.subscription.billing, known.last_cycle(window), known.end_at(window)
    booking = Booking(maker, cycle)
    pieces = counted(billing, known.at(window, cycle.end), end)
    for piece in pieces:
        part = part_of(billing, cycle, piece.start, piece.end)
        if part.part:
            why = Why(rules.ARREARS, piece.event, None, piece.quantity)
            slot = maker.slot(end, cycle, piece.start, piece.end, part)
            booking.charge(end, maker.line(slot, piece.quantity, piece.rate, why))
    if booking.booked:
        booking.top_up(end, window.start, end)
    grant_after(known, window, booking)
    return booking


def grant_after(known: Known, window: Window, booking: Booking) -> None:
    """Give back what was granted in the cycle, after its charges."""
    end = known.end_at(window)
    for grant in known.story.grants:
        if window.start <= grant.moment < booking.cycle.end:
            issue = booking.grant(end, grant, end)
            known.story.issues.extend([] if issue is None else [issue])
