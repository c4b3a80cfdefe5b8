"""The engine's expected lines against the simulator's invoices, which share no code: to the cent, line by line.

Both are written from Microsoft's documentation. What it leaves open is named in ``true_histories.CHOSEN``; where seats
move into a subscription that exists, it does not say whether the seats there are billed anew, so that only the sum is
compared.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from true_histories import LICENCES, history_of

from local.demo import catalogue as goods
from local.demo.arithmetic import Month
from local.partner_center import lifecycle
from local.partner_center.answers import RefusedError
from local.partner_center.billing.books import Books, open_books
from local.partner_center.billing.printing import Row
from local.partner_center.catalogue_items import items
from local.partner_center.commerce import PriceChange, commerce
from local.partner_center.customers_making import create_customer
from local.partner_center.entities import Customer, Subscription
from local.partner_center.lifecycle import Purchase, Transition
from local.partner_center.opening import open_world
from local.partner_center.population import populate
from local.partner_center.world import World
from shared.domain.expected.engine import expected_lines
from shared.domain.expected.lines import ExpectedLine
from shared.domain.issues import IssueCode

PRINTED = Decimal("1e-13")
"""The simulator prints effective prices with fifteen decimals, the engine keeps eighteen."""
PROMOTION = "39NFJQT1PJQB:0001:39NFJQT1Q5KN"
Line = tuple[str, date, date, int, Decimal, Decimal]
Key = tuple[str, str]


class Street:
    """A world with one customer, in which things are done day by day."""

    def __init__(self, begins: str = "2026-01-14T10:00:00", currency: str = "EUR") -> None:
        self.world = open_world(start=at(begins))
        open_books(self.world)
        self.customer = create_customer(
            self.world, name="Bakkerij", domain="bakkerij.onmicrosoft.com", currency=currency
        )

    def until(self, instant: str) -> None:
        """Let time pass."""
        self.world.clock.advance_to(at(instant))

    def buy(self, what: goods.Licence, quantity: int, term: str = "P1Y", cycle: str = "monthly", **more: object) -> str:
        """Buy licences and return the subscription's id."""
        purchase = Purchase(
            product_id=what.product_id,
            sku_id=what.sku_id,
            quantity=quantity,
            term=term,
            cycle=cycle,
            currency=self.customer.currency,
            **more,  # type: ignore[arg-type]  # the fields of a purchase, by name
        )
        return lifecycle.buy(self.world, self.customer, purchase).id

    def sold(self, name: str) -> Subscription:
        """Return a subscription."""
        return self.customer.subscriptions[name]

    def seats(self, name: str, *quantities: int) -> None:
        """Change the seats, some minutes between each."""
        for quantity in quantities:
            self.world.clock.advance_to(self.world.clock.now() + timedelta(minutes=5))
            lifecycle.change_quantity(self.world, self.sold(name), quantity)

    def move_up(self, name: str, what: goods.Licence, quantity: int = 0, to: str = "", **more: str) -> None:
        """Upgrade seats (0: all)."""
        source = self.sold(name)
        wanted = Transition(
            product_id=what.product_id,
            sku_id=what.sku_id,
            quantity=quantity or source.quantity,
            to_subscription_id=to,
            **more,  # type: ignore[arg-type]  # the fields of a transition, by name
        )
        lifecycle.transition(self.world, self.customer, source, wanted)


