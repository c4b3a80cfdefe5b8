"""Organisations: whom the reseller sells to, and which of Microsoft's tenants is whose."""
