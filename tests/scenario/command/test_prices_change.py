"""``prorata prices change``: a preview first, then a new list beside the old one; and what it is for: the next bill."""

from pathlib import Path

import pytest

from local.command import DONE, INPUT_UNUSABLE, main
from shared.documents.price_lists import read_price_list
from shared.domain.prices import PriceEntry

LIST = """CustomerId,ProductId,SkuId,MeterCategory,Method,Value,Currency,ValidTo,Note,Tiers
,P1,0001,,fixed,10.00,EUR,,kept note,
c-1,P1,0001,,fixed,9.00,EUR,2026-05-31,,
,P2,,,percent_of_erp,90,,,,
,,,Storage,graduated,,EUR,,,1:1.00; 101:0.80
,,,,markup_on_cost,15,,,,
"""


@pytest.fixture
def price_list(tmp_path: Path) -> Path:
    """A list of five prices."""
    path = tmp_path / "prices.csv"
    path.write_text(LIST, encoding="utf-8")
    return path


def _read(path: Path) -> list[PriceEntry]:
    with path.open("rb") as stream:
        return read_price_list(stream, path.name)


def _change(price_list: Path, *more: str) -> int:
    return main(["prices", "change", str(price_list), "--from", "2026-07-01", *more])


def test_without_a_file_to_write_only_the_preview_is_shown(
    price_list: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Row by row, before, after and difference; what is left alone is named with its reason."""
    code = _change(price_list, "--percent", "5")
    told = capsys.readouterr().out

    assert DONE == code
    assert "row 2 (all customers: ProductId P1, SkuId 0001) fixed: 10.00 -> 10.50 EUR (+0.50)" in told
    assert "row 4 (all customers: ProductId P2) percent_of_erp: 90 -> 94.5% (+4.5)" in told
    assert "row 5 (all customers: MeterCategory Storage, from unit 101) graduated: 0.80 -> 0.84 EUR (+0.04)" in told
    assert "left alone: row 3 (customer c-1: ProductId P1, SkuId 0001): it ended before 2026-07-01" in told
    assert "row 6 (all customers: everything): a percentage of a markup_on_cost could mean two things" in told
    assert "3 rows change, 2 stay as they are." in told
    assert "Nothing was written" in told
    assert ["prices.csv"] == [path.name for path in price_list.parent.iterdir()]


@pytest.mark.parametrize("name", ["new.csv", "new.xlsx"])
def test_the_new_list_ends_the_old_rows_and_begins_new_ones(price_list: Path, tmp_path: Path, name: str) -> None:
    """The old row keeps its note, the new one says who and why; the old file stays as it was."""
    new = tmp_path / name
    code = _change(
        price_list,
        *("--percent", "-2.5", "--product", "P1", "--round", "0.05"),
        *("--author", "Ada", "--note", "summer", "--out", str(new)),
    )
    changed = [entry for entry in _read(new) if entry.keys.product_id == "P1"]

    assert DONE == code
    assert LIST == price_list.read_text(encoding="utf-8")
    assert [
        ("10.00", None, "2026-07-01", "kept note"),
        ("9.75", "2026-07-01", None, "summer (Ada)"),
        ("9.00", None, "2026-06-01", ""),
    ] == [
        (
            str(entry.value),
            entry.valid_from and str(entry.valid_from),
            entry.valid_until and str(entry.valid_until),
            entry.note,
        )
        for entry in changed
    ]
    assert 6 == len(_read(new))


def test_only_rows_with_a_new_price_are_signed(tmp_path: Path) -> None:
    """One that begins later and changes is; one that begins that very day and stays keeps its note."""
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    old.write_text(
        "ProductId,SkuId,Method,Value,Currency,ValidFrom,Note\nP1,,fixed,10.00,EUR,2026-07-01,\n"
        "P1,0001,fixed,11.00,EUR,2026-09-01,plan\nP2,,fixed,20.00,EUR,2026-07-01,agreed\n",
        encoding="utf-8",
    )
    options = ("--percent", "5", "--product", "P1", "--include-later", "--author", "Ada", "--out", str(new))

    assert DONE == _change(old, *options)
    assert [("10.50", "Ada"), ("11.55", "Ada"), ("20.00", "agreed")] == [
        (str(entry.value), entry.note) for entry in _read(new)
    ]


def test_an_amount_and_a_named_method_change_what_they_say(
    price_list: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An amount in its currency; a markup only when it is named, so that the price rises by the percentage."""
    assert DONE == _change(price_list, "--amount", "0.50", "--currency", "eur", "--category", "Storage")
    assert "1.00 -> 1.50 EUR (+0.50)" in capsys.readouterr().out
    written = ("--author", "Ada", "--out", str(tmp_path / "new.csv"))
    assert DONE == _change(price_list, "--percent", "5", "--method", "markup_on_cost", *written)
    assert "15 -> 20.75% (+5.75)" in capsys.readouterr().out
    assert "Ada" == _read(tmp_path / "new.csv")[-1].note


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--percent", "5", "--method", "magic"), "--method magic: write one of fixed"),
        (("--amount", "5"), "an amount with its currency"),
        (("--percent", "5", "--product", "NONE", "--author", "Ada", "--out", "new.csv"), "widen its filter"),
        (("--percent", "5", "--out", "new.csv"), "needs an author"),
        (("--percent", "5", "--author", "Ada", "--out", "prices.csv"), "is there already"),
        (("--percent", "5", "--author", "Ada", "--out", "no/where.csv"), "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_written(
    price_list: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], said: str
) -> None:
    """With exit code 2."""
    placed = [str(price_list.parent / each) if each.endswith(".csv") else each for each in more]
    code = _change(price_list, *placed)

    assert INPUT_UNUSABLE == code
    assert said in capsys.readouterr().err
    assert ["prices.csv"] == [path.name for path in price_list.parent.iterdir()]


@pytest.mark.parametrize("number", ["much", "NaN"])
def test_a_percentage_that_is_no_number_is_refused(price_list: Path, number: str) -> None:
    """By the command line itself."""
    with pytest.raises(SystemExit):
        _change(price_list, "--percent", number)


def test_a_list_that_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With its path."""
    assert INPUT_UNUSABLE == _change(tmp_path / "none.csv", "--percent", "5")
    assert "cannot be opened" in capsys.readouterr().err


def test_prices_of_customer_groups_change_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who is in the group does not matter for that."""
    path = tmp_path / "groups.csv"
    path.write_text("CustomerGroup,ProductId,Method,Value,Currency\nSchools,P1,fixed,10.00,EUR\n", encoding="utf-8")
    code = _change(path, "--percent", "5", "--group", "Schools")

    assert DONE == code
    assert "10.00 -> 10.50 EUR" in capsys.readouterr().out


def test_a_long_preview_is_cut(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The counts are those of all rows."""
    long = tmp_path / "long.csv"
    rows = "".join(f"P{number},fixed,10,EUR\n" for number in range(201))
    long.write_text(f"ProductId,Method,Value,Currency\n{rows}", encoding="utf-8")
    _change(long, "--percent", "5")
    told = capsys.readouterr().out

    assert "... and 1 more" in told
    assert "201 rows change, 0 stay as they are." in told
