"""``prorata quote``: a person asks what something will cost, as JSON and as a table, and nothing is changed."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from local.command import main

PRICES = "ProductId,Method,Value,Currency,CustomerGroup\nCFQ7,fixed,12.00,EUR,\nCFQ7,fixed,11.00,EUR,Schools\n"
LICENCE: dict[str, Any] = {
    "id": "s1", "customer": "c-1", "kind": "licence", "term": "P1Y", "plan": "monthly", "product": "CFQ7:0001",
    "purchased": "2026-06-18", "quantity": 10, "unit_price": "10.08",
}  # fmt: skip
EXAMPLE = re.compile(r"~~~json\n(.*?)~~~\n\n~~~text\n(.*?)~~~", re.DOTALL)
DOCS = Path(__file__).parents[3] / "docs" / "history-format.md"


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    """12.00 for everybody, 11.00 for schools."""
    path = tmp_path / "prices.csv"
    path.write_text(PRICES)
    return path


@pytest.fixture
def groups(tmp_path: Path) -> Path:
    """The customer is a school."""
    path = tmp_path / "groups.csv"
    path.write_text("CustomerId,Group\nc-1,Schools\n")
    return path


def _file(tmp_path: Path, proposed: dict[str, Any], **facts: Any) -> Path:
    path = tmp_path / "change.json"
    path.write_text(json.dumps({"currency": "EUR", "subscription": LICENCE, "proposed": proposed} | facts))
    return path


MORE = {"event": {"on": "2026-06-20", "change": "+2"}}


def test_a_change_is_quoted_as_json(
    tmp_path: Path, prices: Path, groups: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the price of the customer's group, line by line and by the month."""
    path = _file(tmp_path, MORE)
    code = main(["quote", str(path), "--prices", str(prices), "--customer-groups", str(groups)])
    made = json.loads(capsys.readouterr().out)

    assert (0, False, {"EUR": "20.53"}) == (code, made["refused"], made["total_now"])
    assert ({"EUR": "110.00"}, {"EUR": "132.00"}) == (made["per_month_before"], made["per_month_after"])
    assert ["-102.67", "123.20"] == [line["sale"]["amount"] for line in made["lines"]]
    assert "prices.csv row 3 (customer group" in made["lines"][0]["sale"]["price_source"]
    assert ("2027-06-18", "2026-06-28T00:00:00Z") == (
        made["commitment"]["price_locked_until"],
        made["undo"]["until"],
    )


