"""Quotes and expected sales for any history: what is quoted is what is billed, and credits never exceed charges."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.expected.engine import expected_lines
from shared.domain.expected.history import History
from shared.domain.expected_sales import SaleTerms, expected_sales
from shared.domain.expected_source_lines import charge_behind
from shared.domain.prices import PriceBook, PriceEntry, PriceKeys, PriceMethod
from shared.domain.quotes import Proposal, quote
from shared.domain.subscriptions.events import Event, EventKind, ordered
from shared.domain.subscriptions.kinds import Plan, ServiceKind
from shared.domain.subscriptions.subscription import DatedPrice, Subscription

BOUGHT = datetime(2026, 1, 31, 9, tzinfo=UTC)
KINDS = (
    ServiceKind.LICENCE,
    ServiceKind.LEGACY_LICENCE,
    ServiceKind.SOFTWARE_SUBSCRIPTION,
    ServiceKind.RESERVATION,
    ServiceKind.OWN_RECURRING,
)
CHANGES = (
    EventKind.QUANTITY_CHANGED,
    EventKind.SUSPENDED,
    EventKind.REACTIVATED,
    EventKind.CANCELLED,
    EventKind.PLAN_CHANGED,
    EventKind.UPGRADED,
    EventKind.CREDITED,
)
PRICES = st.decimals("0.001", "99.999", places=3)


@st.composite
def events(draw: Any) -> Event:
    """Something that happens within two years, sensible or not."""
    kind = draw(st.sampled_from(CHANGES))
    facts: dict[str, Any] = {"at": BOUGHT + timedelta(hours=draw(st.integers(0, 24 * 730)))}
    if kind is EventKind.QUANTITY_CHANGED:
        facts["quantity"] = draw(st.integers(0, 40))
    elif kind is EventKind.PLAN_CHANGED:
        facts["plan"] = draw(st.sampled_from((Plan.MONTHLY, Plan.ANNUAL)))
    elif kind is EventKind.UPGRADED:
        facts["product"] = "other"
    elif kind is EventKind.CREDITED:
        facts["amount"] = draw(PRICES)
    return Event(kind=kind, **facts)


@st.composite
def histories(draw: Any) -> History:
    """One subscription of any kind with up to five changes."""
    kind = draw(st.sampled_from(KINDS))
    created = Event(kind=EventKind.CREATED, at=BOUGHT, quantity=draw(st.integers(1, 30)))
    is_own = kind is ServiceKind.OWN_RECURRING
    subscription = Subscription(
        id="s1",
        kind=kind,
        currency="EUR",
        customer_id="c-1",
        product="first",
        term="" if is_own else draw(st.sampled_from(("P1M", "P1Y"))),
        prices=(DatedPrice(amount=draw(PRICES)),),
        events=ordered((created, *draw(st.lists(events(), max_size=5)))),
    )
    return History(subscriptions=(subscription,))


@st.composite
def terms(draw: Any) -> SaleTerms:
    """A fixed price or a markup for everything, and another one from some day on."""
    day = (BOUGHT + timedelta(days=draw(st.integers(0, 500)))).date()
    method = draw(st.sampled_from((PriceMethod.FIXED, PriceMethod.MARKUP_ON_COST)))
    currency = "EUR" if method is PriceMethod.FIXED else ""
    before, after = (
        PriceEntry(scope="", keys=PriceKeys(), method=method, value=draw(PRICES), currency=currency) for _ in range(2)
    )
    return SaleTerms(prices=PriceBook([replace(before, valid_until=day), replace(after, valid_from=day)]))


@settings(max_examples=60, deadline=None)
@given(history=histories(), prices=terms())
def test_credits_are_never_worth_more_than_what_was_charged(history: History, prices: SaleTerms) -> None:
    """Whatever changed, and whatever the price list says since."""
    lines = expected_lines(history).lines
    left: dict[int, Decimal] = {}
    for sale in expected_sales(lines, history, prices):
        if sale.amount is not None and sale.charge is not None:
            charged = id(charge_behind(sale.line))
            left[charged] = left.get(charged, Decimal(0)) + sale.amount.amount
            if sale.line.corrects is None and sale.line.sign < 0:
                del left[charged]

    assert [] == [amount for amount in left.values() if amount < 0]


@settings(max_examples=60, deadline=None)
@given(history=histories(), price=PRICES)
def test_sales_take_exactly_the_share_of_their_cost(history: History, price: Decimal) -> None:
    """Before rounding, a fixed price times units, share and sign; equal shares cancel."""
    entry = PriceEntry(scope="", keys=PriceKeys(), method=PriceMethod.FIXED, value=price, currency="EUR")
    sales = expected_sales(expected_lines(history).lines, history, SaleTerms(prices=PriceBook([entry])))
    for sale in sales:
        if sale.charge is not None:
            line, made = sale.line, sale.charge.explanation
            exact = line.sign * Fraction(price) * Fraction(line.quantity) * Fraction(line.part, line.whole)

            assert exact == Fraction(made.dividend) / made.divisor
            twin = next((one for one in sales if one.line.corrects is line and one.line.part == line.part), None)
            if twin is not None and twin.amount is not None and twin.line.quantity == line.quantity:
                assert twin.line.whole != line.whole or (sale.charge.amount + twin.amount).is_zero


@settings(max_examples=40, deadline=None)
@given(history=histories(), event=events())
def test_what_is_quoted_is_what_is_billed(history: History, event: Event) -> None:
    """For any history and any change: the same lines, to the digit, with nothing missing and nothing more."""
    (known,) = history.subscriptions
    entry = PriceEntry(scope="", keys=PriceKeys(), method=PriceMethod.FIXED, value=Decimal(7), currency="EUR")
    prices = SaleTerms(prices=PriceBook([entry]))
    made = quote(history, Proposal.change("s1", event), prices)
    happened = replace(known, events=ordered((*known.events, event)))
    billed = expected_lines(replace(history, subscriptions=(happened,), through=event.on))
    before = expected_lines(replace(history, through=event.on))
    totals = [sum(each.amount for each in lines) for lines in (billed.lines, before.lines)]
    quoted = sum(sale.line.amount for sale in made.sales) - sum(sale.line.amount for sale in made.withdrawn)

    assert {id(sale.line) for sale in made.sales}.isdisjoint({id(sale.line) for sale in made.withdrawn})
    assert all(sale.line in billed.lines for sale in made.sales)
    assert totals[0] - totals[1] == quoted
    assert len(billed.lines) - len(before.lines) == len(made.sales) - len(made.withdrawn)
