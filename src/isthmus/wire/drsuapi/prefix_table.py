"""Attribute and class identifiers of 32 bits, and the OIDs that they stand for. [MS-DRSR] 5.16.4."""

from collections.abc import Mapping
from dataclasses import dataclass
from struct import Struct

from isthmus.wire.errors import WireError
from isthmus.wire.ndr import NdrReader, NdrWriter

_ENTRY = Struct("<III")
_LONG_ARC = 0x8000
_LONGEST_PREFIX = 10_000
"""[MS-DRSR] OID_t."""
_SCHEMA_INFORMATION = b"\xff" + b"\x00" * 20
"""[MS-DRSR] 5.16.3: the last entry, of 21 bytes. Nothing compares it for an application's request."""


@dataclass(frozen=True, slots=True)
class PrefixTable:
    """One side's numbering of OID prefixes. [MS-DRSR] SCHEMA_PREFIX_TABLE."""

    prefixes: Mapping[int, bytes]
    """BER of an OID without its last arc (or the last two bytes of that), by number."""

    def identifier(self, oid: str) -> int | None:
        """The ATTRTYP of *oid* in this numbering; None if it has no number here. [MS-DRSR] MakeAttid."""
        prefix, low = _split(oid)
        for number, held in self.prefixes.items():
            if held == prefix:
                return number << 16 | low
        return None

    def oid(self, identifier: int) -> str | None:
        """The inverse of `identifier`. [MS-DRSR] OidFromAttid."""
        prefix = self.prefixes.get(identifier >> 16)
        if not prefix:
            return None
        low = identifier & 0xFFFF
        # An arc of three BER bytes keeps the first of them in the prefix.
        ending = bytes([low]) if low < 128 else bytes([(low >> 7) & 0x7F | 0x80, low & 0x7F])
        try:
            return _oid_text(prefix + ending)
        except WireError:
            return None


OURS = PrefixTable(
    {
        0: bytes.fromhex("5504"),  # 2.5.4
        1: bytes.fromhex("5506"),  # 2.5.6
        2: bytes.fromhex("2a864886f7140102"),  # 1.2.840.113556.1.2
        3: bytes.fromhex("2a864886f7140103"),  # 1.2.840.113556.1.3
        8: bytes.fromhex("5505"),  # 2.5.5
        9: bytes.fromhex("2a864886f7140104"),  # 1.2.840.113556.1.4
        10: bytes.fromhex("2a864886f7140105"),  # 1.2.840.113556.1.5
    }
)
"""The numbering of our requests. A peer's replies have their own: read them through that."""


def table_for(oids: tuple[str, ...]) -> PrefixTable:
    """`OURS`, with further prefixes where *oids* need them."""
    prefixes = dict(OURS.prefixes)
    for prefix in dict.fromkeys(_split(oid)[0] for oid in oids):
        if prefix not in prefixes.values():
            prefixes[max(prefixes) + 1] = prefix
    return PrefixTable(prefixes)


def read_prefix_entries(reader: NdrReader, count: int) -> PrefixTable:
    reader.conformance(count, _ENTRY.size)
    entries = [reader.unpack(_ENTRY) for _ in range(count)]
    prefixes: dict[int, bytes] = {}
    for number, length, pointer in entries:
        if length > _LONGEST_PREFIX:
            raise WireError(f"a prefix of {length} bytes")
        if not pointer:
            continue
        reader.conformance(length, 1)
        octets = reader.take(length)
        if octets[:1] != b"\xff":
            prefixes.setdefault(number, octets)
    return PrefixTable(prefixes)


def write_prefix_entries(writer: NdrWriter, table: PrefixTable) -> None:
    """The deferred part of a table with the schema's information as the last entry, as Samba requires."""
    entries = [*table.prefixes.items(), (0, _SCHEMA_INFORMATION)]
    writer.u32(len(entries))
    for number, octets in entries:
        writer.u32(number, len(octets))
        writer.pointer(present=True)
    for _, octets in entries:
        writer.u32(len(octets))
        writer.raw(octets)
        writer.align(4)


def _split(oid: str) -> tuple[bytes, int]:
    octets = oid_octets(oid)
    last = int(oid.rpartition(".")[2])
    low = last % 0x4000 | (_LONG_ARC if last >= 0x4000 else 0)
    return octets[: -1 if last < 128 else -2], low


def oid_octets(oid: str) -> bytes:
    """BER contents of an OBJECT IDENTIFIER."""
    first, second, *rest = map(int, oid.split("."))
    return b"".join(_arc(arc) for arc in (40 * first + second, *rest))


def _arc(arc: int) -> bytes:
    octets = [arc & 0x7F]
    while arc := arc >> 7:
        octets.append(arc & 0x7F | 0x80)
    return bytes(reversed(octets))


def _oid_text(octets: bytes) -> str:
    arcs: list[int] = []
    arc = 0
    for octet in octets:
        arc = arc << 7 | octet & 0x7F
        if not octet & 0x80:
            arcs.append(arc)
            arc = 0
        elif arc >= 2**32:
            raise WireError("an arc of an OID does not fit into 32 bits")
    if octets[-1] & 0x80:
        raise WireError(f"an OID of {len(octets)} bytes breaks off")
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))
