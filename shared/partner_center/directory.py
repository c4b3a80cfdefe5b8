"""Customers, their subscriptions, licences and users, and the audit feed: the port ``Directory`` on Microsoft's APIs.

Users are asked of Graph, with a token for the customer's tenant; where that tenant does not let us, of Partner Center,
which costs a call for each user.

Not here: how calls are made (``transport``), what is kept of the answers.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Final, TypeVar
from urllib.parse import quote

import msgspec

from shared.domain.errors import MicrosoftRefusedError, NotConnectedError
from shared.domain.snapshots.values import (
    AuditRecord,
    LicenceCount,
    SubscriptionSnapshot,
    Tenant,
    TenantProfile,
    User,
)
from shared.partner_center.answers import json_of
from shared.partner_center.hosts import Audience
from shared.partner_center.paging import decoded, graph_pages, pages, read_items, with_query
from shared.partner_center.request import Request
from shared.partner_center.transport import Operation, Transport
from shared.partner_center.wire import customers as wire
from shared.partner_center.wire import subscriptions
from shared.partner_center.wire.scalars import ident, lower_keys, text

CUSTOMERS_SIZE: Final = 500
USERS_SIZE: Final = 500
AUDIT_SIZE: Final = 200
GRAPH_USERS_TOP: Final = 999
_LICENCE_GROUPS: Final = (("licenseGroupIds", "group1"), ("licenseGroupIds", "group2"))
_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,200}")
"""Ids go into keys, paths and messages, where a comma or slash would make two of one."""

T = TypeVar("T")
_USER_FIELDS: Final = "id,userPrincipalName,displayName,givenName,surname,usageLocation,assignedLicenses"


class PartnerDirectory:
    """The port ``Directory``."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def tenants(self) -> Iterator[Tenant]:
        """Yield all customers, page by page.

        Raises:
            MicrosoftRefusedError, MicrosoftUnavailableError, ThrottledError, NotConnectedError: as every call.
        """
        request = Request(
            method="GET", path=with_query("/v1/customers", ("size", str(CUSTOMERS_SIZE))), takes_app_only=True
        )
        yield from read_items(pages(self._transport.operation(), request), request, _tenant)

    def tenant(self, tenant_id: str) -> TenantProfile:
        """Return one customer with its billing profile.

        Raises:
            NotFoundError: Microsoft does not know it (any more), or it is no customer of ours.
        """
        request = Request(method="GET", path=_customer(tenant_id))
        answer = self._transport.operation().ask(request)
        return decoded(answer, request, lambda content: wire.tenant_profile(wire.customer_of(content)))

    def subscriptions(self, tenant_id: str) -> list[SubscriptionSnapshot]:
        """Return all subscriptions of a customer, add-ons among them, by id.

        Raises:
            NotFoundError: it is no customer of ours.
        """
        request = Request(method="GET", path=f"{_customer(tenant_id)}/subscriptions", takes_app_only=True)

        def read(item: msgspec.Raw) -> SubscriptionSnapshot:
            found = subscriptions.snapshot(subscriptions.subscription_of(item), tenant_id)
            return _with_id(found, found.id)

        found = read_items(pages(self._transport.operation(), request), request, read)
        return sorted({each.id: each for each in found}.values(), key=lambda each: each.id)

    def subscription(self, tenant_id: str, subscription_id: str) -> SubscriptionSnapshot:
        """Return one subscription.

        Raises:
            NotFoundError: there is none.
        """
        path = f"{_customer(tenant_id)}/subscriptions/{quote(subscription_id, safe='')}"
        request = Request(method="GET", path=path, takes_app_only=True)
        answer = self._transport.operation().ask(request)

        def read(content: bytes) -> SubscriptionSnapshot:
            found = subscriptions.snapshot(subscriptions.subscription_of(content), tenant_id)
            return _with_id(found, found.id)

        return decoded(answer, request, read)

    def licence_counts(self, tenant_id: str) -> list[LicenceCount]:
        """Return the licences of a customer's tenant, by SKU id.

        Raises:
            MicrosoftRefusedError: no delegated role lets us read them.
        """
        path = with_query(f"{_customer(tenant_id)}/subscribedskus", *_LICENCE_GROUPS)
        request = Request(method="GET", path=path, concerns_one_tenant=True)

        def read(item: msgspec.Raw) -> LicenceCount:
            found = wire.licence_count(wire.subscribed_sku_of(item))
            return _with_id(found, found.sku_id)

        found = read_items(pages(self._transport.operation(), request), request, read)
        return sorted({each.sku_id: each for each in found}.values(), key=lambda each: each.sku_id)

    def users(self, tenant_id: str) -> list[User]:
        """Return the users of a customer's tenant with their licences, by id.

        Raises:
            MicrosoftRefusedError: no delegated role lets us read that tenant's users.
        """
        operation = self._transport.operation()
        try:
            found = _graph_users(operation, tenant_id)
        except (MicrosoftRefusedError, NotConnectedError):
            # That tenant may lack our consent or role for Graph; if the connection itself is bad, this fails as well.
            found = _partner_users(operation, tenant_id)
        return sorted({each.id: each for each in found}.values(), key=lambda each: each.id)

    def domain_is_taken(self, domain: str) -> bool:
        """Whether a tenant has the initial domain (``name.onmicrosoft.com``) already, whoever's it is.

        Raises:
            MicrosoftUnavailableError: nobody knows; that is never read as "free".
        """
        path = f"/v1/domains/{quote(domain, safe='')}"
        request = Request(method="HEAD", path=path, takes_app_only=True, expects=frozenset({404}))
        return self._transport.operation().ask(request).status != 404

    def relationship_link(self) -> str:
        """Return the address at which the owner of a tenant accepts us as its reseller."""
        request = Request(method="GET", path="/v1/customers/relationshiprequests")
        answer = self._transport.operation().ask(request)
        return decoded(answer, request, lambda content: text(lower_keys(json_of(content)).get("url")))

    def audit_records(self, on: date) -> Iterator[AuditRecord]:
        """Yield what Microsoft recorded on the UTC day *on* (at most 90 days back).

        Raises:
            MicrosoftRefusedError: the day is too long ago, or lies ahead.
        """
        day = on.isoformat()
        query = (("startDate", day), ("endDate", day), ("size", str(AUDIT_SIZE)))
        request = Request(method="GET", path=with_query("/v1/auditrecords", *query), takes_app_only=True)
        found = pages(self._transport.operation(), request)
        for record in read_items(found, request, lambda item: subscriptions.audit_record(subscriptions.audit_of(item))):
            if record is not None and record.at.date() == on:
                yield record