def test_a_list_with_groups_and_no_groups_is_refused(
    tmp_path: Path, prices: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Loudly: nobody is in the group."""
    code = main(["quote", str(_file(tmp_path, MORE)), "--prices", str(prices)])

    assert 2 == code
    assert "nobody is in the customer group 'Schools'" in capsys.readouterr().err


def test_a_refusal_has_its_own_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As everything that needs a person."""
    rows = [{"Method": "fixed", "Value": "12", "Currency": "EUR"}]
    path = _file(tmp_path, {"event": {"on": "2026-09-20", "quantity": 8}}, price_list=rows, title="Fewer seats")
    code = main(["quote", str(path), "--table"])
    said = capsys.readouterr().out

    assert 3 == code
    assert said.startswith("Fewer seats\n\nRefused.\nNow nothing\nBy the month before 120.00 EUR, after 120.00 EUR\n")
    assert "CHANGE_REFUSED" in said


def test_the_table_says_what_it_replaces_and_what_has_no_price(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second change of a day; without prices only the cost is told."""
    changed = LICENCE | {"events": [{"at": "2026-06-20T08:00:00Z", "quantity": 12}]}
    proposed = {"event": {"at": "2026-06-20T09:00:00Z", "quantity": 15}}
    rows = [{"Method": "fixed", "Value": "12", "Currency": "EUR"}]
    main(["quote", str(_file(tmp_path, proposed, subscription=changed, price_list=rows)), "--table"])
    priced = capsys.readouterr().out
    code = main(["quote", str(_file(tmp_path, proposed, subscription=changed)), "--table", "--language", "de"])
    bare = capsys.readouterr().out

    assert "In place of addQuantity: 134.40\n" in priced
    assert "Now 33.60 EUR\n" in priced
    assert 3 == code
    assert "no price" in bare
    assert "PRICE_MISSING" in bare


def test_an_order_of_an_own_service_needs_no_prices(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its policy says what it costs; every 30 days, so that the month is told exactly."""
    order = {
        "id": "o1",
        "kind": "own-recurring",
        "purchased": "2026-06-20",
        "unit_price": "30",
        "billing": {"every": "30 days"},
    }
    path = _file(tmp_path, {"order": order}, own_costs={"o1": "20"})
    code = main(["quote", str(path)])
    made = json.loads(capsys.readouterr().out)
    main(["quote", str(path), "--table"])
    table = capsys.readouterr().out

    assert (0, "order", {"EUR": "30.00"}, {"EUR": "20.00"}) == (
        code,
        made["proposed"],
        made["total_now"],
        made["cost_now"],
    )
    assert "the service's own billing policy" == made["lines"][0]["sale"]["price_source"]
    assert (None, 30, "30.42") == (
        made["recurring_after"][0]["months"],
        made["recurring_after"][0]["days"],
        made["recurring_after"][0]["per_month"],
    )
    assert "o1: 1 x 30.42 EUR = 30.42 EUR by the month, from 30.00 EUR for 2026-07-20 to 2026-08-18 (30 days)" in table


def test_a_customer_sees_no_cost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither the vendor's amounts nor the price list's rows, in JSON and in the table, even where it is refused."""
    rows = [{"Method": "fixed", "Value": "12", "Currency": "EUR"}]
    changed = LICENCE | {"events": [{"on": "2026-06-20", "quantity": 15}]}
    more = _file(
        tmp_path, MORE | {"event": {"on": "2026-06-21", "quantity": 16}}, subscription=changed, price_list=rows
    )
    for options in ([], ["--table"]):
        main(["quote", str(more), "--for-customer", *options])
    accepted = capsys.readouterr().out
    fewer = _file(tmp_path, {"event": {"on": "2026-06-27", "quantity": 8}}, subscription=changed, price_list=rows)
    for options in ([], ["--table"]):
        main(["quote", str(fewer), "--for-customer", *options])
    refused = capsys.readouterr().out

    assert "16 x 12 EUR for 2026-06-21 to 2026-07-17" in accepted
    assert "Schedule the smaller quantity for the renewal on 2027-06-18." in refused
    for word in ("10.08", "35.28", "margin", "Margin", "cost", "Cost", "row 2", "price_list of"):
        assert word not in accepted + refused


def test_seats_that_can_go_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As data for programs."""
    rows = [{"Method": "fixed", "Value": "12", "Currency": "EUR"}]
    changed = LICENCE | {"events": [{"on": "2026-06-20", "quantity": 15}]}
    path = _file(tmp_path, {"event": {"on": "2026-06-27", "quantity": 8}}, subscription=changed, price_list=rows)
    main(["quote", str(path)])

    assert {"quantity": 10, "back": {"EUR": "42.00"}} == json.loads(capsys.readouterr().out)["possible"]


@pytest.mark.parametrize(
    ("facts", "options", "told"),
    [
        ({"price_list": []}, ("--prices",), "keep one of them"),
        ({"customer_groups": {"Schools": ["c-1"]}}, ("--prices",), "give them as --customer-groups FILE"),
        ({}, ("--customer-groups",), "--prices is missing"),
    ],
)
def test_prices_stand_in_one_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], facts: dict[str, Any], options: tuple[str, ...], told: str
) -> None:
    """In the file or beside it, not in both."""
    plain = tmp_path / "plain.csv"
    plain.write_text("Method,Value,Currency\nfixed,12,EUR\n")
    if facts.get("price_list") == []:
        facts = {"price_list": [{"Method": "fixed", "Value": "12", "Currency": "EUR"}]}
    code = main(
        ["quote", str(_file(tmp_path, MORE, **facts)), *(part for name in options for part in (name, str(plain)))]
    )

    assert 2 == code
    assert told in capsys.readouterr().err


def test_explain_gives_the_sale_of_every_line(
    tmp_path: Path, prices: Path, groups: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With source, sentence and margin; a missing price blocks."""
    path = tmp_path / "history.json"
    path.write_text(json.dumps({"currency": "EUR", "subscription": LICENCE}))
    given = ["explain", str(path), "--prices", str(prices), "--customer-groups", str(groups), "--price-lock", "at_once"]
    code = main(given)
    made = json.loads(capsys.readouterr().out)
    main([*given, "--table"])
    table = capsys.readouterr().out
    other = tmp_path / "other.csv"
    other.write_text("ProductId,Method,Value,Currency\nOTHER,fixed,12,EUR\n")
    blocked = main(["explain", str(path), "--prices", str(other)])
    sale = made["lines"][0]["sale"]

    assert (0, "110.00", "9.20", {"EUR": "110.00"}) == (code, sale["amount"], sale["margin"], made["sale_totals"])
    assert "10 x 11 EUR for 2026-06-18 to 2026-07-17." == sale["sentence"]
    assert ("2026-06-18", "2026-07-18") == (sale["price_on"], sale["locked_until"])
    assert "Sale total 110.00 EUR\n" in table
    assert "prices.csv row 3" in table
    assert 3 == blocked


def test_explain_has_no_sale_table_without_lines(
    tmp_path: Path, prices: Path, groups: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing was sold."""
    path = tmp_path / "history.json"
    path.write_text(json.dumps({"currency": "EUR", "through": "2026-01-01", "subscription": LICENCE}))
    main(["explain", str(path), "--prices", str(prices), "--customer-groups", str(groups), "--table"])

    assert "Sale total" not in capsys.readouterr().out


def test_a_file_that_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With its path."""
    path = _file(tmp_path, MORE)
    code = main(["quote", str(path), "--prices", str(tmp_path / "none.csv")])

    assert 2 == code
    assert "cannot be opened" in capsys.readouterr().err


def test_the_example_of_the_documentation_says_what_stands_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """To the letter."""
    ((given, said),) = EXAMPLE.findall(DOCS.read_text("utf-8"))
    path = tmp_path / "quote.json"
    path.write_text(given)
    main(["quote", str(path), "--table"])

    assert said == capsys.readouterr().out
