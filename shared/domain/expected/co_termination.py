"""Co-termination: the end dates that a new or renewed term may be given, and why others may not.

A first term can be cut short to end with another subscription or with a calendar month; later terms run their full
length. Every end here is exclusive: the first day after the term.

Source: Microsoft Partner Center documentation, "Align subscription end dates".

Not here: the short term's cycles and what they are divided by (``charge_cycles``), prices.
"""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from shared.domain.expected.charge_cycles import term_period
from shared.domain.subscriptions.kinds import ServiceKind, term_months

MONTH_END = "the end of a calendar month"

_DAY = timedelta(days=1)
_KINDS = {ServiceKind.LICENCE}
_DAYS_WITHOUT_ALIGNMENT = range(28, 31)


@dataclass(frozen=True, slots=True)
class Companion:
    """Another subscription to end with: its term, and the first day after it."""

    subscription_id: str
    term: str
    ends_on: date


@dataclass(frozen=True, slots=True)
class EndDate:
    """An end (exclusive), and with what it is aligned: a subscription's id or ``MONTH_END``. *refusal* says why not."""

    on: date
    aligned_to: str
    refusal: str = ""

    @property
    def is_allowed(self) -> bool:
        """Whether it may be chosen."""
        return not self.refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTerm:
    """A term that is about to begin: what is bought, on which day, for how long."""

    kind: ServiceKind
    term: str
    starts_on: date
    is_trial: bool = False
    is_third_party: bool = False


def allowed_end_dates(order: NewTerm, companions: Iterable[Companion] = ()) -> tuple[EndDate, ...]:
    """Return every end date that could be asked for, each allowed or with the reason why it is not.

    The calendar month's end comes first, then the companions in their order.

    Raises:
        InvalidError: a term is not understood.
        PeriodError: the term would leave the calendar.
    """
    natural = term_period(order.starts_on, term_months(order.term)).end
    month_end = EndDate(natural.replace(day=1), MONTH_END)
    wished = [(month_end, ""), *((EndDate(each.ends_on, each.subscription_id), each.term) for each in companions)]
    return tuple(EndDate(end.on, end.aligned_to, _refusal(order, end.on, term, natural)) for end, term in wished)


def _refusal(order: NewTerm, end: date, companion_term: str, natural: date) -> str:
    return _service_refusal(order) or _date_refusal(order, end, natural) or _term_refusal(order, end, companion_term)


def _service_refusal(order: NewTerm) -> str:
    if order.is_trial:
        return "a trial's end cannot be chosen"
    if order.is_third_party or order.kind is ServiceKind.MARKETPLACE:
        return "the end of a third party's product cannot be chosen"
    return "" if order.kind in _KINDS else f"the end of a {order.kind} cannot be chosen"


def _date_refusal(order: NewTerm, end: date, natural: date) -> str:
    if end <= order.starts_on:
        return f"{end - _DAY} is before the term starts"
    return f"{end - _DAY} is after the term would end by itself" if end > natural else ""


def _term_refusal(order: NewTerm, end: date, companion_term: str) -> str:
    is_monthly = term_months(order.term) == 1
    if companion_term and term_months(companion_term) == 1 and not is_monthly:
        return "a term of a year or longer cannot end with a monthly one"
    return end_refusal(1, end) if is_monthly else ""


def end_refusal(months: int, end: date) -> str:
    """Return why a term of that many months cannot end before *end* (exclusive); "" if it can."""
    last = end - _DAY
    is_month_end = last.day == monthrange(last.year, last.month)[1]
    if months == 1 and last.day in _DAYS_WITHOUT_ALIGNMENT and not is_month_end:
        return f"a monthly term cannot end on day {last.day} unless it is the last of its month"
    return ""
