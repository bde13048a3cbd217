"""How a mirrored object and a stamp look in the state file. Translates only; holds no secret."""

import json
from base64 import b64decode, b64encode
from struct import Struct
from uuid import UUID

from pydantic_core import to_json

from isthmus.directory.changes import Attribute, AttributeValue, ReplicatedAttribute
from isthmus.directory.stamp import ReplicationStamp
from isthmus.sync import MirroredObject

_STAMP = Struct(">IQ16s")
"""Big-endian, so that SQL's comparison of octets is the order of stamps."""


def stamp_octets(stamp: ReplicationStamp | None) -> bytes | None:
    return None if stamp is None else _STAMP.pack(stamp.version, stamp.originated, stamp.invocation_id.bytes)


def stamp_from(octets: bytes | None) -> ReplicationStamp | None:
    if octets is None:
        return None
    version, originated, database = _STAMP.unpack(octets)
    return ReplicationStamp(version, originated, UUID(bytes=database))


def object_text(found: MirroredObject) -> str:
    """JSON; each stamp is written once, since an object's first attributes share theirs."""
    stamps: dict[ReplicationStamp, int] = {}
    attributes = {
        name.value: [stamps.setdefault(each.stamp, len(stamps)), *map(_plain, each.values)]
        for name, each in found.attributes.items()
    }
    content = {
        "p": found.parent_guid.hex if found.parent_guid else None,
        "n": found.distinguished_name,
        "s": found.security_identifier,
        "t": [(stamp.version, stamp.originated, stamp.invocation_id.hex) for stamp in stamps],
        "a": attributes,
    }
    return to_json(content).decode()


def object_from(guid: UUID, text: str, password_stamp: bytes | None) -> MirroredObject:
    """The inverse of `object_text`. An attribute that this version does not know is dropped."""
    content = json.loads(text)
    stamps = [
        ReplicationStamp(version, originated, UUID(hex=database)) for version, originated, database in content["t"]
    ]
    return MirroredObject(
        guid,
        UUID(hex=content["p"]) if content["p"] else None,
        content["n"],
        content["s"],
        {
            _ATTRIBUTES[name]: ReplicatedAttribute(tuple(map(_value, values)), stamps[stamp])
            for name, (stamp, *values) in content["a"].items()
            if name in _ATTRIBUTES
        },
        stamp_from(password_stamp),
    )


_ATTRIBUTES = {attribute.value: attribute for attribute in Attribute}


def _plain(value: AttributeValue) -> str | int | list[str]:
    return [b64encode(value).decode("ascii")] if isinstance(value, bytes) else value


def _value(value: str | int | list[str]) -> AttributeValue:
    return b64decode(value[0]) if isinstance(value, list) else value
