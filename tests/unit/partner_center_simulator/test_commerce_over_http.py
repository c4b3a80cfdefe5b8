"""Commerce as a client meets it: over HTTP, with tokens, repetition and an answer that never arrives."""

import io
import uuid
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from commerce_desk import CUSTOMER, at, make_world

from local.partner_center.answers import Host
from local.partner_center.faults import Fault, FaultKind
from local.partner_center.opening import serve
from local.partner_center.server import Simulator

Ask = Callable[..., requests.Response]


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """A simulator of the world with one customer."""
    with serve(make_world(at("2026-01-14T16:57:15"))) as running:
        yield running


@pytest.fixture
def ask(simulator: Simulator) -> Iterator[Ask]:
    """Ask for a customer's resource, or for what begins with a slash, with a user's token unless headers say more."""
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {simulator.access_token()}"

        def ask_it(method: str, address: str, **options: Any) -> requests.Response:
            path = address if address.startswith("/") else f"/v1/customers/{CUSTOMER}/{address}"
            return session.request(method, simulator.base_url + path, timeout=10, **options)

        yield ask_it


def body_of(answer: requests.Response) -> Any:
    """The JSON of an answer, with or without a byte order mark."""
    answer.encoding = "utf-8-sig"
    return answer.json()


def test_from_the_catalogue_to_a_changed_subscription(ask: Ask) -> None:
    """Availability, cart, checkout, reading and changing, with keys in Pascal case accepted."""
    offers = body_of(ask("GET", "products/CFQ7TTC0LH18/skus/0001/availabilities"))
    line = {"Id": 0, "CatalogItemId": offers["items"][0]["catalogItemId"], "Quantity": 5}
    cart = ask("POST", "carts", json={"LineItems": [{**line, "TermDuration": "P1Y", "BillingCycle": "Monthly"}]})
    checkout = body_of(ask("POST", f"carts/{body_of(cart)['id']}/checkout"))
    own = f"subscriptions/{checkout['orders'][0]['lineItems'][0]['subscriptionId']}"
    read = body_of(ask("GET", own))
    changed = ask("PATCH", own, json={**read, "quantity": 9})

    assert (cart.status_code, changed.status_code) == (201, 200)
    assert body_of(cart)["lineItems"][0]["pricing"]["listPrice"] == 4.7
    assert body_of(changed)["refundableQuantity"]["totalQuantity"] == 9
    assert body_of(ask("GET", "subscriptions"))["items"][0]["quantity"] == 9


def test_a_checkout_whose_answer_was_lost_is_repeated_without_harm(simulator: Simulator, ask: Ask) -> None:
    """The work was done, the connection ended; the same checkout again answers what it ordered then."""
    offers = body_of(ask("GET", "products/CFQ7TTC0LH18/skus/0001/availabilities"))
    item = {"catalogItemId": offers["items"][0]["catalogItemId"], "quantity": 5, "termDuration": "P1Y"}
    cart = body_of(ask("POST", "carts", json={"lineItems": [{**item, "billingCycle": "monthly"}]}))
    simulator.world.faults.add(Fault(kind=FaultKind.TIMEOUT_AFTER_COMMIT, path="checkout"))
    with pytest.raises(requests.ConnectionError):
        ask("POST", f"carts/{cart['id']}/checkout")
    again = ask("POST", f"carts/{cart['id']}/checkout")

    assert again.status_code == 201
    assert [each["id"] for each in body_of(again)["orders"]] == list(simulator.world.customers[CUSTOMER].orders)


def test_an_order_with_the_same_request_id_is_placed_once(simulator: Simulator, ask: Ask) -> None:
    """MS-RequestId is the key: the stored answer comes back."""
    offers = body_of(ask("GET", "products/CFQ7TTC0LH18/skus/0001/availabilities"))
    body = {"lineItems": [{"offerId": offers["items"][0]["catalogItemId"], "quantity": 1, "termDuration": "P1Y"}]}
    headers = {"MS-RequestId": str(uuid.uuid4())}
    answers = [ask("POST", "orders", json=body, headers=headers) for _ in range(2)]

    assert body_of(answers[0]) == body_of(answers[1])
    assert len(simulator.world.customers[CUSTOMER].orders) == 1


def test_what_needs_a_user_refuses_an_application(simulator: Simulator, ask: Ask) -> None:
    """Reading a subscription works with an application's token, its provisioning status does not (403 900329)."""
    offers = body_of(ask("GET", "products/CFQ7TTC0LH18/skus/0001/availabilities"))
    body = {"lineItems": [{"offerId": offers["items"][0]["catalogItemId"], "quantity": 1, "termDuration": "P1Y"}]}
    own = f"subscriptions/{body_of(ask('POST', 'orders', json=body))['lineItems'][0]['subscriptionId']}"
    headers = {"Authorization": f"Bearer {simulator.access_token(is_app_only=True)}"}
    refused = ask("GET", f"{own}/provisioningstatus", headers=headers)

    assert ask("GET", own, headers=headers).status_code == 200
    assert (refused.status_code, str(body_of(refused)["code"])) == (403, "900329")


def test_a_price_sheet_comes_as_a_zip_that_is_no_encoding(simulator: Simulator, ask: Ask) -> None:
    """A client that offers deflate gets a ZIP that its library leaves alone; errors have the API's own shape."""
    headers = {"Authorization": f"Bearer {simulator.access_token(Host.PARTNER_API)}", "Accept-Encoding": "deflate"}
    sheet = "/v1.0/sales/pricesheets(Market='NL',PricesheetView='updatedlicensebased')/$value"
    answer = ask("GET", sheet, headers=headers)
    missing = ask("GET", sheet.replace("NL", "QQ"), headers=headers)

    assert answer.headers.get("Content-Encoding") is None
    assert zipfile.ZipFile(io.BytesIO(answer.content)).namelist() == ["updatedoffice.csv"]
    assert (missing.status_code, set(missing.json()), set(missing.json()["error"])) == (
        404,
        {"error"},
        {"code", "message"},
    )


def test_the_clock_is_moved_over_http(ask: Ask) -> None:
    """A year on, what was bought has renewed."""
    offers = body_of(ask("GET", "products/CFQ7TTC0LH18/skus/0001/availabilities"))
    body = {"lineItems": [{"offerId": offers["items"][0]["catalogItemId"], "quantity": 1, "termDuration": "P1Y"}]}
    own = f"subscriptions/{body_of(ask('POST', 'orders', json=body))['lineItems'][0]['subscriptionId']}"
    moved = ask("POST", "/simulator/clock", json={"advanceTo": "2027-01-14T00:00:00Z"})

    assert moved.status_code == 200
    assert body_of(ask("GET", own))["commitmentEndDate"] == "2028-01-13T00:00:00Z"
