"""The changed objects of a reply. [MS-DRSR] REPLENTINFLIST.

Its first member points to the next entry, so all the fixed parts come first, and what they point to follows from
the last object to the first. Read so, it needs no recursion.
"""

from struct import Struct
from typing import NamedTuple
from uuid import UUID

from isthmus.wire.drsuapi.names import DsName, read_ds_name
from isthmus.wire.errors import WireError
from isthmus.wire.ndr import NdrReader

_ENTRY = Struct("<8I")
_ATTRIBUTE = Struct("<III")
_VALUE = Struct("<II")
_SINGLE_VALUE = Struct("<IIII")
"""An array's maximum count, one _VALUE, and the maximum count of the bytes that it points to."""
_STAMP_COUNT = Struct("<I4x")
_META_DATA = Struct("<I4xQ16sQ")
_LONGEST_VALUE = 26_214_400
"""[MS-DRSR] ATTRVAL.valLen."""


class Stamp(NamedTuple):
    """When and where an attribute was last written. [MS-DRSR] PROPERTY_META_DATA_EXT."""

    version: int
    changed: int
    """Seconds since 1601."""
    invocation_id: bytes
    usn: int


class AttributeValues(NamedTuple):
    """[MS-DRSR] ATTR, with its stamp."""

    identifier: int
    values: tuple[bytes, ...]
    """Empty: the attribute was cleared."""
    stamp: Stamp


class ReplicatedObject(NamedTuple):
    """[MS-DRSR] REPLENTINFLIST."""

    name: DsName
    attributes: tuple[AttributeValues, ...]
    parent_guid: UUID | None


def read_objects(reader: NdrReader, count: int) -> tuple[ReplicatedObject, ...]:
    """In the order of the reply."""
    reader.room_for(count, _ENTRY.size)
    heads = [reader.unpack(_ENTRY) for _ in range(count)]
    for index, head in enumerate(heads):
        if bool(head[0]) != (index < count - 1):
            raise WireError(f"the list of {count} objects goes {'on' if head[0] else 'no further'} at object {index}")
    return tuple([_read_object(reader, head) for head in reversed(heads)][::-1])


def _read_object(reader: NdrReader, head: tuple[int, ...]) -> ReplicatedObject:
    _, name_pointer, _, attribute_count, attribute_pointer, _, parent_pointer, stamp_pointer = head
    if not name_pointer:
        raise WireError(f"an object without a name at {reader.position}")
    name = read_ds_name(reader)
    attributes = _read_attributes(reader, attribute_count) if attribute_pointer else []
    parent = reader.guid() if parent_pointer else None
    stamps = _read_stamps(reader) if stamp_pointer else []
    if len(stamps) != len(attributes):
        raise WireError(f"{len(stamps)} stamps for {len(attributes)} attributes at {reader.position}")
    pairs = zip(attributes, stamps, strict=True)
    return ReplicatedObject(name, tuple([AttributeValues(*attribute, stamp) for attribute, stamp in pairs]), parent)


def _read_attributes(reader: NdrReader, count: int) -> list[tuple[int, tuple[bytes, ...]]]:
    reader.conformance(count, _ATTRIBUTE.size)
    heads = _ATTRIBUTE.iter_unpack(reader.take(count * _ATTRIBUTE.size))
    return [(kind, _read_values(reader, values) if pointer else ()) for kind, values, pointer in heads]


def _read_values(reader: NdrReader, count: int) -> tuple[bytes, ...]:
    if count == 1 and (single := _read_single(reader)) is not None:
        return (single,)
    reader.conformance(count, _VALUE.size)
    heads = _VALUE.iter_unpack(reader.take(count * _VALUE.size))
    return tuple([read_value(reader, length) if pointer else b"" for length, pointer in heads])


def _read_single(reader: NdrReader) -> bytes | None:
    """The value of an array of one, as nearly all are, in one step; None, and nothing read, if it is not so plain."""
    maximum, length, pointer, size = reader.unpack(_SINGLE_VALUE)
    if maximum == 1 and pointer and size == length <= _LONGEST_VALUE:
        return reader.take(length)
    reader.position -= _SINGLE_VALUE.size
    return None


def read_value(reader: NdrReader, length: int) -> bytes:
    """[MS-DRSR] ATTRVAL's deferred part."""
    if length > _LONGEST_VALUE:
        raise WireError(f"a value of {length} bytes at {reader.position}")
    reader.conformance(length, 1)
    return reader.take(length)


def _read_stamps(reader: NdrReader) -> list[Stamp]:
    """[MS-DRSR] PROPERTY_META_DATA_EXT_VECTOR."""
    maximum = reader.u32()
    (count,) = reader.unpack(_STAMP_COUNT, 8)
    if maximum != count:
        raise WireError(f"{count} stamps in an array of {maximum} at {reader.position}")
    reader.room_for(count, _META_DATA.size)
    return list(map(Stamp._make, _META_DATA.iter_unpack(reader.take(count * _META_DATA.size))))
