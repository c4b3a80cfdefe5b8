"""A new tenant's domain: free, ours already, or somebody else's, and then how they become a customer."""

from typing import Any

import requests

Shop = Any  # what the conftest's fixture gives


def test_a_domain_is_free_ours_or_somebody_elses(shop: Shop) -> None:
    """With the reason, the next step, and the link by which somebody else's tenant becomes a customer."""
    shop.simulator.world.room("domains", dict)["northwind.onmicrosoft.com"] = "somebody else"
    found = {name: shop.get(f"domains/{name}") for name in ("contoso", "adatum.onmicrosoft.com", "NorthWind")}

    assert ["available", "ours", "taken"] == [each["state"] for each in found.values()]
    assert shop.customer.id == found["adatum.onmicrosoft.com"]["tenant_id"]
    assert found["NorthWind"]["link"].startswith("https://")
    assert all(each["reason"] and each["next_step"] for each in found.values())


def test_what_can_be_no_domain_is_refused(shop: Shop) -> None:
    """With an example of one that can."""
    answer = requests.get(f"{shop.machine.host.base_url}/api/domains/con%20toso", timeout=30)

    assert (400, True) == (answer.status_code, "contoso" in answer.json()["detail"])
