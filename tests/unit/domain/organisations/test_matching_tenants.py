"""A tenant belongs to the one organisation that shares its id, domain or name; anything less waits for a person."""

import pytest

from shared.domain.organisations.matching import NOBODY, Match, MatchedBy, MatchState, match_tenants
from shared.domain.organisations.organisation import Organisation
from shared.domain.snapshots.values import Tenant

ID = "0c39d6d5-c70d-4c55-bc02-f620844f3fd1"


def tenant(name: str = "Contoso GmbH", domain: str = "contoso.com", tenant_id: str = ID) -> Tenant:
    """Return a tenant as Microsoft lists it."""
    return Tenant(id=tenant_id, name=name, domain=domain, relationship="reseller")


def organisation(organisation_id: str = "100", name: str = "Somebody", **fields: tuple[str, ...]) -> Organisation:
    """Return an organisation."""
    return Organisation(id=organisation_id, name=name, **fields)  # type: ignore[arg-type]  # texts in tests are enough


def matched(*organisations: Organisation, of: Tenant | None = None, decided: str | None = None) -> Match:
    """Return what is known of one tenant."""
    decisions = {} if decided is None else {ID: decided}
    return match_tenants(organisations, [of or tenant()], decisions)[0]


def seen(match: Match) -> tuple[MatchState, list[tuple[str, MatchedBy, int]]]:
    """Return state and candidates in short."""
    return match.state, [(each.organisation_id, each.by, each.confidence) for each in match.candidates]


def test_the_tenant_id_decides() -> None:
    """An organisation that names the tenant is the one, whatever its name."""
    assert (MatchState.MATCHED, [("100", MatchedBy.ID, 100)]) == seen(matched(organisation(tenant_ids=(ID,))))


def test_ids_are_compared_without_regard_to_case() -> None:
    """Microsoft writes ids in both cases."""
    match = matched(organisation(tenant_ids=(ID,)), of=tenant(tenant_id=ID.upper()))

    assert "100" == match.organisation_id


def test_a_domain_comes_after_the_id() -> None:
    """Where id and domain point to two organisations, the id wins."""
    match = matched(organisation("1", domains=("contoso.com",)), organisation("2", tenant_ids=(ID,)))

    assert (MatchState.MATCHED, [("2", MatchedBy.ID, 100), ("1", MatchedBy.DOMAIN, 90)]) == seen(match)


def test_a_shared_domain_is_ambiguous() -> None:
    """Two organisations on one domain cannot be told apart by it."""
    match = matched(organisation("2", domains=("contoso.com",)), organisation("1", domains=("contoso.com",)))

    assert (MatchState.AMBIGUOUS, [("1", MatchedBy.DOMAIN, 90), ("2", MatchedBy.DOMAIN, 90)]) == seen(match)
    assert "" == match.organisation_id


@pytest.mark.parametrize("name", ["contoso", "CONTOSO AG", "Contoso, GmbH", "Contoso G.m.b.H.", "Cóntoso B.V."])
def test_the_same_name_matches_but_for_accents_and_legal_form(name: str) -> None:
    """Legal forms, accents, case and punctuation do not tell companies apart."""
    match = matched(organisation(name=name), of=tenant(domain="x.onmicrosoft.com"))

    assert (MatchState.MATCHED, [("100", MatchedBy.NAME, 80)]) == seen(match)


def test_one_name_of_two_organisations_is_ambiguous() -> None:
    """Two branches of one name wait for a person."""
    match = matched(organisation("1", "Contoso AG"), organisation("2", "Contoso GmbH"))

    assert MatchState.AMBIGUOUS is match.state


def test_a_nearly_equal_name_waits_for_a_person() -> None:
    """A slip of the pen proposes, it does not decide."""
    match = matched(organisation(name="Fundacion Nino Jesuss"), of=tenant("Fundación Niño Jesús", "f.onmicrosoft.com"))

    assert MatchState.AMBIGUOUS is match.state
    assert MatchedBy.SIMILAR_NAME is match.candidates[0].by
    assert 50 <= match.candidates[0].confidence < 80


def test_a_name_that_merely_shares_a_word_is_no_candidate() -> None:
    """Print shops are not all one company."""
    match = matched(organisation(name="Alpine Print"), of=tenant("Coastal Print", "c.onmicrosoft.com"))

    assert (MatchState.UNMATCHED, []) == seen(match)


def test_an_initial_domain_made_of_the_organisations_own_waits_for_a_person() -> None:
    """Anybody may have taken contoso.onmicrosoft.com."""
    match = matched(organisation(domains=("contoso.com",)), of=tenant("Other", "contoso.onmicrosoft.com"))

    assert (MatchState.AMBIGUOUS, [("100", MatchedBy.INITIAL_DOMAIN, 60)]) == seen(match)


def test_a_tenant_that_nobody_comes_near_is_unmatched() -> None:
    """Nothing in common, nothing proposed."""
    assert (MatchState.UNMATCHED, []) == seen(matched(organisation(name="Fabrikam", domains=("fabrikam.com",))))


def test_a_nameless_tenant_matches_no_nameless_organisation() -> None:
    """Empty is not equal."""
    match = matched(organisation(name=""), of=tenant("", ""))

    assert MatchState.UNMATCHED is match.state


def test_a_persons_word_counts_above_everything() -> None:
    """Decided is decided, although the id says otherwise."""
    organisations = organisation("1", tenant_ids=(ID,)), organisation("2")

    assert (MatchState.MATCHED, [("2", MatchedBy.PERSON, 100)]) == seen(matched(*organisations, decided="2"))
    assert (MatchState.UNMATCHED, []) == seen(matched(*organisations, decided=NOBODY))


def test_a_decision_for_an_organisation_that_is_gone_counts_for_nothing() -> None:
    """The rules apply again."""
    assert "1" == matched(organisation("1", tenant_ids=(ID,)), decided="gone").organisation_id


def test_order_does_not_matter() -> None:
    """Organisations and tenants in any order give the same matches."""
    organisations = [organisation(str(number), f"Name {number % 3}", domains=("a.com",)) for number in range(9)]
    tenants = [tenant("Name 1", "a.com", ID.replace("0", str(digit))) for digit in range(5)]

    assert match_tenants(organisations, tenants, {}) == match_tenants(organisations[::-1], tenants[::-1], {})


def test_at_most_five_candidates_are_shown() -> None:
    """A person chooses among few."""
    match = matched(*(organisation(str(number), "Contoso") for number in range(9)))

    assert 5 == len(match.candidates)
