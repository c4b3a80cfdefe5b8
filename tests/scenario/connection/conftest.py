"""A reseller's installation beside the simulator, and a person with a browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local.partner_center.consenting import brought_back, connect
from local.partner_center.faults import Fault, FaultKind
from local.partner_center.opening import open_world
from local.partner_center.pointing import pointed_at
from local.partner_center.server import Simulator
from shared.application.connect import LoginBegun
from shared.application.connection_health import connection_health, health_view
from shared.application.services import Services
from shared.bootstrap import Stores, build_services, open_stores, utc_now
from shared.domain.connection import ConnectionState
from shared.domain.consent import Consent
from shared.domain.errors import NotConnectedError
from shared.settings import Settings

START = datetime(2026, 11, 9, 9, tzinfo=UTC)


@dataclass(slots=True)
class Office:
    """The installation: *restart* begins a new process on the same store."""

    simulator: Simulator
    settings: Settings
    now: datetime = START
    services: Services = field(init=False)
    stores: Stores | None = None

    def __post_init__(self) -> None:
        self.restart()

    def restart(self, **settings: Any) -> None:
        """Begin a new process, with other settings where some are given."""
        self.settings = self.settings.model_copy(update=settings)
        self.close()
        self.stores = open_stores(self.settings)
        self.services = build_services(self.settings, self.stores, lambda: self.now)
        self.services.sign_in()._tokens._transport._wait = lambda _seconds: None  # type: ignore[attr-defined]  # no test waits

    def close(self) -> None:
        """End the process: its connections to the store are closed."""
        if self.stores is not None:
            self.stores.tables._database.close()  # type: ignore[attr-defined]  # the port has no end

    def advance(self, **span: float) -> None:
        """Let time pass here and at Microsoft's."""
        self.now += timedelta(**span)
        self.simulator.advance(**span)

    def visit(self, begun: LoginBegun) -> dict[str, str]:
        """Sign in at Microsoft's page and return what the browser brings back."""
        return brought_back(begun.address)

    def connect(self) -> Consent:
        """Begin a login, sign in, come back."""
        return connect(self.services)

    def fault(self, kind: FaultKind, path: str = "", **more: Any) -> None:
        """Let something go wrong until it is switched off."""
        self.simulator.fault(Fault(kind=kind, path=path, times=None, **more))

    def repair(self) -> None:
        """Switch all faults off."""
        self.simulator.world.faults.faults.clear()

    def redeem_fails(self) -> NotConnectedError:
        """Redeem the refresh token and return the refusal."""
        with pytest.raises(NotConnectedError) as refused:
            self.services.sign_in().redeem()
        return refused.value

    def state(self) -> ConnectionState:
        """Return the state that a person sees."""
        return connection_health(self.services).state

    def view(self) -> dict[str, Any]:
        """Return the health as a person gets it."""
        return health_view(connection_health(self.services))


@contextmanager
def open_office(root: Path, start: datetime) -> Iterator[Office]:
    """An installation that knows the simulator's app; nobody consented yet."""
    world = open_world(start=start)
    with Simulator(world) as simulator:
        office = Office(simulator, pointed_at(simulator, Settings(embedded_root=root / "store")), start)
        yield office
        office.close()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """An installation whose clock stands still, as the simulator's does."""
    with open_office(tmp_path, START) as made:
        yield made


@pytest.fixture
def office_of_today(tmp_path: Path) -> Iterator[Office]:
    """An installation of today, for what reads this machine's clock."""
    with open_office(tmp_path, utc_now()) as made:
        yield made
