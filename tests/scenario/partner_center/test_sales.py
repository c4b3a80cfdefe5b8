"""The catalogue, price sheets and exchange rates, in every wrapping."""

import gzip
import io
import zipfile
from decimal import Decimal
from typing import Any

import pytest

from shared.documents.price_sheets import read_price_sheet
from shared.domain.errors import MicrosoftUnavailableError, NotConnectedError, SourceFileError

CSV = b"ProductTitle,ProductId,SkuId\r\nBasic,CFQ7TTC0LH18,0001\r\n"
SHEET = "/v1.0/sales/pricesheets(Market='NL',PricesheetView='updatedlicensebased')/$value?timeline=current"


def content_of(stream: Any) -> bytes:
    """Return what a stream holds, and close it."""
    with stream:
        return bytes(stream.read())


def zipped(*contents: bytes) -> bytes:
    """Return a zip with a file for each of *contents*."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, content in enumerate(contents):
            archive.writestr(f"sheet{number}.csv", content)
    return target.getvalue()


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (zipped(CSV), {"Content-Encoding": "deflate"}),
        (zipped(CSV), {}),
        (zipped(b"\xef\xbb\xbf" + CSV), {}),
        (CSV, {"Content-Type": "application/octet-stream"}),
        (b"\xef\xbb\xbf" + CSV, {}),
        (gzip.compress(CSV), {"Content-Encoding": "gzip"}),
    ],
)
def test_a_price_sheet_is_unpacked_whatever_it_comes_in(
    microsoft: Any, script: Any, body: bytes, headers: dict[str, str]
) -> None:
    """The first bytes tell, not the headers: "deflate" means a zip here."""
    script.then(200, body, headers)

    assert content_of(microsoft.price_sheet("NL", "updatedlicensebased")) == CSV
    assert SHEET == script.asked[0].path
    assert "deflate" == script.asked[0].headers["accept-encoding"]
    assert "Bearer SECRET-user-PARTNER_API-1" == script.asked[0].headers["authorization"]


def test_a_price_sheet_can_be_read_as_one_that_was_handed_in(microsoft: Any, script: Any) -> None:
    """The stream is all that the reader of price sheets needs."""
    header = "ProductId,SkuId,TermDuration,BillingPlan,Currency,UnitPrice,ERP Price,EffectiveStartDate,EffectiveEndDate"
    row = "CFQ7TTC0LH18,0001,P1Y,Monthly,EUR,5.60,7.00,2/1/2026 12:00:00 AM,12/31/9999 11:59:59 PM"
    script.then(200, zipped(f"{header}\r\n{row}\r\n".encode()))
    with microsoft.price_sheet("NL", "updatedlicensebased") as sheet:
        (price,) = read_price_sheet(sheet, "sheet")

    assert Decimal("5.60") == price.cost


@pytest.mark.parametrize("status", [404, 204])
def test_where_a_market_has_no_sheet_there_is_none(microsoft: Any, script: Any, status: int) -> None:
    """It is not an error: not every view is there in every market, nor rates for every month."""
    script.then(status, {"error": {"code": "NotFound", "message": "No price sheet"}} if status == 404 else None)

    assert microsoft.price_sheet("AQ", "software") is None
    assert microsoft.exchange_rates("202613") is None


def test_a_sheet_that_breaks_off_is_had_from_its_beginning_again(microsoft: Any, script: Any) -> None:
    """Half a sheet is none."""
    body = zipped(CSV * 100)
    script.then(200, body, fate="cut").then(200, body)

    assert CSV * 100 == content_of(microsoft.price_sheet("NL", "updatedlicensebased"))


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"<html>Sign in</html>", MicrosoftUnavailableError),
        (b"", SourceFileError),
        (zipped(CSV, CSV), SourceFileError),
        (zipped(), SourceFileError),
        (zipped(b"0" * (64 << 20)), SourceFileError),
        (CSV + b"0" * (9 << 20), SourceFileError),
        (zipped(CSV)[:-30], SourceFileError),
    ],
    ids=["page", "nothing", "two files", "no file", "bomb", "long line", "damaged"],
)
def test_what_is_no_sheet_is_an_error(microsoft: Any, script: Any, body: bytes, error: type[Exception]) -> None:
    """An empty or foreign sheet must not pass for a market without prices."""
    script.then(200, body)

    with pytest.raises(error):
        microsoft.price_sheet("NL", "updatedlicensebased")


def test_exchange_rates_are_asked_for_by_month(microsoft: Any, script: Any) -> None:
    """Plain CSV."""
    script.then(200, b"CurrencyCode,USDPerUnit,Month\r\nEUR,1.08,202610\r\n")

    assert content_of(microsoft.exchange_rates("202610")).startswith(b"CurrencyCode")
    assert "/v1.0/sales/fxrates(Month='202610')/$value" == script.asked[0].path


def test_a_missing_role_for_prices_is_named(microsoft: Any, script: Any) -> None:
    """The price API has words for codes."""
    script.then(403, {"error": {"code": "Forbidden", "message": "no"}})

    with pytest.raises(NotConnectedError) as raised:
        microsoft.price_sheet("NL", "updatedlicensebased")
    assert "role-missing" == raised.value.state


def test_products_come_with_their_skus(microsoft: Any, script: Any) -> None:
    """As Microsoft writes them, in order; a product that went meanwhile has none."""
    script.by_path(
        {
            "/v1/products?country=NL&targetView=OnlineServices": {
                "items": [{"id": "P2"}, {"id": "P1", "title": "One"}]
            },
            "/v1/products/P1/skus?country=NL": {"items": [{"id": "0002"}, {"id": "0001", "maximumQuantity": 300}]},
        }
    )

    assert [
        {"id": "P1", "title": "One", "skus": [{"id": "0001", "maximumQuantity": 300}, {"id": "0002"}]},
        {"id": "P2", "skus": []},
    ] == microsoft.products("NL", "OnlineServices")


def test_a_product_without_an_id_is_an_error(microsoft: Any, script: Any) -> None:
    """It could not be told from its neighbours."""
    script.then(200, {"items": [{"title": "Nameless"}]})

    with pytest.raises(MicrosoftUnavailableError, match="no id"):
        microsoft.products("NL", "OnlineServices")
