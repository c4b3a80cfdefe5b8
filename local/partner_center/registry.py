"""Every call that the simulator answers, wherever it is written.

Not here: how calls are found (``matching``).
"""

from local.partner_center.answers import Call
from local.partner_center.calls import all_calls
from local.partner_center.identity import consent, devices, discovery, grants


def registered_calls() -> tuple[Call, ...]:
    """Return the calls of Microsoft's hosts, of the token service and of the simulator's own controls."""
    return (*all_calls(), *grants.CALLS, *consent.CALLS, *devices.CALLS, *discovery.CALLS)
