"""Own services: what the reseller's own recurring, one-off and metered services should be billed, by policy.

Not here: the policy itself (``subscriptions/own_billing``), Microsoft's rules.
"""
