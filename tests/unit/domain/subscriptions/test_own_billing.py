"""The billing policy of an own service: numbers outside their range are refused when it is written down."""

from decimal import Decimal
from typing import Any

import pytest

from shared.domain.errors import InvalidError
from shared.domain.subscriptions.own_billing import USUAL_BILLING, OwnBilling, Share, Span, Timing


def test_the_usual_policy_is_monthly_in_advance_by_actual_days() -> None:
    """What most contracts say needs no setting."""
    assert (1, Span.MONTHS, Timing.ADVANCE, Share.ACTUAL_DAYS) == (
        USUAL_BILLING.every,
        USUAL_BILLING.span,
        USUAL_BILLING.timing,
        USUAL_BILLING.share,
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("every", 0),
        ("every", 10_001),
        ("billing_day", 32),
        ("trial_days", -1),
        ("instalments", 0),
        ("invoice_days_after", -1),
        ("minimum", Decimal(-1)),
        ("uplift_percent", Decimal(-101)),
        ("part_digits", 19),
        ("days_in_month", Decimal(0)),
    ],
)
def test_a_number_outside_its_range_is_refused(field: str, value: Any) -> None:
    """The message names the field and the value."""
    with pytest.raises(InvalidError, match=f"{field} is {value}"):
        OwnBilling(**{field: value})
