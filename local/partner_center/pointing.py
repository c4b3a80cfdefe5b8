"""How Prorata is pointed at the simulator: settings for an installation, or the environment for a shell.

Invariants: both say the same; every name is one of the product's settings.

Not here: who talks to the simulator without a sign-in (``standing_by``), serving (``server``).
"""

from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from local.partner_center.markets import MARKETS
from local.partner_center.server import Simulator
from local.partner_center.world import World
from shared.settings import PREFIX, Settings

TRUST_FILE: Final = "webhook-root.pem"


def pointed_at(simulator: Simulator, settings: Settings) -> Settings:
    """Return *settings* of an installation whose Microsoft is the simulator, as whose app it signs in."""
    return _updated(settings, _places(simulator))


def with_everything(simulator: Simulator, settings: Settings, trust_file: Path) -> Settings:
    """Return *settings* as ``environment`` has them: also what is trusted, sold and billed."""
    return _updated(settings, {**_everything(simulator), "webhook_trust_file": trust_file})


def environment(simulator: Simulator, trust_file: Path) -> dict[str, str]:
    """Return the environment that points Prorata at the simulator."""
    fields = {**_everything(simulator), "webhook_trust_file": str(trust_file)}
    return {f"{PREFIX}{name.upper()}": value for name, value in fields.items()}


def _updated(settings: Settings, fields: dict[str, Any]) -> Settings:
    return settings.model_copy(update={**fields, "client_secret": SecretStr(fields["client_secret"])})


def _places(simulator: Simulator) -> dict[str, str]:
    partner, address = simulator.world.partner, simulator.base_url
    host = address.partition("://")[2]
    return {
        "partner_tenant_id": partner.tenant_id,
        "client_id": partner.client_id,
        "client_secret": partner.client_secret,
        "login_url": address,
        "partner_center_url": address,
        "partner_api_url": address,
        "graph_url": address,
        "export_hosts": host,
        "webhook_certificate_hosts": host,
    }


def _everything(simulator: Simulator) -> dict[str, str]:
    world = simulator.world
    sold = {"countries": ",".join(_countries(world)), "billing_currencies": ",".join(world.partner.currencies)}
    return _places(simulator) | sold


def _countries(world: World) -> list[str]:
    """Return the partner's country and, for each other currency of its bills, a customer's; each has price sheets."""
    partner = world.partner
    by_currency = {MARKETS.get(partner.country, ""): partner.country}
    for country in sorted(customer.country for customer in world.customers.values()):
        by_currency.setdefault(MARKETS.get(country, ""), country)
    own = by_currency.pop(MARKETS.get(partner.country, ""))
    return [own, *(country for currency, country in by_currency.items() if currency in partner.currencies)]
