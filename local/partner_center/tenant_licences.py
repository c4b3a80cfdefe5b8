"""What a tenant's directory counts of the licences that were bought: units per SKU, and who uses them.

A SKU of the directory has an id and plans of its own; several subscriptions of one product add up in it. Active,
suspended and expiring subscriptions count in different columns, as Microsoft's do.

Not here: subscriptions themselves, who may assign (``customers_making``).
"""

import re
import uuid
from collections import Counter
from dataclasses import dataclass, field
from functools import cache

from local.partner_center.catalogue import Item
from local.partner_center.catalogue_items import item_of, items
from local.partner_center.entities import Customer, Subscription

_NAMESPACE = uuid.UUID("6d3f6c3a-0b0a-4d0e-9d5c-3f7f6f1f7a10")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A service plan of a SKU; *target* is User or Tenant."""

    id: str
    service: str
    name: str
    target: str = "User"


@dataclass(slots=True, kw_only=True)
class Licence:
    """A SKU of the directory and its units by the state of the subscriptions they come from."""

    sku_id: str
    part_number: str
    name: str
    plans: tuple[Plan, ...]
    active_count: int = 0
    warning_count: int = 0
    suspended_count: int = 0
    subscription_ids: list[str] = field(default_factory=list)

    @property
    def usable_count(self) -> int:
        """Units that users may have."""
        return self.active_count + self.warning_count

    @property
    def status(self) -> str:
        """The directory's word for the state of the SKU."""
        if self.active_count:
            return "Enabled"
        return "Warning" if self.warning_count else "Suspended"


# Microsoft's ids and names of service plans.
_PLANS = {
    "EXCHANGE_S_STANDARD": ("9aaf7827-d63c-4b61-89c3-182f06f82e5c", "Exchange Online (Plan 1)"),
    "EXCHANGE_S_ENTERPRISE": ("efb87545-963c-4e0d-99df-69c6916d9eb0", "Exchange Online (Plan 2)"),
    "EXCHANGE_S_FOUNDATION": ("113feb6c-3fe4-4440-bddc-54d774bf0318", "Exchange Foundation"),
    "TEAMS1": ("57ff2da0-773e-42df-b2af-ffb7a2317929", "Microsoft Teams"),
    "MCOSTANDARD": ("0feaeb32-d00e-4d66-bd5a-43b5b83db82c", "Skype for Business Online (Plan 2)"),
    "MCOEV": ("4828c8ec-dc2e-4779-b502-87ac9ce28ab7", "Microsoft 365 Phone System"),
    "OFFICE_BUSINESS": ("094e7854-93fc-4d55-b2c0-3ab5369ebdc1", "Microsoft 365 Apps for Business"),
    "OFFICESUBSCRIPTION": ("43de0ff5-c92c-492b-9116-175376d08c38", "Microsoft 365 Apps for Enterprise"),
    "INTUNE_A": ("c1ec4a95-1f05-45b3-a911-aa3fa01094f5", "Microsoft Intune A Direct"),
    "AAD_PREMIUM": ("41781fb2-bc02-4b7c-bd55-b576c07bb09d", "Azure Active Directory Premium P1"),
    "AAD_PREMIUM_P2": ("eec0eb4f-6444-4f95-aba0-50c24d67f998", "Azure Active Directory Premium P2"),
    "BI_AZURE_P2": ("70d33638-9c74-4d01-bfd3-562de28bd4ba", "Power BI Pro"),
    "VISIO_CLIENT_SUBSCRIPTION": ("663a804f-1c30-4ff0-9915-9db84f0d1cea", "Visio Desktop App"),
    "VISIOONLINE": ("2bdbaf8f-738f-4ac7-9234-3c3ee2ce7d0f", "Visio for the Web"),
}
_OF_THE_TENANT = {"EXCHANGE_S_FOUNDATION"}


def licences_of(customer: Customer) -> list[Licence]:
    """Return the SKUs of the customer's directory by part number; Azure and one-time things have none."""
    found: dict[str, Licence] = {}
    for subscription in customer.subscriptions.values():
        if _has_licences(subscription):
            licence = _sku_of(subscription)
            _count(found.setdefault(licence.sku_id, licence), subscription)
    return sorted(found.values(), key=lambda licence: licence.part_number)


def consumed(customer: Customer) -> Counter[str]:
    """Return how many users have each SKU; deleted users have none."""
    return Counter(sku_id for user in customer.users.values() if user.is_active for sku_id in user.licences)


def sku_id_of(subscription: Subscription) -> str:
    """Return the directory's SKU id of what a subscription gives, or would give if it gave licences."""
    return _sku_of(subscription).sku_id


def licence_of(subscription: Subscription) -> Licence | None:
    """Return the directory's SKU of what a subscription gives, without units; None where it gives no licences."""
    return _sku_of(subscription) if _has_licences(subscription) else None


def _has_licences(subscription: Subscription) -> bool:
    status = subscription.status.lower()
    return (
        subscription.billing_type.lower() == "license"
        and "azure" not in subscription.product_type.lower()
        and status in {"active", "suspended", "expired"}
    )


def _count(licence: Licence, subscription: Subscription) -> None:
    status = subscription.status.lower()
    if status == "active":
        licence.active_count += subscription.quantity
    elif status == "expired":
        licence.warning_count += subscription.quantity
    else:
        licence.suspended_count += subscription.quantity
    licence.subscription_ids.append(subscription.id)


def _sku_of(subscription: Subscription) -> Licence:
    item = item_of(subscription.product_id, subscription.sku_id) or _item_titled(subscription.title)
    if item is not None and item.directory_id:
        plans = tuple(_plan(service) for service in item.service_plans)
        name = item.product_title or item.title
        return Licence(sku_id=item.directory_id, part_number=item.part_number, name=name, plans=plans)
    source = f"{subscription.product_id}:{subscription.sku_id}" if subscription.product_id else subscription.offer_id
    part_number = re.sub(r"\W+", "_", subscription.title).strip("_").upper()[:40] or source
    plan = Plan(id=_made_up(f"{source}/plan"), service=part_number, name=subscription.title)
    return Licence(sku_id=_made_up(source), part_number=part_number, name=subscription.title, plans=(plan,))


@cache
def _item_titled(title: str) -> Item | None:
    """Return what a legacy offer is called today."""
    wanted = title.casefold()
    return next((item for item in items().values() if item.directory_id and item.title.casefold() == wanted), None)


@cache
def _plan(service: str) -> Plan:
    plan_id, name = _PLANS.get(service, (_made_up(f"plan/{service}"), service.replace("_", " ").title()))
    return Plan(id=plan_id, service=service, name=name, target="Tenant" if service in _OF_THE_TENANT else "User")


def _made_up(source: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, source))
