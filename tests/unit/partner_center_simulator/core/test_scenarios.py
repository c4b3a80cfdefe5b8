"""Scenario files: what they make happen, and what is said about a wrong one."""

from collections.abc import Callable
from pathlib import Path

import pytest

from local.partner_center.faults import FaultKind
from local.partner_center.scenario import Event, happen, open_scenario, problems, read_scenario
from local.partner_center.scenario_reading import instant
from local.partner_center.world import World
from shared.domain.errors import InvalidError

E5, BASIC, PREMIUM = "Microsoft 365 E5", "Microsoft 365 Business Basic", "Microsoft 365 Business Premium"
STORY = f"""
start: 2026-01-01
until: 2026-06-30T12:00:00Z
seed: 11
partner: {{name: Noord ICT, currencies: [EUR]}}
switches: {{requests_per_minute: 500}}
customers:
  - name: Bakkerij Jansen
    domain: bakkerijjansen.onmicrosoft.com
    has_consent: true
    users:
      - user: noor
      - {{user: sam, display_name: Sam de Wit}}
  - {{name: Garage Smit, domain: garagesmit.onmicrosoft.com}}
events:
  - {{at: 2026-01-02T09:00:00Z, customer: Bakkerij Jansen, do: buy, product: {E5}, quantity: 10, cycle: annual,
     as: main}}
  - {{at: 2026-01-03, customer: bakkerijjansen, do: add-seats, subscription: main, count: 2}}
  - {{at: 2026-01-04, customer: bakkerijjansen, do: assign, user: noor, product: {E5}}}
  - {{at: 2026-01-05, customer: bakkerijjansen, do: assign, user: sam, product: {E5}}}
  - {{at: 2026-01-06, customer: bakkerijjansen, do: unassign, user: sam, product: {E5}}}
  - {{at: 2026-01-06, customer: bakkerijjansen, do: delete-user, user: sam}}
  - {{at: 2026-03-01, customer: Garage Smit, do: buy, product: {BASIC}, quantity: 5, term: P1M}}
  - {{at: 2026-03-04, customer: Garage Smit, do: upgrade, product: {PREMIUM}}}
  - {{at: 2026-04-04, customer: Garage Smit, do: change-renewal, quantity: 7}}
  - {{at: 2026-06-02, customer: Garage Smit, do: remove-seats, count: 1}}
  - {{at: 2026-07-05, customer: Garage Smit, do: suspend}}
  - {{at: 2026-07-06, customer: Garage Smit, do: remove-seats, count: 1}}
  - {{at: 2026-07-07, customer: Garage Smit, do: reactivate}}
faults:
  - {{kind: throttled, path: /customers, value: 2, until_cleared: true}}
"""

Write = Callable[[str], Path]


def _customer(world: World, name: str) -> dict[str, tuple[str, int, str]]:
    customer = next(each for each in world.customers.values() if each.name == name)
    return {each.title: (each.status, each.quantity, each.term) for each in customer.subscriptions.values()}


def test_a_scenario_is_played_to_its_until(scenario_file: Write) -> None:
    """Customers, purchases, changes, users and what the calendar brought."""
    world = open_scenario(read_scenario(scenario_file(STORY)))
    baker = next(iter(world.customers.values()))
    licences = {user.principal_name.partition("@")[0]: len(user.licences) for user in baker.users.values()}

    assert {E5: ("active", 12, "P1Y")} == _customer(world, "Bakkerij Jansen")
    assert {PREMIUM: ("active", 6, "P1M")} == _customer(world, "Garage Smit")
    assert {"admin": 0, "noor": 1} == licences
    assert instant("2026-06-30T12:00:00Z") == world.clock.now()
    assert ("Noord ICT", ("EUR",)) == (world.partner.name, world.partner.currencies)
    assert world.partner.client_id in baker.consents
    assert [(FaultKind.THROTTLED, None)] == [(fault.kind, fault.times) for fault in world.faults.faults]


def test_later_events_happen_as_the_clock_moves_and_a_refused_one_stops_nothing(scenario_file: Write) -> None:
    """Seats cannot be given back while suspended; that is kept as a problem."""
    world = open_scenario(read_scenario(scenario_file(STORY)))
    world.clock.advance(days=6)
    suspended = _customer(world, "Garage Smit")[PREMIUM][0]
    world.clock.advance(days=6)

    assert ("suspended", "active") == (suspended, _customer(world, "Garage Smit")[PREMIUM][0])
    assert 1 == len(problems(world))
    assert "events[11] (line " in problems(world)[0]
    assert "refused with 800091" in problems(world)[0]


def test_the_scenario_in_the_readme_works(scenario_file: Write) -> None:
    """As it is printed there, with its one refusal."""
    readme = Path(__file__).parents[4] / "local" / "partner_center" / "README.md"
    text = readme.read_text("utf-8").partition("```yaml\n")[2].partition("```")[0]
    world = open_scenario(read_scenario(scenario_file(text)))
    world.clock.advance(days=10)

    assert {E5: ("active", 12, "P1Y")} == _customer(world, "Bakkerij Jansen")
    assert 1 == len(problems(world))
    assert "800090" in problems(world)[0]


