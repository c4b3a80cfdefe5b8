"""Partner Center's own API of invoices and usage, as a client sees it."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import requests
from billing_logs import lived_in

from local.partner_center.billing.azure_usage import is_azure_plan
from local.partner_center.billing.books import open_books
from local.partner_center.opening import serve
from local.partner_center.server import Simulator
from local.partner_center.world import World

TIMEOUT_S = 10
Json = dict[str, Any]


@pytest.fixture(scope="module")
def world() -> World:
    """A world on 9 November 2026."""
    return lived_in()


@pytest.fixture(scope="module")
def simulator(world: World) -> Iterator[Simulator]:
    """Its simulator."""
    with serve(world) as running:
        yield running


def ask(
    simulator: Simulator, path: str, headers: dict[str, str] | None = None, *, is_app_only: bool = False
) -> requests.Response:
    """Return the answer."""
    token = simulator.access_token(is_app_only=is_app_only)
    sent = {"Authorization": f"Bearer {token}", **(headers or {})}
    return requests.get(simulator.base_url + path, headers=sent, timeout=TIMEOUT_S)


def told(simulator: Simulator, path: str, **headers: str) -> Json:
    """Return the answer's JSON; numbers as Decimals."""
    answer = ask(simulator, path, headers)
    answer.encoding = "utf-8-sig"
    assert answer.status_code == 200, answer.text
    found: Json = answer.json(parse_float=Decimal)
    return found


def test_invoices_are_listed_with_their_totals(world: World, simulator: Simulator) -> None:
    """All of them by date, with links to their lines and the documents' words."""
    books, found = open_books(world), told(simulator, "/v1/invoices")
    last = found["items"][-1]

    assert {each.id: books.total(each) for each in books.invoices.values()} == {
        each["id"]: each["totalCharges"] for each in found["items"]
    }
    assert sorted(each["invoiceDate"] for each in found["items"]) == [each["invoiceDate"] for each in found["items"]]
    assert ("invoice", "OneTime", "Due") == (last["documentType"], last["invoiceType"], last["state"])
    assert f"/invoices/OneTime-{last['id']}" == last["links"]["self"]["uri"]
    assert last["invoiceDetails"][0]["links"]["self"]["uri"].endswith("/lineitems/OneTime/BillingLineItems")


def test_pages_of_invoices_can_be_sought_and_offset(simulator: Simulator) -> None:
    """By the link's header, or by offset: each invoice once."""
    everything = [each["id"] for each in told(simulator, "/v1/invoices")["items"]]
    page, sought = told(simulator, "/v1/invoices?size=5"), list[str]()
    while True:
        sought += [each["id"] for each in page["items"]]
        if "next" not in page["links"]:
            break
        following = page["links"]["next"]
        headers = {each["key"]: each["value"] for each in following["headers"]}
        page = told(simulator, f"/v1{following['uri']}", **headers)
    offset = [each["id"] for each in told(simulator, "/v1/invoices?size=4&offset=4")["items"]]

    assert everything == sought
    assert everything[4:8] == offset


def test_invoices_can_be_filtered_by_date(simulator: Simulator) -> None:
    """One comparison, and two together."""
    november = '{"Field":"InvoiceDate","Value":"2026-11-01","Operator":"greater_than_or_equals"}'
    first = '{"Field":"InvoiceDate","Value":"2026-10-16","Operator":"less_than"}'
    september = '{"Field":"InvoiceDate","Value":"2026-10-01","Operator":"GreaterThan"}'
    both = f'{{"LeftFilter":{first},"RightFilter":{september},"Operator":"and"}}'

    assert 2 == told(simulator, f"/v1/invoices?filter={november}")["totalCount"]
    assert 2 == told(simulator, f"/v1/invoices?filter={both}")["totalCount"]
    assert 400 == ask(simulator, "/v1/invoices?filter=nonsense").status_code


