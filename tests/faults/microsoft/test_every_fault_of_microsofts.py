"""Every fault that the simulator can act out, met by the whole product: connection, sync, deliveries, notifications.

While a fault lasts, a person sees what is wrong and what to do; no message is lost or given up for good, and what is
kept is whole. Once it is over, the same work done again leaves what an undisturbed twin has.
"""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509

from local.partner_center import changing
from local.partner_center.catalogue_items import items
from local.partner_center.commerce import current_availability
from local.partner_center.customers_making import accept_agreement
from local.partner_center.faults import FaultKind
from shared.application.hints import HintInbox, accept_hint
from shared.application.sync_views import customer_view
from shared.bootstrap import utc_now
from shared.domain.errors import (
    ForgedError,
    MicrosoftBusyError,
    MicrosoftNotFoundError,
    MicrosoftUnavailableError,
    NotConnectedError,
)
from shared.partner_center.certificate_fetch import fetch
from shared.partner_center.request import Request
from shared.partner_center.webhook_certificates import WebhookCertificates
from shared.partner_center.webhook_signature import verify

Installation = Any  # what the conftest's story opens
Story = Any  # what the conftest's fixture gives
Kind = FaultKind
LASTING: dict[str, Any] = {"times": None}
SUBSCRIPTIONS, EXPORTS, INVOICES, TOKENS = "/subscriptions$", "reports/partners/billing", "/v1/invoices", "oauth2"
SETTLED = ("subscriptions", "tenants", "tenantusers", "licencecounts", "microsoftinvoices", "sourcefiles", "terms")
"""The tables in which a row is either as before the night or as after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One fault, where it strikes, and what a person sees while it lasts: a part of a text, and a connection state."""

    kind: Kind
    where: str
    strikes: tuple[dict[str, Any], ...]
    shows: str = ""
    state: str = "connected"

    def __str__(self) -> str:
        return f"{self.kind} {self.where}".replace(" ", "-")


def spread(value: float = 0, last: str = "/blobs/") -> tuple[dict[str, Any], ...]:
    """Strike the first call of the night, one in the middle, and one of the last."""
    return ({"value": value}, {"value": value, "skip": 45}, {"value": value, "path": last})


def in_a_row(value: float = 0) -> tuple[dict[str, Any], ...]:
    """Strike several calls in a row, more than a call is tried."""
    return ({"value": value, "times": 7, "skip": 9},)


def lasting(path: str, value: float = 0) -> tuple[dict[str, Any], ...]:
    """Strike until repaired."""
    return ({"path": path, "value": value, **LASTING},)


def of_the_network(kind: Kind, value: float = 0) -> list[Case]:
    """Return the places at which a fault of the network or of a front end is tried."""
    pieces = f"{SUBSCRIPTIONS}|{EXPORTS}|{INVOICES}"
    return [
        Case(kind=kind, where="first middle last", strikes=spread(value)),
        Case(kind=kind, where="several in a row", strikes=in_a_row(value)),
        Case(kind=kind, where="customers and exports", strikes=lasting(pieces, value), shows="parked"),
        Case(kind=kind, where="everything", strikes=lasting("", value)),
    ]


def of_tokens(kind: Kind, state: str, path: str = TOKENS) -> list[Case]:
    """Return the places at which a refusal of who we are is tried."""
    return [
        Case(kind=kind, where=f"{path} once and again", strikes=({"path": path}, {"path": path, "skip": 1})),
        Case(kind=kind, where=f"{path} lasting", strikes=lasting(path), shows=state, state=state),
    ]


def of_exports(kind: Kind, shows: str) -> list[Case]:
    """Return the places at which a fault of an export is tried."""
    return [
        Case(kind=kind, where="first and several", strikes=({}, {"times": 3, "skip": 1})),
        Case(kind=kind, where="lasting", strikes=(LASTING,), shows=shows),
    ]


