"""The way in for quotes: a history with something *proposed* becomes a proposal, and prices where the file has them.

Invariants: everything else in the file means what it means in a history; the prices of a file are the rows of a price
list, by the same column names, and are read by the same code.

Not here: the shape of a history (``histories_model``), what is answered (``quotes_json``).
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any, ClassVar, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from shared.documents.exact_json import parse_exactly
from shared.documents.histories import question_of
from shared.documents.histories_events import EventPart
from shared.documents.histories_model import HistoryFile
from shared.documents.histories_order import proposed_event
from shared.documents.histories_part import Part
from shared.documents.histories_problems import Problem, problems_of, refused
from shared.documents.histories_subscription import SubscriptionPart
from shared.documents.histories_values import Amount, Text, refusal
from shared.documents.price_lists import read_price_list
from shared.domain.expected.history import History
from shared.domain.expected.questions import Question
from shared.domain.prices import PriceEntry
from shared.domain.quotes import Proposal
from shared.domain.subscriptions.states import state_at
from shared.domain.subscriptions.subscription import Subscription

ROWS_MAX = 10_000


class ProposedPart(Part):
    """What nobody did yet: an *order*, or an *event* of a subscription."""

    order: SubscriptionPart | None = Field(None, description="a subscription to be bought")
    event: EventPart | None = Field(None, description="something that would happen to a subscription")
    subscription: Text = Field("", description="whose event it is; may be left out where there is one subscription")

    SAID_OTHERWISE: ClassVar[dict[str, str]] = {"new": "order", "change": "event", "id": "subscription"}

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.order is None) == (self.event is None):
            raise refusal("needs an order or an event: give one of the two")
        return self


class QuoteFile(HistoryFile):
    """A history, what is proposed, and (if the command is not given them) the prices."""

    proposed: ProposedPart
    price_list: list[dict[str, Any]] | None = Field(None, max_length=ROWS_MAX, description="rows of a price list")
    customer_groups: dict[str, list[str]] = Field(default_factory=dict, description="customers by their group")
    own_costs: dict[str, Amount] = Field(
        default_factory=dict, description="what one unit of an own service costs the reseller for a whole cycle, by id"
    )

    @field_validator("price_list")
    @classmethod
    def _plain_rows(cls, rows: list[dict[str, Any]] | None) -> list[dict[str, Any]] | None:
        for row in rows or ():
            for name, value in row.items():
                if value is not None and (isinstance(value, bool) or not isinstance(value, str | int | Decimal)):
                    raise refusal(f"has a cell {name} that is no text and no number: write one value")
        return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteQuestion:
    """What is asked: *question* holds the history, *price_list* is None where the file has no prices."""

    question: Question
    proposal: Proposal
    price_list: tuple[PriceEntry, ...] | None
    customer_groups: Mapping[str, tuple[str, ...]]
    own_costs: Mapping[str, Decimal]


def read_quote(content: bytes, name: str) -> QuoteQuestion:
    """Return what the file asks; *name* stands in messages.

    Raises:
        InvalidError: it is no JSON, or something in it is wrong; the message lists every problem with path and cure.
        LimitError: it is larger than a history may be.
    """
    given = parse_exactly(content, name)
    try:
        file = QuoteFile.model_validate(given)
    except ValidationError as error:
        raise refused(name, problems_of(error)) from error
    question, proposal = _asked(file, name)
    return QuoteQuestion(
        question=question,
        proposal=proposal,
        price_list=None if file.price_list is None else _entries(file.price_list, f"{name}, price_list"),
        customer_groups={group: tuple(customers) for group, customers in file.customer_groups.items()},
        own_costs=file.own_costs,
    )


def _asked(file: QuoteFile, name: str) -> tuple[Question, Proposal]:
    order, event = file.proposed.order, file.proposed.event
    if event is not None:
        question = question_of(file, name)
        return question, _change(question.history, file.proposed.subscription, event, name)
    question = question_of(file.model_copy(update={"subscriptions": [*file.subscriptions, order]}), name)
    *known, bought = question.history.subscriptions
    return replace(question, history=replace(question.history, subscriptions=tuple(known))), Proposal.new(bought)


def _change(history: History, subscription_id: str, given: EventPart, name: str) -> Proposal:
    subscription = _owner(history, subscription_id, name)
    held = state_at(subscription, given.instant, history.conventions).quantity
    return Proposal.change(subscription.id, proposed_event(given, held))


def _owner(history: History, subscription_id: str, name: str) -> Subscription:
    found = [each for each in history.subscriptions if subscription_id in {"", each.id}]
    if len(found) == 1:
        return found[0]
    says = "is the id of no subscription here: correct it" if subscription_id else "is missing: say whose event it is"
    raise refused(name, [Problem("proposed.subscription", subscription_id or None, says)])


def _entries(rows: list[dict[str, Any]], name: str) -> tuple[PriceEntry, ...]:
    """Read the rows as if they stood in a CSV file."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    text = StringIO(newline="")
    writer = csv.DictWriter(text, columns, restval="")
    writer.writeheader()
    writer.writerows({column: "" if cell is None else str(cell) for column, cell in row.items()} for row in rows)
    return tuple(read_price_list(BytesIO(text.getvalue().encode()), name))
