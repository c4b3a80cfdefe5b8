"""One call to Microsoft, as its caller describes it.

Not here: how it is made (``exchange``) and repeated (``transport``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Final
from urllib.parse import urlsplit

from shared.partner_center.answers import Step
from shared.partner_center.hosts import Audience

ANSWER_BYTES_MAX: Final = 64 << 20
_REPEATABLE_METHODS: Final = frozenset({"GET", "HEAD", "PUT", "DELETE"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call. *path* begins with a slash below the API's base address and may hold a query.

    *request_id* is given where the caller keeps it, so that the same work can be asked for again after a crash.
    *may_repeat* tells that a repeat after an answer such as 503 does no harm; None goes by the method.
    *takes_app_only* prefers a token of the app alone. *tenant_id* asks with a token for a customer's tenant.
    *into* takes the body as it is on the wire, instead of memory. *expects* are statuses of failure that are answers.
    """

    method: str
    path: str
    audience: Audience = Audience.PARTNER_CENTER
    headers: Mapping[str, str] = field(default_factory=dict)
    body: object = None
    etag: str = ""
    request_id: str = ""
    may_repeat: bool | None = None
    takes_app_only: bool = False
    tenant_id: str = ""
    concerns_one_tenant: bool = False
    into: BinaryIO | None = None
    bytes_max: int = ANSWER_BYTES_MAX
    expects: frozenset[int] = frozenset()

    @property
    def step(self) -> Step:
        """What a message may show of it."""
        name = f"{self.method} {urlsplit(self.path).path}"
        return Step(name=name, audience=self.audience, concerns_one_tenant=self.concerns_one_tenant)

    @property
    def is_repeatable(self) -> bool:
        """Whether a repeat after an answer does no harm."""
        return self.method in _REPEATABLE_METHODS if self.may_repeat is None else self.may_repeat
