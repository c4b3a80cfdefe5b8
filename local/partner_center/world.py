"""The simulated world: one partner, its customers, one clock, one stream of identifiers, and what is switched to fail.

Everything is deterministic: the same seed and the same calls give the same ids and figures. All access happens under
``lock``; a request holds it while it is answered, except while it is made to be slow.

Not here: HTTP (``server``), rules.
"""

import random
import threading
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local.partner_center.clock import Clock
from local.partner_center.entities import Customer, Json
from local.partner_center.faults import Faults

PARTNER_TENANT_ID = "1b8a2f6c-7d3e-4c55-9e1f-5a0d4b6c7e80"
CLIENT_ID = "6c1f0f0e-3a58-4a0b-a0a6-52f1c8f1d9aa"
CLIENT_SECRET = "simulated-secret"  # noqa: S105 - opens nothing but the simulator, and is printed at its start
ADMIN_NAME = "billing.service@voorbeeldcloud.example"


@dataclass(slots=True, kw_only=True)
class Partner:
    """The reseller as Microsoft knows it, and who consents: *roles* are those of the consenting administrator."""

    tenant_id: str = PARTNER_TENANT_ID
    name: str = "Voorbeeld Cloud Diensten B.V."
    mpn_id: str = "6034453"
    country: str = "NL"
    currencies: tuple[str, ...] = ("EUR", "USD")
    client_id: str = CLIENT_ID
    client_secret: str = CLIENT_SECRET
    admin_name: str = ADMIN_NAME
    admin_id: str = "c7a5e3b1-92d4-4f6a-8b0c-1d2e3f405162"
    roles: tuple[str, ...] = ("AdminAgents",)
    is_sandbox: bool = False
    is_indirect_provider: bool = False


@dataclass(slots=True, kw_only=True)
class Happening:
    """Something that concerns a resource: what webhooks and the audit feed tell. *resource* is such as subscription."""

    at: datetime
    customer_id: str
    resource: str
    resource_id: str
    operation: str  # the audit feed's word: create_order, update_subscription, add_customer, ...
    event: str = ""  # the webhook's word: subscription-updated, invoice-ready, ...; "" for none
    actor: str = ""
    before: Json | None = None
    after: Json | None = None


class World:
    """Everything there is."""

    def __init__(self, clock: Clock, *, seed: int = 7, partner: Partner | None = None) -> None:
        self.clock = clock
        self.seed = seed
        self.partner = partner or Partner()
        self.customers: dict[str, Customer] = {}
        self.faults = Faults()
        self.lock = threading.RLock()
        self.happenings: list[Happening] = []
        self.rooms: dict[str, Any] = {}
        self._numbers = random.Random(f"{seed}/ids")  # noqa: S311 - repeatable identifiers, no secrets

    def guid(self) -> str:
        """Return the next identifier in Microsoft's usual form."""
        return str(uuid.UUID(int=self._numbers.getrandbits(128), version=4))

    def token(self, length: int = 12, alphabet: str = "0123456789abcdef") -> str:
        """Return the next identifier made of letters and digits."""
        return "".join(self._numbers.choices(alphabet, k=length))

    def tell(self, happening: Happening) -> None:
        """Keep what happened for the audit feed, and let whoever listens (webhooks) know."""
        self.happenings.append(happening)
        for listen in self.rooms.get("listeners", ()):
            listen(happening)

    def room(self, name: str, make: Any) -> Any:
        """Return the part of the world that one module keeps for itself, made by *make* when first asked for."""
        if name not in self.rooms:
            self.rooms[name] = make()
        return self.rooms[name]
