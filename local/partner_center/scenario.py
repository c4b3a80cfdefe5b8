"""TEMPORARY."""
from dataclasses import dataclass
from typing import Any
@dataclass
class Event:
    do: str
def happen(world: Any, event: Any) -> None: ...
def read_event(value: Any, where: str) -> Event: return Event("x")
