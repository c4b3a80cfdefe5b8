"""Own services: what the reseller's own recurring, one-off and metered services should be billed, by policy.

Not here: the policy itself (``subscriptions/own_billing``), Microsoft's rules.
"""

from shared.domain.expected.own_services.billing import own_service_lines

__all__ = ["own_service_lines"]
