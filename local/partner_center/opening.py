"""A world and its simulator in two words, for tests and for the command line.

Not here: what lives in the world (``population``, ``scenario``).
"""

from datetime import UTC, datetime
from pathlib import Path

from local.partner_center.billing.books import keep_books
from local.partner_center.clock import Clock
from local.partner_center.server import Simulator
from local.partner_center.world import Partner, World

START = datetime(2026, 10, 1, 8, tzinfo=UTC)


def open_world(
    *, seed: int = 7, start: datetime = START, partner: Partner | None = None, follows_real_time: bool = False
) -> World:
    """Return an empty world: a partner, a clock that stands at *start*, no customers; invoices close by themselves."""
    world = World(Clock(start, follows_real_time=follows_real_time), seed=seed, partner=partner)
    keep_books(world)
    return world


def serve(world: World | None = None, *, port: int = 0, tls: Path | None = None) -> Simulator:
    """Return the simulator of *world* (an empty one where none is given), ready for ``with``."""
    return Simulator(world or open_world(), port=port, tls=tls)
