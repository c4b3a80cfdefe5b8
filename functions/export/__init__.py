"""Exports: the worker that writes files, and the list of links."""
