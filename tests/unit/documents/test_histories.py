"""Reading a history: what it means in the domain, and everything that is wrong with it at once."""

import json
from dataclasses import fields
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from shared.documents.exact_json import JSON_BYTES_MAX, parse_exactly
from shared.documents.histories import read_history
from shared.documents.histories_billing import SAID_BY_THE_CYCLE, BillingPart
from shared.documents.histories_choices import ConventionsPart
from shared.documents.histories_events import EventPart
from shared.documents.histories_model import UsagePart
from shared.documents.histories_subscription import PricePart, SubscriptionPart, TierPart
from shared.domain.errors import InvalidError, LimitError
from shared.domain.expected.conventions import Conventions, LineFamily, MonthEnd
from shared.domain.expected.questions import Question
from shared.domain.expected.rounding import MODES
from shared.domain.periods import Period
from shared.domain.subscriptions.events import Event, EventKind
from shared.domain.subscriptions.kinds import Plan
from shared.domain.subscriptions.own_billing import Alignment, OwnBilling, Share, Span
from shared.domain.subscriptions.subscription import DatedPrice, Subscription, Tier, Usage

LICENCE = {"kind": "licence", "purchased": "2021-06-18", "quantity": 10, "unit_price": "10.08"}


def read(subscription: dict[str, Any] | None = None, **file: Any) -> Question:
    """The question of a file with one subscription."""
    told = {"currency": "EUR", **({"subscription": {**LICENCE, **subscription}} if subscription is not None else {})}
    return read_history(json.dumps({**told, **file}).encode(), "h.json")


def only(question: Question) -> Subscription:
    """Its one subscription."""
    (subscription,) = question.history.subscriptions
    return subscription


def refused(content: bytes) -> list[str]:
    """The problems of a file, one a line."""
    with pytest.raises(InvalidError) as caught:
        read_history(content, "h.json")
    return str(caught.value).splitlines()


def test_the_smallest_history_is_a_purchase() -> None:
    """What is left out has the domain's default."""
    subscription = only(
        read_history(b'{"currency": "EUR", "subscription": {"kind": "licence", "purchased": "2021-06-18"}}', "h")
    )
    created = Event(kind=EventKind.CREATED, at=datetime(2021, 6, 18, tzinfo=UTC), quantity=1)

    assert Subscription(id="1", kind=subscription.kind, currency="EUR", events=(created,)) == subscription


def test_last_days_become_exclusive_ends() -> None:
    """Of a custom term and of a usage's days; a day alone is its midnight."""
    question = read({"last_day": "2021-07-31"}, usage=[{"start": "2021-06-01", "end": "2021-06-30", "quantity": "1.5"}])
    usage = Usage(
        subscription_id="1",
        on=date(2021, 6, 1),
        quantity=Decimal("1.5"),
        span=Period(date(2021, 6, 1), date(2021, 7, 1)),
    )

    assert date(2021, 8, 1) == only(question).ends_on
    assert (usage,) == question.history.usage


def test_a_difference_counts_from_what_was_there_before() -> None:
    """Across short forms, seats that go, and seats that come from another subscription."""
    first = {
        **LICENCE,
        "id": "a",
        "events": [
            {"on": "2021-06-25", "change": "-1"},
            {"on": "2021-06-20", "change": "+2"},
            {"kind": "seats-moved", "on": "2021-06-22", "quantity": 5, "target": "b"},
        ],
    }
    second = {**LICENCE, "id": "b", "quantity": 1, "events": [{"on": "2021-06-23", "change": "+2"}]}
    question = read(subscriptions=[first, second])
    a, b = question.history.subscriptions

    assert [10, 12, 5, 6] == [event.quantity for event in a.events]
    assert [1, 8] == [event.quantity for event in b.events]


def test_seats_that_are_upgraded_are_counted_too() -> None:
    """They leave; the new subscription need not be named."""
    told = [
        {"kind": "seats-upgraded", "on": "2021-06-20", "quantity": 4, "product": "p"},
        {"on": "2021-06-21", "change": 1},
    ]

    assert [10, 4, 7] == [event.quantity for event in only(read({"events": told})).events]


def test_events_of_one_instant_and_kind_keep_the_order_of_the_file() -> None:
    """The last one counts, whatever the numbers are; a single event gets no name of ours."""
    told = [
        {"on": "2021-06-20", "quantity": 15},
        {"on": "2021-06-20", "quantity": 12},
        {"on": "2021-06-21", "quantity": 9},
    ]

    assert [10, 15, 12, 9] == [event.quantity for event in only(read({"events": told})).events]
    assert ["", ""] == [event.id for event in only(read({"events": told[2:]})).events]


