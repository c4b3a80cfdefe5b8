"""A connected installation beside the simulator: consent, MSAL's tokens, the real client and HTTP, an embedded store.

The worker delivers messages as the Functions host does: one that fails comes back later, and after five failures it is
poison. Time passes only here: by what waits longest, never by sleeping.
"""

import base64
import gzip
import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from local.embedded_store import digests_in, messages_in, rows_in, stores_on
from local.partner_center import changing
from local.partner_center.consenting import brought_back, connect
from local.partner_center.customers_making import create_customer
from local.partner_center.entities import User
from local.partner_center.faults import Fault, FaultKind
from local.partner_center.identity.issuing import issued
from local.partner_center.opening import open_world
from local.partner_center.pointing import pointed_at
from local.partner_center.server import Simulator
from local.partner_center.standing_by import SparedPace
from local.partner_center.subscribing import Purchase, buy
from local.partner_center.world import World
from shared.application.billing_sync import INVOICES, sweep, sync_billing, work_off_billing
from shared.application.connect import LoginBegun
from shared.application.connection_health import connection_health, note_outcome
from shared.application.deliveries import send
from shared.application.hints import Followers, follow_hint
from shared.application.messages import DeliveryMessage, HintMessage, SyncMessage
from shared.application.services import Services
from shared.application.sync import ask_for_tenant, start_due_sync, start_sync, sync_chunk
from shared.bootstrap import Stores, build_services, hosts_of
from shared.domain.consent import Consent
from shared.domain.errors import MicrosoftUnavailableError, NotConnectedError, ProrataError
from shared.domain.periods import BillingPeriod
from shared.partner_center.credentials import AppCredentials
from shared.partner_center.gateway import PartnerCenter
from shared.partner_center.hosts import Audience
from shared.partner_center.login_transport import LoginTransport
from shared.partner_center.pace import Outcome, Waiting
from shared.partner_center.session import new_session
from shared.partner_center.sign_in import MsalSignIn
from shared.partner_center.tokens import MsalTokens
from shared.partner_center.transport import Transport
from shared.settings import Settings
from shared.storage.embedded.database import Database
from shared.storage.names import DELIVERIES_QUEUE, HINTS_QUEUE, SYNC_QUEUE
from shared.storage.ports import Message, Tables

BASIC, STANDARD, LEGACY = "CFQ7TTC0LH18", "CFQ7TTC0LDPB", "91FD106F-4B2C-4938-95AC-F54F74E9A239"
NAMES = ("Adatum", "Contoso", "Fabrikam", "Litware")
FIRST_NIGHT = datetime(2026, 11, 7, 8, 30, tzinfo=UTC)
SECOND_NIGHT = datetime(2026, 11, 9, 8, 30, tzinfo=UTC)
MONTHS = (BillingPeriod(2026, 9), BillingPeriod(2026, 10), BillingPeriod(2026, 11))
LOCK_S, FAILURES_MAX, PAUSE_S = 600, 5, 30
QUEUES = (SYNC_QUEUE, DELIVERIES_QUEUE, HINTS_QUEUE)
_APART = {"operation", "manifest_id", "back_at"}
"""Microsoft's names for one export, and since when a customer can be read again: honestly different."""

