"""Hints: Partner Center says that something changed. Look there again; believe nothing of what the notification says.

``accept_hint`` proves the sender and leaves a message; ``follow_hint`` works it off by reading the thing anew, the same
way as the nightly sync does. So a hint may come twice, in any order, two days late or not at all.

Identity is what changed, where and when: the event, its resource and the instant of the change.

Not here: the signature (``shared/partner_center/webhook_signature``), comparing (``shared/domain/snapshots``).
"""

import json
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from urllib.parse import urlsplit

from shared.application.messages import HintMessage
from shared.domain.errors import AlreadyExistsError, ForgedError, InvalidError
from shared.storage.names import HINTS_QUEUE
from shared.storage.ports import Queues, Tables

logger = logging.getLogger(__name__)
TABLE = "inboundwebhooks"
SOURCE = "partner-center"
TEXT_CHARACTERS_MAX = 2000
_GUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_CUSTOMER = re.compile(rf"/customers/({_GUID})(?:/|$)", re.IGNORECASE)
_INVOICE = re.compile(r"/invoices/(?:Recurring-|OneTime-)?([A-Z]\d{6,12})(?:/|$)", re.IGNORECASE)
_FIELDS = ("EventName", "ResourceUri", "ResourceChangeUtcDate")


@dataclass(frozen=True, slots=True)
class HintInbox:
    """Where hints come in. *verify* proves the sender; *hosts* are those that a resource may be named on."""

    tables: Tables
    queues: Queues
    verify: Callable[[Mapping[str, str], bytes], None]
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Followers:
    """What looks again: at a tenant, and at the invoices."""

    look_at_tenant: Callable[[str], object]
    look_at_invoices: Callable[[], object]


def accept_hint(inbox: HintInbox, headers: Mapping[str, str], body: bytes) -> bool:
    """Take in a notification and return whether it is new.

    Raises:
        ForgedError: it does not prove that Microsoft sent it, or names a resource elsewhere.
        InvalidError: it is signed, but no notification.
        MicrosoftUnavailableError: the sender could not be checked now; Microsoft tries again.
    """
    inbox.verify(headers, body)
    fields = _fields(body)
    hint = _hint(fields, inbox.hosts)
    key = blake2b("\n".join(fields[name] for name in _FIELDS).encode(), digest_size=16).hexdigest()
    if inbox.tables.get(TABLE, SOURCE, key) is not None:
        logger.info("hint %s: seen before", hint.event)
        return False
    inbox.queues.send(HINTS_QUEUE, hint.body())  # before the row: a crash in between asks twice, never not at all
    values = {"event": hint.event, "tenant_id": hint.tenant_id, "invoice_id": hint.invoice_id}
    try:
        inbox.tables.insert(TABLE, SOURCE, key, {**values, "changed_at": hint.changed_at})
    except AlreadyExistsError:
        return False
    logger.info("hint %s: accepted", hint.event)
    return True


def follow_hint(followers: Followers, hint: HintMessage) -> str:
    """Look again at what the hint points to; return what was looked at: ``tenant``, ``invoices`` or ``nothing``."""
    if hint.tenant_id:
        followers.look_at_tenant(hint.tenant_id)
        return "tenant"
    if hint.invoice_id or hint.event == "invoice-ready":
        followers.look_at_invoices()
        return "invoices"
    return "nothing"


def _fields(body: bytes) -> dict[str, str]:
    """Return the notification's texts under the documented names, whatever the case they came in."""
    try:
        value = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InvalidError("body: is no JSON; nothing was taken from it") from error
    if not isinstance(value, dict):
        raise InvalidError("body: is no JSON object; nothing was taken from it")
    named = {str(name).lower(): each for name, each in value.items()}
    fields = {}
    for name in _FIELDS:
        text = named.get(name.lower())
        if not isinstance(text, str) or not text or len(text) > TEXT_CHARACTERS_MAX:
            raise InvalidError(f"{name}: is missing or no text; nothing was taken from the notification")
        fields[name] = text
    return fields


def _hint(fields: Mapping[str, str], hosts: tuple[str, ...]) -> HintMessage:
    resource = fields["ResourceUri"]
    try:
        parts = urlsplit(resource)
    except ValueError as error:
        raise ForgedError("ResourceUri: is no address") from error
    customer, invoice = _CUSTOMER.search(parts.path), _INVOICE.search(parts.path)
    if (customer or invoice) and parts.netloc.lower() not in hosts:
        raise ForgedError("ResourceUri: names a resource on another host than Partner Center's")
    return HintMessage(
        event=fields["EventName"][:100],
        tenant_id=customer.group(1).lower() if customer else "",
        invoice_id=invoice.group(1).upper() if invoice else "",
        changed_at=fields["ResourceChangeUtcDate"][:40],
    )