def test_an_event_told_twice_is_one() -> None:
    """Unless the two are told apart by an id."""
    told = {"kind": "credited", "on": "2021-06-20", "amount": "5"}

    assert 2 == len(only(read({"events": [told, told]})).events)
    assert 3 == len(only(read({"events": [{**told, "id": "x"}, {**told, "id": "y"}]})).events)


def test_short_forms_are_events() -> None:
    """Suspended, reactivated, renewed, cancelled and promotions, each with its day."""
    subscription = only(
        read(
            {
                "renewed": ["2022-06-18", "2023-06-18"],
                "suspended": "2021-08-01",
                "reactivated": "2021-09-01",
                "converted": "2021-06-18",
                "cancelled": "2023-07-01",
                "expired": "2024-06-18",
                "promotion": {"percent": "10", "first_day": "2021-07-01", "last_day": "2021-12-31"},
            }
        )
    )
    told = [(event.kind.value, event.on.isoformat()) for event in subscription.events]

    assert [
        ("created", "2021-06-18"),
        ("converted", "2021-06-18"),
        ("promotion-began", "2021-07-01"),
        ("suspended", "2021-08-01"),
        ("reactivated", "2021-09-01"),
        ("promotion-ended", "2022-01-01"),
        ("renewed", "2022-06-18"),
        ("renewed", "2023-06-18"),
        ("cancelled", "2023-07-01"),
        ("expired", "2024-06-18"),
    ] == told


@pytest.mark.parametrize("written", ["10", 10, "10%", {"percent": "10"}])
def test_a_promotion_begins_with_the_purchase(written: object) -> None:
    """A percentage alone is enough."""
    began = only(read({"promotion": written})).events[1]

    assert (EventKind.PROMOTION_BEGAN, Decimal(10), datetime(2021, 6, 18, tzinfo=UTC)) == (
        began.kind,
        began.percent,
        began.at,
    )


def test_a_created_event_is_the_purchase() -> None:
    """With the quantity of the order if it has none; a promotion begins with it."""
    told = {"kind": "created", "at": "2021-06-18T10:00:00Z"}
    events = only(read({"purchased": None, "events": [told], "promotion": "5"})).events

    assert [datetime(2021, 6, 18, 10, tzinfo=UTC)] * 2 == [event.at for event in events]
    assert 10 == events[0].quantity


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ({"month": "20"}, [("month", "20", None)]),
        ({"month": "20", "year": "250"}, [("month", "20", Plan.MONTHLY), ("year", "250", Plan.ANNUAL)]),
        ([{"amount": "20", "per": "month", "plan": "annual"}], [("month", "20", Plan.ANNUAL)]),
        ({"amount": "20", "per": "year"}, [("year", "20", None)]),
        ({"term": "48", "month": "5"}, [("term", "48", None), ("month", "5", None)]),
    ],
)
def test_prices_may_be_told_by_span(written: object, meant: list[tuple[str, str, Plan | None]]) -> None:
    """Where a month's and a year's stand side by side, each is for its own billing plan."""
    subscription = only(read({"unit_price": None, "prices": written}))

    assert meant == [(price.per, str(price.amount), price.plan) for price in subscription.prices]


def test_prices_of_the_file_are_for_every_subscription() -> None:
    """After its own."""
    row = {"amount": "9", "valid_from": "2022-01-01", "product": "p", "term": "P1Y", "origin": "list, row 4"}
    listed = DatedPrice(amount=Decimal(9), valid_from=date(2022, 1, 1), product="p", term="P1Y", origin="list, row 4")

    assert (DatedPrice(amount=Decimal("10.08")), listed) == only(read({}, prices=[row])).prices


def test_a_policy_is_said_in_a_friendly_way() -> None:
    """The length of a cycle in words; the anchor as a day of the month or a day."""
    quarterly = {"every": "quarter", "aligned_to": 31, "share": "30/360", "rounding": "ratio-4dp"}
    anchored = {"aligned_to": "2021-01-15"}

    assert (
        OwnBilling(
            every=3,
            span=Span.MONTHS,
            alignment=Alignment.DAY,
            billing_day=31,
            share=Share.THIRTY_360,
            rounding="ratio_4dp",
        )
        == only(read({"kind": "own-recurring", "billing": quarterly})).billing
    )
    assert (Alignment.DAY, date(2021, 1, 15)) == (
        only(read({"kind": "own-recurring", "billing": anchored})).billing.alignment,
        only(read({"kind": "own-recurring", "billing": anchored})).aligned_to,
    )


