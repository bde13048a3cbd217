"""Network Data Representation, 32 bits, little endian. [C706] chapter 14.

INVARIANT: no count or length from a peer is used before it is compared with what is left of its message.
"""

from struct import Struct
from typing import Any
from uuid import UUID

from isthmus.wire.errors import WireError

U32 = Struct("<I")
U64 = Struct("<Q")
_REFERENT = 0x00020000


class NdrReader:
    """Walks over one message. Every read aligns first; every failure is a `WireError` with the position."""

    __slots__ = ("octets", "position")

    def __init__(self, octets: bytes, position: int = 0) -> None:
        self.octets = octets
        self.position = position

    @property
    def remaining(self) -> int:
        return len(self.octets) - self.position

    def align(self, alignment: int) -> None:
        self.position = (self.position + alignment - 1) & -alignment

    def unpack(self, layout: Struct, alignment: int = 4) -> tuple[Any, ...]:
        start = (self.position + alignment - 1) & -alignment
        end = start + layout.size
        if end > len(self.octets):
            raise WireError(f"{layout.size} bytes wanted at {start} of {len(self.octets)}")
        self.position = end
        return layout.unpack_from(self.octets, start)

    def u32(self) -> int:
        value: int = self.unpack(U32)[0]
        return value

    def u64(self) -> int:
        value: int = self.unpack(U64, 8)[0]
        return value

    def guid(self) -> UUID:
        self.align(4)
        return UUID(bytes_le=self.take(16))

    def take(self, count: int) -> bytes:
        """The next *count* bytes as they are."""
        end = self.position + count
        if not 0 <= count <= len(self.octets) - self.position:
            raise WireError(f"{count} bytes wanted at {self.position} of {len(self.octets)}")
        taken = self.octets[self.position : end]
        self.position = end
        return taken

    def conformance(self, expected: int, item_size: int, *, extra: int = 0) -> None:
        """A conformant array's maximum count, which repeats a count read before. [C706] 14.3.3.2.

        *extra* is how many more items than *expected* the definition says (a string's final NUL).
        """
        count = self.u32()
        if count != expected + extra:
            raise WireError(f"an array of {expected + extra} has a maximum count of {count} at {self.position - 4}")
        self.room_for(count, item_size)

    def room_for(self, count: int, item_size: int) -> None:
        """Refuse a count that cannot be true."""
        if count * item_size > self.remaining:
            raise WireError(
                f"{count} items of at least {item_size} bytes at {self.position} of {len(self.octets)} bytes"
            )


class NdrWriter:
    """Builds one message. Pointers get referents in the order in which they are written."""

    __slots__ = ("_octets", "_referents")

    def __init__(self) -> None:
        self._octets = bytearray()
        self._referents = 0

    def align(self, alignment: int) -> None:
        self._octets += b"\x00" * (-len(self._octets) % alignment)

    def u32(self, *values: int) -> None:
        self.align(4)
        for value in values:
            self._octets += U32.pack(value)

    def u64(self, *values: int) -> None:
        self.align(8)
        for value in values:
            self._octets += U64.pack(value)

    def guid(self, value: UUID) -> None:
        self.align(4)
        self._octets += value.bytes_le

    def raw(self, octets: bytes) -> None:
        self._octets += octets

    def pointer(self, *, present: bool) -> None:
        """A unique pointer; the caller writes what it points to later, in the same order."""
        if present:
            self._referents += 4
        self.u32(_REFERENT + self._referents if present else 0)

    def octets(self) -> bytes:
        return bytes(self._octets)
