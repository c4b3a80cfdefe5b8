"""A world with one customer, and a way to call the simulator's handlers without a server."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from local.partner_center.answers import Answer, Asked, Call, Caller, RefusedError, without_nulls
from local.partner_center.calls import all_calls
from local.partner_center.clock import Clock
from local.partner_center.entities import Customer
from local.partner_center.matching import Found, Routes
from local.partner_center.world import Partner, World

CUSTOMER = "11111111-2222-4333-8444-555555555555"


def make_world(start: datetime, **partner: Any) -> World:
    """Return a world with one Dutch customer that accepted the agreement."""
    world = World(Clock(start), partner=Partner(**partner))
    world.customers[CUSTOMER] = Customer(
        id=CUSTOMER,
        domain="bakkerij.onmicrosoft.com",
        name="Bakkerij",
        country="NL",
        currency="EUR",
        created_at=start,
        is_directly_signed=True,
    )
    return world


def at(text: str) -> datetime:
    """Return an instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class Desk:
    """Calls handlers by method and address; ``{c}`` stands for the customer."""

    def __init__(self, world: World, calls: Iterable[Call] | None = None) -> None:
        self.world = world
        self.routes = Routes(calls or all_calls())

    @property
    def customer(self) -> Customer:
        """The world's one customer."""
        return self.world.customers[CUSTOMER]

    def ask(self, method: str, address: str, body: Any = None, **headers: str) -> Answer:
        """Return the answer, with None left out of its JSON.

        Raises:
            RefusedError: it is refused.
        """
        path, _, query = address.replace("{c}", f"/v1/customers/{CUSTOMER}").partition("?")
        found = self.routes.find(method, path)
        assert isinstance(found, Found), f"nothing answers {method} {path}"
        asked = Asked(
            world=self.world,
            method=method,
            url_path=path,
            path=found.path,
            query={name.lower(): values for name, values in parse_qs(query).items()},
            headers={name.replace("_", "-").lower(): value for name, value in headers.items()},
            body=body,
            raw=b"",
            caller=Caller(tenant_id=self.world.partner.tenant_id, is_app_only=False, user="admin@example.com"),
            base_url="http://127.0.0.1",
        )
        answer = found.call.handler(asked)
        answer.json = without_nulls(answer.json)
        return answer

    def refused(self, method: str, address: str, body: Any = None, **headers: str) -> tuple[int, int | str]:
        """Return the status and the code with which it is refused."""
        try:
            answer = self.ask(method, address, body, **headers)
        except RefusedError as error:
            return error.status, error.code
        raise AssertionError(f"{method} {address} was answered with {answer.status}")

    def offer(self, product: str = "CFQ7TTC0LH18", sku: str = "0001", segment: str = "commercial") -> str:
        """Return what can be ordered now of a SKU."""
        listed = self.ask("GET", f"{{c}}/products/{product}/skus/{sku}/availabilities?targetSegment={segment}")
        return str(listed.json["items"][0]["catalogItemId"])

    def order(self, quantity: int = 5, **line: Any) -> dict[str, Any]:
        """Order licences and return the subscription as it reads then."""
        item = line.pop("offerId", None) or self.offer()
        full = {"lineItemNumber": 0, "offerId": item, "quantity": quantity, "termDuration": "P1Y", **line}
        body = {"billingCycle": line.pop("billingCycle", "monthly"), "lineItems": [full]}
        order = self.ask("POST", "{c}/orders", body).json
        return self.read(order["lineItems"][0]["subscriptionId"])

    def read(self, subscription_id: str) -> dict[str, Any]:
        """Return the subscription as it reads now."""
        found: dict[str, Any] = self.ask("GET", f"{{c}}/subscriptions/{subscription_id}").json
        return found

    def change(self, subscription: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """Send the whole subscription back with changes, and return what is answered."""
        changed = {key: value for key, value in {**subscription, **changes}.items() if value is not ...}
        answer: dict[str, Any] = self.ask("PATCH", f"{{c}}/subscriptions/{subscription['id']}", changed).json
        return answer

    def log(self, subscription_id: str) -> list[tuple[str, str, int, int]]:
        """Return what happened to it: day, charge type, before, after."""
        happened = self.customer.subscriptions[subscription_id].log
        return [(each.at.date().isoformat(), each.charge_type, each.before, each.after) for each in happened]


MakeDesk = Callable[..., Desk]
