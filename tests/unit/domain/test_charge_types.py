"""Charge types are matched by their letters; one that nobody knows is priced and reported, never dropped."""

import pytest

from shared.domain.charge_types import ChargeKind, charge_kind, folded
from shared.domain.issues import Issue, IssueCode, Severity


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("new", ChargeKind.NEW),
        ("New", ChargeKind.NEW),
        ("purchase", ChargeKind.NEW),
        ("Prorate fees when buy", ChargeKind.NEW),
        ("renew", ChargeKind.RENEWAL),
        ("Prorate fee when renew", ChargeKind.RENEWAL),
        ("RENEW_PRORATE", ChargeKind.RENEWAL),
        ("CycleCharge", ChargeKind.CYCLE),
        ("cycleCharge", ChargeKind.CYCLE),
        ("Cycle fee", ChargeKind.CYCLE),
        ("addQuantity", ChargeKind.QUANTITY),
        ("removeQuantity", ChargeKind.QUANTITY),
        ("moveQuantity", ChargeKind.QUANTITY),
        ("Cycle Instance Prorate", ChargeKind.QUANTITY),
        ("cancelImmediate", ChargeKind.CANCELLATION),
        ("Cancel Fee", ChargeKind.CANCELLATION),
        ("convert", ChargeKind.CONVERSION),
        ("changeBillingPlan", ChargeKind.PLAN_CHANGE),
        ("Prorate fees when activate", ChargeKind.ACTIVATION),
        ("extendTerm", ChargeKind.TRIAL),
        ("Assess usage fee for current cycle", ChargeKind.USAGE),
        ("CYCLE_USAGEFEE", ChargeKind.USAGE),
        ("customerCredit", ChargeKind.CREDIT),
        ("Offset a line item", ChargeKind.CREDIT),
        ("ONE_TIME_REFUND", ChargeKind.CREDIT),
        ("Cycle discount", ChargeKind.DISCOUNT),
        ("upgradeDeluxe", ChargeKind.UNKNOWN),
        ("", ChargeKind.UNKNOWN),
    ],
)
def test_a_charge_type_is_recognised_in_every_spelling(text: str, kind: ChargeKind) -> None:
    """Case, blanks and underscores differ between files and inside one."""
    assert kind is charge_kind(text)


def test_types_are_compared_by_their_letters() -> None:
    """Nothing but letters, in lower case."""
    assert "cycleinstanceprorate" == folded(" Cycle_Instance-Prorate 2")


def test_only_credits_and_discounts_are_sums_of_their_own() -> None:
    """Every other kind is a price times a quantity."""
    assert [ChargeKind.CREDIT, ChargeKind.DISCOUNT] == [kind for kind in ChargeKind if kind.is_adjustment]


def test_an_issue_reads_as_place_message_and_cure() -> None:
    """Where it is known, the place stands first; an issue about nothing in a file has none."""
    placed = Issue(
        code=IssueCode.VALUE_INVALID,
        severity=Severity.BLOCKING,
        message="'x' is not a number.",
        cure="Correct it.",
        file="a.csv",
        line=3,
        column="Subtotal",
    )
    general = Issue(code=IssueCode.ESTIMATE, severity=Severity.NOTICE, message="An estimate.", cure="Wait.")

    assert "a.csv:3:Subtotal: 'x' is not a number. Correct it." == str(placed)
    assert "An estimate. Wait." == str(general)
    assert placed.is_blocking
    assert not general.is_blocking
