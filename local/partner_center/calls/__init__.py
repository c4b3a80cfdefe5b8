"""What can be called, one module for each resource; ``all_calls`` puts them together.

Every module of this package may offer ``CALLS: tuple[Call, ...]``; it is found by being here.
"""

import sys
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

from local.partner_center.answers import Call


def all_calls() -> Iterator[Call]:
    """Yield the calls of all modules of this package, by the module's name."""
    for module in sorted(iter_modules(__path__), key=lambda each: each.name):
        try:
            found = import_module(f"{__name__}.{module.name}")
        except Exception as error:  # noqa: BLE001 - TODO(C): goes before the end of this round
            print(f"SKIPPED calls.{module.name}: {error!r}", file=sys.stderr)  # noqa: T201
            continue
        yield from getattr(found, "CALLS", ())