NIGHTS = [
    *of_the_network(Kind.TIMEOUT_AFTER_COMMIT),
    *of_the_network(Kind.TIMEOUT_BEFORE_COMMIT),
    *of_the_network(Kind.SERVER_ERROR, 503),
    *of_the_network(Kind.HTML_ANSWER, 502),
    Case(kind=Kind.SERVER_ERROR, where="tokens", strikes=lasting(TOKENS, 500)),
    Case(kind=Kind.SERVER_ERROR, where="feed", strikes=lasting("auditrecords", 500), shows="audit"),
    Case(kind=Kind.SERVER_ERROR, where="exports", strikes=lasting(EXPORTS, 504), shows="billing"),
    Case(kind=Kind.SERVER_ERROR, where="prices", strikes=lasting("sales|products", 502)),
    Case(kind=Kind.HTML_ANSWER, where="tokens", strikes=lasting(TOKENS, 502)),
    Case(kind=Kind.THROTTLED, where="first middle last", strikes=spread(1)),
    Case(kind=Kind.THROTTLED, where="for long", strikes=({"times": 9, "skip": 5, "value": 240},)),
    Case(kind=Kind.THROTTLED, where="everything", strikes=lasting("", 240)),
    Case(kind=Kind.THROTTLED, where="customers and exports", strikes=lasting("customers/|reports|invoices", 240)),
    Case(kind=Kind.SLOW, where="first middle last", strikes=spread(0.3)),
    Case(kind=Kind.SLOW, where="everything", strikes=lasting("", 0.01)),
    Case(kind=Kind.ACCESS_TOKEN_REFUSED, where="first and middle", strikes=({}, {"skip": 30})),
    Case(kind=Kind.ACCESS_TOKEN_REFUSED, where="lasting", strikes=lasting("/v1/"), shows="login"),
    *of_tokens(Kind.TOKEN_EXPIRED, "token-expired"),
    *of_tokens(Kind.TOKEN_REVOKED, "token-revoked"),
    *of_tokens(Kind.SECRET_WRONG, "secret-wrong"),
    *of_tokens(Kind.CONSENT_MISSING, "consent-missing"),
    *of_tokens(Kind.MFA_REQUIRED, "mfa-required"),
    *of_tokens(Kind.MFA_REQUIRED, "mfa-required", "/v1/"),
    *of_exports(Kind.PART_TRUNCATED, "broke off"),
    *of_exports(Kind.SAS_REFUSED, "expired"),
    *of_exports(Kind.EXPORT_EXPIRED, "expired|410"),
    *of_exports(Kind.EXPORT_FAILED, "no data"),
]


SIGN_INS = [Kind.USER_CONSENT_FORBIDDEN, Kind.SECRET_WRONG]
ORDERS = [Kind.ORDER_INVISIBLE, Kind.SUBSCRIPTION_ID_MISSING, Kind.BUSY]
WEBHOOKS = [
    Kind.WEBHOOK_DUPLICATED,
    Kind.WEBHOOK_DISORDERED,
    Kind.WEBHOOK_LATE,
    Kind.WEBHOOK_FORGED,
    Kind.WEBHOOK_HOSTILE_CERTIFICATE,
]


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    """Everything that was logged, at the level of debugging."""
    caplog.set_level(logging.DEBUG)
    return lambda: caplog.text


def whole(story: Story, kept: dict[str, Any], after: dict[str, Any]) -> None:
    """Make sure that each row and blob is as it was before the night or as after it, never in between."""
    for key, value in kept.items():
        known = [value, story.before.get(key), after.get(key)]
        if key.startswith("row subscriptions/"):  # the feed and the list tell of one subscription by turns
            known = [each and each["content"].get("snapshot") for each in known]
        if key.startswith("blob ") or key.removeprefix("row ").split("/")[0] in SETTLED:
            assert known[0] in known[1:], f"half-written: {key}"


@pytest.mark.parametrize("case", NIGHTS, ids=str)
def test_a_night_with_a_fault_ends_as_one_without(story: Story, told: Callable[[], str], case: Case) -> None:
    """What is wrong is shown, what is kept is whole, and doing it again makes up for it."""
    after = story.twin()
    with story.opened() as disturbed:
        disturbed.restart()
        faults = [disturbed.fault(case.kind, **strike) for strike in case.strikes]
        disturbed.night(hours=11)
        struck, shown, state = [fault.struck for fault in faults], disturbed.shown(), disturbed.state()
        whole(story, disturbed.kept(), after)
        disturbed.repaired()

        assert all(struck), f"it struck nothing: {struck}"
        assert any(each in shown for each in case.shows.split("|")), shown
        assert case.state == state
        assert [] == disturbed.poison
        assert after == disturbed.kept()
        assert "connected" == disturbed.state()
        assert not [secret for secret in disturbed.secrets() if secret in told()]
        assert "sig=" not in told()


