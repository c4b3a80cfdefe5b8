"""What queue messages say: "look at this now", never what the result should be.

A message is a small JSON object. It may come twice, late, or for work that was overtaken; each use case looks at the
store first.
"""

import json
from dataclasses import asdict, dataclass, fields
from typing import Self

from shared.domain.errors import InvalidError
from shared.domain.keys import RunKey
from shared.domain.periods import BillingPeriod


@dataclass(frozen=True, slots=True)
class _Message:
    def body(self) -> str:
        """Return the message as it goes on the queue."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def parse(cls, body: bytes | str) -> Self:
        """Read a message.

        Raises:
            InvalidError: it is not of this kind; it can never be worked off.
        """
        names = {each.name: each.type for each in fields(cls)}
        try:
            values = json.loads(body)
        except ValueError as error:
            raise InvalidError(f"a message for {cls.__name__} is no JSON") from error
        if not isinstance(values, dict) or values.keys() != names.keys():
            raise InvalidError(f"a message for {cls.__name__} must hold exactly {', '.join(names)}")
        for name, value in values.items():
            if type(value) is not (int if names[name] is int else str):
                raise InvalidError(f"a message for {cls.__name__}: {name} is {value!r}")
        return cls(**values)


@dataclass(frozen=True, slots=True)
class IngestMessage(_Message):
    """A source file was uploaded: read it."""

    period: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryMessage(_Message):
    """Look at a piece of what Microsoft delivers; *step* says which (see ``billing_sync`` and ``deliveries``).

    *operation* and *span* are those of an export that was asked for again; *polls* counts the answers that it is not
    ready, *attempt* how often something went wrong.
    """

    step: str
    period: str = ""
    row: str = ""
    kind: str = ""
    invoice_id: str = ""
    currency: str = ""
    version: str = ""
    part: int = 0
    operation: str = ""
    span: str = ""
    polls: int = 0
    attempt: int = 0


@dataclass(frozen=True, slots=True)
class RunMessage(_Message):
    """A run may be ready for its next step."""

    period: str
    inputs: str

    @property
    def key(self) -> RunKey:
        """The run that is meant."""
        return RunKey(BillingPeriod.parse(self.period))


@dataclass(frozen=True, slots=True)
class ChunkMessage(_Message):
    """A chunk of a run waits to be billed, or to be exported."""

    period: str
    inputs: str
    chunk: int

    @property
    def key(self) -> RunKey:
        """The run that is meant."""
        return RunKey(BillingPeriod.parse(self.period))


@dataclass(frozen=True, slots=True)
class HintMessage(_Message):
    """Microsoft says that something changed: a customer's tenant, an invoice, or nothing of ours ("")."""

    event: str
    tenant_id: str
    invoice_id: str
    changed_at: str


@dataclass(frozen=True, slots=True)
class SyncMessage(_Message):
    """Read anew, as *what* says: tenants or days of the audit feed; *attempt* counts delays.

    *tenants* holds ids with commas between, or of the feed the last day and how many before it, as in ``2026-10-31/9``.
    """

    day: str
    what: str
    chunk: int
    tenants: str
    attempt: int
