"""Billing runs: terms, start, steps, approval."""
