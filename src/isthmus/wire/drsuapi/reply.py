"""A controller's answer to a request for changes. [MS-DRSR] DRS_MSG_GETCHGREPLY_V6 and V9."""

from dataclasses import dataclass
from struct import Struct
from uuid import UUID

from isthmus.wire.drsuapi.links import ReplicatedLink, read_links
from isthmus.wire.drsuapi.names import DsName, read_ds_name
from isthmus.wire.drsuapi.objects import ReplicatedObject, read_objects
from isthmus.wire.drsuapi.prefix_table import PrefixTable, read_prefix_entries
from isthmus.wire.drsuapi.request import Seen, UsnVector
from isthmus.wire.errors import WireError
from isthmus.wire.ndr import U32, NdrReader

_FIXED = Struct("<II16s16sI4x3Q3QIIIIIIIIIIIII")
_CURSOR = Struct("<16sQQ")
_READABLE = (6, 9)


@dataclass(frozen=True, slots=True)
class ReplyHead:
    """The fixed part: enough to ask for what follows before the rest is read."""

    version: int
    source_dsa: UUID
    source_invocation_id: UUID
    usn_from: UsnVector
    usn_to: UsnVector
    extended_result: int
    """[MS-DRSR] EXOP_ERR; 1 is success, 0 if no extended operation was asked for."""
    objects: int
    links: int
    more: bool
    error: int
    """[MS-DRSR] dwDRSError."""
    return_code: int


@dataclass(frozen=True, slots=True)
class ChangesReply:
    head: ReplyHead
    naming_context: DsName | None
    up_to_date: tuple[Seen, ...] | None
    """Only in a cycle's last reply. [MS-DRSR] pUpToDateVecSrc."""
    prefixes: PrefixTable
    objects: tuple[ReplicatedObject, ...]
    links: tuple[ReplicatedLink, ...]


def parse_reply_head(stub: bytes) -> ReplyHead:
    """`WireError` if *stub* is no reply that can be read; a failed call's has its codes and zeros."""
    if len(stub) < 8:
        raise WireError(f"a reply of {len(stub)} bytes")
    return_code = U32.unpack_from(stub, len(stub) - 4)[0]
    version, tag = U32.unpack_from(stub)[0], U32.unpack_from(stub, 4)[0]
    if version != tag or version not in _READABLE:
        if return_code:
            return ReplyHead(
                version, UUID(int=0), UUID(int=0), UsnVector(), UsnVector(), 0, 0, 0, False, 0, return_code
            )
        raise WireError(f"a reply of version {version} (tag {tag}), not one of {_READABLE}")
    fields = NdrReader(stub).unpack(_FIXED)
    return ReplyHead(
        version=version,
        source_dsa=UUID(bytes_le=fields[2]),
        source_invocation_id=UUID(bytes_le=fields[3]),
        usn_from=UsnVector(*fields[5:8]),
        usn_to=UsnVector(*fields[8:11]),
        extended_result=fields[14],
        objects=fields[15],
        links=fields[21],
        more=bool(fields[18]),
        error=fields[23],
        return_code=return_code,
    )


def parse_reply(stub: bytes) -> ChangesReply:
    head = parse_reply_head(stub)
    if head.return_code or head.error:
        raise WireError(f"a failed reply ({head.return_code}, {head.error}) has no contents")
    reader = NdrReader(stub)
    fields = reader.unpack(_FIXED)
    name_pointer, vector_pointer, prefix_count, prefix_pointer = fields[4], *fields[11:14]
    object_count, object_pointer, link_count, link_pointer = fields[15], fields[17], *fields[21:23]
    naming_context = read_ds_name(reader) if name_pointer else None
    up_to_date = _read_up_to_date(reader) if vector_pointer else None
    prefixes = read_prefix_entries(reader, prefix_count) if prefix_pointer else PrefixTable({})
    if bool(object_pointer) != bool(object_count):
        raise WireError(f"{object_count} objects, and a pointer of 0x{object_pointer:x} to them")
    objects = read_objects(reader, object_count)
    links = read_links(reader, link_count, version=head.version) if link_pointer else ()
    reader.align(4)
    if reader.remaining != U32.size:
        raise WireError(f"{reader.remaining} bytes at {reader.position} where only the return code should be")
    return ChangesReply(head, naming_context, up_to_date, prefixes, objects, links)


def _read_up_to_date(reader: NdrReader) -> tuple[Seen, ...]:
    """[MS-DRSR] UPTODATE_VECTOR_V2_EXT."""
    maximum = reader.u32()
    reader.align(8)
    version, _, count, _ = (reader.u32() for _ in range(4))
    if version != 2 or maximum != count:
        raise WireError(f"an up-to-date vector of version {version} with {count} cursors in an array of {maximum}")
    reader.room_for(count, _CURSOR.size)
    cursors = (reader.unpack(_CURSOR, 8) for _ in range(count))
    return tuple(Seen(UUID(bytes_le=invocation_id), usn) for invocation_id, usn, _ in cursors)
