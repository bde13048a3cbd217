"""Basic Encoding Rules, definite lengths only, as LDAP restricts them. [RFC4511] 5.1.

INVARIANT: no length is used before it is compared with what is left; nesting is walked by the caller, never here.
"""

from isthmus.wire.errors import WireError

BOOLEAN = 0x01
INTEGER = 0x02
OCTET_STRING = 0x04
ENUMERATED = 0x0A
SEQUENCE = 0x30
SET = 0x31
_LONGEST_LENGTH = 4
_LONGEST_NUMBER = 8


class BerReader:
    """Walks over the elements of one constructed value."""

    __slots__ = ("_octets", "_position")

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._position = 0

    def __bool__(self) -> bool:
        """Whether anything is left."""
        return self._position < len(self._octets)

    def element(self) -> tuple[int, bytes]:
        """The next element's tag and contents."""
        bounds = element_bounds(self._octets, self._position)
        if bounds is None or bounds[1] > len(self._octets):
            raise WireError(f"an element at {self._position} goes beyond the {len(self._octets)} bytes around it")
        tag = self._octets[self._position]
        contents = self._octets[bounds[0] : bounds[1]]
        self._position = bounds[1]
        return tag, contents

    def expect(self, tag: int) -> bytes:
        start = self._position
        found, contents = self.element()
        if found != tag:
            raise WireError(f"an element 0x{found:02x} at {start} where 0x{tag:02x} is due")
        return contents

    def number(self, tag: int = INTEGER) -> int:
        contents = self.expect(tag)
        if not 1 <= len(contents) <= _LONGEST_NUMBER:
            raise WireError(f"a number of {len(contents)} bytes")
        return int.from_bytes(contents, "big", signed=True)

    def text(self) -> str:
        return self.expect(OCTET_STRING).decode("utf-8", "replace")

    def inside(self, tag: int) -> "BerReader":
        return BerReader(self.expect(tag))


def element_bounds(octets: bytes | bytearray, start: int) -> tuple[int, int] | None:
    """Where the contents of the element at *start* begin and end; None while its length is not all there."""
    if start + 2 > len(octets):
        return None
    length = octets[start + 1]
    begin = start + 2
    if length >= 0x80:
        size = length & 0x7F
        if not 1 <= size <= _LONGEST_LENGTH:
            raise WireError(f"a length of {size} bytes at {start}")
        begin += size
        if begin > len(octets):
            return None
        length = int.from_bytes(octets[start + 2 : begin], "big")
    return begin, begin + length


def encoded(tag: int, *parts: bytes) -> bytes:
    contents = b"".join(parts)
    if len(contents) < 0x80:
        return bytes((tag, len(contents))) + contents
    length = len(contents).to_bytes(_LONGEST_LENGTH, "big")
    return bytes((tag, 0x80 | _LONGEST_LENGTH)) + length + contents


def encoded_number(value: int, tag: int = INTEGER) -> bytes:
    return encoded(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def encoded_text(value: str) -> bytes:
    return encoded(OCTET_STRING, value.encode())
