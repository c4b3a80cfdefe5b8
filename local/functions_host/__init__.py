"""A small Azure Functions host: runs a ``function_app.py`` on one machine as Azure would.

It speaks HTTP, timer and queue triggers and queue outputs, and refuses at start whatever Azure would refuse, so that
an app that runs here runs there. ``local/README.md`` lists what is equal and what differs on purpose.

Not here: Prorata. The host knows no use case and imports nothing of the product but its errors and the queue port.
"""

from local.functions_host.host import FunctionsHost, HostOptions, open_host, serve
from local.functions_host.index import Index, index_app
from local.functions_host.keys import AccessKeys
from local.functions_host.statuses import FileStatuses, Statuses

__all__ = [
    "AccessKeys",
    "FileStatuses",
    "FunctionsHost",
    "HostOptions",
    "Index",
    "Statuses",
    "index_app",
    "open_host",
    "serve",
]