def test_history_that_the_first_night_could_not_read_is_read_by_a_later_one(story: Story) -> None:
    """A feed that was given up is told, and read as far back as if that night had not been."""
    with story.fresh() as disturbed:
        disturbed.connect()
        disturbed.fault(Kind.SERVER_ERROR, path="auditrecords", value=503, **LASTING)
        disturbed.night()
        shown, unread = disturbed.shown(), sources(disturbed)
        disturbed.simulator.clear_faults()
        disturbed.advance(days=1)
        before = len(disturbed.simulator.log)
        disturbed.night()

        assert "audit" in shown
        assert "audit" not in unread
        assert "audit" in sources(disturbed)
        assert "audit" not in disturbed.shown()
        assert {200} == {each.status for each in disturbed.simulator.log[before:] if "auditrecords" in each.path}
        assert 90 <= sum("auditrecords" in each.path for each in disturbed.simulator.log[before:])


def sources(installation: Installation) -> set[str]:
    """Return where the history of the customers was learned."""
    tenants = installation.services.synced.known_tenants()
    return {each.source for tenant in tenants for each in installation.services.synced.subscriptions.changes(tenant)}


@pytest.mark.parametrize("kind", SIGN_INS, ids=str)
def test_a_login_that_is_refused_is_made_up_for_by_the_next(story: Story, told: Callable[[], str], kind: Kind) -> None:
    """The state says why; a connection that is there stays."""
    with story.fresh() as twin:
        twin.connect()
        twin.night()
        first = twin.kept()
    with story.fresh() as nobody, story.opened() as somebody:
        for each in (nobody, somebody):
            each.fault(kind, **LASTING)
            with pytest.raises(NotConnectedError) as refused:
                each.connect()
            assert str(kind) == refused.value.state
        states, shown = [nobody.state(), somebody.state()], nobody.shown()
        nobody.simulator.clear_faults()
        nobody.connect()
        nobody.night()
        somebody.simulator.clear_faults()
        somebody.night()
        somebody.repaired()

        assert [str(kind), "connected"] == states
        assert shown
        assert but_legacy(first) == but_legacy(nobody.kept())
        assert story.twin() == somebody.kept()
        assert not [secret for secret in nobody.secrets() | somebody.secrets() if secret in told()]


def but_legacy(kept: dict[str, Any]) -> dict[str, Any]:
    """Leave out the legacy lines as they came: they hold addresses, and each simulator has one of its own."""
    return {key: value for key, value in kept.items() if "microsoft_legacy-billed" not in key}


def test_a_status_that_nobody_knows_is_shown_and_passes(story: Story) -> None:
    """It is kept as Microsoft says it; once Microsoft says otherwise, only the history remembers."""
    after = story.twin()
    with story.opened() as disturbed:
        fault = disturbed.fault(Kind.UNKNOWN_ENUM, **LASTING)
        disturbed.night()
        statuses = {
            each["status"]
            for tenant in disturbed.world.customers
            for each in customer_view(disturbed.services, tenant)["subscriptions"]
        }
        disturbed.repaired()

        assert fault.struck > 1
        assert {"quarantined"} == statuses
        assert without_history(after) == without_history(disturbed.kept())
        assert [] == disturbed.poison


STATUSES = ("_status-changed_snapshot", "_suspended_snapshot", "_reactivated_snapshot")


def without_history(kept: dict[str, Any]) -> dict[str, Any]:
    """Leave out what only tells that a status was another one for a while."""
    plain = {key: value for key, value in kept.items() if not key.endswith(STATUSES)}
    for key, value in plain.items():
        if key.startswith("row subscriptions/") and "snapshot" in value["content"]:
            plain[key] = value["content"]["snapshot"]
    return plain


def ask(installation: Installation, method: str, path: str, body: dict[str, Any]) -> Any:
    """Ask Partner Center for a change, as the client does."""
    call = Request(method=method, path=path, body=body)
    return json.loads(installation.microsoft.transport.operation().ask(call).content.decode("utf-8-sig"))


