"""The machine's own clock and chance, which every other test replaces."""

from datetime import UTC

from shared.partner_center.pace import RealPace, Waiting


def test_real_time_goes_on_and_chance_stays_within_bounds() -> None:
    """Aware instants, seconds that grow, numbers from nought up to one."""
    pace = RealPace()
    before = pace.seconds()
    pace.sleep(0)

    assert UTC is pace.now().tzinfo
    assert before <= pace.seconds()
    assert all(0 <= pace.chance() < 1 for _ in range(100))


def test_the_usual_waits_end_well_before_a_messages_lock() -> None:
    """A message is held for ten minutes; beyond that somebody else begins the same work."""
    waiting = Waiting()

    assert waiting.operation_s + waiting.try_s < 600
    assert waiting.call_s <= waiting.operation_s
