"""The quick way to amounts: one price and currency, many quantities and shares."""

from decimal import Decimal

import pytest

from shared.domain.expected.rounding import MODES, RoundingMode
from shared.domain.subscriptions.events import Quantity


@pytest.mark.parametrize("mode", MODES.values(), ids=lambda mode: mode.name)
@pytest.mark.parametrize("currency", ["EUR", "JPY"])
@pytest.mark.parametrize("quantity", [0, 1, 7, -7, 300, Decimal("1.5"), Decimal("-0.25")])
def test_the_quick_way_gives_the_same_amounts(mode: RoundingMode, currency: str, quantity: Quantity) -> None:
    """``amounts`` is ``amount`` with the price worked out once."""
    for price in (Decimal("10.08"), Decimal("0.125"), Decimal(0)):
        quick = mode.amounts(price, currency)
        for part, whole in ((28, 30), (1, 2), (31, 31), (3, 365)):
            amount = mode.amount(price, quantity, part, whole, currency=currency)

            assert (amount, str(amount)) == (quick(quantity, part, whole), str(quick(quantity, part, whole)))
