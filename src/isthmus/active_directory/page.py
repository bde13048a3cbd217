"""What one answer of a domain controller holds, in the words of `isthmus.directory`."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from isthmus.directory.changes import LinkChange, ObjectChange
from isthmus.directory.cursor import ReplicationCursor
from isthmus.passwordhash import NtHash


@dataclass(frozen=True, slots=True)
class Undecodable:
    """One object's password or attribute could not be read. The rest of the page is good."""

    guid: UUID
    distinguished_name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a replication cycle. Apply it, then store its cursor, never the other way round."""

    changes: tuple[ObjectChange, ...]
    nt_hashes: Mapping[UUID, NtHash]
    """By objectGUID. A change with a password stamp and no hash here: the password was cleared, or see
    `undecodable`."""
    links: tuple[LinkChange, ...]
    cursor: ReplicationCursor
    """Where to go on after this page."""
    complete: bool
    """Whether this page ends the cycle: the controller has nothing more for now."""
    undecodable: tuple[Undecodable, ...] = ()
    restarted: bool = False
    """The cursor given was another controller's, or the controller's database was restored: the cycle began from
    the start, less what the up-to-date vector proves to be known."""
