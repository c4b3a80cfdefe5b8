"""A reseller's installation beside the simulator, and a person with a browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from local.partner_center.faults import Fault, FaultKind
from local.partner_center.opening import open_world
from local.partner_center.server import Simulator
from shared.application.connect import LoginBegun, begin_login, complete_login
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
        answer = requests.get(begun.address, allow_redirects=False, timeout=10)
        assert answer.is_redirect, answer.text
        return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))

    def connect(self) -> Consent:
        """Begin a login, sign in, come back."""
        begun = begin_login(self.services)
        return complete_login(self.services, self.visit(begun), begun.browser)

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
        url, partner = simulator.base_url, world.partner
        settings = Settings(
            embedded_root=root / "store",
            partner_tenant_id=partner.tenant_id,
            client_id=partner.client_id,
            client_secret=partner.client_secret,
            login_url=url,
            partner_center_url=url,
            partner_api_url=url,
            graph_url=url,
        )
        office = Office(simulator, settings, start)
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
