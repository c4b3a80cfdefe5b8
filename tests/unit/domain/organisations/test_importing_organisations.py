"""An import says of each row what becomes of it, before anything is written."""

import pytest

from shared.domain.errors import InvalidError
from shared.domain.organisations.importing import Outcome, import_report
from shared.domain.organisations.names import likeness, plain_name
from shared.domain.organisations.organisation import Organisation, domain_name, tenant_id
from shared.domain.organisations.reading import organisation_of

TENANT = "0c39d6d5-c70d-4c55-bc02-f620844f3fd1"


def test_a_row_becomes_an_organisation() -> None:
    """Spaces are trimmed, lists are split and sorted, codes get their case."""
    texts = {"id": " 100 ", "name": "Contoso  GmbH", "domains": "WWW.Contoso.com; müller.de", "country": "de"}
    texts["tenant_ids"] = "{" + TENANT.upper() + "}"

    expected = Organisation(
        id="100",
        name="Contoso GmbH",
        domains=("contoso.com", "xn--mller-kva.de"),
        tenant_ids=(TENANT,),
        country="DE",
    )
    assert (expected, ()) == organisation_of(texts)


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("id", "", "missing"),
        ("name", " ", "missing"),
        ("country", "Germany", "no country"),
        ("email", "nobody", "no e-mail"),
        ("culture", "Dutch", "no culture"),
        ("domains", "no domain", "no domain name"),
        ("domains", "a..b", "no domain name"),
        ("tenant_ids", "123", "no tenant id"),
        ("city", "x" * 251, "251 characters"),
        ("colour", "red", "no field"),
    ],
)
def test_a_wrong_field_is_named_with_its_cure(field: str, value: str, says: str) -> None:
    """Nothing is made of a row with a problem."""
    organisation, problems = organisation_of({"id": "1", "name": "A", field: value})

    assert organisation is None
    assert field in {each.field for each in problems}
    assert any(says in each.message for each in problems)
    assert all(each.cure for each in problems)


def test_all_problems_of_a_row_are_told_at_once() -> None:
    """Nobody wants to mend a file one error at a time."""
    _, problems = organisation_of({"country": "Germany", "email": "nobody"})

    assert ["id", "name", "country", "email"] == [each.field for each in problems]


def test_rows_are_created_updated_or_left_as_they_are() -> None:
    """An update names the fields it changes."""
    known = {"1": Organisation(id="1", name="A"), "2": Organisation(id="2", name="B", city="Oslo")}
    rows = [
        (2, {"id": "1", "name": "A"}),
        (3, {"id": "2", "name": "B", "city": "Bergen"}),
        (4, {"id": "3", "name": "C"}),
    ]

    report = import_report(rows, known)

    expected = [(2, Outcome.UNCHANGED, ()), (3, Outcome.UPDATED, ("city",)), (4, Outcome.CREATED, ())]
    assert expected == [(each.line, each.outcome, each.changed) for each in report]


def test_a_bad_row_does_not_keep_a_good_one_out() -> None:
    """Each row stands for itself."""
    report = import_report([(2, {"id": "1"}), (3, {"id": "2", "name": "B"})], {})

    assert [Outcome.REFUSED, Outcome.CREATED] == [each.outcome for each in report]


def test_an_id_that_stands_twice_is_refused_twice() -> None:
    """Which of the two is right is for a person to say."""
    report = import_report([(2, {"id": "1", "name": "A"}), (3, {"id": "1", "name": "B"})], {})

    assert [(Outcome.REFUSED, "id")] * 2 == [(each.outcome, each.problems[0].field) for each in report]


def test_a_tenant_that_two_claim_is_refused() -> None:
    """Within one file, and against what is known."""
    known = {"1": Organisation(id="1", name="A", tenant_ids=(TENANT,))}
    report = import_report([(2, {"id": "2", "name": "B", "tenant_ids": TENANT})], known)

    assert [(Outcome.REFUSED, "tenant_ids")] == [(each.outcome, each.problems[0].field) for each in report]
    assert "'1'" in report[0].problems[0].message


def test_a_tenant_may_move_within_one_import() -> None:
    """What counts is who would claim it once the import is done."""
    known = {"1": Organisation(id="1", name="A", tenant_ids=(TENANT,))}
    rows = [(2, {"id": "1", "name": "A"}), (3, {"id": "2", "name": "B", "tenant_ids": TENANT})]

    assert [Outcome.UPDATED, Outcome.CREATED] == [each.outcome for each in import_report(rows, known)]


def test_names_are_compared_without_what_does_not_tell_companies_apart() -> None:
    """Accents, legal forms, dots and apostrophes go; a name of legal forms alone stays."""
    names = ["Müller & Söhne GmbH", "Brouwerij 't Anker & Zn. B.V.", "Æther ApS", "AG", "Straße e.V."]

    assert ["muller sohne", "brouwerij t anker zn", "aether", "ag", "strasse"] == [plain_name(name) for name in names]


def test_likeness_is_symmetric_and_cheap_for_the_unlike() -> None:
    """The same either way round; nothing for names that have little in common."""
    assert likeness("contoso print", "contoso prints") == likeness("contoso prints", "contoso print") > 90
    assert [0, 0] == [likeness("contoso", "fabrikam"), likeness("ab", "abcdefgh")]


@pytest.mark.parametrize(
    "text", ["", "localhost", "a_b.com", "-a.com", "a" * 64 + ".com", "a.b." + "c" * 300, "\udcff.de"]
)
def test_what_is_no_domain_is_refused(text: str) -> None:
    """With an example of one."""
    with pytest.raises(InvalidError, match=r"contoso\.com"):
        domain_name(text)


def test_what_is_no_tenant_id_is_refused() -> None:
    """With an example of one."""
    with pytest.raises(InvalidError, match="no tenant id"):
        tenant_id("contoso.onmicrosoft.com")


def test_an_organisation_claims_a_list_that_fits_into_a_row() -> None:
    """A longer one is a problem of its row, before anything is written."""
    long = " ".join(f"d{number}.example" for number in range(51))
    report = import_report([(1, {"id": "1", "name": "A", "domains": long}), (2, {"id": "2", "name": "B"})], {})

    assert [Outcome.REFUSED, Outcome.CREATED] == [row.outcome for row in report]
    assert "51 values" in report[0].problems[0].message


def test_an_id_that_differs_by_blanks_alone_stands_twice() -> None:
    """For it becomes the same organisation."""
    rows = [(1, {"id": "a  b", "name": "A"}), (2, {"id": " a b", "name": "B"}), (3, {"id": "x" * 100_000, "name": "C"})]
    report = import_report(rows, {})

    assert {Outcome.REFUSED} == {row.outcome for row in report}
    assert ["a b", "a b", "x" * 250] == [row.id for row in report]