def _customer(tenant_id: str) -> str:
    return f"/v1/customers/{quote(tenant_id, safe='')}"


def _with_id(value: T, identity: str) -> T:
    if not identity:
        raise ValueError("it has no id")
    if not _ID.fullmatch(identity):
        raise ValueError("its id is none")
    return value


def _tenant(item: msgspec.Raw) -> Tenant:
    found = wire.tenant(wire.customer_of(item))
    return _with_id(found, found.id)


def _graph_users(operation: Operation, tenant_id: str) -> list[User]:
    query = (("$select", _USER_FIELDS), ("$top", str(GRAPH_USERS_TOP)))
    request = Request(
        method="GET",
        path=with_query("/v1.0/users", *query),
        audience=Audience.GRAPH,
        tenant_id=tenant_id,
        concerns_one_tenant=True,
    )

    def read(item: msgspec.Raw) -> User:
        found = wire.graph_user(wire.graph_user_of(item))
        return _with_id(found, found.id)

    return list(read_items(graph_pages(operation, request), request, read))


def _partner_users(operation: Operation, tenant_id: str) -> list[User]:
    path = with_query(f"{_customer(tenant_id)}/users", ("size", str(USERS_SIZE)))
    request = Request(method="GET", path=path, concerns_one_tenant=True)

    def read(item: msgspec.Raw) -> User:
        user = wire.partner_user_of(item)
        _with_id(user, ident(user.id))
        return wire.partner_user(user, _partner_licences(operation, tenant_id, text(user.id)))

    return list(read_items(pages(operation, request), request, read))


def _partner_licences(operation: Operation, tenant_id: str, user_id: str) -> list[wire.UserLicence]:
    path = with_query(f"{_customer(tenant_id)}/users/{quote(user_id, safe='')}/licenses", *_LICENCE_GROUPS)
    request = Request(method="GET", path=path, concerns_one_tenant=True)
    return list(read_items(pages(operation, request), request, wire.user_licence_of))
