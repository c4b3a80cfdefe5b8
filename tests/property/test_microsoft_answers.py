"""Whatever Microsoft, a gateway or an attacker answers: it is read, or refused in one known way."""

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import ForgedError, MicrosoftUnavailableError
from shared.domain.snapshots.values import SubscriptionSnapshot
from shared.partner_center.addresses import own_path, part_address
from shared.partner_center.answers import Answer, problem_of, scrubbed
from shared.partner_center.hosts import Audience, Hosts
from shared.partner_center.paging import decoded
from shared.partner_center.request import Request
from shared.partner_center.retry_after import RETRY_AFTER_S_MAX, retry_after_s
from shared.partner_center.wire.collections import Page
from shared.partner_center.wire.scalars import amount, canonical, instant, whole
from shared.partner_center.wire.subscriptions import Subscription, snapshot, subscription_of

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=12
)
STRUCTURED = {"productType", "refundableQuantity", "suspensionReasons", "links", "attributes"}
FIELDS = sorted(set(Subscription.__struct_encode_fields__) - STRUCTURED)
REQUEST = Request(method="GET", path="/v1/customers")


@given(st.dictionaries(st.sampled_from(FIELDS), SCALARS))
def test_a_subscription_is_read_whatever_types_its_fields_have(body: dict[str, Any]) -> None:
    """And equal answers make equal values."""
    found = snapshot(subscription_of(json.dumps(body).encode()), "T")
    again = snapshot(subscription_of(json.dumps(dict(reversed(body.items()))).encode()), "T")

    assert isinstance(found, SubscriptionSnapshot)
    assert found == again
    assert found.status == found.status.lower()


@given(JSON | st.binary())
def test_any_body_of_an_error_can_be_read(body: Any) -> None:
    """With a code that is one, and one line of words that is short."""
    problem = problem_of(body if isinstance(body, bytes) else json.dumps(body).encode())

    assert len(problem.code) <= 64
    assert len(problem.description) <= 300
    assert problem.description.isprintable() or not problem.description.isascii()
    assert "\n" not in problem.description


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_page_is_read_or_refused_in_one_way(content: bytes) -> None:
    """No other exception comes out."""
    try:
        page = decoded(Answer(status=200, headers={}, content=content), REQUEST, msgspec.json.Decoder(Page).decode)
    except MicrosoftUnavailableError:
        return
    assert isinstance(page, Page)


@given(st.integers(1, 2000))
def test_a_page_of_any_depth_is_read_or_refused(depth: int) -> None:
    """Nesting is no way to end a worker."""
    content = b'{"items":' + b"[" * depth * 50 + b"]" * depth * 50 + b"}"
    said = ""
    try:
        decoded(Answer(status=200, headers={}, content=content), REQUEST, msgspec.json.Decoder(Page).decode)
    except MicrosoftUnavailableError as error:
        said = str(error)

    assert not said or "cannot be read" in said


@given(
    st.datetimes(datetime(3, 1, 1), datetime(9998, 12, 30)),  # noqa: DTZ001 - the zone is drawn as well
    st.integers(0, 7),
    st.sampled_from(["Z", "", "+00:00", "+02:00", "-05:30"]),
)
def test_an_instant_keeps_its_value_in_every_form(moment: datetime, digits: int, zone: str) -> None:
    """Digits beyond a microsecond are cut off; without a zone it is UTC."""
    fraction = f"{moment.microsecond:06d}7"[:digits]
    written = f"{moment:%H:%M:%S}{'.' if digits else ''}{fraction}{zone}"
    hours, minutes = {"+02:00": (2, 0), "-05:30": (-5, -30)}.get(zone, (0, 0))
    kept = int(f"{fraction}000000"[:6])
    expected = moment.replace(microsecond=kept, tzinfo=timezone(timedelta(hours=hours, minutes=minutes)))

    assert expected.astimezone(UTC) == instant(f"{moment.year:04d}-{moment:%m-%d}T{written}")


@given(SCALARS)
def test_no_scalar_breaks_an_instant_or_a_count(value: Any) -> None:
    """What cannot be read is as good as missing."""
    assert instant(value) is None or instant(value).tzinfo is UTC
    assert isinstance(whole(value), int)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**20), max_value=10**20))
def test_an_amount_is_exact_as_a_number_and_as_text(value: Decimal) -> None:
    """Each digit is kept."""
    assert value == amount(msgspec.Raw(f"{value:f}".encode()))
    assert value == amount(msgspec.Raw(f'"{value:f}"'.encode()))


@given(st.dictionaries(st.text(), JSON, max_size=5), st.randoms())
def test_canonical_text_does_not_depend_on_order(value: dict[str, Any], order: Any) -> None:
    """Nor on nulls that come and go."""
    items = [*value.items()]
    order.shuffle(items)

    assert canonical(value) == canonical({**dict(items), "never there before": None})


@given(st.text(), st.text("abcdefABCDEF0123456789-_", min_size=8))
def test_no_secret_survives_in_words(around: str, secret: str) -> None:
    """In an address, as a parameter, as a bearer's token."""
    leaks = (f"https://h/p?{secret}", f"sig={secret}", f"Bearer {secret}", f"client_secret={secret}", f"eyJ{secret}")

    assert not [leak for leak in leaks if secret in scrubbed(f"{leak} {around}") and secret not in scrubbed(around)]


@given(st.text() | st.from_regex(r"(https?|ftp)://[a-z.:@/\\]{0,12}microsoft\.com[a-z./?#\\@:]{0,12}", fullmatch=True))
def test_an_address_is_at_home_or_refused(address: str) -> None:
    """There is no third way."""
    home = "https://api.partnercenter.microsoft.com"
    try:
        path = own_path(Hosts(), Audience.PARTNER_CENTER, address)
    except ForgedError:
        return
    assert address.lower().startswith((home, "/"))
    assert path == "" or path[0] in "/?"


@given(st.text(), st.text())
def test_a_part_lies_on_an_allowed_host_or_nowhere(root: str, name: str) -> None:
    """Whatever the manifest says."""
    try:
        address = part_address(Hosts(), f"https://{root}", name, "sig=1")
    except ForgedError:
        return
    assert ".blob.core.windows.net" in address


@given(st.text())
def test_how_long_to_wait_stays_within_a_day(told: str) -> None:
    """Or nothing is said."""
    seconds = retry_after_s({"retry-after": told}, told, now=datetime(2026, 10, 8, tzinfo=UTC))

    assert seconds is None or 0 <= seconds <= RETRY_AFTER_S_MAX