def test_conventions_and_rounding_are_named() -> None:
    """By short words; a mode alone is for every family, and a family goes before it."""
    by_family = read({}, rounding={"all": "half_up", "nce": "nce.raw"}).history.conventions
    chosen = read({}, conventions={"month_end": "day before last"}, rounding="half_even").history.conventions

    assert (MODES["half_up"], MODES["nce.raw"]) == (by_family.mode(LineFamily.OWN), by_family.mode(LineFamily.SEATS))
    assert {MODES["half_even"]} == {chosen.mode(family) for family in LineFamily}
    assert MonthEnd.DAY_BEFORE_LAST is chosen.month_end
    assert Conventions() == read({}).history.conventions


@pytest.mark.parametrize(
    ("line", "share"),
    [
        ({"days": 17, "cycle_days": 30}, (17, 30)),
        ({"days": 0, "cycle_days": 30}, (0, 30)),
        ({"start": "2021-06-20", "end": "2021-07-17", "cycle": {"start": "2021-06-18", "end": "2021-07-17"}}, (28, 30)),
        ({"start": "2021-06-20", "end": "2021-07-17", "cycle_days": 31, "days": 28}, (28, 31)),
        ({"cycle": {"start": "2021-06-18", "end": "2021-07-17"}}, (30, 30)),
        ({"start": "2021-06-18", "end": "2021-07-17"}, (30, 30)),
        ({}, (1, 1)),
    ],
)
def test_the_share_of_a_printed_line_is_told_by_days_or_dates(line: dict[str, Any], share: tuple[int, int]) -> None:
    """Without either it is a whole cycle."""
    (printed,) = read(vendor_lines=[{"amount": "2.26", "unit_price": "4", **line}]).printed

    assert share == (printed.printed.part, printed.printed.whole)


def test_every_problem_is_named_at_once_with_path_value_and_cure() -> None:
    """Unknown fields and values that cannot be, wherever they stand."""
    content = b"""{"currency": "EURO", "billing": {}, "subscriptions": [{"kind": "lisence", "purchsed": "2021-06-18",
      "sku": 1, "trial": "yes", "partner_billing_day": 32, "tiers": {}, "billing": {"every": "fortnight"},
      "events": [{"on": "2021-06-31", "change": "+2"}, {"kind": "suspended", "on": "2021-06-01", "quantity": 3},
      {"on": "2021-06-01"}, 5]}], "rounding": {"nse": "half_up"}, "title": 5, "through": null}"""

    told = "\n".join(refused(content))

    assert told.startswith("h.json: 15 problems; docs/history-format.md describes every field.")
    for each in (
        "  billing: is no field here: use one of currency, through, language, title, subscriptions, subscription,",
        "  currency: 'EURO' is no currency: write an ISO 4217 code, such as EUR.",
        "  title: 5 is no text: put it in quotation marks.",
        "subscriptions[0].purchsed: '2021-06-18' is no field here: did you mean purchased?",
        "subscriptions[0].kind: 'lisence' is not known: did you mean licence?",
        "subscriptions[0].sku: 1 is no text: put it in quotation marks.",
        "subscriptions[0].trial: 'yes' is neither true nor false",
        "subscriptions[0].partner_billing_day: 32 is too large: at most 31.",
        "subscriptions[0].tiers: is no list: write [...].",
        "subscriptions[0].billing.every: 'fortnight' is no length of a cycle",
        "subscriptions[0].events[0].on: '2021-06-31' is not in the calendar",
        "subscriptions[0].events[1]: is a suspended event, which has no quantity: take it out.",
        "subscriptions[0].events[2]: needs its kind: add kind, one of created",
        "subscriptions[0].events[3]: 5 is no object: write {...}.",
        "rounding.nse: 'nse' is not known: did you mean nce?",
    ):
        assert each in told


