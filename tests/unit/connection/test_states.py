"""What a refusal of Microsoft's means, and that each meaning has a cure."""

import pytest

from shared.domain.connection import (
    ConnectionState,
    callback_state,
    cure_of,
    is_of_one_tenant,
    numbers_in,
    refusal_state,
    token_state,
)

S = ConnectionState
NUMBERED = [
    (50076, S.MFA_REQUIRED),
    (50079, S.MFA_REQUIRED),
    (700082, S.TOKEN_EXPIRED),
    (50173, S.TOKEN_REVOKED),
    (7000215, S.SECRET_WRONG),
    (7000222, S.SECRET_EXPIRED),
    (700027, S.CERTIFICATE_WRONG),
    (65001, S.CONSENT_MISSING),
    (90094, S.USER_CONSENT_FORBIDDEN),
    (65004, S.USER_CONSENT_FORBIDDEN),
    (700016, S.APP_UNKNOWN),
    (500011, S.RESOURCE_MISSING),
    (90002, S.TENANT_UNKNOWN),
    (50011, S.REDIRECT_UNKNOWN),
    (50057, S.ACCOUNT_UNUSABLE),
    (53003, S.CONDITIONAL_ACCESS),
    (50020, S.WRONG_TENANT),
    (54005, S.LOGIN_MISMATCH),
    (99999, S.REFUSED),
]


@pytest.mark.parametrize(("number", "state"), NUMBERED)
def test_a_number_decides_whatever_the_word_is(number: int, state: ConnectionState) -> None:
    """Microsoft's words are few and coarse; an unknown number is a refusal."""
    assert state is token_state("invalid_grant", [number])


@pytest.mark.parametrize(
    ("word", "suberror", "state"),
    [
        ("invalid_client", "", S.SECRET_WRONG),
        ("unauthorized_client", "", S.APP_UNKNOWN),
        ("invalid_resource", "", S.RESOURCE_MISSING),
        ("consent_required", "", S.CONSENT_MISSING),
        ("invalid_grant", "consent_required", S.CONSENT_MISSING),
        ("invalid_grant", "bad_token", S.REFUSED),
        ("something_new", "", S.REFUSED),
        ("", "", S.REFUSED),
    ],
)
def test_without_a_number_the_words_decide(word: str, suberror: str, state: ConnectionState) -> None:
    """And what is in none of them is a refusal, never a connection."""
    assert state is token_state(word, suberror=suberror)


@pytest.mark.parametrize(
    ("word", "description", "state"),
    [
        ("access_denied", "", S.USER_CONSENT_FORBIDDEN),
        ("access_denied", "AADSTS65004: User declined to consent.", S.USER_CONSENT_FORBIDDEN),
        ("consent_required", "AADSTS65001: The user has not consented.", S.USER_CONSENT_FORBIDDEN),
        ("access_denied", "AADSTS90094: Admin consent is required.", S.USER_CONSENT_FORBIDDEN),
        ("access_denied", "AADSTS53003: Blocked by Conditional Access.", S.CONDITIONAL_ACCESS),
        ("server_error", "", S.REFUSED),
    ],
)
def test_a_login_that_ends_without_consent_says_that_it_was_refused(
    word: str, description: str, state: ConnectionState
) -> None:
    """There a missing consent is one that somebody or the tenant did not give."""
    assert state is callback_state(word, description)


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("900421", S.MFA_REQUIRED),
        ("900420", S.WRONG_AUDIENCE),
        ("900309", S.CONDITIONAL_ACCESS),
        ("900308", S.ROLE_MISSING),
        ("2002", None),
        ("", None),
    ],
)
def test_partner_centers_codes_say_something_of_the_connection_or_nothing(
    code: str, state: ConnectionState | None
) -> None:
    """A refused order is no broken connection."""
    assert state is refusal_state(code)


@pytest.mark.parametrize("state", [state for state in S if state is not S.CONNECTED])
def test_each_state_has_a_cure_of_its_own(state: ConnectionState) -> None:
    """No two states are cured by the same words, and each tells a person what to do."""
    cures = [cure_of(each) for each in S]

    assert 1 == cures.count(cure_of(state))
    assert 40 < len(cure_of(state))


def test_the_settings_of_entra_are_named() -> None:
    """Where a tenant lets no user consent, and which permission an API needs."""
    assert "Enterprise applications > Consent and permissions > User consent settings" in cure_of(
        S.USER_CONSENT_FORBIDDEN
    )
    assert "PartnerBilling.Read.All" in cure_of(S.RESOURCE_MISSING, resource="https://graph.microsoft.com")
    assert "4990cffe-04e8-4e8b-808a-1175604b879f" in cure_of(
        S.CONSENT_MISSING, resource="https://api.partner.microsoft.com/"
    )
    assert "PartnerBilling" not in cure_of(S.TOKEN_EXPIRED, resource="https://graph.microsoft.com")


def test_numbers_are_found_in_descriptions_once_and_in_order() -> None:
    """As Microsoft writes them; ids and dates are none."""
    text = "AADSTS700082: expired. Trace 7000215. AADSTS50173, AADSTS700082. AADSTS1"

    assert (700082, 50173) == numbers_in(text)


def test_what_says_something_of_us_is_never_of_one_tenant_only() -> None:
    """A wrong secret met in a customer's tenant is wrong everywhere; a missing consent is that customer's."""
    ours = [S.SECRET_WRONG, S.SECRET_EXPIRED, S.CERTIFICATE_WRONG, S.TOKEN_EXPIRED, S.TOKEN_REVOKED, S.NOT_CONNECTED]

    assert not any(is_of_one_tenant(state) for state in ours)
    assert is_of_one_tenant(S.CONSENT_MISSING)