def order(installation: Installation) -> dict[str, Any]:
    """Order four licences for a customer; what Microsoft answers."""
    world = installation.world
    customer = next(iter(world.customers.values()))
    if not customer.agreements:
        accept_agreement(world, customer, email="ada@adatum.example")
    item = items()["CFQ7TTC0LDPB:0001"]
    line = {"lineItemNumber": 0, "offerId": f"{item.key}:{current_availability(world, item)}", "quantity": 4}
    body = {"billingCycle": "monthly", "currencyCode": "EUR", "lineItems": [{**line, "termDuration": "P1Y"}]}
    answer: dict[str, Any] = ask(installation, "POST", f"/v1/customers/{customer.id}/orders", body)
    return {**answer, "path": f"/v1/customers/{customer.id}/orders/{answer['id']}"}


def more_seats(installation: Installation) -> None:
    """Ask for one seat more than there are."""
    customer = next(iter(installation.world.customers.values()))
    path = f"/v1/customers/{customer.id}/subscriptions/{next(iter(customer.subscriptions))}"
    answer = installation.microsoft.transport.operation().ask(Request(method="GET", path=path))
    body = json.loads(answer.content.decode("utf-8-sig"))
    ask(installation, "PATCH", path, {**body, "quantity": body["quantity"] + 1})


def sent(installation: Installation, method: str, end: str) -> list[str]:
    """Return the ids of the requests that left us."""
    return [number for name, number in installation.sent if name.startswith(method) and name.endswith(end)]


@pytest.mark.parametrize("kind", [Kind.TIMEOUT_AFTER_COMMIT, Kind.TIMEOUT_BEFORE_COMMIT], ids=str)
def test_an_order_whose_answer_is_lost_is_placed_once(story: Story, kind: Kind) -> None:
    """The same MS-RequestId is sent again only because no answer came; Microsoft has one order, the sync sees one."""
    after = story.twin("order", order)
    with story.opened() as disturbed:
        fault = disturbed.fault(kind, path="/orders$", method="POST")
        order(disturbed)
        numbers = sent(disturbed, "POST", "/orders")
        disturbed.night()
        disturbed.repaired()

        assert 1 == fault.struck
        assert (2, 1) == (len(numbers), len(set(numbers)))
        assert 2 == len(next(iter(disturbed.world.customers.values())).orders)
        assert after == disturbed.kept()


@pytest.mark.parametrize("kind", [Kind.SERVER_ERROR, Kind.THROTTLED], ids=str)
def test_an_order_that_was_answered_is_asked_for_under_a_new_id(story: Story, kind: Kind) -> None:
    """After 500 nobody asks again by itself; after 429 the same work is another request."""
    after = story.twin("order", order)
    with story.opened() as disturbed:
        disturbed.fault(kind, path="/orders$", method="POST", value=1 if kind is Kind.THROTTLED else 500)
        with suppress(MicrosoftUnavailableError):
            order(disturbed)
        if kind is Kind.SERVER_ERROR:
            assert 1 == len(sent(disturbed, "POST", "/orders"))
            order(disturbed)
        numbers = sent(disturbed, "POST", "/orders")
        disturbed.night()
        disturbed.repaired()

        assert (2, 2) == (len(numbers), len(set(numbers)))
        assert after == disturbed.kept()


@pytest.mark.parametrize("kind", [Kind.ORDER_INVISIBLE, Kind.SUBSCRIPTION_ID_MISSING], ids=str)
def test_an_order_that_shows_late_is_found_later(story: Story, kind: Kind) -> None:
    """The night before it shows keeps nothing of it; the one after has all of it, once."""
    after = story.twin("order", order)
    with story.opened() as disturbed:
        fault = disturbed.fault(kind, value=20)
        placed = order(disturbed)
        if kind is Kind.ORDER_INVISIBLE:
            with pytest.raises(MicrosoftNotFoundError):
                ask(disturbed, "GET", placed["path"], {})
        else:
            assert "subscriptionId" not in ask(disturbed, "GET", placed["path"], {})["lineItems"][0]
        disturbed.night()
        counts = [len(customer_view(disturbed.services, tenant)["subscriptions"]) for tenant in first(disturbed)]
        whole(story, disturbed.kept(), after)
        disturbed.simulator.advance(minutes=20)
        disturbed.repaired()

        assert 1 == fault.struck
        assert [1 if kind is Kind.ORDER_INVISIBLE else 2] == counts
        assert "subscriptionId" in ask(disturbed, "GET", placed["path"], {})["lineItems"][0]
        assert after == disturbed.kept()
        assert [] == disturbed.poison


