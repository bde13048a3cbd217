"""Asking for changes. [MS-DRSR] 4.1.10.2 DRS_MSG_GETCHGREQ_V8 and V10."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import NamedTuple
from uuid import UUID

from isthmus.wire.drsuapi.names import NOBODY, DsName, write_ds_name
from isthmus.wire.drsuapi.prefix_table import PrefixTable, write_prefix_entries
from isthmus.wire.ndr import NdrWriter

DRS_GET_NC_CHANGES = 3


class RequestFlag(IntFlag):
    """[MS-DRSR] 5.41 DRS_OPTIONS."""

    DRS_WRIT_REP = 0x00000010
    DRS_INIT_SYNC = 0x00000020
    DRS_PER_SYNC = 0x00000040
    DRS_SPECIAL_SECRET_PROCESSING = 0x00400000
    """Secrets come without values, and need no Get-Changes-All."""


class ExtendedOperation(IntEnum):
    """[MS-DRSR] 4.1.10.4.1 EXOP_REQ."""

    NONE = 0
    EXOP_REPL_OBJ = 6


class UsnVector(NamedTuple):
    """How far a cycle has come. Opaque: echoed as it came. [MS-DRSR] USN_VECTOR."""

    high_object_update: int = 0
    reserved: int = 0
    high_property_update: int = 0


START = UsnVector()


class Seen(NamedTuple):
    """[MS-DRSR] UPTODATE_CURSOR_V1."""

    invocation_id: UUID
    usn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesRequest:
    naming_context: DsName
    destination: UUID
    """Any GUID for a whole partition; the source's own for EXOP_REPL_OBJ. uuidDsaObjDest."""
    source_invocation_id: UUID = NOBODY
    """Of the database that `usn_from` counts in."""
    usn_from: UsnVector = START
    up_to_date: Sequence[Seen] = ()
    flags: RequestFlag = RequestFlag.DRS_WRIT_REP | RequestFlag.DRS_INIT_SYNC | RequestFlag.DRS_PER_SYNC
    most_objects: int = 1000
    most_bytes: int = 10 * 2**20
    operation: ExtendedOperation = ExtendedOperation.NONE
    attributes: Sequence[int] | None = None
    """In the numbering of `prefixes`; None: all. [MS-DRSR] pPartialAttrSet."""
    prefixes: PrefixTable | None = None


def changes_request(handle: bytes, request: ChangesRequest, *, version: int = 10) -> bytes:
    """[MS-DRSR] IDL_DRSGetNCChanges."""
    writer = NdrWriter()
    writer.raw(handle)
    writer.u32(version, version)
    writer.align(8)
    _write_fixed(writer, request)
    if version >= 10:
        writer.u32(0)
    write_ds_name(writer, request.naming_context)
    if request.up_to_date:
        _write_up_to_date(writer, request.up_to_date)
    if request.attributes is not None:
        _write_attributes(writer, request.attributes)
    if request.prefixes is not None:
        write_prefix_entries(writer, request.prefixes)
    return writer.octets()


def _write_fixed(writer: NdrWriter, request: ChangesRequest) -> None:
    writer.guid(request.destination)
    writer.guid(request.source_invocation_id)
    writer.pointer(present=True)
    writer.u64(*request.usn_from)
    writer.pointer(present=bool(request.up_to_date))
    writer.u32(request.flags, request.most_objects, request.most_bytes, request.operation)
    writer.u64(0)
    writer.pointer(present=request.attributes is not None)
    writer.pointer(present=False)
    writer.u32(len(request.prefixes.prefixes) + 1 if request.prefixes else 0)
    writer.pointer(present=request.prefixes is not None)


def _write_up_to_date(writer: NdrWriter, cursors: Sequence[Seen]) -> None:
    """[MS-DRSR] UPTODATE_VECTOR_V1_EXT; sorted, as the specification wants."""
    writer.u32(len(cursors))
    writer.align(8)
    writer.u32(1, 0, len(cursors), 0)
    for cursor in sorted(cursors, key=lambda cursor: cursor.invocation_id.bytes_le):
        writer.align(8)
        writer.guid(cursor.invocation_id)
        writer.u64(cursor.usn)


def _write_attributes(writer: NdrWriter, attributes: Sequence[int]) -> None:
    """[MS-DRSR] PARTIAL_ATTR_VECTOR_V1_EXT; sorted, or Windows leaves some out."""
    writer.u32(len(attributes))
    writer.u32(1, 0, len(attributes), *sorted(attributes))
