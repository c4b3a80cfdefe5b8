"""Whatever is asked of a simulated subscription, in any order: its log stays whole and does not depend on looking."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from local.partner_center import lifecycle
from local.partner_center.answers import RefusedError
from local.partner_center.clock import Clock
from local.partner_center.entities import Customer, Subscription
from local.partner_center.lifecycle import Purchase, Transition
from local.partner_center.windows import open_batches
from local.partner_center.world import World

START = datetime(2025, 1, 1, 9, 30, tzinfo=UTC)
PLANS = [("P1M", "monthly"), ("P1Y", "monthly"), ("P1Y", "annual"), ("P3Y", "monthly"), ("P3Y", "triennial")]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("pass"), st.integers(1, 24 * 400)),
        st.tuples(st.just("pass"), st.integers(1, 24 * 9)),
        st.tuples(st.just("seats"), st.integers(0, 12)),
        st.tuples(st.sampled_from(["suspend", "reactivate", "cancel", "upgrade"]), st.integers(1, 12)),
        st.tuples(st.sampled_from(["renews", "stops", "plan"]), st.integers(1, 12)),
    ),
    max_size=12,
)


def play(steps: list[tuple[str, int]], plan: tuple[str, str], first_h: int, pace_h: int) -> list[Subscription]:
    """Buy and do as told, letting time pass in pieces of *pace_h*; what is refused is left out."""
    world = World(Clock(START + timedelta(hours=first_h)))
    customer = Customer(id="c", domain="d", name="n", country="NL", currency="EUR", created_at=START)
    world.customers["c"] = customer
    purchase = Purchase(product_id="CFQ7TTC0LH18", sku_id="0001", quantity=5, term=plan[0], cycle=plan[1])
    bought = lifecycle.buy(world, customer, purchase)
    for step, number in steps:
        if step == "pass":
            until = world.clock.now() + timedelta(hours=number)
            while world.clock.now() < until:
                world.clock.advance_to(min(until, world.clock.now() + timedelta(hours=pace_h)))
            continue
        try:
            do(world, customer, bought, step, number)
        except RefusedError:
            continue
    return list(customer.subscriptions.values())


def do(world: World, customer: Customer, bought: Subscription, step: str, number: int) -> None:
    """Ask for one change."""
    target = Transition(product_id="CFQ7TTC0LDPB", sku_id="0001", quantity=number)
    what: dict[str, Any] = {
        "seats": lambda: lifecycle.change_quantity(world, bought, number),
        "suspend": lambda: lifecycle.suspend(world, bought),
        "reactivate": lambda: lifecycle.reactivate(world, customer, bought),
        "cancel": lambda: lifecycle.cancel(world, bought),
        "upgrade": lambda: lifecycle.transition(world, customer, bought, target),
        "renews": lambda: lifecycle.set_auto_renew(world, bought, renews=True),
        "stops": lambda: lifecycle.set_auto_renew(world, bought, renews=False),
        "plan": lambda: lifecycle.schedule_change(world, bought, {"quantity": number}),
    }
    what[step]()


@settings(max_examples=150, deadline=None)
@given(STEPS, st.sampled_from(PLANS), st.integers(0, 24 * 365))
def test_the_log_is_whole(steps: list[tuple[str, int]], plan: tuple[str, str], first_h: int) -> None:
    """Each entry begins with the seats the last one left, cycles follow each other, and no window exceeds the seats."""
    for found in play(steps, plan, first_h, 24 * 500):
        for before, after in zip(found.log, found.log[1:], strict=False):
            assert before.after == after.before
            assert before.at <= after.at
            if after.charge_type in ("renew", "cycleCharge") and before.cycle_last is not None:
                assert after.cycle_first == before.cycle_last + timedelta(days=1)
        until = found.status_since or START
        is_over = found.status == "deleted" and found.log[-1].charge_type in ("cancelImmediate", "moveQuantity")

        assert found.log[-1].after == (0 if is_over else found.quantity)
        assert sum(quantity for quantity, _ in open_batches(found, until)) <= found.quantity
        assert found.term_first <= found.term_last


@settings(max_examples=60, deadline=None)
@given(STEPS, st.sampled_from(PLANS), st.integers(0, 24 * 365), st.integers(1, 24 * 60))
def test_the_log_does_not_depend_on_how_often_somebody_looks(
    steps: list[tuple[str, int]], plan: tuple[str, str], first_h: int, pace_h: int
) -> None:
    """In small pieces of time or at once: the same subscriptions with the same log."""
    assert play(steps, plan, first_h, 24 * 500) == play(steps, plan, first_h, pace_h)
