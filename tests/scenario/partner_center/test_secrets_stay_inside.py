"""No token, signature or query of an address is in a log, an error, or anything that hangs on one."""

import logging
import traceback
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from shared.domain.errors import ProrataError
from shared.domain.snapshots.deliveries import Manifest
from shared.partner_center.addresses import part_address
from shared.partner_center.gateway import PartnerCenter
from shared.partner_center.hosts import Hosts
from shared.partner_center.request import Request

MADE_AT = datetime(2026, 10, 8, tzinfo=UTC)


def everything_said(error: BaseException, caplog: pytest.LogCaptureFixture) -> str:
    """Return all texts that a log, a traceback or a collector of errors could get at."""
    said, seen, found = [caplog.text], set[int](), [error]
    while found:
        each = found.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        said += [repr(each), *map(repr, each.args), "".join(traceback.format_exception(each))]
        found += [linked for linked in (each.__cause__, each.__context__) if linked is not None]
    said += [repr(record.__dict__) for record in caplog.records]
    return "\n".join(said)


def manifest(root: str) -> Manifest:
    """A finished export whose address is a secret."""
    return Manifest(
        id="m1",
        etag="e1",
        data_format="compressedJSON",
        created_at=MADE_AT,
        parts=("part-0.json.gz",),
        part_count=1,
        root=root,
        token="sv=2021&sig=SECRETSIG",
    )


ECHO = {
    "code": 3000,
    "description": "Invalid https://h/p?sig=SECRETSIG and Bearer SECRET-user-PARTNER_CENTER-1 client_secret=SECRET",
}
FATES: list[Callable[[Any], object]] = [
    lambda script: script.then(fate="hang up"),
    lambda script: script.then(fate="stall"),
    lambda script: script.then(200, b"y" * 100, fate="cut"),
    lambda script: script.quoting(401),
    lambda script: script.quoting(403),
    lambda script: script.then(400, ECHO),
    lambda script: script.then(500, b"<html>SECRET at /v1/thing?filter=SECRET</html>"),
    lambda script: script.then(307, headers={"Location": "https://elsewhere.example/?sig=SECRETSIG"}),
    lambda script: script.then(200, b"not json", {"Content-Encoding": "gzip"}),
    lambda script: script.then(429, b"Bearer SECRET", {"Retry-After": "6000"}),
    lambda script: script.then(200, b"{}", {"Content-Length": "2", "Bad\x01Header": "x"}),
]


@pytest.mark.parametrize("fate", FATES, ids=range(len(FATES)))
def test_a_failed_call_tells_no_secret(
    microsoft: PartnerCenter, script: Any, caplog: pytest.LogCaptureFixture, fate: Callable[[Any], object]
) -> None:
    """However it fails, and with logs of every library at their most talkative."""
    caplog.set_level(logging.DEBUG)
    fate(script)
    request = Request(method="GET", path="/v1/thing?filter=SECRET", headers={"MS-ContinuationToken": "SECRET"})
    try:
        microsoft.transport.operation().ask(request)
        said = caplog.text
    except ProrataError as error:
        said = everything_said(error, caplog)

    assert "/v1/thing" in said
    assert "SECRET" not in said


PART_FATES: list[Callable[[Any], object]] = [
    lambda script: script.then(fate="hang up"),
    lambda script: script.then(fate="stall"),
    lambda script: script.then(403, b"<Error>sig=SECRETSIG</Error>"),
    lambda script: script.then(500, b"sig=SECRETSIG"),
    lambda script: script.then(302, headers={"Location": "https://elsewhere.example/?sig=SECRETSIG"}),
    lambda script: script.then(200, b"z" * 100, fate="cut"),
]


@pytest.mark.parametrize("fate", PART_FATES, ids=range(len(PART_FATES)))
def test_a_part_that_fails_tells_no_secret(
    microsoft: PartnerCenter, script: Any, caplog: pytest.LogCaptureFixture, fate: Callable[[Any], object]
) -> None:
    """The address of a part is its key."""
    caplog.set_level(logging.DEBUG)
    fate(script)

    with pytest.raises(ProrataError) as raised:
        microsoft.open_part(manifest(f"{script.base_url}/secretroot"), "part-0.json.gz").read()
    said = everything_said(raised.value, caplog)

    assert "part-0.json.gz" in said
    assert "SECRET" not in said
    assert "?sig" not in said


@pytest.mark.parametrize("end", [b"\xff", b'"sasToken": 1}', b"", b"]"])
def test_a_manifest_that_cannot_be_read_tells_no_secret(
    microsoft: PartnerCenter, script: Any, caplog: pytest.LogCaptureFixture, end: bytes
) -> None:
    """Exceptions of decoders may carry all that they were given."""
    caplog.set_level(logging.DEBUG)
    inside = b'{"rootDirectory": "https://h/SECRET", "sasToken": "sig=SECRET", "id": "' + end
    script.then(200, b'{"status": "succeeded", "resourceLocation": ' + inside)

    with pytest.raises(ProrataError) as raised:
        microsoft.export_state("/v1.0/reports/partners/billing/operations/1")
    assert "SECRET" not in everything_said(raised.value, caplog)


def test_a_host_that_cannot_be_reached_tells_no_secret(
    microsoft: PartnerCenter, script: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The HTTP library's own words hold the whole address."""
    caplog.set_level(logging.DEBUG)
    nobody = manifest("http://127.0.0.1:9/secretroot")

    with pytest.raises(ProrataError) as raised:
        microsoft.open_part(nobody, "part-0.json.gz")
    assert "SECRET" not in everything_said(raised.value, caplog)


def test_a_foreign_host_is_named_without_its_secret(microsoft: PartnerCenter, script: Any) -> None:
    """Scheme and host are all that a message shows of an address."""
    with pytest.raises(ProrataError, match="https://evil") as raised:
        part_address(Hosts(), "https://evil.example/SECRET", "part-0.json.gz", "sig=SECRETSIG")

    assert "SECRET" not in str(raised.value)


def test_a_manifest_shows_neither_root_nor_signature() -> None:
    """It is printed and compared in many places."""
    assert "SECRET" not in repr(manifest("https://a.blob.core.windows.net/SECRETROOT"))


def test_a_call_that_goes_well_tells_no_secret(
    microsoft: PartnerCenter, script: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """One line: what was asked, how it went, how long it took, what ties it to Microsoft's own log."""
    caplog.set_level(logging.DEBUG)
    script.then(200, {"items": [], "links": {}})
    list(microsoft.audit_records(date(2026, 10, 8)))
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("shared.")]

    assert 1 == len(lines)
    assert lines[0].startswith("GET /v1/auditrecords: status 200, 0 ms, 1 tries, correlation id ")
    assert "startDate" not in caplog.text
