"""Seat batches: every addition has a window of its own, and the youngest seats go first."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.subscriptions.seat_batches import Batches, SeatBatch, returnable, without

_NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
_DAY = timedelta(days=1)


def _batch(quantity: int, day: int, open_days: int | None = 7) -> SeatBatch:
    added_at = _NOON + day * _DAY
    return SeatBatch(quantity, added_at, None if open_days is None else added_at + open_days * _DAY)


_BATCHES: Batches = (_batch(10, 0), _batch(5, 5), _batch(2, 8))


@pytest.mark.parametrize(("day", "seats"), [(6, 17), (7, 7), (11, 7), (12, 2), (15, 0)])
def test_seats_can_be_returned_while_their_own_window_is_open(day: int, seats: int) -> None:
    """Each batch closes on its own; the end itself is outside."""
    assert seats == returnable(_BATCHES, _NOON + day * _DAY)


def test_a_closed_batch_hides_older_ones() -> None:
    """Seats go from the youngest batch first, so nothing behind a closed one is reached."""
    batches = (_batch(10, 0, None), _batch(5, 1, 0))

    assert 0 == returnable(batches, _NOON + 2 * _DAY)


def test_a_batch_without_an_end_is_always_open() -> None:
    """Services without a window can be reduced at any time."""
    assert 10 == returnable((_batch(10, 0, None),), datetime.max.replace(tzinfo=UTC))


@pytest.mark.parametrize(
    ("gone", "left"),
    [(0, [10, 5, 2]), (1, [10, 5, 1]), (2, [10, 5]), (3, [10, 4]), (7, [10]), (17, []), (18, [])],
)
def test_the_youngest_seats_go_first(gone: int, left: list[int]) -> None:
    """A batch that keeps seats keeps its window."""
    batches = without(_BATCHES, gone)

    assert left == [batch.quantity for batch in batches]
    assert all(kept.until == known.until for kept, known in zip(batches, _BATCHES, strict=False))
