"""The rules by name: what each says and where it is written. Lines point at their rule; sentences are made from it.

A rule's key is stable (texts of all languages are looked up by it). *source* cites the vendor's page; "Prorata" is our
own convention where no page says anything.

Not here: the code that applies a rule (``legacy``, ``new_commerce``, ...), texts for people (``texts``).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: a stable *key* (``nce.add_quantity``), what it *says* in one sentence, and its *source*."""

    key: str
    says: str
    source: str = "Prorata"
