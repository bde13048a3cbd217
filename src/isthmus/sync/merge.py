"""An object as all its changes so far make it: merged by attribute, the later stamp winning."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from isthmus.directory.changes import Attribute, AttributeValue, ObjectChange, ReplicatedAttribute
from isthmus.directory.stamp import ReplicationStamp


@dataclass(frozen=True, slots=True)
class MirroredObject:
    """One directory object. Holds no secret: of the password only when it was set."""

    guid: UUID
    parent_guid: UUID | None
    distinguished_name: str
    security_identifier: str | None
    attributes: Mapping[Attribute, ReplicatedAttribute]
    password_stamp: ReplicationStamp | None

    def values(self, attribute: Attribute) -> tuple[AttributeValue, ...]:
        """The attribute's values; none when it was cleared or never set."""
        replicated = self.attributes.get(attribute)
        return () if replicated is None else replicated.values

    def text(self, attribute: Attribute) -> str | None:
        """The attribute's only or first value when that is a string with something in it."""
        values = self.values(attribute)
        return values[0] if values and isinstance(values[0], str) and values[0] else None

    def number(self, attribute: Attribute) -> int | None:
        values = self.values(attribute)
        return values[0] if values and isinstance(values[0], int) else None

    @property
    def is_deleted(self) -> bool:
        return self.number(Attribute.IS_DELETED) == 1


def merge(held: MirroredObject | None, change: ObjectChange) -> MirroredObject:
    """*held* with *change* in it.

    Idempotent, and independent of the order of changes: each attribute is the one with the latest stamp.
    The name's stamp also orders the place in the tree, since a move or rename always writes the name.
    """
    if held is None:
        return MirroredObject(
            change.guid,
            change.parent_guid,
            change.distinguished_name,
            change.security_identifier,
            dict(change.attributes),
            change.password_stamp,
        )
    placed = change if _is_later_placed(change, held) else held
    return MirroredObject(
        held.guid,
        placed.parent_guid,
        placed.distinguished_name,
        held.security_identifier or change.security_identifier,
        _later_attributes(held.attributes, change.attributes),
        _later(held.password_stamp, change.password_stamp),
    )


def _is_later_placed(change: ObjectChange, held: MirroredObject) -> bool:
    name = change.attributes.get(Attribute.NAME)
    if name is None:
        return False
    held_name = held.attributes.get(Attribute.NAME)
    return held_name is None or name.stamp > held_name.stamp


def _later_attributes(
    held: Mapping[Attribute, ReplicatedAttribute], changed: Mapping[Attribute, ReplicatedAttribute]
) -> dict[Attribute, ReplicatedAttribute]:
    merged = dict(held)
    for attribute, replicated in changed.items():
        before = merged.get(attribute)
        if before is None or replicated.stamp > before.stamp:
            merged[attribute] = replicated
    return merged


def _later(held: ReplicationStamp | None, changed: ReplicationStamp | None) -> ReplicationStamp | None:
    if held is None or changed is None:
        return changed if held is None else held
    return max(held, changed)
