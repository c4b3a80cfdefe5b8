"""What the nightly sync kept of a subscription leads to the same expected lines as what truly happened to it."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from true_histories import history_of

from local.demo import catalogue as goods
from local.partner_center import lifecycle
from local.partner_center.billing.books import open_books
from local.partner_center.entities import Subscription as Sold
from local.partner_center.lifecycle import Purchase, Transition
from shared.domain.expected.engine import expected_lines
from shared.domain.expected.history import History
from shared.domain.snapshots.histories import history_of as history_kept

Desk = Any  # what the conftest's fixtures give
Lines = list[tuple[str, str, str, int, str]]
PREMIUM, STANDARD = goods.PREMIUM, goods.STANDARD


def nights(desk: Desk, count: int) -> None:
    """Let nights pass, with a sync in each."""
    for _ in range(count):
        desk.simulator.advance(days=1)
        desk.sync()


def lines_of(history: History) -> dict[str, Lines]:
    """Return what is expected of each subscription, by charge type, days, seats and amount."""
    found: dict[str, Lines] = {}
    for line in expected_lines(history).lines:
        days = (line.charge_type, str(line.start), str(line.last_day))
        found.setdefault(line.subscription.id, []).append((*days, line.sign * int(line.quantity), str(line.amount)))
    return {name: sorted(lines) for name, lines in found.items()}


def both(desk: Desk, name: str) -> tuple[dict[str, Lines], dict[str, Lines]]:
    """Return what is expected by the truth, and by what is kept, for a customer."""
    customer, now = desk.names[name], desk.world.clock.now().date()
    true = history_of(desk.world, open_books(desk.world), customer, now)
    prices = {each.id: each for each in true.subscriptions}
    kept = [
        history_kept(known.snapshot, changes, currency=prices[known.id].currency)
        for known, changes in desk.services.synced.subscriptions.with_changes(customer.id).values()
    ]
    told = tuple(replace(each, prices=prices[each.id].prices) for each in kept)
    return lines_of(true), lines_of(replace(true, subscriptions=told))


def bought(desk: Desk, what: goods.Licence, quantity: int, **more: Any) -> Sold:
    """Buy licences for Adatum."""
    customer = desk.names["Adatum"]
    purchase = Purchase(product_id=what.product_id, sku_id=what.sku_id, quantity=quantity, currency="EUR", **more)
    with desk.world.lock:
        return lifecycle.buy(desk.world, customer, purchase)


def seats(desk: Desk) -> None:
    """Seats come and go, twice on one day."""
    sold = bought(desk, STANDARD, 10)
    nights(desk, 3)
    desk.seats(sold, 12)
    desk.simulator.advance(hours=1)
    desk.seats(sold, 15)
    nights(desk, 4)
    desk.seats(sold, 13)
    nights(desk, 30)
    desk.seats(sold, 20)


def months(desk: Desk) -> None:
    """A monthly term that began on a 31st, renewed by itself; seats change in the second."""
    desk.simulator.advance(days=30)
    sold = bought(desk, STANDARD, 4, term="P1M")
    nights(desk, 45)
    desk.seats(sold, 6)
    nights(desk, 50)


def regret(desk: Desk) -> None:
    """Cancelled within a day, and within seven."""
    first, second = bought(desk, STANDARD, 4), bought(desk, PREMIUM, 7)
    desk.simulator.advance(hours=3)
    with desk.world.lock:
        lifecycle.cancel(desk.world, first)
    nights(desk, 4)
    with desk.world.lock:
        lifecycle.cancel(desk.world, second)


def aligned(desk: Desk) -> None:
    """A first term that ends with a calendar month."""
    desk.simulator.advance(days=11)
    sold = bought(desk, goods.BASIC, 35, custom_end_on=desk.world.clock.now().date().replace(2027, 9, 30))
    nights(desk, 12)
    desk.seats(sold, 40)
    nights(desk, 12)


def upgraded(desk: Desk) -> None:
    """All seats go to another product."""
    sold = bought(desk, STANDARD, 9)
    nights(desk, 12)
    wanted = Transition(product_id=PREMIUM.product_id, sku_id=PREMIUM.sku_id, quantity=9)
    with desk.world.lock:
        lifecycle.transition(desk.world, desk.names["Adatum"], sold, wanted)
    nights(desk, 25)


def tried(desk: Desk) -> None:
    """A trial that is converted on request, and one that becomes paid by itself."""
    customer = desk.names["Adatum"]
    purchase = Purchase(product_id=PREMIUM.product_id, sku_id="000F", quantity=25, term="P1M", cycle="none")
    with desk.world.lock:
        first = lifecycle.buy(desk.world, customer, purchase)
        lifecycle.buy(desk.world, customer, purchase)
    nights(desk, 9)
    with desk.world.lock:
        lifecycle.convert_trial(desk.world, first, quantity=20)
    nights(desk, 40)


def unrenewed(desk: Desk) -> None:
    """One month without renewal runs on by the month; one that is suspended stops at its end."""
    first, second = bought(desk, STANDARD, 4, term="P1M"), bought(desk, PREMIUM, 4, term="P1M")
    nights(desk, 9)
    with desk.world.lock:
        lifecycle.set_auto_renew(desk.world, first, renews=False)
        lifecycle.suspend(desk.world, second)
    nights(desk, 45)


def planned(desk: Desk) -> None:
    """A renewal that brings another term, fewer seats and another payment."""
    sold = bought(desk, STANDARD, 12, term="P1M")
    nights(desk, 10)
    product = {"productId": sold.product_id, "skuId": sold.sku_id, "termDuration": "P1Y", "billingCycle": "annual"}
    with desk.world.lock:
        lifecycle.schedule_change(desk.world, sold, {"product": product, "quantity": 5})
    nights(desk, 40)


def repaid(desk: Desk) -> None:
    """Three years, from one payment a year to one a month."""
    sold = bought(desk, STANDARD, 3, term="P3Y", cycle="monthly")
    nights(desk, 3)
    with desk.world.lock:
        lifecycle.change_plan(desk.world, sold, "annual")
    nights(desk, 40)


@pytest.mark.parametrize(
    "story",
    [seats, months, regret, aligned, upgraded, tried, unrenewed, planned, repaid],
    ids=lambda each: each.__name__,
)
def test_what_is_kept_is_billed_like_the_truth(desk: Desk, story: Callable[[Desk], None]) -> None:
    """Day by day, to the cent."""
    desk.customer("Adatum")
    desk.sync()
    story(desk)
    desk.simulator.advance(hours=1)
    desk.sync()
    true, kept = both(desk, "Adatum")

    assert true
    assert true == kept


def some_upgraded(desk: Desk) -> None:
    """Some seats go to a new subscription of another product."""
    sold = bought(desk, STANDARD, 9)
    nights(desk, 12)
    wanted = Transition(product_id=PREMIUM.product_id, sku_id=PREMIUM.sku_id, quantity=4)
    with desk.world.lock:
        lifecycle.transition(desk.world, desk.names["Adatum"], sold, wanted)
    nights(desk, 25)


def promoted(desk: Desk) -> None:
    """Ten percent off."""
    bought(desk, PREMIUM, 10, promotion_id="39NFJQT1PJQB:0001:39NFJQT1Q5KN")
    nights(desk, 3)


def total(lines: dict[str, Lines]) -> Decimal:
    """Return the sum of all amounts."""
    return sum((Decimal(line[4]) for each in lines.values() for line in each), Decimal(0))


def test_that_seats_went_to_another_product_is_kept_as_fewer_here_and_new_ones_there(desk: Desk) -> None:
    """No feed ties the two together: other charge types, the same days and seats, and the same money to some cents."""
    desk.customer("Adatum")
    desk.sync()
    some_upgraded(desk)
    true, kept = both(desk, "Adatum")

    assert true.keys() == kept.keys()
    assert abs(total(true) - total(kept)) < Decimal("0.10")


def test_how_much_a_promotion_takes_off_is_not_kept(desk: Desk) -> None:
    """Microsoft names it and not its percentage: what is expected is the list price."""
    desk.customer("Adatum")
    desk.sync()
    promoted(desk)
    true, kept = both(desk, "Adatum")

    assert total(kept) * Decimal("0.9") == total(true)
