"""Fingerprints: 64-bit numbers by which a file's lines are recognised in another file, in bounded memory.

Of a small file every line is kept; of a large one those of one in sixteen, chosen by what the line is and not where it
stands, so that two versions of a file choose the same ones.

Not here: what is made of the comparison (``shared/domain/source_files``).
"""

from hashlib import blake2b

ALL_KEPT_MAX = 4096
ONE_IN = 16


class Fingerprints:
    """The fingerprints of one file, while it is read."""

    def __init__(self) -> None:
        self._kept: set[int] = set()
        self._is_sampled = False

    def add(self, text: str) -> None:
        """Take the text that stands for a line: its identity and its amounts."""
        number = int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest())
        if self._is_sampled and number % ONE_IN:
            return
        self._kept.add(number)
        if not self._is_sampled and len(self._kept) > ALL_KEPT_MAX:
            self._is_sampled = True
            self._kept = {kept for kept in self._kept if not kept % ONE_IN}

    def all(self) -> frozenset[int]:
        """Return what was kept."""
        return frozenset(self._kept)
