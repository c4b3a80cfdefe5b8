"""Collections over several pages, as each of Microsoft's APIs cuts them."""

from typing import Any

import pytest

from shared.domain.errors import ForgedError, MicrosoftUnavailableError


def page(ids: list[str], following: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return a page of customers."""
    links = {"self": {"uri": "/customers"}, **({"next": following} if following else {})}
    items = [{"id": each, "companyProfile": {"companyName": each, "domain": f"{each}.example"}} for each in ids]
    return {"totalCount": len(ids), "items": items, "links": links}


def continued(uri: str, **more: str) -> dict[str, Any]:
    """Return a link to the next page."""
    headers = [{"key": "MS-ContinuationToken", "value": "NEXT"}, *({"key": k, "value": v} for k, v in more.items())]
    return {"uri": uri, "method": "GET", "headers": headers}


def names(microsoft: Any) -> list[str]:
    """Return the names of all customers."""
    return [tenant.name for tenant in microsoft.tenants()]


def test_a_next_page_is_asked_for_with_its_token_and_the_version(microsoft: Any, script: Any) -> None:
    """Links leave out the version, and want a header; the pages are one operation."""
    script.then(200, page(["a", "b"], continued("/customers?size=2&seekOperation=Next"))).then(200, page(["c"]))

    assert ["a", "b", "c"] == names(microsoft)
    assert "/v1/customers?size=500" == script.asked[0].path
    assert "/v1/customers?size=2&seekOperation=Next" == script.asked[1].path
    assert "NEXT" == script.asked[1].headers["ms-continuationtoken"]
    assert 1 == len({asked.headers["ms-correlationid"] for asked in script.asked})
    assert 2 == len(set(script.request_ids))


@pytest.mark.parametrize("prefix", ["/v1", "", "BASE/v1"])
def test_a_link_may_have_the_version_or_the_whole_address(microsoft: Any, script: Any, prefix: str) -> None:
    """Samples show each form."""
    uri = f"{prefix.replace('BASE', script.base_url)}/customers?seekOperation=Next"
    script.then(200, page(["a"], continued(uri))).then(200, page(["b"]))

    assert ["a", "b"] == names(microsoft)
    assert "/v1/customers?seekOperation=Next" == script.asked[1].path


@pytest.mark.parametrize("uri", ["https://evil.example/v1/customers", "//evil.example/v1", "http://127.0.0.1:1/v1/x"])
def test_a_link_that_leads_elsewhere_is_not_followed(microsoft: Any, script: Any, uri: str) -> None:
    """A token stays at its API, port and all."""
    script.then(200, page(["a"], continued(uri)))

    with pytest.raises(ForgedError, match="no token is sent"):
        names(microsoft)
    assert 1 == len(script.asked)


def test_a_link_cannot_set_whatever_header_it_likes(microsoft: Any, script: Any) -> None:
    """Only headers that carry on are copied: no host, token or id."""
    following = continued("/customers?x=1", Authorization="Bearer evil", Host="evil", **{"MS-RequestId": "evil"})
    script.then(200, page(["a"], following)).then(200, page(["b"]))

    assert ["a", "b"] == names(microsoft)
    assert "evil" not in str(script.asked[1].headers)


def test_pages_that_go_round_in_circles_end_in_an_error(microsoft: Any, script: Any) -> None:
    """Not in a loop without an end, nor in a list that only seems complete."""
    script.then(200, page(["a"], continued("/customers?seekOperation=Next")))

    with pytest.raises(MicrosoftUnavailableError, match="round in circles"):
        names(microsoft)
    assert 2 == len(script.asked)


def test_how_many_there_are_is_not_believed(microsoft: Any, script: Any) -> None:
    """TotalCount is the number in a page, or anything."""
    script.then(200, {**page(["a", "b"]), "totalCount": 1})

    assert ["a", "b"] == names(microsoft)


@pytest.mark.parametrize("body", [{"items": None}, {}, {"items": [], "links": None}, {"links": {"next": None}}])
def test_an_empty_collection_has_several_forms(microsoft: Any, script: Any, body: dict[str, Any]) -> None:
    """Nothing is left out, written as null, or an empty list."""
    script.then(200, body)

    assert [] == names(microsoft)


def test_a_page_may_begin_with_a_byte_order_mark(microsoft: Any, script: Any) -> None:
    """As some of Microsoft's answers do."""
    script.then(200, b'\xef\xbb\xbf{"items": [{"id": "A"}]}')

    assert ["a"] == [tenant.id for tenant in microsoft.tenants()]


@pytest.mark.parametrize("body", [b"<html>Sign in</html>", b"", b"[]", b'{"items": 1}', b'{"items": [3]}', b"{"])
def test_a_page_that_is_none_is_an_error(microsoft: Any, script: Any, body: bytes) -> None:
    """A gateway's page with status 200 must not pass for a partner without customers."""
    script.then(200, body)

    with pytest.raises(MicrosoftUnavailableError, match="cannot be read"):
        names(microsoft)


def test_an_item_without_an_id_is_an_error(microsoft: Any, script: Any) -> None:
    """Left out, it would seem to be gone."""
    script.then(200, {"items": [{"companyProfile": {"companyName": "x"}}]})

    with pytest.raises(MicrosoftUnavailableError, match="no id"):
        names(microsoft)


def invoice(number: int) -> dict[str, Any]:
    """Return an invoice as its list shows it."""
    return {"id": f"G{number:09}", "invoiceDate": "2026-10-08T00:00:00Z", "totalCharges": 1, "currencyCode": "EUR"}


def test_a_customers_name_is_one_line_of_reasonable_length(microsoft: Any, script: Any) -> None:
    """Customers choose it; it stands in rows, logs and files."""
    chosen = ["a\nFORGED LINE", "\u2028b\x00c", "d" * 100_000]
    items = [{"id": f"t{n}", "companyProfile": {"companyName": name}} for n, name in enumerate(chosen)]
    script.then(200, {"items": items})

    assert ["a FORGED LINE", "b c", "d" * 500] == names(microsoft)


@pytest.mark.parametrize("identity", ["a,b", "../a", "a\nb", "a" * 201, "a b"])
def test_a_customer_with_an_id_that_is_none_is_an_error(microsoft: Any, script: Any, identity: str) -> None:
    """Ids go into keys, paths and lists; and a customer that is left out would seem to be gone."""
    script.then(200, {"items": [{"id": identity, "companyProfile": {"companyName": "a"}}]})

    with pytest.raises(MicrosoftUnavailableError, match="id is none"):
        names(microsoft)


def test_invoices_are_counted_on_where_there_are_no_links(microsoft: Any, script: Any) -> None:
    """By offset and size, until a page is not full."""
    script.then(200, {"items": [invoice(n) for n in range(200)]}).then(200, {"items": [invoice(200)]})

    assert 201 == len(microsoft.invoices())
    assert ["/v1/invoices?size=200&offset=0", "/v1/invoices?size=200&offset=200"] == [
        asked.path for asked in script.asked
    ]


def test_an_offset_that_is_ignored_doubles_nothing(microsoft: Any, script: Any) -> None:
    """Some collections ignore offsets: a page that repeats the one before is the end."""
    script.then(200, {"items": [{"n": n} for n in range(2000)]})

    assert 2000 == len(list(microsoft.legacy_lines("D0300", "office/billing_line_items")))


def test_offsets_that_go_round_in_circles_end_in_an_error(microsoft: Any, script: Any) -> None:
    """Two full pages that take turns are no end of invoices."""
    for start in (0, 200, 0):
        numbers = range(start, start + 200)
        script.then(
            200, {"items": [{"id": f"D{n}", "invoiceDate": "2026-10-08", "currencyCode": "EUR"} for n in numbers]}
        )

    with pytest.raises(MicrosoftUnavailableError, match="in circles"):
        microsoft.invoices()
    assert 3 == len(script.asked)


def test_legacy_lines_follow_links_where_there_are_some(microsoft: Any, script: Any) -> None:
    """With the names as the old API wants them; each line is handed out as it came."""
    first = {
        "items": [{"unitPrice": "1.10"}],
        "links": {"next": continued("/invoices/D1/lineitems?seekOperation=Next")},
    }
    script.then(200, first).then(200, b'{"items":[{"unitPrice":1.10 , "x":"\xc3\xa9"}]}')
    lines = list(microsoft.legacy_lines("D1", "azure/usage_line_items"))

    assert [b'{"unitPrice": "1.10"}', '{"unitPrice":1.10 , "x":"é"}'.encode()] == lines
    query = "provider=azure&invoicelineitemtype=usagelineitems&size=2000&offset=0"
    assert f"/v1/invoices/D1/lineitems?{query}" == script.asked[0].path


def test_graph_pages_follow_their_own_links(microsoft: Any, script: Any) -> None:
    """An address at Graph, with the token for the customer's tenant."""
    following = f"{script.base_url}/v1.0/users?$skiptoken=X"
    script.then(200, {"value": [{"id": "B", "userPrincipalName": "b@x"}], "@odata.nextLink": following})
    script.then(200, {"value": [{"id": "A", "userPrincipalName": "a@x", "assignedLicenses": [{"skuId": "S2"}]}]})
    users = microsoft.users("T1")

    assert [("a", ("s2",)), ("b", ())] == [(user.id, user.licences) for user in users]
    assert "/v1.0/users?$skiptoken=X" == script.asked[1].path
    assert {"Bearer SECRET-T1-GRAPH-1"} == {asked.headers["authorization"] for asked in script.asked}


def test_graph_pages_that_lead_elsewhere_are_not_followed(microsoft: Any, script: Any) -> None:
    """The same rule at Graph."""
    script.then(200, {"value": [], "@odata.nextLink": "https://graph.microsoft.com.evil.example/v1.0/users"})

    with pytest.raises(ForgedError):
        microsoft.users("T1")
