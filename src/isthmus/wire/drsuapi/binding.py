"""The start and end of a replication session, and what either side can do. [MS-DRSR] 4.1.3, 4.1.25."""

from dataclasses import dataclass
from enum import IntFlag
from struct import Struct
from uuid import UUID

from isthmus.wire.drsuapi.names import NOBODY
from isthmus.wire.errors import WireError
from isthmus.wire.ndr import NdrReader, NdrWriter

DRS_BIND = 0
DRS_UNBIND = 1
HANDLE_LENGTH = 20
CLIENT = UUID("e24d201a-4fd6-11d1-a3da-0000f875ae0d")
"""[MS-DRSR] NTDSAPI_CLIENT_GUID: an application and not a controller."""
_EXTENSIONS = Struct("<I16sIII16sI")
_SHORTEST_EXTENSIONS = 28


class Capability(IntFlag):
    """[MS-DRSR] DRS_EXTENSIONS_INT.dwFlags."""

    DRS_EXT_BASE = 0x00000001
    DRS_EXT_GETCHG_DEFLATE = 0x00000010
    DRS_EXT_RESTORE_USN_OPTIMIZATION = 0x00000040
    DRS_EXT_LINKED_VALUE_REPLICATION = 0x00000400
    DRS_EXT_INSTANCE_TYPE_NOT_REQ_ON_MOD = 0x00001000
    DRS_EXT_STRONG_ENCRYPTION = 0x00008000
    DRS_EXT_GETCHGREQ_V5 = 0x00100000
    DRS_EXT_NONDOMAIN_NCS = 0x00800000
    DRS_EXT_GETCHGREQ_V8 = 0x01000000
    DRS_EXT_GETCHGREPLY_V5 = 0x02000000
    DRS_EXT_GETCHGREPLY_V6 = 0x04000000
    DRS_EXT_W2K3_DEFLATE = 0x10000000
    DRS_EXT_GETCHGREQ_V10 = 0x20000000


# Without NONDOMAIN_NCS a Windows controller's LSASS was seen to crash after some thousand objects. Compressed
# replies (GETCHG_DEFLATE, W2K3_DEFLATE) and V9 (sources disagree on its bit) are not offered.
OURS = (
    Capability.DRS_EXT_BASE
    | Capability.DRS_EXT_RESTORE_USN_OPTIMIZATION
    | Capability.DRS_EXT_LINKED_VALUE_REPLICATION
    | Capability.DRS_EXT_INSTANCE_TYPE_NOT_REQ_ON_MOD
    | Capability.DRS_EXT_STRONG_ENCRYPTION
    | Capability.DRS_EXT_NONDOMAIN_NCS
    | Capability.DRS_EXT_GETCHGREQ_V8
    | Capability.DRS_EXT_GETCHGREPLY_V6
    | Capability.DRS_EXT_GETCHGREQ_V10
)


@dataclass(frozen=True, slots=True)
class Extensions:
    """What one side can do. [MS-DRSR] DRS_EXTENSIONS_INT."""

    flags: int
    site: UUID = NOBODY
    process_id: int = 0
    replication_epoch: int = 0
    """Not zero in a domain that was renamed; both sides must say the same. dwReplEpoch."""

    def octets(self) -> bytes:
        # Later fields (dwFlagsExt, ConfigObjGUID, dwExtCaps) stay zero: they would offer V9 replies.
        return _EXTENSIONS.pack(self.flags, self.site.bytes_le, self.process_id, self.replication_epoch,
                                0, b"\x00" * 16, 0)  # fmt: skip


@dataclass(frozen=True, slots=True)
class BindReply:
    extensions: Extensions
    handle: bytes


def bind_request(extensions: Extensions) -> bytes:
    """[MS-DRSR] IDL_DRSBind."""
    octets = extensions.octets()
    writer = NdrWriter()
    writer.pointer(present=True)
    writer.guid(CLIENT)
    writer.pointer(present=True)
    writer.u32(len(octets), len(octets))
    writer.raw(octets)
    return writer.octets()


def parse_bind_reply(stub: bytes) -> tuple[int, BindReply | None]:
    """The return code, and the reply if it is zero."""
    reader = NdrReader(stub)
    octets = b""
    if reader.u32():
        maximum, length = reader.u32(), reader.u32()
        if maximum != length:
            raise WireError(f"extensions of {length} bytes in an array of {maximum}")
        octets = reader.take(length)
    reader.align(4)
    handle = reader.take(HANDLE_LENGTH)
    code = reader.u32()
    return code, None if code else BindReply(_parse_extensions(octets), handle)


def unbind_request(handle: bytes) -> bytes:
    """[MS-DRSR] IDL_DRSUnbind."""
    return handle


def _parse_extensions(octets: bytes) -> Extensions:
    if len(octets) < _SHORTEST_EXTENSIONS:
        # A controller of Windows 2000 sends less; it can do nothing that we need.
        return Extensions(int.from_bytes(octets[:4], "little"))
    flags, site, process_id, epoch, *_ = _EXTENSIONS.unpack(octets[: _EXTENSIONS.size].ljust(_EXTENSIONS.size, b"\0"))
    return Extensions(flags, UUID(bytes_le=site), process_id, epoch)
