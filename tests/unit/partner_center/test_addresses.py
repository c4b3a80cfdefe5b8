"""Where tokens and signatures may go."""

from dataclasses import replace

import pytest

from shared.domain.errors import ForgedError, InvalidError
from shared.partner_center.addresses import check_bases, own_path, part_address
from shared.partner_center.hosts import Audience, Hosts

HOSTS = Hosts()
HERE = replace(HOSTS, partner_center="http://127.0.0.1:8080/pc")
ROOT = "https://adls1.blob.core.windows.net/path/InvoiceId=G1"


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("https://api.partnercenter.microsoft.com/v1/customers?size=1", "/v1/customers?size=1"),
        ("https://API.partnercenter.microsoft.com:443/v1/x", "/v1/x"),
        ("/v1/customers", "/v1/customers"),
    ],
)
def test_an_address_at_home_is_cut_to_its_path(address: str, path: str) -> None:
    """Case of the host and its usual port do not matter."""
    assert path == own_path(HOSTS, Audience.PARTNER_CENTER, address)


@pytest.mark.parametrize(
    "address",
    [
        "http://api.partnercenter.microsoft.com/v1/x",
        "https://api.partnercenter.microsoft.com:8443/v1/x",
        "https://api.partnercenter.microsoft.com.evil.example/v1/x",
        "https://evil.example/https://api.partnercenter.microsoft.com/v1/x",
        "https://api.partnercenter.microsoft.com@evil.example/v1/x",
        "https://graph.microsoft.com/v1.0/x",
        "//evil.example/v1/x",
        "/\\evil.example/v1/x",
        "/v1/x\r\nHost: evil",
        "https://api.partnercenter.microsoft.com\\@evil.example/",
        "https://[::1/v1",
        "https://api.partnercenter.microsoft.com:99999/v1/x",
        "ftp://api.partnercenter.microsoft.com/v1/x",
        "javascript:alert(1)",
        "v1/customers",
        "",
    ],
)
def test_an_address_elsewhere_is_refused(address: str) -> None:
    """Whatever it looks like at its beginning."""
    with pytest.raises(ForgedError, match="no token is sent"):
        own_path(HOSTS, Audience.PARTNER_CENTER, address)


def test_a_base_with_a_path_of_its_own_holds_its_addresses_in() -> None:
    """A neighbour on the same host is a neighbour."""
    assert "/v1/x" == own_path(HERE, Audience.PARTNER_CENTER, "http://127.0.0.1:8080/pc/v1/x")
    with pytest.raises(ForgedError):
        own_path(HERE, Audience.PARTNER_CENTER, "http://127.0.0.1:8080/pcx/v1/x")


@pytest.mark.parametrize(
    "base",
    [
        "http://api.example",
        "https://api.example/",
        "api.example",
        "https://api.example?x=1",
        "",
        "https://",
        "file:///x",
    ],
)
def test_a_base_address_has_to_be_safe(base: str) -> None:
    """Tokens do not travel in the clear, but on this machine."""
    with pytest.raises(InvalidError, match="is no address for"):
        check_bases(replace(HOSTS, graph=base))


@pytest.mark.parametrize("base", ["https://api.example", "http://127.0.0.1:80", "http://localhost:1", "http://[::1]:8"])
def test_a_safe_base_address_is_taken(base: str) -> None:
    """The real one, another cloud's, and the simulator's."""
    check_bases(replace(HOSTS, graph=base))


def test_a_part_has_the_address_of_its_root_with_its_signature() -> None:
    """With or without a question mark in front of the signature."""
    expected = f"{ROOT}/part-0.json.gz?sv=1&sig=a%2B"

    assert expected == part_address(HOSTS, ROOT, "part-0.json.gz", "sv=1&sig=a%2B")
    assert expected == part_address(HOSTS, f"{ROOT}/", "part-0.json.gz", "?sv=1&sig=a%2B")


@pytest.mark.parametrize(
    "root",
    [
        "http://adls1.blob.core.windows.net/x",
        "https://blob.core.windows.net/x",
        "https://xblob.core.windows.net/x",
        "https://a.blob.core.windows.net.evil.example/x",
        "https://a.blob.core.windows.net:8443/x",
        "https://a@a.blob.core.windows.net/x",
        "https://a.blob.core.windows.net/x?sig=1",
        "https://a.blob.core.windows.net/x#y",
        "https://127.0.0.1/x",
        "http://127.0.0.1/x",
        "https://localhost/x",
        "https://169.254.169.254/x",
        "",
    ],
)
def test_a_part_elsewhere_is_refused(root: str) -> None:
    """Only hosts of the settings, over https, on the usual port."""
    with pytest.raises(ForgedError, match="not allowed"):
        part_address(HOSTS, root, "part-0.json.gz", "sig=1")


@pytest.mark.parametrize(
    ("allowed", "root", "is_allowed"),
    [
        ("127.0.0.1", "http://127.0.0.1:5000/x", True),
        ("127.0.0.1:5000", "http://127.0.0.1:5000/x", True),
        ("127.0.0.1:5000", "https://127.0.0.1:5000/x", True),
        ("127.0.0.1:5000", "http://127.0.0.1:5001/x", False),
        ("[::1]", "http://[::1]:5000/x", True),
        ("localhost", "http://127.0.0.1:5000/x", False),
        ("exports.example", "https://exports.example/x", True),
        ("exports.example", "http://exports.example/x", False),
        ("EXPORTS.example", "https://exports.EXAMPLE/x", True),
        ("*.", "https://a.example/x", False),
        ("*", "https://a.example/x", False),
        ("", "https://a.example/x", False),
    ],
)
def test_the_settings_say_which_hosts_have_exports(allowed: str, root: str, is_allowed: bool) -> None:  # noqa: FBT001 - a table
    """This machine only where it is named; nothing is a wildcard for everything."""
    hosts = replace(HOSTS, export_hosts=(allowed,))
    try:
        part_address(hosts, root, "p", "sig=1")
        was_allowed = True
    except ForgedError:
        was_allowed = False

    assert is_allowed == was_allowed


@pytest.mark.parametrize(
    "name", ["", "../x", "a/../b", "/a", "a//b", "a?b", "a#b", "a%2e", "a b", "a\\b", ".a", "a" * 300]
)
def test_a_parts_name_is_plain(name: str) -> None:
    """It becomes a part of an address, and of names in our own store."""
    with pytest.raises(ForgedError, match="is no name"):
        part_address(HOSTS, ROOT, name, "sig=1")


def test_a_part_may_lie_in_a_folder() -> None:
    """As partitions do."""
    assert part_address(HOSTS, ROOT, "Part=1/p.json.gz", "s").endswith("/Part%3D1/p.json.gz?s")
