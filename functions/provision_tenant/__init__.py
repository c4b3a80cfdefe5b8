"""The storefront's side: signed webhooks, tenants, subscriptions, users. It has no function yet.

The group stands here because the arrows of the house are drawn for all four; nothing of it is registered.
"""
