"""Customer groups: who shares the prices of a group, from a file or a sheet of the price list."""

from io import BytesIO

import openpyxl
import pytest

from shared.documents.customer_groups import read_customer_groups
from shared.documents.price_lists import read_price_list
from shared.domain.errors import InvalidError
from shared.domain.prices import PriceBook, PriceSubject


def _read(text: str | bytes) -> dict[str, tuple[str, ...]]:
    return read_customer_groups(BytesIO(text.encode() if isinstance(text, str) else text), "groups.csv")


def test_a_group_has_its_customers_in_file_order() -> None:
    """Once each, in as many groups as they are; the first spelling names the group."""
    content = "Customer Id,GROUP\nc-2,Schools\nc-1,schools\n# gone,Schools\nc-1,North\nc-2,SCHOOLS\n"

    assert {"Schools": ("c-2", "c-1"), "North": ("c-1",)} == _read(content)


def test_a_workbook_may_hold_prices_and_groups() -> None:
    """Each reader takes its own sheet, and the prices find their customers."""
    workbook = openpyxl.Workbook()
    prices, groups = workbook.worksheets[0], workbook.create_sheet("CustomerGroups")
    prices.title = "Prices"
    for row in (("CustomerGroup", "Method", "Value"), ("Schools", "markup_on_cost", "5")):
        prices.append(row)
    for row in (("CustomerId", "Group"), ("c-1", "Schools")):
        groups.append(row)
    stream = BytesIO()
    workbook.save(stream)
    content = stream.getvalue()
    book = PriceBook(read_price_list(BytesIO(content), "p.xlsx"), groups=_read(content))

    assert book.find(PriceSubject(customer_id="C-1", currency="EUR"), None) is not None
    assert book.find(PriceSubject(customer_id="c-2", currency="EUR"), None) is None


@pytest.mark.parametrize(
    ("content", "refused"),
    [
        ("", "the file is empty; begin with a row of column names: CustomerId, Group"),
        ("CustomerId\nc-1\n", "columns CustomerId; use CustomerId and Group, each once, and no others"),
        ("CustomerId,Group,Note\nc-1,a,b\n", "columns CustomerId, Group, Note; use"),
        ("CustomerId,Group\nc-1,\n,b\n", "2 problems, nothing was read from it.\n- row 2: write both"),
        ("CustomerId,Group\nc-1,a,b\n", "row 2: more cells than column names: quote the comma"),
    ],
)
def test_what_cannot_be_read_is_refused(content: str, refused: str) -> None:
    """With the rows and the cure; nothing is guessed."""
    with pytest.raises(InvalidError) as caught:
        _read(content)

    assert f"groups.csv: {refused}" in str(caught.value) or refused in str(caught.value)