def test_the_same_seed_makes_the_same_world(scenario_file: Write) -> None:
    """Another one makes other ids."""
    first, second = (open_scenario(read_scenario(scenario_file(STORY))) for _ in range(2))
    other = open_scenario(read_scenario(scenario_file(STORY.replace("seed: 11", "seed: 12"))))

    assert [*first.customers] == [*second.customers]
    assert [*first.customers] != [*other.customers]


def test_what_cannot_happen_before_until_is_an_error_of_the_scenario(scenario_file: Write) -> None:
    """It names the line, so that it can be mended."""
    text = STORY.replace("count: 2}", "count: 2}\n  - {at: 2026-01-04, customer: Nobody, do: suspend}")

    with pytest.raises(InvalidError, match=r"events\[2\] \(line \d+\) \(suspend\): customer: there is no Nobody"):
        open_scenario(read_scenario(scenario_file(text)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("strt: 2026-01-01", r"strt \(line 1\): is unknown; did you mean start\?"),
        ("events:\n  - {do: suspend}", r"events\[0\] \(line 2\): customer is missing"),
        ("events:\n  - {do: dance, at: 2026-10-02}", r"events\[0\] \(line 2\)\.do: nobody can dance"),
        (
            "events:\n  - at: soon\n    do: suspend\n    customer: a",
            r"events\[0\]\.at \(line 2\): 'soon': write such as",
        ),
        ("events:\n  - {customer: a, do: suspend}", r"events\[0\] \(line 2\): at is missing"),
        ("events:\n  - {at: 2020-01-01, do: clear-faults}", "lies before start"),
        ("events:\n  - at: 2026-10-02\n    do: add-seats\n    customer: a\n    count: ten", r"count \(line 5\): 'ten'"),
        ("customers:\n  - {name: a}", r"customers\[0\] \(line 2\): domain is missing"),
        ("customers:\n  - name: a\n    domain: b\n    usrs: []", r"usrs \(line 4\): is unknown; did you mean users\?"),
        ("customers:\n  - {name: a, domain: b, users: [{usr: c}]}", r"users\[0\]\.usr \(line 2\)"),
        ("faults:\n  - {kind: earthquake}", "write one of timeout-after-commit"),
        ("switches: {has_mfa: maybe}", "write true or false"),
        ("partner: {nme: a}", "did you mean name"),
        ("start: 2026-10-02\nuntil: 2026-10-01", r"until \(line 2\): lies before start"),
        ("seed: 1\nseed: 2", "line 2, is no YAML: seed is there twice"),
        ("events: [", "line 1, is no YAML"),
        ("start: !!python/object/apply:os.system [ls]", "start"),
        ("- a", "holds no fields"),
        ("seed: 0", "write a whole number from 1"),
        ("events: 5", "write a list"),
    ],
)
def test_a_wrong_scenario_says_where_and_how_to_mend_it(scenario_file: Write, text: str, message: str) -> None:
    """Field, line and cure; nothing has happened yet."""
    with pytest.raises(InvalidError, match=message):
        read_scenario(scenario_file(text))


def test_a_missing_file_is_an_error_of_the_path(tmp_path: Path) -> None:
    """Not a traceback."""
    with pytest.raises(InvalidError, match="cannot be read"):
        read_scenario(tmp_path / "none.yaml")


def test_aliases_do_not_grow(scenario_file: Write) -> None:
    """What is referred to a thousand times is read once."""
    rows = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40))

    with pytest.raises(InvalidError, match="is unknown"):
        read_scenario(scenario_file(f"a0: &a0 [x]\n{rows}"))


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (Event("buy", "Garage Smit", {"product": "Nothing"}), "nothing is called Nothing"),
        (Event("buy", "Garage Smit", {"product": BASIC, "term": "P1M", "cycle": "annual"}), "is not sold with"),
        (Event("suspend", "Garage Smit", {"subscription": "other"}), "has 0 that fit other"),
        (Event("delete-user", "Garage Smit", {"user": "nobody"}), "has no user nobody@garagesmit.onmicrosoft.com"),
        (Event("cancel", "Bakkerij Jansen", {"subscription": "main"}), "refused with 900213"),
    ],
)
def test_an_event_that_cannot_happen_says_why(scenario_file: Write, event: Event, message: str) -> None:
    """What it names is not there, or Microsoft would refuse it."""
    world = open_scenario(read_scenario(scenario_file(STORY)))

    with pytest.raises(InvalidError, match=message):
        happen(world, event)


def test_a_tenant_accepts_the_invitation_and_approves_delegation(scenario_file: Write) -> None:
    """Deeds without a subscription."""
    world = open_scenario(read_scenario(scenario_file("")))
    happen(world, Event("accept-relationship", "", {"name": "Kapper Kok", "domain": "kok.onmicrosoft.com"}))
    happen(world, Event("accept-agreement", "Kapper Kok"))
    happen(world, Event("rotate-availabilities"))
    happen(world, Event("end-relationship", "Kapper Kok"))

    assert "reseller-relationship-accepted-by-customer" in {each.event for each in world.happenings}
    assert ["none"] == [each.relationship for each in world.customers.values()]
