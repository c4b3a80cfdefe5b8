"""Roles, accounts and ages: the plain rules around a consent."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.connection import ConnectionState
from shared.domain.consent import ApiUse, Identity, RefreshToken, Role, Roles, Source, Standing, roles_in

NOW = datetime(2026, 11, 9, 12, tzinfo=UTC)
BILLING, GLOBAL = "b0f54661-2d74-4c50-afa3-1ec803f12efe", "62e90394-69f5-4237-9190-012177145e10"


@pytest.mark.parametrize(
    ("groups", "templates", "missing"),
    [
        (["AdminAgents"], [], ()),
        (["AdminAgents", "Everybody"], [GLOBAL], ()),
        (["SalesAgents"], [BILLING], ()),
        (["SalesAgents"], [BILLING.upper()], ()),
        (["SalesAgents"], [], (Role.BILLING_ADMIN,)),
        ([], [BILLING], (Role.SALES_AGENT,)),
        ([], [GLOBAL], (Role.ADMIN_AGENT,)),
        (["HelpdeskAgents"], [], (Role.ADMIN_AGENT,)),
        ([], [], (Role.ADMIN_AGENT,)),
    ],
)
def test_admin_agent_is_enough_and_so_are_billing_and_sales(
    groups: list[str], templates: list[str], missing: tuple[Role, ...]
) -> None:
    """What is missing is named; a global administrator alone has no role in Partner Center."""
    assert missing == roles_in(groups, templates).missing


def test_roles_that_could_not_be_read_are_unknown() -> None:
    """Neither enough nor missing, and the reason is told."""
    roles = Roles(unchecked="no permission GroupMember.Read.All")

    assert () == roles.missing
    assert "could not be checked: no permission" in roles.sentence()


@pytest.mark.parametrize(
    ("roles", "says"),
    [
        (Roles(held=(Role.ADMIN_AGENT,)), "has Admin agent"),
        (Roles(), "lacks Admin agent, or Billing admin and Sales agent"),
        (Roles(held=(Role.SALES_AGENT,)), "lacks Billing admin"),
    ],
)
def test_roles_are_told_in_words(roles: Roles, says: str) -> None:
    """What the account has, or what to give it."""
    assert says == roles.sentence()


@pytest.mark.parametrize(
    ("user_name", "is_personal"),
    [
        ("jan.jansen@contoso.com", True),
        ("Anna-Maria.Berg@contoso.com", True),
        ("billing.service@contoso.com", False),
        ("svc-prorata@contoso.com", False),
        ("prorata@contoso.com", False),
        ("jan2@contoso.com", False),
        ("", False),
    ],
)
def test_an_account_looks_personal_by_a_rule_of_thumb(user_name: str, is_personal: bool) -> None:  # noqa: FBT001 - a column of the table
    """First name and last name, and no word that services are named by."""
    identity = Identity(user_name=user_name, object_id="o", name="n", tenant_id="t")

    assert is_personal is identity.looks_personal


@pytest.mark.parametrize(("age_days", "left"), [(0, 90), (0.5, 90), (1, 89), (89.5, 1), (90, 0), (400, 0)])
def test_a_refresh_token_lasts_ninety_days(age_days: float, left: int) -> None:
    """A begun day counts as one that is left."""
    token = RefreshToken(consent_id="c", value="v", obtained_at=NOW - timedelta(days=age_days))

    assert left == token.days_left(NOW)


def test_a_refresh_token_does_not_show_itself() -> None:
    """Nor does whatever holds it."""
    assert "very-secret" not in repr(RefreshToken(consent_id="c", value="very-secret", obtained_at=NOW))


def test_a_success_is_noted_once_an_hour() -> None:
    """The same value comes back where there is nothing to write."""
    first = ApiUse(api="a").with_success(NOW)

    assert first.with_success(NOW + timedelta(minutes=59)) is first
    assert NOW + timedelta(hours=1) == first.with_success(NOW + timedelta(hours=1)).worked_at


def test_a_refusal_is_noted_when_it_is_another_or_an_hour_later() -> None:
    """And a success before it is kept."""
    first = ApiUse(api="a", worked_at=NOW).with_refusal(NOW, "HTTP 401 900421")

    assert first.with_refusal(NOW, "HTTP 401 900421") is first
    assert "HTTP 403" == first.with_refusal(NOW, "HTTP 403").refusal
    assert NOW == first.worked_at


def standing(state: ConnectionState, noted_by: Source, code: str = "") -> Standing:
    """Return a standing of now."""
    return Standing(state=state, since=NOW, code=code, noted_by=noted_by)


@pytest.mark.parametrize(
    ("before", "after", "is_news"),
    [
        ((ConnectionState.CONNECTED, Source.TOKENS), (ConnectionState.CONNECTED, Source.API), False),
        ((ConnectionState.CONNECTED, Source.TOKENS), (ConnectionState.TOKEN_EXPIRED, Source.TOKENS), True),
        ((ConnectionState.TOKEN_EXPIRED, Source.TOKENS), (ConnectionState.CONNECTED, Source.TOKENS), True),
        ((ConnectionState.MFA_REQUIRED, Source.API), (ConnectionState.CONNECTED, Source.TOKENS), False),
        ((ConnectionState.MFA_REQUIRED, Source.API), (ConnectionState.CONNECTED, Source.API), True),
        ((ConnectionState.ROLE_MISSING, Source.ROLES), (ConnectionState.CONNECTED, Source.API), False),
        ((ConnectionState.ROLE_MISSING, Source.ROLES), (ConnectionState.TOKEN_REVOKED, Source.TOKENS), True),
    ],
)
def test_a_success_clears_only_what_the_same_source_found(
    before: tuple[ConnectionState, Source],
    after: tuple[ConnectionState, Source],
    is_news: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """A token can be had although the account lacks a role; a refusal is always news."""
    assert is_news is standing(*before).is_changed_by(standing(*after))