def test_one_invoice_needs_a_person_and_the_list_does_not(world: World, simulator: Simulator) -> None:
    """403 900329 for the app alone; both forms of the id are known."""
    number = next(iter(open_books(world).invoices))
    refused = ask(simulator, f"/v1/invoices/{number}", is_app_only=True)

    assert 200 == ask(simulator, "/v1/invoices", is_app_only=True).status_code
    assert (403, 900329) == (refused.status_code, int(refused.json()["code"]))
    assert (
        number
        == told(simulator, f"/v1/invoices/Recurring-{number}")["id"]
        == told(simulator, f"/v1/invoices/{number}")["id"]
    )
    assert 404 == ask(simulator, "/v1/invoices/G1").status_code


def test_the_statement_is_a_pdf(world: World, simulator: Simulator) -> None:
    """It begins and ends like one, and names the invoice."""
    number = next(iter(open_books(world).invoices))
    answer = ask(simulator, f"/v1/invoices/{number}/documents/statement")

    assert "application/pdf" == answer.headers["Content-Type"]
    assert answer.content.startswith(b"%PDF-1.")
    assert answer.content.endswith(b"%%EOF\n")
    assert number.encode() in answer.content


def test_summaries_add_up_by_currency_and_type(world: World, simulator: Simulator) -> None:
    """The balance is what is not paid."""
    books = open_books(world)
    for item in told(simulator, "/v1/invoices/summaries")["items"]:
        mine = [each for each in books.invoices.values() if each.currency == item["currencyCode"]]

        assert sum(books.total(each) for each in mine) == item["balanceAmount"]
        assert item["balanceAmount"] == sum(each["summary"]["balanceAmount"] for each in item["details"])
    assert told(simulator, "/v1/invoices/summary")["currencyCode"] == "EUR"


def test_lines_of_new_commerce_are_there_until_frozen(world: World, simulator: Simulator) -> None:
    """Each line has the old API's names; switched, invoices of 2026 have none, as Microsoft announced."""
    books = open_books(world)
    number = [each for each in books.invoices if each.startswith("G")][-1]
    path = f"/v1/invoices/{number}/lineitems?provider=onetime&invoicelineitemtype="
    simulator.switches.v1_is_frozen = True
    frozen = told(simulator, path + "billinglineitems")
    simulator.switches.v1_is_frozen = False
    lines, usage = told(simulator, path + "billinglineitems"), told(simulator, path + "usagelineitems")
    unbilled = told(
        simulator,
        "/v1/invoices/unbilled/lineitems?provider=onetime&invoicelineitemtype=usagelineitems&currencycode=EUR",
    )

    assert 0 == frozen["totalCount"]
    assert {"totalForCustomer", "pcToBCExchangeRate", "productQualifiers", "billingProvider"} <= lines["items"][
        0
    ].keys()
    assert sum(each["totalForCustomer"] for each in lines["items"]) == books.total(books.invoices[number])
    assert {"resellerMpnId", "unitOfMeasure", "rateOfPartnerEarnedCredit", "benefitOrderId"} <= usage["items"][0].keys()
    assert unbilled["totalCount"] > 0


def test_lines_of_old_contracts_are_paged(world: World, simulator: Simulator) -> None:
    """Office and Azure, and Azure by the day, by continuation token."""
    books = open_books(world)
    number = [each for each in books.invoices if each.startswith("D")][-1]
    office = told(simulator, f"/v1/invoices/{number}/lineitems/Office/BillingLineItems")
    page = told(
        simulator, f"/v1/invoices/{number}/lineitems?provider=azure&invoicelineitemtype=usagelineitems&size=100"
    )
    following, rows = page["links"]["next"], list(page["items"])
    while following:
        headers = {each["key"]: each["value"] for each in following["headers"]}
        page = told(simulator, f"/v1{following['uri']}", **headers)
        rows += page["items"]
        following = page["links"].get("next")

    assert ["LicenseBasedLineItem"] == [each["attributes"]["objectType"] for each in office["items"]]
    assert len(rows) == 5 * 30
    assert {"DailyUsageLineItem"} == {each["attributes"]["objectType"] for each in rows}


