"""Answers that mean harm: texts of megabytes, lines of a log in a name, secrets in odd wrappings, impossible dates."""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from shared.domain.errors import ForgedError, SourceFileError
from shared.partner_center.addresses import own_path, part_address
from shared.partner_center.answers import LOOKED_AT_CHARACTERS_MAX, Answer, problem_of, scrubbed
from shared.partner_center.credentials import AppCredentials
from shared.partner_center.hosts import Audience, Hosts
from shared.partner_center.standing import _skew_s
from shared.partner_center.wire import invoices as wire
from shared.settings import Settings

NOW = datetime(2026, 11, 9, tzinfo=UTC)
MANIFEST = {
    "id": "m",
    "schemaVersion": "1",
    "dataFormat": "compressedJSON",
    "createdDateTime": "2026-11-01T00:00:00Z",
    "eTag": "e",
    "blobCount": 0,
    "blobs": [],
}


def test_of_a_text_of_megabytes_only_the_beginning_is_searched() -> None:
    """The search takes the square of a text's length: a text that is all addresses would take hours."""
    text = "https://" * 1_000_000

    assert scrubbed(text) == scrubbed(text[:LOOKED_AT_CHARACTERS_MAX])
    assert scrubbed(text) == problem_of(json.dumps({"description": text}).encode()).description


@pytest.mark.parametrize(
    "text",
    [
        'sent {"refresh_token":"0.AX-verysecret","scope":"x"}',
        "client_secret : 0.AX-verysecret",
        "{'client_assertion': '0.AX-verysecret'}",
    ],
)
def test_a_secret_in_quotes_is_cut_out_too(text: str) -> None:
    """As JSON writes it."""
    assert "verysecret" not in scrubbed(text)


@pytest.mark.parametrize("name", ["id", "eTag"])
@pytest.mark.parametrize("value", ["a\nFORGED LINE", "a\u2028b", "a" * 201])
def test_a_manifest_is_named_by_a_name(name: str, value: str) -> None:
    """It goes into rows and logs."""
    content = json.dumps({**MANIFEST, name: value}).encode()

    with pytest.raises(SourceFileError, match="no name"):
        wire.manifest(wire.manifest_of(content))


def test_why_an_export_failed_is_one_short_line() -> None:
    """It goes into rows and logs, and may quote an address with a signature."""
    error = {"code": "x" * 100, "message": f"see https://a.example/p?sig=abc\nFORGED LINE {'y' * 10_000}"}
    failed = wire.export_failed(msgspec.convert({"status": "failed", "error": error}, wire.ExportOperation))

    assert (40, 300) == (len(failed.code), len(failed.message))
    assert "see https://a.example/p FORGED LINE" == failed.message[:35]


@pytest.mark.parametrize(
    "said",
    [{"id": "D1\nFORGED"}, {"id": "../D1"}, {"id": "D" * 101}, {"currencyCode": "EURO"}, {"currencyCode": "'; "}],
)
def test_an_invoice_is_named_by_a_name(said: dict[str, str]) -> None:
    """Its id and currency go into keys, names of files and requests."""
    invoice = {"id": "D1", "invoiceDate": "2026-10-08", "currencyCode": "EUR", **said}

    with pytest.raises(ValueError, match="lacks its id, date or currency"):
        list(wire.invoices(wire.invoice_of(json.dumps(invoice))))


@pytest.mark.parametrize(
    "host", ["evil.example%2f", "evil.example;", "evil.example<", 'evil.example"', "evil.example'", "a.", "a,b", "ä"]
)
def test_a_host_is_letters_digits_and_dots(host: str) -> None:
    """Whatever else one library takes for a host, another may take for the end of one."""
    with pytest.raises(ForgedError):
        part_address(Hosts(), f"https://{host}.blob.core.windows.net/c", "p", "sig=x")


@pytest.mark.parametrize("odd", ["\u2028", "\u2029", "\x85", "\xa0"])
def test_an_address_holds_no_line_break_of_any_kind(odd: str) -> None:
    """Paths go into logs."""
    with pytest.raises(ForgedError):
        own_path(Hosts(), Audience.GRAPH, f"/v1.0/a{odd}b")


@pytest.mark.parametrize("date", ["Fri, 31 Dec 99999999999 23:59:59 GMT", "Fri, 31 Dec 2020 23:59:59 +99999999999", ""])
def test_a_date_of_no_calendar_says_nothing_of_the_clock(date: str) -> None:
    """The check of the clock goes on."""
    assert _skew_s(Answer(status=200, headers={"date": date}), NOW) is None


def test_a_certificate_is_in_no_repr() -> None:
    """A Key Vault reference leaves the certificate itself in the setting, private key and all."""
    shown: list[Any] = [
        AppCredentials(tenant_id="t", client_id="c", certificate="-----BEGIN PRIVATE KEY-----verysecret"),
        Settings.model_validate({"client_certificate": "-----BEGIN PRIVATE KEY-----verysecret"}),
    ]

    assert [] == [each for each in map(repr, shown) if "verysecret" in each]