@pytest.mark.parametrize(
    ("file", "problem"),
    [
        ({}, "subscriptions: is missing: add a subscription"),
        ({"subscription": {"kind": "licence"}}, "subscription.purchased: is missing: add the day of the purchase."),
        (
            {"subscription": {**LICENCE, "events": [{"kind": "created", "on": "2021-06-18"}]}},
            "subscription.purchased: is given, and a created event as well",
        ),
        ({"subscriptions": [{**LICENCE, "id": "a"}] * 2}, "subscriptions[1].id: 'a' is the id of two subscriptions"),
        (
            {"subscription": {**LICENCE, "id": "a"}, "subscriptions": [{**LICENCE, "id": "a"}]},
            "subscriptions[0].id: 'a' is the id of two subscriptions",
        ),
        (
            {"subscription": LICENCE, "usage": [{"on": "2021-06-18", "quantity": 1, "subscription": "x"}]},
            "usage[0].subscription: 'x' is the id of no subscription here",
        ),
        (
            {"subscriptions": [LICENCE, LICENCE], "usage": [{"on": "2021-06-18", "quantity": 1}]},
            "usage[0].subscription: is missing: say whose usage it is.",
        ),
        ({"subscription": LICENCE, "usage": [{"quantity": 1}]}, "usage[0]: needs its day as on"),
        (
            {"subscription": LICENCE, "usage": [{"start": "2021-06-18", "end": "2021-06-17", "quantity": 1}]},
            "usage[0]: ends before it starts",
        ),
        ({"vendor_lines": [{"amount": "1", "unit_price": "1", "start": "2021-06-18"}]}, "has start or end alone"),
        ({"vendor_lines": [{"amount": "1", "unit_price": "1", "days": 3}]}, "has days or cycle_days alone"),
        (
            {"vendor_lines": [{"amount": "1", "unit_price": "1", "start": "2021-06-18", "end": "2021-06-17"}]},
            "ends before it starts",
        ),
        (
            {
                "vendor_lines": [
                    {"amount": "1", "unit_price": "1", "cycle": {"start": "2021-06-18", "end": "2021-06-17"}}
                ]
            },
            "vendor_lines[0].cycle: ends before it starts: swap the days.",
        ),
        ({"subscription": {**LICENCE, "ends_on": "2021-06-18"}}, "did you mean last_day (included)?"),
        (
            {"subscription": {**LICENCE, "billing": {"days_in_month": 0}}},
            "billing: is not possible: days_in_month is 0",
        ),
        ({"subscription": {**LICENCE, "events": [{"quantity": 1}]}}, "events[0]: needs its day as on"),
        (
            {"subscription": {**LICENCE, "events": [{"on": "2021-06-18", "kind": "quantity-changed"}]}},
            "is a quantity-changed event without quantity",
        ),
        (
            {
                "subscription": {
                    **LICENCE,
                    "events": [{"on": "2021-06-18", "kind": "renewed", "quantity": 1, "change": 1}],
                }
            },
            "has both quantity and change",
        ),
        (
            {"subscription": {**LICENCE, "events": [{"on": "2021-06-18", "kind": "seats-moved", "quantity": 1}]}},
            "is a seats-moved event without target: add it.",
        ),
        (
            {"subscription": {**LICENCE, "events": [{"on": "2021-06-18", "kind": "plan-changed", "share_left": 2}]}},
            "has a share_left outside 0 to 1",
        ),
        ({"subscription": {**LICENCE, "product": "x" * 201}}, "subscription.product: 'xxx"),
        ({"conventions": {"month_end": "clam"}}, "conventions.month_end: 'clam' is not known: did you mean clamp?"),
    ],
)
def test_a_contradiction_is_named_with_its_place(file: dict[str, Any], problem: str) -> None:
    """Within an object, and between the parts of the file."""
    assert problem in "\n".join(refused(json.dumps({"currency": "EUR", **file}).encode()))


def test_a_long_list_of_problems_is_cut() -> None:
    """Fifty are shown, and how many more there are."""
    events = [{"on": "never", "quantity": 1}] * 60
    lines = refused(json.dumps({"currency": "EUR", "subscription": {**LICENCE, "events": events}}).encode())

    assert ("h.json: 60 problems", "  and 10 more.", 52) == (lines[0].partition(";")[0], lines[-1], len(lines))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b'{"currency": "EUR",}', "this is not JSON"),
        (b"\xff", "byte 0 is not UTF-8"),
        (b'{"currency": NaN}', "NaN is no amount and no quantity"),
        (b'{"currency": "EUR", "currency": "USD"}', "'currency' is given twice in one object"),
        (b'{"a": 1' + b"1" * 100 + b"}", "has 101 characters"),
        (b'{"a": 1.' + b"1" * 100 + b"}", "has 102 characters"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[]", "the file: is no object"),
    ],
)
def test_what_is_no_history_is_refused(content: bytes, problem: str) -> None:
    """Before anything is read into it."""
    assert problem in "\n".join(refused(content))


