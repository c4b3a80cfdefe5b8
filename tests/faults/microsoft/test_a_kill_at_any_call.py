"""The process ends between any two calls, those over HTTP included; the next one makes up for it.

Other tests end it at each call of the store and of the port to Microsoft; here it ends around single requests: of the
token service, of a night, and around what signing in, redeeming and notifications write.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from shared.application.hints import HintInbox, accept_hint
from shared.application.sync import start_due_sync

Installation = Any  # what the conftest's story opens
Story = Any  # what the conftest's fixture gives
_OF_ONE = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[A-Z0-9]{12}(?=/)|part-.*")


@pytest.fixture(scope="module")
def connected(story: Story) -> Iterator[Installation]:
    """An installation that is connected; others begin as its copy, beside the same simulator."""
    with story.fresh(copies="first") as installation:
        installation.connect()
        installation.database.close()
        yield installation


def kinds_of(sent: list[tuple[str, str]]) -> list[int]:
    """Return which requests are the first or the last of their kind, counted from one."""
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for number, (name, _) in enumerate(sent, 1):
        kind = _OF_ONE.sub("*", name)
        first.setdefault(kind, number)
        last[kind] = number
    return sorted({*first.values(), *last.values()})


@pytest.mark.parametrize("moment", ["dies_before", "dies_after"])
def test_a_night_that_ends_at_any_request_is_made_up_for(
    story: Story,
    connected: Installation,
    killed: type[BaseException],
    moment: str,
    record_property: Callable[[str, object], None],
) -> None:
    """Before a request leaves, or after its answer came: the same rows and blobs in the end, no message left over."""
    after = story.twin()
    with story.beside(connected.simulator, copies=connected.root.name) as probe:
        probe.night()
        points = kinds_of(probe.sent)
    if moment == "dies_after":  # where something was done or handed out by then; else it is as before the next one
        points = [each for each in points if re.match("POST|GET /blobs|GET /v1/auditrecords", probe.sent[each - 1][0])]
    for point in points:
        more = {moment: point, "death": killed()}
        with story.beside(connected.simulator, copies=connected.root.name, **more) as night:
            with pytest.raises(killed):
                night.night()
            night.dies_before = night.dies_after = 0
            night.restart()
            night.night()
            night.repaired()

            assert after == night.kept(), f"ended at {probe.sent[point - 1][0]}, request {point}"
            assert [] == night.poison
    record_property("points", len(points))
    print(f"{moment}: {len(points)} ends in {len(probe.sent)} requests")  # noqa: T201 - the figure is the report


def test_billing_is_asked_for_though_the_process_ended_while_work_was_handed_out(
    story: Story, connected: Installation, killed: type[BaseException]
) -> None:
    """The day does not count as handed out before all of it is."""
    after = story.twin()

    def die(_services: Any) -> None:
        raise killed

    with story.beside(connected.simulator, copies=connected.root.name) as night:
        with pytest.raises(killed):
            start_due_sync(night.services, die)
        night.restart()
        night.night()
        months = {f"{each.starts_on:%Y-%m}" for each in night.services.microsoft_invoices.all()}
        night.repaired()

        assert "2026-10" in months
        assert after == night.kept()


def swept(story: Story, connected: Installation, fuse: Any, killed: type[BaseException], act: Any) -> list[str]:
    """End the process before and after each call of the store in *act*, which is done again; return the calls."""
    calls: list[str] = []
    point, is_after = 0, False
    while True:
        burning = fuse(at=point, is_after=is_after)
        between = lambda port, burning=burning: deadly(port, burning)  # noqa: E731 - one line says it
        with story.beside(connected.simulator, copies=connected.root.name, between=between) as installation:
            if not point:
                act(installation)
                calls = list(burning.calls)
            else:
                with pytest.raises(killed):
                    act(installation)
                burning.at = 0
                installation.restart()
                act(installation)
            names = [path.name for path in (installation.root / "secrets").iterdir() if "refresh" in path.name]
            assert "connected" == installation.state(), f"ended at {calls[point - 1]}"
            assert 1 == len(names), f"ended at {calls[point - 1]}: {names}"
            installation.services.microsoft().tenants()
        is_after = not is_after and bool(point)
        point += not is_after
        if point > len(calls):
            return calls


def deadly(port: Any, burning: Any) -> Any:
    """Return the port, each of whose calls may be the last."""

    class Deadly:
        def __getattr__(self, name: str) -> Any:
            method = getattr(port, name)
            return lambda *some, **more: burning.burn(
                f"{type(port).__name__}.{name}", lambda: whole(name, method(*some, **more))
            )

    return Deadly()


def whole(name: str, answer: Any) -> Any:
    """Read a listing whole: its pages are calls too."""
    return iter(list(answer)) if name in {"query", "list", "tenants", "audit_records"} else answer


def test_signing_in_that_ends_anywhere_is_done_again(
    story: Story, connected: Installation, fuse: Any, killed: type[BaseException]
) -> None:
    """The callback included: a connection works afterwards, and one refresh token is kept."""

    def act(installation: Installation) -> None:
        installation.advance(minutes=16)
        installation.connect()

    assert len(swept(story, connected, fuse, killed, act)) > 10


def test_a_redemption_that_ends_anywhere_is_done_again(
    story: Story, connected: Installation, fuse: Any, killed: type[BaseException]
) -> None:
    """Whether the newer token was stored or not, the one that is kept works."""

    def act(installation: Installation) -> None:
        installation.advance(minutes=1)
        installation.services.sign_in().redeem()

    assert len(swept(story, connected, fuse, killed, act)) > 5


def test_a_notification_whose_acceptance_ends_anywhere_is_followed(
    story: Story, connected: Installation, fuse: Any, killed: type[BaseException]
) -> None:
    """Microsoft sends it again, as no answer came; what it points to is read, and nothing waits in the end."""
    tenant = next(iter(connected.world.customers))
    body = (
        f'{{"EventName": "subscription-updated", "ResourceUri": "http://here/v1/customers/{tenant}/subscriptions/x",'
        '"ResourceChangeUtcDate": "2026-11-09T08:00:00Z"}'
    ).encode()

    def act(installation: Installation) -> None:
        inbox = HintInbox(installation.tables, installation.services.queues, lambda *_: None, ("here",))
        accept_hint(inbox, {}, body)
        installation.work()
        kept = installation.kept()
        assert 0 == kept["messages"]
        seen.append(kept)

    seen: list[dict[str, Any]] = []
    swept(story, connected, fuse, killed, act)
    assert all(seen[0] == kept for kept in seen)
    assert f"row tenants/tenant/{tenant}" in seen[0]
