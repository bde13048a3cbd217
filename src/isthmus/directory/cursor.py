"""How far one domain controller has been read. Opaque to all but replication; persisted by the agent."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class SeenUpTo:
    """How far one domain controller has seen another's changes. [MS-DRSR] UPTODATE_CURSOR_V1."""

    invocation_id: UUID
    usn: int


@dataclass(frozen=True, slots=True)
class ReplicationCursor:
    """Where to go on. Valid for the controller that gave it while its invocation id is the same."""

    dsa_guid: UUID
    invocation_id: UUID
    usn_vector: tuple[int, int, int]
    """[MS-DRSR] USN_VECTOR: high object update, reserved, high property update. Echoed unchanged."""
    up_to_date: tuple[SeenUpTo, ...]
    """The last complete cycle's vector: also good for another controller, or after a changed invocation id."""