_DIGEST_OF_INSTANT = re.compile(r"(20261109T\d{6})\.\d{6}_([a-z_-]+)_[0-9a-f]{16}$")
_IS_OVERTAKEN = re.compile(r"deliveries/2026-10/\w+-unbilled_")
"""October is billed: of what was unbilled nothing counts any more, whether it came as empty or not at all."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Installation:
    """One reseller's Prorata: *restart* begins a new process on the same store."""

    root: Path
    simulator: Simulator
    now: datetime = SECOND_NIGHT
    read_s: float = 10
    database: Database = field(init=False)
    services: Services = field(init=False)
    tables: Tables = field(init=False)
    tokens: MsalTokens = field(init=False)
    microsoft: PartnerCenter = field(init=False)
    poison: list[str] = field(default_factory=list)
    sent: list[tuple[str, str]] = field(default_factory=list)
    death: BaseException = field(default_factory=KeyboardInterrupt)
    dies_before: int = 0
    dies_after: int = 0
    between: Callable[[Any], Any] = field(default=lambda port: port)

    def __post_init__(self) -> None:
        self.database = Database(self.root)
        self.restart()

    @property
    def world(self) -> World:
        """The simulated world."""
        return self.simulator.world

    def restart(self) -> None:
        """Begin a new process; it knows no access token, and messages that the old one held come back."""
        self.now += timedelta(seconds=LOCK_S + 1)
        stores = stores_on(self.database, lambda: self.now, self.between)
        self.tables = stores.tables
        self._talk(self._settings(), stores)

    def _session(self) -> requests.Session:
        """Return a session whose requests are noted just before they leave."""
        session = new_session()
        session.auth = self._note_request
        session.hooks["response"] = self._note_answer
        return session

    def _note_request(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        name = f"{request.method} {urlsplit(str(request.url)).path}"
        self.sent.append((name, str(request.headers.get("MS-RequestId", ""))))
        if self.dies_before == len(self.sent):
            raise self.death
        return request

    def _note_answer(self, response: requests.Response, **_options: Any) -> requests.Response:
        if self.dies_after == len(self.sent):
            response.close()
            raise self.death
        return response

    def _settings(self) -> Settings:
        return pointed_at(self.simulator, Settings(embedded_root=self.root, countries="NL"))

    def _talk(self, settings: Settings, stores: Stores) -> None:
        pace, hosts = SparedPace(SECOND_NIGHT), hosts_of(settings)
        services = build_services(settings, stores, lambda: self.now)
        secret = settings.client_secret.get_secret_value()
        app = AppCredentials(tenant_id=settings.partner_tenant_id, client_id=settings.client_id, secret=secret)
        self.tokens = MsalTokens(
            app,
            hosts,
            services.connection,
            lambda: self.now,
            LoginTransport(hosts.login, session=self._session(), wait=pace.sleep),
        )
        waiting = Waiting(tries_max=2, read_s=self.read_s, call_s=100)
        client: dict[str, Any] = {"waiting": waiting, "pace": pace, "observe": self._note, "session": self._session()}
        self.microsoft = microsoft = PartnerCenter(hosts, self.tokens, **client)
        sign_in = MsalSignIn(self.tokens, Transport(hosts, self.tokens, **client), lambda: self.now)
        self.services = replace(
            services, microsoft=lambda: self.between(microsoft), sign_in=lambda: sign_in, chunk_customers=2
        )

    def _note(self, audience: Audience, outcome: Outcome) -> None:
        note_outcome(
            self.services.connection,
            urlsplit(audience).netloc,
            status=outcome.status,
            code=outcome.code,
            at=self.now,
            is_app_only=outcome.is_app_only,
        )

    def advance(self, **span: float) -> None:
        """Let time pass here, not at Microsoft's."""
        self.now += timedelta(**span)

    def visit(self, begun: LoginBegun) -> dict[str, str]:
        """Sign in at Microsoft's page and return what the browser brings back."""
        return brought_back(begun.address)

    def connect(self) -> Consent:
        """Begin a login, sign in, come back."""
        return connect(self.services)

    def fault(self, kind: FaultKind, **more: Any) -> Fault:
        """Let something go wrong."""
        made = Fault(kind=kind, **more)
        self.simulator.fault(made)
        return made

    def timers(self) -> None:
        """Let the timers fire: the sync that is due, and the sweep of deliveries."""
        with suppress(NotConnectedError, MicrosoftUnavailableError):
            start_due_sync(self.services, sync_billing)
        sweep(self.services)

    def work(self, hours: float = 12) -> None:
        """Deliver all messages as the Functions host does, until none is left or so many hours went by."""
        until = self.now + timedelta(hours=hours)
        while True:
            for queue in QUEUES:
                for message in self.services.queues.receive(queue, limit=32, lock_s=LOCK_S):
                    self._deliver(queue, message)
            due_at = self._next_at()
            if due_at is None or due_at > until:
                return
            self.now = max(self.now, due_at)

    def _deliver(self, queue: str, message: Message) -> None:
        try:
            self.follow(queue, message.body)
        except ProrataError:
            if message.dequeue_count < FAILURES_MAX:
                self.services.queues.release(message, delay_s=PAUSE_S)
                return
            self.poison.append(f"{queue}: {message.body.decode()}")
        self.services.queues.complete(message)

    def follow(self, queue: str, body: bytes) -> None:
        """Do what one message asks for."""
        services = self.services
        if queue == SYNC_QUEUE:
            sync_chunk(services, SyncMessage.parse(body))
        elif queue == DELIVERIES_QUEUE:
            work_off_billing(services, DeliveryMessage.parse(body))
        else:
            followers = Followers(
                look_at_tenant=lambda tenant_id: ask_for_tenant(services, tenant_id, may_be_new=True),
                look_at_invoices=lambda: send(services, DeliveryMessage(step=INVOICES)),
            )
            follow_hint(followers, HintMessage.parse(body))

    def _next_at(self) -> datetime | None:
        with self.database.read() as connection:
            found = connection.execute("SELECT min(visible_at_us) FROM messages").fetchone()[0]
        return None if found is None else _EPOCH + timedelta(microseconds=found)

    def night(self, hours: float = 12) -> None:
        """Let the timers fire and do what comes of it."""
        self.timers()
        self.work(hours)

    def repaired(self) -> None:
        """Switch all faults off; the timers come again, somebody asks for all anew, and everything is worked off."""
        self.simulator.clear_faults()
        self.now += timedelta(minutes=15)
        self.night()
        start_sync(self.services, sync_billing)
        self.work()

    def state(self) -> str:
        """Return the state of the connection that a person sees."""
        return str(connection_health(self.services).state)

    def shown(self) -> str:
        """Return what a person is told to do: the connection's next action, troubles, notes, days that stopped."""
        services = self.services
        said = [connection_health(services).next_action]
        said += [f"{each.kind} {each.code} {each.reason} {each.cure}" for each in services.synced.troubles()]
        said += [each.note for month in MONTHS for each in services.deliveries.of_period(month) if each.note]
        days = services.synced.days.before(self.now.date())
        return "\n".join(filter(None, [*said, *(f"{day.connection} {day.reason}".strip() for day in days)]))

    def secrets(self) -> set[str]:
        """Return everything that must stand in no log."""
        tokens = issued(self.world)
        return {self.world.partner.client_secret, *tokens.access, *tokens.refresh}

    def kept(self) -> dict[str, Any]:
        """Return all rows and blobs but those of the connection, and what waits; without the instants of looking."""
        kept: dict[str, Any] = {"messages": messages_in(self.database)}
        for table, partition, row, body, _ in rows_in(self.database):
            if table != "connection" and not _IS_OVERTAKEN.match(f"{table}/{partition}/{row}"):
                kept[_DIGEST_OF_INSTANT.sub(r"looked_\2", f"row {table}/{partition}/{row}")] = _plain(json.loads(body))
        return kept | digests_in(self.database)


def _plain(value: Any) -> Any:
    """Return what a row says, unpacked, without what is apart and without the instants of looking.

    Nothing happens in the story after the second night began: whatever is later is when somebody looked.
    """
    match value:
        case {"bytes": str(text), **more} if not more:
            return _plain(json.loads(gzip.decompress(base64.b64decode(text))))
        case dict():
            return {name: _plain(each) for name, each in value.items() if name not in _APART}
        case list():
            return [_plain(each) for each in value]
        case str() if value.startswith(f"{SECOND_NIGHT:%Y-%m-%d}T"):
            return "looked" if datetime.fromisoformat(value) > SECOND_NIGHT else value
    return value


def open_story() -> World:
    """Return a world whose October is about to be billed: four customers, one with a subscription of the old kind."""
    world = open_world(start=datetime(2026, 10, 1, 8, tzinfo=UTC))
    for number, name in enumerate(NAMES):
        customer = create_customer(world, name=name, domain=f"{name.lower()}.onmicrosoft.com")
        buy(world, customer, Purchase(product_id=BASIC, sku_id="0001", quantity=10 + number))
        user = User(id=world.guid(), principal_name=f"ada@{name.lower()}.example")
        customer.users[user.id] = user
    buy(world, customer, Purchase(product_id=LEGACY, quantity=3))
    world.clock.advance_to(FIRST_NIGHT)
    return world


def happen(world: World) -> None:
    """Let two days pass in which seats, subscriptions and customers come and go, and October is billed."""
    adatum, contoso, fabrikam, _ = world.customers.values()
    changing.change_quantity(world, next(iter(adatum.subscriptions.values())), 15, actor="ada@reseller.example")
    buy(world, contoso, Purchase(product_id=STANDARD, sku_id="0001", quantity=4))
    changing.suspend(world, next(iter(fabrikam.subscriptions.values())), actor="ada@reseller.example")
    tailspin = create_customer(world, name="Tailspin", domain="tailspin.onmicrosoft.com")
    buy(world, tailspin, Purchase(product_id=BASIC, sku_id="0001", quantity=2))
    world.clock.advance_to(SECOND_NIGHT)


Kept = dict[str, Any]
Change = Callable[[Installation], object]


@dataclass(slots=True)
class Story:
    """Opens installations that saw the first night, beside worlds in which the same happened since."""

    root: Path
    before: Kept = field(default_factory=dict)
    twins: dict[str, Kept] = field(default_factory=dict)
    count: int = 0

    def tell_first_night(self) -> None:
        """Let an installation connect and go through its first night."""
        with Simulator(open_story()) as simulator, self._at(simulator, "first", FIRST_NIGHT) as first:
            first.connect()
            first.night()
            assert [] == first.poison
            self.before = first.kept()

    @contextmanager
    def opened(self, **more: Any) -> Iterator[Installation]:
        """Open an installation that is connected, on the morning of the second night."""
        with self.fresh(copies="first", **more) as installation:
            installation.connect()
            yield installation

    @contextmanager
    def fresh(self, copies: str = "", **more: Any) -> Iterator[Installation]:
        """Open an installation to which nobody ever connected, or one that is a copy."""
        world = open_story()
        happen(world)
        with Simulator(world) as simulator, self.beside(simulator, copies, **more) as installation:
            yield installation

    @contextmanager
    def beside(self, simulator: Simulator, copies: str = "", **more: Any) -> Iterator[Installation]:
        """Open an installation beside a simulator that is there."""
        self.count += 1
        name = f"{self.count}"
        if copies:
            shutil.copytree(self.root / copies, self.root / name)
        with self._at(simulator, name, SECOND_NIGHT, **more) as installation:
            yield installation

    @contextmanager
    def _at(self, simulator: Simulator, name: str, now: datetime, **more: Any) -> Iterator[Installation]:
        installation = Installation(self.root / name, simulator, now, **more)
        try:
            yield installation
        finally:
            installation.database.close()

    def twin(self, name: str = "night", change: Change = lambda _: None) -> Kept:
        """Return what is kept where nothing goes wrong, once *change* was made."""
        if name not in self.twins:
            with self.opened() as twin:
                change(twin)
                twin.night()
                twin.repaired()
                assert [] == twin.poison
                self.twins[name] = twin.kept()
        return self.twins[name]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """The story of all tests of a file."""
    made = Story(tmp_path_factory.mktemp("story"))
    made.tell_first_night()
    return made
