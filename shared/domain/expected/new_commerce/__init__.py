"""New-commerce licences and software subscriptions: every line from the purchase to the end of the service.

Not here: software as a service of the marketplace, reservations, Azure plans.
"""

from shared.domain.expected.new_commerce.terms import new_commerce_lines

__all__ = ["new_commerce_lines"]
