"""Snapshots: what Microsoft said of customers, subscriptions, licences and users when it was last asked."""