def at(text: str) -> datetime:
    """Return an instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def months_of(world: World) -> list[Month]:
    """Return every month from the first thing that happened to now."""
    first, now, found = min(each.at for each in world.happenings), world.clock.now().date(), []
    month = Month(first.year, first.month)
    while month.span.first <= now:
        found.append(month)
        following = month.day(1, months=1)
        month = Month(following.year, following.month)
    return found


def rows_of(books: Books, months: Iterable[Month]) -> list[Row]:
    """Return the rows of the months: of their invoices, or of what is not billed yet."""
    found: list[Row] = []
    for month in months:
        closed = [each for each in books.invoices.values() if each.month == month and not each.is_legacy]
        for invoice in closed:
            found += books.rows(invoice)
        for currency in () if closed else books.world.partner.currencies:
            found += books.unbilled_rows(currency, month)
    return found


def billed(rows: Iterable[Row], licences: set[str]) -> dict[Key, list[tuple[Line, Decimal]]]:
    """Return the rows of licences by subscription and month, each with its effective price."""
    found: dict[Key, list[tuple[Line, Decimal]]] = defaultdict(list)
    for row in rows:
        if row["SubscriptionId"] in licences:
            sign = -1 if row["EffectiveUnitPrice"] < 0 else 1
            line = (
                row["ChargeType"],
                row["ChargeStartDate"],
                row["ChargeEndDate"],
                sign * row["BillableQuantity"],
                row["UnitPrice"],
                row["Subtotal"],
            )
            found[row["SubscriptionId"], f"{row['OrderDate']:%Y-%m}"].append((line, row["EffectiveUnitPrice"]))
    return found


def expected(lines: Iterable[ExpectedLine], months: Iterable[Month]) -> dict[Key, list[tuple[Line, Decimal]]]:
    """Return expected lines in the same form."""
    found: dict[Key, list[tuple[Line, Decimal]]] = defaultdict(list)
    wanted = {str(month) for month in months}
    for line in lines:
        if str(line.invoice) not in wanted or line.start is None or line.last_day is None:
            continue
        sign = -1 if line.effective_unit_price < 0 else 1
        days = (line.charge_type, line.start, line.last_day)
        shown = (*days, sign * int(line.quantity), line.price.listed, line.amount)
        found[line.subscription.id, str(line.invoice)].append((shown, line.effective_unit_price))
    return found


def disagreements(world: World, months: list[Month] | None = None) -> tuple[int, list[str]]:
    """Return how many rows were compared, and every difference in words."""
    books, wanted = open_books(world), months or months_of(world)
    through = min(wanted[-1].span.last, world.clock.now().date())
    found: list[str] = []
    compared = 0
    rows = rows_of(books, wanted)
    for customer in world.customers.values():
        licences = {sold.id for sold in customer.subscriptions.values() if sold.product_type == LICENCES}
        if not licences:
            continue
        made = expected_lines(history_of(world, books, customer, through))
        found += [each.message for each in made.issues if each.code is not IssueCode.CHANGE_UNUSUAL]
        theirs, ours = billed(rows, licences), expected(made.lines, wanted)
        for key in theirs.keys() | ours.keys():
            compared += len(theirs[key])
            found += [f"{customer.name} {key}: {each}" for each in differences(theirs[key], ours[key])]
    return compared, found


def differences(theirs: list[tuple[Line, Decimal]], ours: list[tuple[Line, Decimal]]) -> list[str]:
    """Return what differs between the rows and the expected lines of one subscription and month."""
    moves = [sum((line[5] for line, _ in each if line[0] == "moveQuantity"), Decimal(0)) for each in (theirs, ours)]
    seats = max((abs(line[3]) for line, _ in ours if line[0] == "moveQuantity"), default=0)
    found = [f"moved {moves}"] if abs(moves[0] - moves[1]) > Decimal("0.01") * seats else []
    left, right = (sorted(each for each in side if each[0][0] != "moveQuantity") for side in (theirs, ours))
    rows, lines = Counter(line for line, _ in left), Counter(line for line, _ in right)
    found += [f"billed only: {line}" for line in rows - lines] + [f"expected only: {line}" for line in lines - rows]
    if not found:
        pairs = zip(left, right, strict=True)
        found += [f"{one} is not {other}" for (_, one), (_, other) in pairs if abs(one - other) > PRINTED]
    return found


def compare(street: Street, *, least: int) -> None:
    """Compare everything that happened; at least so many rows."""
    compared, found = disagreements(street.world)

    assert [] == found
    assert compared >= least


def test_seats_come_and_go() -> None:
    """Added and given back in their window, also several times a day and on the day of purchase."""
    street = Street()
    one = street.buy(goods.STANDARD, 10)
    street.seats(one, 12, 15, 11)
    street.until("2026-01-20T09:00:00")
    street.seats(one, 25, 30)
    street.until("2026-01-23T11:00:00")
    street.seats(one, 27)
    street.until("2026-03-14T15:00:00")
    street.seats(one, 31)
    street.until("2026-04-02T08:00:00")

    compare(street, least=17)


@pytest.mark.parametrize(("after", "kinds"), [("2026-01-15T09:59:00", 1), ("2026-01-18T09:00:00", 1)])
def test_a_cancellation_gives_back_all_or_the_rest(after: str, kinds: int) -> None:
    """Within 24 hours everything, within seven days the unused days."""
    street = Street()
    names = [street.buy(goods.PREMIUM, 7, promotion_id=PROMOTION), street.buy(goods.E3, 3, cycle="annual")]
    street.until(after)
    for name in names:
        lifecycle.cancel(street.world, street.sold(name))
    street.until("2026-03-02T08:00:00")

    compare(street, least=2 * (1 + kinds))


def test_a_cancellation_within_a_day_follows_what_changed_in_it() -> None:
    """Seats added in the meantime go back for their days only; never more than was charged."""
    street = Street("2026-01-31T20:00:00")
    name = street.buy(goods.STANDARD, 10, custom_end_on=date(2026, 12, 31))
    street.until("2026-02-01T09:00:00")
    street.seats(name, 14)
    street.until("2026-02-01T18:00:00")
    lifecycle.cancel(street.world, street.sold(name))
    street.until("2026-03-02T08:00:00")
    rows = rows_of(open_books(street.world), months_of(street.world))

    compare(street, least=6)
    assert Decimal(0) <= sum(row["Subtotal"] for row in rows) < Decimal("0.20")


@pytest.mark.parametrize("day", [28, 29, 30, 31])
@pytest.mark.parametrize("term", ["P1M", "P1Y"])
def test_month_ends_clamp(day: int, term: str) -> None:
    """Cycles keep their day through short months; monthly terms are anchored anew; seats change in both."""
    street = Street(f"2026-01-{day}T07:00:00")
    name = street.buy(goods.EXCHANGE, 20, term)
    for month in (2, 3, 4, 5):
        street.until(f"2026-{month:02d}-11T07:00:00")
        street.seats(name, street.sold(name).quantity + month)
    street.until("2026-07-01T07:00:00")

    compare(street, least=13)


@pytest.mark.parametrize("cycle", ["monthly", "annual"])
def test_an_aligned_term_begins_short(cycle: str) -> None:
    """With a calendar month, and with another subscription: divided by the days of the month, or of a whole year."""
    street = Street()
    street.buy(goods.BASIC, 35, cycle=cycle, custom_end_on=date(2026, 12, 31))
    other = street.buy(goods.STANDARD, 9, cycle=cycle, custom_end_on=date(2026, 9, 20))
    street.until("2026-01-17T07:00:00")
    street.seats(other, 11)
    street.until("2026-02-03T07:00:00")
    street.seats(other, 13)
    street.until("2027-02-25T07:00:00")

    compare(street, least=8)


def test_a_renewal_brings_the_price_of_its_day() -> None:
    """Plain, with fewer seats that were scheduled, with another plan; seats that stay within the new window go."""
    street = Street("2025-02-10T07:00:00")
    commerce(street.world).price_changes.append(PriceChange(from_on=date(2026, 1, 1), factor=Decimal("1.07")))
    names = [street.buy(goods.E3, 30), street.buy(goods.STANDARD, 12, cycle="annual"), street.buy(goods.TEAMS, 8)]
    for name, plan, quantity in ((names[1], "monthly", 7), (names[2], "annual", 5)):
        sold = street.sold(name)
        product = {"productId": sold.product_id, "skuId": sold.sku_id, "termDuration": "P1Y", "billingCycle": plan}
        lifecycle.schedule_change(street.world, sold, {"product": product, "quantity": quantity})
    street.until("2026-02-12T07:00:00")
    street.seats(names[0], 25)
    street.until("2026-04-20T07:00:00")

    compare(street, least=22)


def test_promotions_stand_in_the_effective_price() -> None:
    """For the term, with seats that come later; renewed where it still is offered."""
    street = Street("2026-05-06T07:00:00")
    name = street.buy(goods.PREMIUM, 40, promotion_id=PROMOTION)
    street.until("2026-06-19T07:00:00")
    street.seats(name, 55)
    street.until("2027-07-02T07:00:00")

    compare(street, least=16)


def test_upgrades_of_all_and_of_some() -> None:
    """Into a product in one piece, into one with a telephony line, and into a longer term."""
    street = Street()
    names = [street.buy(goods.BASIC, 18), street.buy(goods.STANDARD, 30), street.buy(goods.E3, 300, "P1M")]
    street.until("2026-03-22T07:00:00")
    street.move_up(names[0], goods.PREMIUM)
    street.move_up(names[1], goods.E3, 12)
    street.until("2026-04-02T07:00:00")
    street.move_up(names[0], goods.E5)
    street.move_up(names[1], goods.E5, 5)
    street.move_up(names[2], goods.E3, term="P1Y", cycle="annual")
    street.until("2026-06-20T07:00:00")

    compare(street, least=39)


def test_seats_that_move_keep_their_sum() -> None:
    """Into a subscription that exists: what leaves is refunded, what arrives charged."""
    street = Street()
    source, target = street.buy(goods.STANDARD, 30), street.buy(goods.PREMIUM, 5)
    street.until("2026-02-23T07:00:00")
    street.move_up(source, goods.PREMIUM, 12, to=target)
    street.until("2026-03-20T07:00:00")

    compare(street, least=8)


def test_trials_cost_nothing_until_they_are_paid() -> None:
    """Converted at once, at the end of the month by themselves, or cancelled."""
    street = Street()
    trial = goods.PREMIUM.product_id
    purchase = Purchase(product_id=trial, sku_id="000F", quantity=25, term="P1M", cycle="none", currency="EUR")
    converted, left, ended = (lifecycle.buy(street.world, street.customer, purchase) for _ in range(3))
    street.until("2026-01-16T10:00:00")
    lifecycle.convert_trial(street.world, converted, quantity=20)
    lifecycle.cancel(street.world, ended)
    street.until("2026-04-20T07:00:00")

    assert not left.is_trial
    compare(street, least=12)


def test_plans_change_inside_three_years() -> None:
    """From a year to months at the end of the cycle, from months to a year by twelfths; seats come afterwards."""
    street = Street("2025-11-20T07:00:00")
    yearly = street.buy(goods.E3, 10, "P3Y", "annual")
    monthly, same = street.buy(goods.E5, 10, "P3Y", "monthly"), street.buy(goods.TEAMS, 4, "P3Y", "monthly")
    for name, plan in ((yearly, "monthly"), (monthly, "annual"), (same, "monthly")):
        lifecycle.change_plan(street.world, street.sold(name), plan)
    street.until("2026-08-03T07:00:00")
    street.seats(monthly, 13)
    street.until("2026-12-30T07:00:00")

    compare(street, least=20)


def test_what_does_not_renew_runs_on_expires_or_stops() -> None:
    """Without a word: month by month, dearer; cancelled for the end: no more; suspended: charged to the end only."""
    street = Street("2025-06-20T07:00:00")
    names = [street.buy(goods.STANDARD, 5 + number, auto_renews=number > 0) for number in range(3)]
    lifecycle.schedule_actions(street.world, street.sold(names[1]), [{"actionType": "Cancel"}])
    street.until("2026-03-01T07:00:00")
    lifecycle.suspend(street.world, street.sold(names[2]))
    street.until("2026-07-25T07:00:00")
    street.seats(names[0], 3)
    street.until("2026-09-10T07:00:00")
    lifecycle.cancel(street.world, street.sold(names[0]))
    street.until("2026-11-20T07:00:00")

    compare(street, least=41)


def test_prices_of_another_currency_have_the_rate_of_the_charges_month() -> None:
    """Kronor, billed in euro: each cycle, and a change in the month of its cycle, with the rate of that month."""
    street = Street(currency="SEK")
    name = street.buy(goods.STANDARD, 10)
    street.until("2026-01-20T07:00:00")
    street.seats(name, 12)
    street.until("2026-04-20T07:00:00")

    compare(street, least=6)


@pytest.fixture(scope="module")
def town() -> World:
    """Forty-two customers on 9 November 2026."""
    world = open_world(start=datetime(2026, 11, 9, 8, tzinfo=UTC))
    populate(world, 42)
    return world


def test_three_months_of_a_population_agree(town: World) -> None:
    """Every licence row of August to October."""
    compared, found = disagreements(town, [Month(2026, number) for number in (8, 9, 10)])

    assert [] == found
    assert compared > 500


def test_what_is_not_billed_yet_agrees_as_well(town: World) -> None:
    """November so far."""
    compared, found = disagreements(town, [Month(2026, 11)])

    assert [] == found
    assert compared > 20


@pytest.mark.parametrize("seed", range(12))
def test_whatever_is_done_to_licences_agrees(seed: int) -> None:
    """A year of things done at random: purchases, seats, cancellations, suspensions, renewals, upgrades, trials."""
    numbers = random.Random(seed)  # noqa: S311 - a repeatable year, no secret
    street = Street("2025-10-01T08:00:00", numbers.choice(("EUR", "USD")))
    commerce(street.world).price_changes.append(PriceChange(from_on=date(2026, 7, 1), factor=Decimal("1.08")))
    ends = at("2026-11-25T08:00:00")
    while (now := street.world.clock.now()) < ends:
        hop = timedelta(hours=numbers.choice((3, 20, 50, 200, 400)))
        street.world.clock.advance_to(min(ends, now + hop))
        try:
            _do_something(street, numbers)
        except RefusedError:
            continue

    compare(street, least=20)


def _do_something(street: Street, numbers: random.Random) -> None:
    running = [sold for sold in street.customer.subscriptions.values() if sold.status in ("active", "suspended")]
    deed = numbers.choice(("buy", "buy", "seats", "seats", "seats", "cancel", "end", "renewal", "upgrade", "trial"))
    if not running or deed == "buy":
        what = numbers.choice((goods.BASIC, goods.STANDARD, goods.PREMIUM, goods.E3))
        plan = numbers.choice(items()[f"{what.product_id}:{what.sku_id}"].plans)
        street.buy(what, numbers.randint(1, 40), plan.term, plan.cycle, promotion_id=PROMOTION)
        return
    sold, world = numbers.choice(running), street.world
    if deed == "seats":
        street.seats(sold.id, max(1, sold.quantity + numbers.randint(-5, 9)))
    elif deed == "cancel":
        lifecycle.cancel(world, sold)
    elif deed == "end":
        numbers.choice((_suspend_or_reactivate, _cancel_at_the_end))(world, street.customer, sold)
    elif deed == "renewal":
        lifecycle.set_auto_renew(world, sold, renews=not sold.auto_renews)
    elif deed == "upgrade":
        upgrades = items()[f"{sold.product_id}:{sold.sku_id}"].upgrades
        product_id, sku_id = numbers.choice(upgrades or ("none:none",)).split(":")
        wanted = Transition(product_id=product_id, sku_id=sku_id, quantity=numbers.randint(1, sold.quantity))
        lifecycle.transition(world, street.customer, sold, wanted)
    elif deed == "trial":
        bought = Purchase(product_id=goods.PREMIUM.product_id, sku_id="000F", quantity=25, term="P1M", cycle="none")
        lifecycle.buy(world, street.customer, bought)


def _suspend_or_reactivate(world: World, customer: Customer, sold: Subscription) -> None:
    if sold.status == "suspended":
        lifecycle.reactivate(world, customer, sold)
    else:
        lifecycle.suspend(world, sold)


def _cancel_at_the_end(world: World, _: Customer, sold: Subscription) -> None:
    lifecycle.schedule_actions(world, sold, [{"actionType": "Cancel"}])
