"""The engine's speed: 50,000 subscriptions with three changes each, and price look-ups over 100,000 entries.

Each kind of service is billed through the public ``expected_lines``, beside a bare calculation in whole numbers that
makes the same cents and nothing else (no lines, no dates, no explanation): the least that any engine could do. Both
totals must be equal. Making the histories is not timed. Prints one JSON object; ``bench/run.py`` holds it to the goals.

Not here: the pipeline from files to invoices (``product``), goals (``run``).
"""

import gc
import json
import random
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from operator import attrgetter
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from shared.domain.expected.engine import expected_lines
from shared.domain.expected.history import History
from shared.domain.prices import PriceBook, PriceEntry, PriceKeys, PriceMethod
from shared.domain.prices.subjects import PriceSubject
from shared.domain.subscriptions.events import Event, EventKind
from shared.domain.subscriptions.kinds import Plan, ServiceKind
from shared.domain.subscriptions.subscription import DatedPrice, Subscription

SUBSCRIPTIONS, CHANGES, ENTRIES, LOOKUPS, ROUNDS, SEED = 50_000, 3, 100_000, 300_000, 5, 7
_FIRST_DAY = date(2026, 3, 1)
_AMOUNT = attrgetter("amount")


def main() -> None:
    """Measure and print."""
    subscriptions = SUBSCRIPTIONS if len(sys.argv) < 2 else int(sys.argv[1])
    told: dict[str, Any] = {"subscriptions": subscriptions, "changes": CHANGES}
    told["new_commerce"] = _race(_histories(ServiceKind.LICENCE, subscriptions), _wipe_and_recreate)
    told["legacy"] = _race(_histories(ServiceKind.LEGACY_LICENCE, subscriptions), _reverse_and_segment)
    told["own_service"] = _race(_histories(ServiceKind.OWN_RECURRING, subscriptions), _wipe_half_up)
    told["price_lookup"] = _price_lookup()
    print(json.dumps(told))


def _histories(kind: ServiceKind, count: int) -> list[History]:
    """Made-up subscriptions bought on a day of March 2026, each with three changes of quantity in its first cycle."""
    chance = random.Random(SEED)  # noqa: S311 - made-up figures
    return [_history(kind, number, chance) for number in range(count)]


def _history(kind: ServiceKind, number: int, chance: random.Random) -> History:
    bought = _FIRST_DAY + timedelta(days=chance.randrange(28))
    days = sorted(chance.sample(range(1, 30), CHANGES))
    quantities = _different(chance.randint(1, 50), chance)
    events = [_event(EventKind.CREATED, bought, quantities[0])]
    events += [
        _event(EventKind.QUANTITY_CHANGED, bought + timedelta(days=day), quantity)
        for day, quantity in zip(days, quantities[1:], strict=True)
    ]
    price = DatedPrice(amount=Decimal(chance.randint(100, 6000)).scaleb(-2))
    subscription = Subscription(
        id=f"s{number}",
        kind=kind,
        currency="EUR",
        events=tuple(events),
        term="P1Y" if kind is not ServiceKind.OWN_RECURRING else "",
        plan=Plan.MONTHLY,
        prices=(price,),
        partner_billing_day=1,
    )
    return History(subscriptions=(subscription,))


def _different(first: int, chance: random.Random) -> list[int]:
    quantities = [first]
    while len(quantities) <= CHANGES:
        quantities.append(quantities[-1] + chance.randint(1, 5))
    return quantities


def _event(kind: EventKind, on: date, quantity: int) -> Event:
    return Event(kind=kind, at=datetime(on.year, on.month, on.day, tzinfo=UTC), quantity=quantity, source="audit")


_Bare = Callable[[int, int, Sequence[tuple[int, int]]], int]
"""Cents of one subscription from: price in cents, days of the cycle, and (days left, quantity) from its start on."""


