"""Where on a host an interface listens. [C706] ept_map, appendix O."""

from struct import pack, unpack
from uuid import UUID

from isthmus.wire.errors import WireError
from isthmus.wire.ndr import NdrReader, NdrWriter
from isthmus.wire.rpc.pdu import NDR32, Interface

ENDPOINT_MAPPER = Interface(UUID("e1af8308-5d1f-11c9-91a4-08002b14a0fa"), 3)
EPT_MAP = 3
_UUID_FLOOR = 0x0D
_CONNECTION_ORIENTED = 0x0B
_TCP = 0x07
_IP = 0x09
_MOST_TOWERS = 4
_NOT_REGISTERED = 0x16C9A0D6


def map_request(interface: Interface) -> bytes:
    """Ask for the TCP ports of *interface*."""
    tower = _tower(interface)
    writer = NdrWriter()
    writer.pointer(present=True)
    writer.guid(UUID(int=0))
    writer.pointer(present=True)
    writer.u32(len(tower), len(tower))
    writer.raw(tower)
    writer.align(4)
    writer.raw(b"\x00" * 20)
    writer.u32(_MOST_TOWERS)
    return writer.octets()


def parse_map_reply(stub: bytes) -> tuple[int, ...]:
    """The TCP ports, in the peer's order; empty if the interface is not registered."""
    reader = NdrReader(stub)
    reader.take(20)
    count = reader.u32()
    maximum, offset, actual = reader.u32(), reader.u32(), reader.u32()
    if offset or actual != count or count > maximum or count > _MOST_TOWERS:
        raise WireError(f"{count} towers in an array of {actual} of {maximum} from {offset}")
    present = [reader.u32() != 0 for _ in range(count)]
    ports = [_port(_tower_octets(reader)) for there in present if there]
    status = reader.u32()
    if status not in (0, _NOT_REGISTERED):
        raise WireError(f"the endpoint mapper answers 0x{status:08x}")
    return tuple(port for port in ports if port)


def _tower(interface: Interface) -> bytes:
    floors = (
        _floor(pack("<B16sH", _UUID_FLOOR, interface.uuid.bytes_le, interface.major), pack("<H", interface.minor)),
        _floor(pack("<B16sH", _UUID_FLOOR, NDR32[0].bytes_le, NDR32[1]), pack("<H", 0)),
        _floor(bytes([_CONNECTION_ORIENTED]), pack("<H", 0)),
        _floor(bytes([_TCP]), pack(">H", 0)),
        _floor(bytes([_IP]), b"\x00" * 4),
    )
    return pack("<H", len(floors)) + b"".join(floors)


def _floor(left: bytes, right: bytes) -> bytes:
    return pack("<H", len(left)) + left + pack("<H", len(right)) + right


def _tower_octets(reader: NdrReader) -> bytes:
    maximum, length = reader.u32(), reader.u32()
    if maximum != length:
        raise WireError(f"a tower of {length} bytes in an array of {maximum}")
    octets = reader.take(length)
    reader.align(4)
    return octets


def _port(tower: bytes) -> int:
    """Of the first TCP floor; 0 if there is none."""
    reader = NdrReader(tower)
    (floors,) = unpack("<H", reader.take(2))
    for _ in range(floors):
        left = reader.take(*unpack("<H", reader.take(2)))
        right = reader.take(*unpack("<H", reader.take(2)))
        if left == bytes([_TCP]) and len(right) == 2:
            return int.from_bytes(right, "big")
    return 0