def test_a_file_that_is_too_large_is_refused() -> None:
    """Before it is parsed."""
    with pytest.raises(LimitError, match="Split it by customer"):
        parse_exactly(b" " * (JSON_BYTES_MAX + 1), "h.json")


def test_numbers_of_a_file_never_become_floats() -> None:
    """Even if they are no text."""
    parsed = parse_exactly(b'\xef\xbb\xbf{"a": 0.1000000000000000000001, "b": 10}', "h.json")

    assert {"a": Decimal("0.1000000000000000000001"), "b": 10} == parsed


WRITTEN_OTHERWISE = {
    Subscription: {
        "customer_id": "customer",
        "ends_on": "last_day",
        "parent_id": "parent",
        "is_trial": "trial",
    },
    Usage: {"subscription_id": "subscription", "span": "start", "is_credited": "credited"},
    Event: {"ends_on": "last_day", "is_on": "auto_renews"},
    DatedPrice: {},
    Tier: {},
}


@pytest.mark.parametrize(
    ("kind", "part"),
    [
        (Subscription, SubscriptionPart),
        (Usage, UsagePart),
        (Event, EventPart),
        (DatedPrice, PricePart),
        (Tier, TierPart),
    ],
)
def test_everything_that_the_domain_knows_can_be_written(kind: Any, part: Any) -> None:
    """A field that is added to the domain is added to the file, or this fails."""
    names = {WRITTEN_OTHERWISE[kind].get(each.name, each.name) for each in fields(kind)}

    assert set() == names - part.model_fields.keys()


def test_every_policy_and_convention_can_be_written() -> None:
    """Under its own name, but for the length of a cycle and its anchor."""
    assert {each.name for each in fields(OwnBilling)} - SAID_BY_THE_CYCLE <= BillingPart.model_fields.keys()
    assert {each.name for each in fields(Conventions)} - {"modes"} == ConventionsPart.model_fields.keys()


def test_a_trial_of_a_licence_has_twenty_five_seats() -> None:
    """Microsoft's number where none is given; a trial of anything else is one unit."""
    trial = {"kind": "licence", "purchased": "2021-06-25", "trial": True}

    licence = read_history(json.dumps({"currency": "EUR", "subscription": trial}).encode(), "h")
    market = read_history(
        json.dumps({"currency": "EUR", "subscription": {**trial, "kind": "marketplace"}}).encode(), "h"
    )

    assert [25, 1] == [only(each).events[0].quantity for each in (licence, market)]


def test_a_cancellation_names_where_a_migration_leads_to() -> None:
    """A legacy licence ends, and a new-commerce one begins."""
    subscription = only(read({"events": [{"kind": "cancelled", "on": "2022-01-24", "target": "new"}]}))

    assert "new" == subscription.events[-1].target


@pytest.mark.parametrize("kind", ["upgraded", "seats-upgraded"])
def test_an_upgrade_may_have_a_promotion(kind: str) -> None:
    """Of the product that the seats go to."""
    told = {"kind": kind, "on": "2021-06-25", "product": "E1", "percent": "15"}
    event = only(read({"events": [{**told, **({"quantity": 2} if kind == "seats-upgraded" else {})}]})).events[-1]

    assert (Decimal(15), "E1") == (event.percent, event.product)


@pytest.mark.parametrize(
    ("told", "cure"),
    [
        ({"kind": "saas"}, "kind: 'saas' is not known: did you mean marketplace?"),
        ({"plan": "Yearly"}, "plan: 'Yearly' is not known: did you mean annual?"),
        ({"events": [{"on": "2021-07-01", "kind": "resumed"}]}, "'resumed' is not known: did you mean reactivated?"),
        ({"conventions": {}}, "conventions: is no field here: did you mean conventions of the file, outside the"),
    ],
)
def test_what_people_say_instead_is_met_with_the_word_that_is_meant(told: dict[str, Any], cure: str) -> None:
    """Words of vendors and tools, which no spelling would lead to."""
    (_, problem) = refused(json.dumps({"currency": "EUR", "subscription": {**LICENCE, **told}}).encode())

    assert cure in problem
    assert not problem.endswith("?.")
