"""Subscription details: a friendly name and the purchase order in force, which name a line and never change it."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from shared.domain.charging import ChargeLine
from shared.domain.source_lines import SourceLine
from shared.domain.subscription_details import SubscriptionDetails, by_subscription, with_details

MakeLine = Callable[..., SourceLine]
Charged = Callable[..., ChargeLine]


def _detail(**changed: Any) -> SubscriptionDetails:
    return SubscriptionDetails(**{"subscription_id": "SUB-1", **changed})


@pytest.mark.parametrize(
    ("valid_from", "valid_until", "on", "in_force"),
    [
        (None, None, date(2026, 10, 1), True),
        (date(2026, 10, 1), None, date(2026, 10, 1), True),
        (date(2026, 10, 2), None, date(2026, 10, 1), False),
        (None, date(2026, 10, 1), date(2026, 10, 1), False),
        (None, date(2026, 10, 2), date(2026, 10, 1), True),
        (None, None, None, True),
        (date(2026, 10, 1), None, None, False),
        (None, date(2026, 10, 1), None, False),
    ],
)
def test_an_order_is_in_force_from_its_first_day_to_before_its_last(
    valid_from: date | None, valid_until: date | None, on: date | None, in_force: object
) -> None:
    """Half-open; an undated line takes only an order without dates."""
    assert in_force is _detail(valid_from=valid_from, valid_until=valid_until).in_force(on)


def test_a_line_takes_the_order_of_its_first_charge_day(licence: MakeLine, charged: Charged) -> None:
    """The friendly name comes from any row of the subscription; the first order in force wins."""
    details = by_subscription(
        [
            _detail(purchase_order="PO 1", valid_until=date(2026, 10, 1)),
            _detail(friendly_name="Head office"),
            _detail(purchase_order="PO 2", valid_from=date(2026, 10, 1)),
            _detail(purchase_order="PO 3"),
        ]
    )
    line = with_details(charged(licence()), details)
    undated = with_details(charged(licence(charge=None, term_and_billing_cycle="", billing_frequency="")), details)

    assert ("Head office", "PO 2") == (line.friendly_name, line.purchase_order)
    assert "PO 3" == undated.purchase_order
    assert charged(licence()).amount == line.amount


def test_a_line_that_nothing_is_known_of_stays_the_same(licence: MakeLine, charged: Charged) -> None:
    """Another subscription's details, an order out of force, or a line without a subscription."""
    details = by_subscription([_detail(subscription_id="other", friendly_name="x"), _detail(subscription_id="")])
    expired = by_subscription([_detail(purchase_order="PO 1", valid_until=date(2026, 1, 1))])
    line, bare = charged(licence()), charged(licence(subscription_id=""))

    assert line is with_details(line, details)
    assert line is with_details(line, expired)
    assert bare is with_details(bare, details)
