"""What both stores promise of organisations and of people's decisions on tenants."""

import pytest

from shared.domain.organisations.organisation import Organisation
from shared.storage.ports import Tables
from shared.storage.repositories.organisations import Decision, OrganisationStore

TENANT = "0c39d6d5-c70d-4c55-bc02-f620844f3fd1"


@pytest.fixture
def organisations(own_tables: Tables) -> OrganisationStore:
    """An empty store of organisations."""
    return OrganisationStore(own_tables)


def test_an_organisation_is_read_back_as_it_was(organisations: OrganisationStore) -> None:
    """Every field, any letters, and ids that a key could not hold."""
    kept = Organisation(id="A/1#?", name="Müller & Söhne", domains=("a.de", "b.de"), tenant_ids=(TENANT,), city="Köln")
    organisations.keep_all([kept])

    assert {"A/1#?": kept} == organisations.all()
    assert not organisations.is_empty()


def test_keeping_again_replaces(organisations: OrganisationStore) -> None:
    """One organisation for one id."""
    organisations.keep_all([Organisation(id="1", name="Before")])
    organisations.keep_all([Organisation(id="1", name="After")])

    assert ["After"] == [each.name for each in organisations.all().values()]


def test_nothing_is_there_at_first(organisations: OrganisationStore) -> None:
    """Neither organisations nor decisions."""
    assert (True, {}, {}) == (organisations.is_empty(), organisations.all(), organisations.decisions())


def test_a_decision_is_kept_replaced_and_forgotten(organisations: OrganisationStore) -> None:
    """One word on a tenant; the last one counts, and it can be taken back."""
    first = Decision(tenant_id=TENANT, organisation_id="1", decided_by="Ada", reason="told on the phone")
    organisations.decide(first)
    assert {TENANT: first} == organisations.decisions()

    second = Decision(tenant_id=TENANT, organisation_id="", decided_by="Grace")
    organisations.decide(second)
    assert {TENANT: second} == organisations.decisions()

    organisations.undecide(TENANT)
    assert {} == organisations.decisions()


def test_many_are_written_at_once_and_the_last_of_one_id_counts(organisations: OrganisationStore) -> None:
    """A file of thousands is a matter of seconds."""
    organisations.keep_all([Organisation(id=str(number), name="Before") for number in range(150)])
    organisations.keep_all([Organisation(id="7", name="Between"), Organisation(id="7", name="After")])
    names = [each.name for each in organisations.all().values()]

    assert (150, 149, 1) == (len(names), names.count("Before"), names.count("After"))
