"""``prorata catalogue``: a person looks for what can be sold, and sees prices and no cost."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from local.command import main

SHEET = (
    "ProductTitle,ProductId,SkuId,SkuTitle,Publisher,SkuDescription,UnitOfMeasure,TermDuration,BillingPlan,Market,"
    "Currency,UnitPrice,PricingTierRangeMin,PricingTierRangeMax,EffectiveStartDate,EffectiveEndDate,Tags,"
    "ERP Price,Segment\n"
    'Microsoft 365,CFQ7,0001,Business Premium,Microsoft Corporation,"Office, mail",Licenses,P1Y,Monthly,SE,'
    "EUR,8.41,1,300,2/1/2026 12:00:00 AM,12/31/9999 11:59:59 PM,License,10,Commercial\n"
    "Visio,CFQ8,0001,Visio Plan 1,Microsoft Corporation,Diagrams,Licenses,P1M,Monthly,SE,EUR,4.00,,,"
    "2/1/2026 12:00:00 AM,12/31/9999 11:59:59 PM,License,5,Commercial\n"
)
CATALOGUE = (
    "ProductId,Category,ProductGroup,Title,AddOnOf,Maximum\nCFQ7,Productivity,,,,\nCFQ8,Diagrams,,,CFQ7:0001,\n"
    "SUPPORT,Services,Ours,Support desk,CFQ7:0001,5\n"
)
PRICES = (
    "CustomerId,CustomerGroup,ProductId,Method,Value,Currency,Tiers\nc-1,,CFQ7,fixed,9.00,EUR,\n,,,percent_of_erp,95,,\n"
    ",Schools,CFQ8,fixed,4.50,EUR,\n,,SUPPORT,graduated,,EUR,1:50;10:40\n"
)
HIDDEN = "8.41"
Search = Callable[..., str]


@pytest.fixture
def search(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Search:
    """Runs the command on the files, and returns what it printed."""
    files = {
        "sheet.csv": SHEET,
        "catalogue.csv": CATALOGUE,
        "prices.csv": PRICES,
        "groups.csv": "CustomerId,Group\nc-2,Schools\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)

    def run(*options: str, bare: bool = False) -> str:
        given = ["catalogue", "--price-sheet", str(tmp_path / "sheet.csv"), "--on", "2026-10-15", "--country", "SE"]
        if not bare:
            given += ["--catalogue", str(tmp_path / "catalogue.csv"), "--prices", str(tmp_path / "prices.csv")]
            given += ["--customer-groups", str(tmp_path / "groups.csv")]
        assert 0 == main([*given, *options])
        return capsys.readouterr().out

    return run


def test_the_catalogue_is_shown_with_prices_and_choices(search: Search) -> None:
    """To the letter."""
    assert search("--currency", "eur") == (
        "Business Premium (CFQ7:0001, at least 1, at most 300)\n"
        "    Office, mail\n"
        "    P1Y Monthly Commercial SE: 9.50 EUR, ERP 10 EUR\n"
        "Support desk (SUPPORT, at most 5)\n"
        "    once: from 50.00 EUR\n"
        "Visio Plan 1 (CFQ8:0001)\n"
        "    Diagrams\n"
        "    P1M Monthly Commercial SE: 4.75 EUR, ERP 5 EUR\n"
        "3 items\n"
        "Categories: Diagrams 1, Productivity 1, Services 1\n"
        "Product groups: Microsoft 365 1, Ours 1, Visio 1\n"
    )


def test_a_customer_sees_his_own_price_and_no_cost(search: Search) -> None:
    """As JSON; cost is there only for whoever asks for it."""
    told = search("--customer", "c-1", "--text", "premium", "--json")
    (item,) = json.loads(told)["items"]
    cost = json.loads(search("--customer", "c-1", "--text", "premium", "--json", "--with-cost"))["items"][0]["prices"][
        0
    ]

    assert ("CFQ7:0001", "9.00", "10", 2) == (
        item["code"], item["prices"][0]["price"], item["prices"][0]["erp"], item["prices"][0]["price_row"],
    )  # fmt: skip
    assert HIDDEN not in told
    assert "cost" not in item["prices"][0]
    assert HIDDEN == cost["cost"]
    assert "cost 8.41 EUR" in search("--text", "premium", "--with-cost")


def test_filters_and_groups_work_together(search: Search) -> None:
    """Category, product group, add-ons, and the prices of a customer group."""
    assert "Visio Plan 1" in search("--category", "diagrams")
    assert search("--group", "nothing").startswith("0 items\nCategories: none\n")
    assert "2 items" in search("--add-on-of", "cfq7:0001")
    assert "4.50 EUR, ERP 5 EUR" in search("--customer", "c-2", "--text", "visio")


def test_a_sheet_alone_is_a_catalogue(search: Search) -> None:
    """Without categories and without prices of the reseller's."""
    said = search("--text", "visio", bare=True)

    assert "P1M Monthly Commercial SE: no price of yours, ERP 5 EUR\n1 item\nCategories: (none) 1\n" in said
