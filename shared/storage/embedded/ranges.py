"""A range of a content file as a stream of its own, as Azure gives it for a ranged download.

Not here: which blob the file is (``blobs``).
"""

import io
from typing import BinaryIO, cast


def ranged(stream: BinaryIO, offset: int, length: int | None) -> BinaryIO:
    """Return what *stream* holds from *offset* on, at most *length* bytes; closing it closes *stream*."""
    stream.seek(offset)
    return cast("BinaryIO", io.BufferedReader(_Range(stream, length)))


class _Range(io.RawIOBase):
    """The bytes that are left of a range."""

    def __init__(self, stream: BinaryIO, length: int | None) -> None:
        super().__init__()
        self._stream, self._left = stream, length

    def readable(self) -> bool:
        """Whether this can be read: always."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # the interpreter always passes a view
        """Fill *buffer* with the next bytes of the range and return how many there were."""
        wanted = len(buffer) if self._left is None else min(len(buffer), self._left)
        block = self._stream.read(wanted)
        buffer[: len(block)] = block
        if self._left is not None:
            self._left -= len(block)
        return len(block)

    def close(self) -> None:
        """Close the file below, too."""
        self._stream.close()
        super().close()
