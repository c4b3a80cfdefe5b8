"""Every fault that the simulator can act out, met by the whole product: connection, sync, deliveries, notifications.

While a fault lasts, a person sees what is wrong and what to do; no message is lost or given up for good, and what is
kept is whole. Once it is over, the same work done again leaves what an undisturbed twin has.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from local.partner_center.faults import Fault, FaultKind
from shared.application.connect import begin_login, complete_login
from shared.domain.errors import NotConnectedError

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


def of_the_network(kind: Kind, value: float = 0, last: str = "/blobs/") -> list[Case]:
    """Return the places at which a fault of the network or of a front end is tried."""
    return [
        Case(kind=kind, where="first middle last", strikes=spread(value, last)),
        Case(kind=kind, where="several in a row", strikes=in_a_row(value)),
        Case(kind=kind, where="subscriptions", strikes=lasting(SUBSCRIPTIONS, value), shows="parked"),
        Case(kind=kind, where="exports", strikes=lasting(EXPORTS, value), shows="GET|POST"),
        Case(kind=kind, where="invoices", strikes=lasting(INVOICES, value)),
        Case(kind=kind, where="everything", strikes=lasting("", value)),
    ]


def of_tokens(kind: Kind, state: str, path: str = TOKENS) -> list[Case]:
    """Return the places at which a refusal of the token service is tried."""
    return [
        Case(kind=kind, where="once", strikes=({"path": path},)),
        Case(kind=kind, where="in the middle", strikes=({"path": path, "skip": 2},)),
        Case(kind=kind, where="lasting", strikes=lasting(path), shows=state, state=state),
    ]


def of_exports(kind: Kind, shows: str) -> list[Case]:
    """Return the places at which a fault of an export is tried."""
    return [
        Case(kind=kind, where="once", strikes=({},)),
        Case(kind=kind, where="several", strikes=({"times": 3, "skip": 1},)),
        Case(kind=kind, where="lasting", strikes=(LASTING,), shows=shows),
    ]


NIGHTS = [
    *of_the_network(Kind.TIMEOUT_AFTER_COMMIT),
    *of_the_network(Kind.TIMEOUT_BEFORE_COMMIT),
    *of_the_network(Kind.SERVER_ERROR, 503, "/manifests/"),
    *of_the_network(Kind.HTML_ANSWER, 502),
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
