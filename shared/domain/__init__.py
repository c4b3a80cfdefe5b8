"""The rules of CSP billing as pure functions and values: standard library only, no I/O, no clock.

See ``README.md`` beside this file for what it owns and what it does not.
"""
