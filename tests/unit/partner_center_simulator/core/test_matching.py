"""Finding the call that an address means."""

import pytest

from local.partner_center.answers import Answer, Call
from local.partner_center.matching import Found, Routes

_PATHS = (
    "/v1/customers",
    "/v1/customers/usagerecords",
    "/v1/customers/{customer_id}",
    "/v1/customers/{customer_id}/orders/{order_id}",
    "/v1.0/sales/pricesheets(Market='{market}',PricesheetView='{view}')/$value",
    "/blobs/{rest:path}",
    "/{tenant}/oauth2/token",
)


@pytest.fixture(scope="module")
def routes() -> Routes:
    """Some of Microsoft's addresses."""
    return Routes(Call(method="GET", path=path, handler=lambda _: Answer()) for path in _PATHS)


@pytest.mark.parametrize(
    ("address", "route", "names"),
    [
        ("/v1/customers", 0, {}),
        ("/V1/Customers/", 0, {}),
        ("/v1//customers", 0, {}),
        ("/v1/customers/UsageRecords", 1, {}),
        ("/v1/customers/AbC", 2, {"customer_id": "AbC"}),
        ("/v1/customers/a/orders/b", 3, {"customer_id": "a", "order_id": "b"}),
        ("/v1.0/sales/PriceSheets(market='NL',pricesheetview='u_b')/$value", 4, {"market": "NL", "view": "u_b"}),
        ("/blobs/x/y/z.gz", 5, {"rest": "x/y/z.gz"}),
        ("/common/oauth2/token", 6, {"tenant": "common"}),
    ],
)
def test_an_address_finds_its_call_and_the_values_of_its_names(
    routes: Routes, address: str, route: int, names: dict[str, str]
) -> None:
    """Case and empty parts do not count; a part written out wins over a name; values keep their case."""
    found = routes.find("GET", address)

    assert isinstance(found, Found)
    assert (_PATHS[route], names) == (found.call.path, found.path)


def test_an_unknown_address_finds_nothing_and_another_method_tells_the_known_ones(routes: Routes) -> None:
    """What is not found is the set of methods that would be."""
    assert frozenset() == routes.find("GET", "/v1/customers/a/nothing")
    assert frozenset({"GET"}) == routes.find("PUT", "/v1/customers/a")


def test_the_same_call_twice_is_a_mistake() -> None:
    """Two handlers for one address cannot both be meant."""
    call = Call(method="GET", path="/v1/{one}", handler=lambda _: Answer())
    twin = Call(method="GET", path="/V1/{other}", handler=lambda _: Answer())

    with pytest.raises(ValueError, match="twice"):
        Routes((call, twin))
