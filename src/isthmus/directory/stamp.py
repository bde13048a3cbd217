"""When and where a value was last written, as Active Directory's own replication orders it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, order=True)
class ReplicationStamp:
    """Orders the values of one attribute: version, then time, then invocation id. [MS-ADTS] 3.1.1.1.9.

    INVARIANT: passwords are ordered by this and never by arrival.
    """

    version: int
    originated: int
    """Seconds since 1601-01-01 UTC, as the domain controller that took the write counted them."""
    invocation_id: UUID
    """The originating database; compared field by field, as GUIDs are."""

    @property
    def originated_at(self) -> datetime:
        return _EPOCH + timedelta(seconds=self.originated)
