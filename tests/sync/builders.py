"""Small things to build directory objects from."""

from typing import Any
from uuid import UUID

from isthmus.directory.changes import Attribute, AttributeValue, ObjectChange, ReplicatedAttribute
from isthmus.directory.stamp import ReplicationStamp
from isthmus.sync import MirroredObject, merge

DATABASE = UUID("0a0b0c0d-0000-4000-8000-000000000001")
RULES_ACCOUNT = "isthmus-agent"
USER_CLASSES = ("top", "person", "organizationalPerson", "user")


def guid(number: int) -> UUID:
    return UUID(int=(0xABCD << 112) + number)


def stamp(version: int = 1, originated: int = 13_400_000_000, database: UUID = DATABASE) -> ReplicationStamp:
    return ReplicationStamp(version, originated, database)


def change(
    number: int = 1,
    *,
    at: ReplicationStamp | None = None,
    password: ReplicationStamp | None = None,
    place: str | None = None,
    **attributes: AttributeValue | tuple[AttributeValue, ...],
) -> ObjectChange:
    """A change that writes *attributes*, by their lDAPDisplayName, all with the stamp *at*."""
    written = {
        Attribute(name.replace("_", "-")): ReplicatedAttribute(
            values if isinstance(values, tuple) else (values,), at or stamp()
        )
        for name, values in attributes.items()
    }
    return ObjectChange(
        guid(number),
        guid(0),
        place or f"CN=object {number},DC=example,DC=com",
        f"S-1-5-21-1-2-3-{number}",
        written,
        password,
    )


def new_user(
    number: int = 1,
    name: str = "ann",
    *,
    password: ReplicationStamp | None = None,
    **attributes: AttributeValue | tuple[AttributeValue, ...],
) -> ObjectChange:
    usual: dict[str, Any] = {
        "objectClass": USER_CLASSES,
        "name": name,
        "sAMAccountName": name,
        "userPrincipalName": f"{name}@example.com",
        "userAccountControl": 0x200,
    }
    return change(number, at=stamp(), password=password, place=None, **{**usual, **attributes})


def user(
    number: int = 1,
    name: str = "ann",
    *,
    password: ReplicationStamp | None = None,
    **attributes: AttributeValue | tuple[AttributeValue, ...],
) -> MirroredObject:
    return merge(None, new_user(number, name, password=password, **attributes))
