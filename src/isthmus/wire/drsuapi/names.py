"""How a directory object is named on the wire, and security identifiers as text. [MS-DRSR] 5.50 DSNAME."""

from codecs import utf_16_le_decode
from dataclasses import dataclass
from struct import Struct, unpack_from
from uuid import UUID

from isthmus.wire.errors import WireError
from isthmus.wire.ndr import NdrReader, NdrWriter

_FIXED = Struct("<II16s28sI")
_WITH_MAXIMUM = Struct("<III16s28sI")
_SID_LENGTH = 28
NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class DsName:
    """An object by GUID, SID and distinguished name, of which any may be missing. [MS-DRSR] DSNAME."""

    guid: UUID = NOBODY
    sid: bytes = b""
    distinguished_name: str = ""


def read_ds_name(reader: NdrReader) -> DsName:
    maximum, _, sid_length, guid, sid, name_length = reader.unpack(_WITH_MAXIMUM)
    if maximum != name_length + 1:
        raise WireError(f"a name of {name_length} characters in an array of {maximum} at {reader.position}")
    if sid_length > _SID_LENGTH:
        raise WireError(f"a SID of {sid_length} bytes at {reader.position}")
    # The codec's function itself: `bytes.decode` looks the codec up each time.
    text, _ = utf_16_le_decode(reader.take(2 * maximum)[:-2], "surrogatepass", True)
    return DsName(UUID(bytes_le=guid), sid[:sid_length], text)


def write_ds_name(writer: NdrWriter, name: DsName) -> None:
    text = name.distinguished_name.encode("utf-16-le", "surrogatepass")
    characters = len(text) // 2
    length = _FIXED.size + len(text) + 2
    writer.u32(characters + 1)
    sid = name.sid.ljust(_SID_LENGTH, b"\x00")
    writer.raw(_FIXED.pack(length, len(name.sid), name.guid.bytes_le, sid, characters))
    writer.raw(text + b"\x00\x00")
    writer.align(4)


def sid_text(sid: bytes) -> str:
    """S-1-5-21-… [MS-DTYP] 2.4.2.1."""
    if len(sid) < 8 or len(sid) != 8 + 4 * sid[1]:
        raise WireError(f"a SID of {len(sid)} bytes")
    authority = int.from_bytes(sid[2:8], "big")
    return "-".join(map(str, ("S", sid[0], authority, *unpack_from(f"<{sid[1]}I", sid, 8))))


def relative_identifier(sid: bytes) -> int:
    """The last sub-authority: what sets an account apart in its domain. RID."""
    if len(sid) < 12 or len(sid) != 8 + 4 * sid[1]:
        raise WireError(f"a SID of {len(sid)} bytes has no relative identifier")
    return int.from_bytes(sid[-4:], "little")