def first(installation: Installation) -> list[str]:
    """Return the id of the customer who orders."""
    return list(installation.world.customers)[:1]


@pytest.mark.parametrize("value", [0, 90], ids=["refused once", "busy after a change"])
def test_a_subscription_that_is_busy_is_changed_once(story: Story, value: float) -> None:
    """The refusal says to come again later; nothing was changed by it, and the second try is a new request."""

    def seats(twin: Installation) -> None:
        more_seats(twin)
        twin.simulator.advance(seconds=value)
        more_seats(twin)

    after = story.twin(f"seats {value}", seats)
    with story.opened() as disturbed:
        fault = disturbed.fault(Kind.BUSY, value=value)
        for _ in range(2):
            try:
                more_seats(disturbed)
            except MicrosoftBusyError:
                disturbed.simulator.advance(seconds=value)
                more_seats(disturbed)
        numbers = sent(disturbed, "PATCH", "")
        disturbed.night()
        disturbed.repaired()

        assert fault.struck
        assert (3, 3) == (len(numbers), len(set(numbers)))
        assert after == disturbed.kept()
        assert [] == disturbed.poison


@pytest.mark.parametrize("kind", WEBHOOKS, ids=str)
def test_a_notification_with_a_fault_changes_nothing_in_the_end(
    story: Story, told: Callable[[], str], kind: Kind
) -> None:
    """Doubled, out of order and late ones are followed again and find nothing new; what is forged is answered 401."""
    after = story.twin("notified", notified)
    is_forged = kind in {Kind.WEBHOOK_FORGED, Kind.WEBHOOK_HOSTILE_CERTIFICATE}
    with story.opened() as disturbed:
        faults = [disturbed.fault(kind, value=48, **LASTING)] if not is_forged else [disturbed.fault(kind, times=None)]
        statuses = notified(disturbed)
        hints = list(disturbed.tables.query("inboundwebhooks", "partner-center"))
        whole(story, disturbed.kept(), after)
        disturbed.night()
        disturbed.repaired()

        assert all(fault.struck for fault in faults)
        assert ({401} if is_forged else {200}) == set(statuses)
        assert (0 if is_forged else 2) == len(hints)
        assert unhinted(after) == unhinted(disturbed.kept())
        assert [] == disturbed.poison
        assert not [secret for secret in disturbed.secrets() if secret in told()]


def unhinted(kept: dict[str, Any]) -> dict[str, Any]:
    """Leave out which notifications came: one that was forged left nothing."""
    return {key: value for key, value in kept.items() if not key.startswith("row inboundwebhooks/")}


@contextmanager
def listening(installation: Installation) -> Iterator[tuple[str, list[int]]]:
    """Take in notifications at an address; the statuses that were answered."""
    simulator, statuses = installation.simulator, list[int]()
    simulator._courier._pause_s = 0.001  # what is refused is sent ten times
    roots = x509.load_pem_x509_certificates(simulator.trust_pem)
    hosts = [urlsplit(simulator.base_url).netloc]
    certificates = WebhookCertificates(hosts, roots, fetch)
    check = lambda headers, body: verify(headers, body, utc_now(), certificates)  # noqa: E731 - one line says it
    inbox = HintInbox(installation.tables, installation.services.queues, check, tuple(hosts))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                accept_hint(inbox, dict(self.headers), body)
                statuses.append(200)
            except ForgedError:
                statuses.append(401)
            self.send_response(statuses[-1])
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/", statuses
        server.shutdown()


def notified(installation: Installation) -> list[int]:
    """Register, let seats change twice, take in what comes, and return how it was answered."""
    with listening(installation) as (address, statuses):
        installation.microsoft.webhooks.create(address, ("subscription-updated",))
        simulator, world = installation.simulator, installation.world
        subscription = next(iter(next(iter(world.customers.values())).subscriptions.values()))
        for quantity in (17, 16):
            simulator.advance(minutes=1)
            with world.lock:
                changing.change_quantity(world, subscription, quantity, actor="ada@reseller.example")
        simulator.deliver_webhooks(with_late=True)
        installation.work()
    return statuses


def test_the_table_names_every_fault() -> None:
    """A kind that is added to the simulator has to be proved harmless here."""
    named = {case.kind for case in NIGHTS} | {*SIGN_INS, *WEBHOOKS, *ORDERS, Kind.UNKNOWN_ENUM}

    assert set(Kind) == named