def _race(histories: Sequence[History], bare: _Bare) -> dict[str, Any]:
    facts = [_bare_facts(history.subscriptions[0]) for history in histories]
    gc.freeze()  # the histories stay; the collector need not look at them again and again
    engine_s, bare_s = [], []
    cents = lines = bare_cents = 0
    for _ in range(ROUNDS):
        began = time.perf_counter()
        cents, lines = _bill(histories)
        engine_s.append(time.perf_counter() - began)
        began = time.perf_counter()
        bare_cents = sum(bare(*each) for each in facts)
        bare_s.append(time.perf_counter() - began)
    return {
        "engine_s": round(median(engine_s), 3),
        "bare_s": round(median(bare_s), 3),
        "ratio": round(median(engine_s) / median(bare_s), 2),
        "lines": lines,
        "cents": cents,
        "cents_off": cents - bare_cents,
    }


def _bill(histories: Sequence[History]) -> tuple[int, int]:
    """Return cents and lines of all; a history's lines are let go before the next, as a worker does with customers."""
    total, lines = Decimal(0), 0
    for history in histories:
        made = expected_lines(history).lines
        total = sum(map(_AMOUNT, made), total)
        lines += len(made)
    return int(total.scaleb(2)), lines


def _bare_facts(subscription: Subscription) -> tuple[int, int, list[tuple[int, int]]]:
    first = subscription.events[0].on
    end = (first.replace(day=1) + timedelta(days=31)).replace(day=first.day)
    left = [((end - event.on).days, int(event.quantity or 0)) for event in subscription.events]
    return int(subscription.prices[0].amount.scaleb(2)), (end - first).days, left


def _wipe_and_recreate(price: int, days: int, left: Sequence[tuple[int, int]]) -> int:
    cents = price * left[0][1]
    before = left[0][1]
    for rest, quantity in left[1:]:
        cents += price * quantity * rest // days - price * before * rest // days
        before = quantity
    return cents


def _wipe_half_up(price: int, days: int, left: Sequence[tuple[int, int]]) -> int:
    cents = price * left[0][1]
    before = left[0][1]
    for rest, quantity in left[1:]:
        cents += (2 * price * quantity * rest + days) // (2 * days) - (2 * price * before * rest + days) // (2 * days)
        before = quantity
    return cents


def _reverse_and_segment(price: int, days: int, left: Sequence[tuple[int, int]]) -> int:
    cents = 0
    for (rest, quantity), (next_rest, _) in zip(left, [*left[1:], (0, 0)], strict=True):
        cents += (2 * price * quantity * (rest - next_rest) + days) // (2 * days)
    return cents


def _price_lookup() -> dict[str, Any]:
    """Time look-ups of subjects that were met before, over a list of 100,000 entries for 5,000 customers."""
    chance = random.Random(SEED)  # noqa: S311 - made-up figures
    book = PriceBook(_entry(number) for number in range(ENTRIES))
    subjects = [_subject(chance) for _ in range(2_000)]
    asked = [chance.choice(subjects) for _ in range(LOOKUPS)]
    on = date(2026, 3, 1)
    for subject in subjects:
        book.find(subject, on)
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for subject in asked:
            book.find(subject, on)
        took.append(time.perf_counter() - began)
    return {"entries": ENTRIES, "lookups": LOOKUPS, "us_each": round(median(took) / LOOKUPS * 1e6, 2)}


def _entry(number: int) -> PriceEntry:
    return PriceEntry(
        scope=f"customer-{number % 5000}",
        keys=PriceKeys(product_id=f"product-{number // 5000}", sku_id="0001"),
        method=PriceMethod.FIXED,
        value=Decimal(number % 9000 + 100).scaleb(-2),
        currency="EUR",
    )


def _subject(chance: random.Random) -> PriceSubject:
    return PriceSubject(
        customer_id=f"customer-{chance.randrange(5000)}",
        vendor="Microsoft",
        charge_type="cycleCharge",
        product_id=f"product-{chance.randrange(20)}",
        sku_id="0001",
        term="P1Y",
        billing_plan="Monthly",
        currency="EUR",
    )


if __name__ == "__main__":
    main()
