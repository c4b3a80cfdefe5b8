"""How deeds of a scenario are told: where one happens, what it is called, and whom and what it names.

Not here: the deeds (``deeds``, ``more_deeds``), reading files, when something happens (``scenario``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from local.partner_center import customers_making as making
from local.partner_center.catalogue import Item
from local.partner_center.catalogue_items import items
from local.partner_center.entities import Customer, Subscription, User
from local.partner_center.scenario_reading import Kind, Shape
from local.partner_center.tenant_licences import licences_of
from local.partner_center.world import World
from shared.domain.errors import InvalidError


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a deed happens: the world, the customer ("" where it needs none), and the fields of the event."""

    world: World
    customer_name: str
    fields: Mapping[str, Any]

    @property
    def customer(self) -> Customer:
        """The customer.

        Raises:
            InvalidError: there is none of that id, domain or name.
        """
        return customer_named(self.world, self.customer_name)

    @property
    def subscription(self) -> Subscription:
        """The subscription.

        Raises:
            InvalidError: the customer has none, or several, of that label, id or product.
        """
        return subscription_named(self.world, self.customer, self.fields.get("subscription", ""))

    def user(self, name: str = "") -> User:
        """Return a user of the customer by its sign-in name, or the part of it before the @.

        Raises:
            InvalidError: there is none.
        """
        name = name or self.fields["user"]
        full = name if "@" in name else f"{name}@{self.customer.domain}"
        found = making.find_user(self.customer, name) or making.find_user(self.customer, full)
        deleted = (each for each in self.customer.users.values() if each.principal_name.lower() == full.lower())
        found = found or next(deleted, None)
        if found is None:
            raise InvalidError(f"user: {self.customer.name} has no user {full}; create-user makes one")
        return found


@dataclass(frozen=True, slots=True)
class Deed:
    """A function, and the fields it takes beside ``at``, ``customer`` and ``do``."""

    run: Callable[[Scene], object]
    shape: Shape


DOES: dict[str, Deed] = {}
"""All deeds, by the word after ``do``."""

_NEEDS_NO_CUSTOMER = {
    "create-customer",
    "accept-relationship",
    "fault",
    "clear-faults",
    "rotate-availabilities",
    "change-price",
    "switch-commerce",
    "refuse-product",
}


def deed(word: str, *needs: str, **takes: Kind) -> Callable[[Callable[[Scene], object]], Callable[[Scene], object]]:
    """Register a function under *word*; *needs* are the fields without which it is not called."""

    def register(run: Callable[[Scene], object]) -> Callable[[Scene], object]:
        DOES[word] = Deed(run, Shape(takes, needs))
        return run

    return register


def needs_customer(word: str) -> bool:
    """Whether the deed happens to a customer."""
    return word not in _NEEDS_NO_CUSTOMER


def customer_named(world: World, name: str) -> Customer:
    """Return the customer with that id, domain or company name.

    Raises:
        InvalidError: there is none.
    """
    if name.lower() in world.customers:
        return world.customers[name.lower()]
    for each in world.customers.values():
        if name.lower() in {each.domain.lower(), each.name.lower(), each.domain.lower().partition(".")[0]}:
            return each
    raise InvalidError(f"customer: there is no {name}; write a customer's id, domain or name")


def fields_of(scene: Scene, name: str) -> str:
    """Return a field that is text."""
    return str(scene.fields[name])


def item_named(name: str) -> Item:
    """Return the product with that id (``CFQ...:0001``) or title.

    Raises:
        InvalidError: there is none.
    """
    found = items().get(name.upper())
    found = found or next((each for each in items().values() if each.title.lower() == name.lower()), None)
    if found is None:
        some = "; ".join(f"{each.key} {each.title}" for each in list(items().values())[:5])
        raise InvalidError(f"product: nothing is called {name}; sold are such as {some}")
    return found


def labels(world: World) -> dict[tuple[str, str], str]:
    """Return the ids of subscriptions by customer and the label they were bought ``as``."""
    room: dict[tuple[str, str], str] = world.room("scenario names", dict)
    return room


def subscription_named(world: World, customer: Customer, name: str) -> Subscription:
    """Return the subscription with that label, id or product; without a name, the customer's only one.

    Raises:
        InvalidError: none fits, or several do.
    """
    own = customer.subscriptions
    found_id = labels(world).get((customer.id, name.lower()), name.lower())
    if found_id in own:
        return own[found_id]
    running = [each for each in own.values() if each.status in {"active", "suspended", "expired"}]
    matching = [
        each for each in running if name.lower() in {"", each.title.lower(), f"{each.product_id}:{each.sku_id}".lower()}
    ]
    if len(matching) != 1:
        raise InvalidError(
            f"subscription: {customer.name} has {len(matching)} that fit {name or '(no name)'}; "
            "name one with 'as' where it is bought, or by its id"
        )
    return matching[0]


def licence_named(customer: Customer, product: str) -> str:
    """Return the directory's id of a product's licence."""
    if "-" in product and product.lower() in {each.sku_id for each in licences_of(customer)}:
        return product.lower()
    return item_named(product).directory_id
