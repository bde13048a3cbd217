"""What a domain controller says has changed. Partial objects are the rule: merge by attribute, never replace."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from isthmus.directory.stamp import ReplicationStamp


class Attribute(StrEnum):
    """The attributes that replication is asked for, by lDAPDisplayName. The password hash is not among them."""

    OBJECT_CLASS = "objectClass"
    NAME = "name"
    IS_DELETED = "isDeleted"
    IS_RECYCLED = "isRecycled"
    IS_CRITICAL_SYSTEM_OBJECT = "isCriticalSystemObject"
    SAM_ACCOUNT_NAME = "sAMAccountName"
    USER_PRINCIPAL_NAME = "userPrincipalName"
    USER_ACCOUNT_CONTROL = "userAccountControl"
    ACCOUNT_EXPIRES = "accountExpires"
    PASSWORD_LAST_SET = "pwdLastSet"  # noqa: S105 an attribute's name
    LOCKOUT_TIME = "lockoutTime"
    DISPLAY_NAME = "displayName"
    GIVEN_NAME = "givenName"
    SURNAME = "sn"
    MAIL = "mail"
    CONSISTENCY_GUID = "mS-DS-ConsistencyGuid"


AttributeValue = str | int | bytes


@dataclass(frozen=True, slots=True)
class ReplicatedAttribute:
    values: tuple[AttributeValue, ...]
    """Empty: the attribute was cleared. `int` for INTEGER, LARGE_INTEGER, BOOLEAN (0, 1), times (raw ticks)
    and OIDs' ATTIDs resolved to numbers; `str` for strings, DNs and objectClass names; `bytes` otherwise."""
    stamp: ReplicationStamp


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """One object's changed attributes, as they are now."""

    guid: UUID
    parent_guid: UUID | None
    distinguished_name: str
    security_identifier: str | None
    attributes: Mapping[Attribute, ReplicatedAttribute]
    password_stamp: ReplicationStamp | None
    """Set when the password hash is among what changed; the hash itself travels apart."""

    @property
    def is_deleted(self) -> bool:
        deleted = self.attributes.get(Attribute.IS_DELETED)
        return deleted is not None and deleted.values == (1,)


@dataclass(frozen=True, slots=True)
class LinkChange:
    """One value of a linked attribute added or removed (a group's member). [MS-DRSR] REPLVALINF."""

    source_guid: UUID
    attribute_id: int
    target_guid: UUID
    target_distinguished_name: str
    present: bool
    stamp: ReplicationStamp
