"""Webhooks: what was registered, what is sent, how it is signed."""