@pytest.mark.parametrize("query", ["provider=nobody&invoicelineitemtype=billinglineitems", "provider=office"])
def test_lines_of_nothing_are_refused(world: World, simulator: Simulator, query: str) -> None:
    """400 for a provider or a type that is none."""
    number = next(iter(open_books(world).invoices))

    assert 400 == ask(simulator, f"/v1/invoices/{number}/lineitems?{query}").status_code


def test_estimate_links_lead_to_unbilled_lines(simulator: Simulator) -> None:
    """Two kinds, two periods, each with an address that answers."""
    links = told(simulator, "/v1/invoices/estimates/links?currencycode=EUR")["items"]

    assert 4 == len(links)
    assert {200} == {ask(simulator, f"/v1{each['link']['uri']}").status_code for each in links}


def test_usage_so_far_is_the_same_by_customer_plan_and_meter(world: World, simulator: Simulator) -> None:
    """Each sum is rounded for itself, so they agree to a few cents."""
    customer = next(iter(world.customers.values()))
    plan = next(each for each in customer.subscriptions.values() if is_azure_plan(each))
    own = f"/v1/customers/{customer.id}"
    record = next(each for each in told(simulator, "/v1/customers/usagerecords")["items"] if each["id"] == customer.id)
    whole = told(simulator, f"{own}/usagesummary")
    plans = told(simulator, f"{own}/subscriptions/usagerecords")["items"]
    meters = told(simulator, f"{own}/subscriptions/{plan.id}/meterusagerecords")["items"]
    resources = told(simulator, f"{own}/subscriptions/{plan.id}/resourceusagerecords")["items"]

    assert record["totalCost"] == whole["totalCost"] == plans[0]["totalCost"] > 0
    assert abs(sum(each["totalCost"] for each in meters) - whole["totalCost"]) < Decimal("0.10")
    assert abs(sum(each["totalCost"] for each in resources) - whole["totalCost"]) < Decimal("0.10")
    assert whole["usdTotalCost"] > whole["totalCost"]


def test_a_budget_that_is_passed_is_told_once() -> None:
    """When it is set below the cost, and not again on the next day."""
    world = lived_in()
    with serve(world) as simulator:
        customer = next(iter(world.customers.values()))
        url = f"{simulator.base_url}/v1/customers/{customer.id}/usagebudget"
        headers = {"Authorization": f"Bearer {simulator.access_token()}"}
        answer = requests.patch(url, json={"Amount": 1}, headers=headers, timeout=TIMEOUT_S)
        simulator.advance(days=2)
    events = [each for each in world.happenings if each.event == "usagerecords-thresholdExceeded"]

    assert (200, 1) == (answer.status_code, answer.json()["amount"])
    assert [customer.id] == [each.customer_id for each in events]


def test_old_azure_tells_what_was_used_by_day_and_hour(world: World, simulator: Simulator) -> None:
    """Five services a day, the same quantities as on the invoice's days; pages by continuation token."""
    books, customer = open_books(world), next(iter(world.customers.values()))
    old = next(each for each in customer.subscriptions.values() if each.title == "Microsoft Azure")
    own = f"/v1/customers/{customer.id}/subscriptions/{old.id}/utilizations/azure"
    cycle = "start_time=2026-09-15T00:00:00Z&end_time=2026-10-15T00:00:00Z"
    page = told(simulator, f"{own}?{cycle}&size=100")
    following = page["links"]["next"]
    headers = {each["key"]: each["value"] for each in following["headers"]}
    records = [*page["items"], *told(simulator, f"/v1{following['uri']}", **headers)["items"]]
    invoice = next(each for each in books.invoices.values() if each.is_legacy and str(each.month) == "2026-10")
    daily = [row for row in books.legacy_daily_rows(invoice) if row["customerId"].lower() == customer.id]
    one_day = "start_time=2026-10-01T00:00:00Z&end_time=2026-10-02T00:00:00Z&granularity=hourly"

    assert 5 * 30 == len(records)
    assert sum(row["consumedQuantity"] for row in daily) == sum(each["quantity"] for each in records)
    assert 24 * 5 == told(simulator, f"{own}?{one_day}")["totalCount"]
    assert 400 == ask(simulator, f"{own}?start_time=soon").status_code
