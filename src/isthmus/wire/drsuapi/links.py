"""The changed values of linked attributes in a reply. [MS-DRSR] REPLVALINF_V1 and V3."""

from struct import Struct
from typing import NamedTuple

from isthmus.wire.drsuapi.names import DsName, read_ds_name
from isthmus.wire.drsuapi.objects import Stamp, read_value
from isthmus.wire.errors import WireError
from isthmus.wire.ndr import NdrReader

_V1 = Struct("<5I4xQI4xQ16sQ")
_V3 = Struct("<5I4xQI4xQ16sQ3I4xQ")


class ReplicatedLink(NamedTuple):
    """One value of a linked attribute, there or gone. [MS-DRSR] REPLVALINF."""

    source: DsName
    identifier: int
    value: bytes
    """A DSNAME as the database holds it, or a SYNTAX_DISTNAME_BINARY. Read by `linked_name`."""
    present: bool
    stamp: Stamp


def read_links(reader: NdrReader, count: int, *, version: int) -> tuple[ReplicatedLink, ...]:
    layout = _V3 if version == 9 else _V1
    reader.conformance(count, layout.size)
    heads = [reader.unpack(layout, 8) for _ in range(count)]
    return tuple([_read_link(reader, head) for head in heads])


def _read_link(reader: NdrReader, head: tuple[int | bytes, ...]) -> ReplicatedLink:
    source_pointer, identifier, length, value_pointer, present, _, *stamp = head[:10]
    if not source_pointer:
        raise WireError(f"a link without a source at {reader.position}")
    source = read_ds_name(reader)
    value = read_value(reader, int(length)) if value_pointer else b""
    return ReplicatedLink(source, int(identifier), value, bool(present), Stamp(*stamp))  # type: ignore[arg-type]


def linked_name(value: bytes) -> DsName:
    """The object that a link's *value* points to. [MS-DRSR] DSNAME, not as NDR but in one piece."""
    # Such a value is laid out as the NDR form without its leading maximum count.
    name_length = int.from_bytes(value[52:56], "little")
    reader = NdrReader((name_length + 1).to_bytes(5, "little")[:4] + value)
    return read_ds_name(reader)
