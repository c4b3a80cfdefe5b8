"""Microsoft's error codes: a table that answers what a program does."""

import pytest

from shared.partner_center import error_codes
from shared.partner_center.error_codes import CONNECTION_KINDS, Kind, is_done_already, known

CODES = [code for _, _, codes in error_codes._TABLE for code, _ in codes]


@pytest.mark.parametrize(
    ("kind", "codes"),
    [
        (Kind.BUSY, "800060 800064 800082 900278"),
        (Kind.STALE, "2055"),
        (Kind.REFETCH, "400019"),
        (Kind.DONE, "600061 600074"),
        (Kind.MFA, "900421 10001"),
        (Kind.AUDIENCE, "900420"),
        (Kind.ROLE, "900308 900150"),
        (Kind.CONDITIONAL_ACCESS, "900309"),
        (Kind.NEEDS_USER, "900329"),
        (Kind.TOKEN, "400 800001 900316"),
    ],
)
def test_what_is_not_simply_refused_is_a_short_list(kind: Kind, codes: str) -> None:
    """Each of these is acted upon; a code that slips in or out changes what happens."""
    found = {code for code in CODES if (entry := known(code)) and entry.kind is kind}

    assert set(codes.split()) == found


def test_each_code_stands_once() -> None:
    """Twice, one of the two would never be read."""
    assert len(set(CODES)) == len(CODES) > 240


@pytest.mark.parametrize("code", CODES)
def test_each_code_has_a_meaning_and_a_cure_in_whole_sentences(code: str) -> None:
    """They are put one behind the other in messages, without Microsoft's placeholders."""
    entry = known(code)

    assert entry is not None
    assert code.isdigit()
    for sentence in (entry.meaning, entry.cure):
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert "{" not in sentence


def test_an_unknown_code_is_no_problem() -> None:
    """The status decides then."""
    assert known("123456789") is None
    assert known("") is None
    assert not is_done_already("")


def test_done_already_is_told() -> None:
    """For those who make agreements and check accounts."""
    assert is_done_already("600061")
    assert not is_done_already("2055")


def test_the_kinds_of_the_connection_are_those_a_person_has_to_cure_there() -> None:
    """Nothing about a product or an order is among them."""
    assert not CONNECTION_KINDS & {Kind.REFUSED, Kind.NOT_FOUND, Kind.BUSY, Kind.STALE, Kind.FAILED, Kind.DONE}
