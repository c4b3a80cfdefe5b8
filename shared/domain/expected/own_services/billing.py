"""The front door of own services: one subscription and everything known about it in, its lines out.

Not here: the rules of each kind (``advance``, ``arrears``, ``metered``, ``one_off``).
"""

from decimal import Decimal

from shared.domain.expected.history import History
from shared.domain.expected.lines import Expected
from shared.domain.expected.own_services import complaints
from shared.domain.expected.own_services.advance import bill_in_advance
from shared.domain.expected.own_services.arrears import bill_in_arrears
from shared.domain.expected.own_services.booking import Booking
from shared.domain.expected.own_services.cycles import ticks_in_day
from shared.domain.expected.own_services.making import Maker, mode_of
from shared.domain.expected.own_services.metered import bill_usage
from shared.domain.expected.own_services.one_off import bill_once
from shared.domain.expected.own_services.recurring import Known
from shared.domain.expected.own_services.telling import story_of
from shared.domain.expected.own_services.unit_tiers import by_tiers, has_unit_tiers
from shared.domain.subscriptions.kinds import ServiceKind
from shared.domain.subscriptions.own_billing import Tiering, Timing
from shared.domain.subscriptions.subscription import Subscription


def own_service_lines(subscription: Subscription, history: History) -> Expected:
    """Return what an own service should be billed, by its policy, and what is to be said about it.

    Raises:
        InvalidError: the policy names a rounding mode, or a price a span, that does not exist.
        PeriodError: a cycle would leave the calendar.
    """
    story = story_of(subscription)
    if story is None:
        cure = "Add the event of the day on which it was ordered."
        return Expected((), (complaints.not_billed(subscription, "the subscription was never created", cure),))
    last_on, per_day = history.last_day(subscription), ticks_in_day(subscription.billing)
    maker = Maker(subscription, mode_of(subscription, history.conventions), last_on, per_day)
    known = Known(subscription, story)
    if subscription.kind is ServiceKind.OWN_ONE_OFF:
        bill_once(known, maker)
    else:
        if subscription.kind is ServiceKind.OWN_RECURRING:
            _bill_units(known, maker)
        bill_usage(known, maker, [each for each in history.usage if each.subscription_id == subscription.id])
    return Expected(maker.lines(), tuple(dict.fromkeys(story.issues)) if story.issues else ())


def _bill_units(known: Known, maker: Maker) -> None:
    """Make the lines of the service, or of each tier of its units by itself."""
    if not has_unit_tiers(known.subscription):
        bill_cycles(known, maker)
        return
    if known.subscription.billing.tiering is Tiering.GRADUATED:
        maker.make_for_tier()
    for subscription, story in by_tiers(known.subscription, known.story):
        bill_cycles(Known(subscription, story), maker)


def bill_cycles(known: Known, maker: Maker) -> None:
    """Make the lines of every cycle that begins by the last day."""
    last = (maker.last_on.toordinal() + 1) * maker.per_day - 1
    booking: Booking | None = None
    for window in known.windows(last, known.subscription.billing.charged_ahead):
        if known.is_free(window):
            continue
        if known.subscription.billing.timing is Timing.ARREARS:
            bill_in_arrears(known, maker, window)
            continue
        budget = None
        if window.run.is_bought:
            budget = Decimal(0) if booking is None else max(-booking.net_at(window.run.moment), Decimal(0))
        booking = bill_in_advance(known, maker, window, budget)
