"""What can be called, one module for each resource; ``all_calls`` puts them together.

Every module of this package may offer ``CALLS: tuple[Call, ...]``; it is found by being here.
"""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

from local.partner_center.answers import Call


def all_calls() -> Iterator[Call]:
    """Yield the calls of all modules of this package, by the module's name."""
    for module in sorted(iter_modules(__path__), key=lambda each: each.name):
        yield from getattr(import_module(f"{__name__}.{module.name}"), "CALLS", ())
