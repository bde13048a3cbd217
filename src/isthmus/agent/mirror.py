"""The directory's objects as the agent last saw them, in SQLite: memory does not grow with the directory."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from isthmus.agent.mirror_row import object_from, object_text, stamp_octets
from isthmus.directory.anchor import SourceAnchor, anchor_from_guid
from isthmus.sync import MirroredObject

UNSENDABLE = "unsendable"
"""In the place of a digest: in scope, but with a value that the contract does not allow."""
_OWED = """
SELECT object.guid FROM object LEFT JOIN held ON held.anchor = object.anchor
WHERE object.guid > ? AND object.wanted_digest IS NOT NULL AND object.wanted_digest != ?
AND (held.anchor IS NULL OR held.digest != object.wanted_digest
     OR object.password_stamp > coalesce(held.password_stamp, x''))
ORDER BY object.guid LIMIT ?
"""
_SUPERFLUOUS = """
SELECT held.anchor FROM held LEFT JOIN object
ON object.anchor = held.anchor AND object.wanted_digest IS NOT NULL
WHERE object.anchor IS NULL AND held.anchor > ? ORDER BY held.anchor LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class MirrorWrite:
    """An object to keep, and the digest of what the cloud is to hold of it; None: out of scope."""

    found: MirroredObject
    wanted_digest: str | None


class Mirror:
    """Writes belong into a transaction of the caller's."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def find(self, guids: Iterable[UUID]) -> dict[UUID, MirroredObject]:
        wanted = [guid.bytes for guid in guids]
        marks = ",".join("?" * len(wanted))
        rows = self._connection.execute(
            f"SELECT guid, content, password_stamp FROM object WHERE guid IN ({marks})",  # noqa: S608 only marks
            wanted,
        )
        return {(guid := UUID(bytes=octets)): object_from(guid, text, stamp) for octets, text, stamp in rows}

    def put(self, writes: Iterable[MirrorWrite], *, generation: int) -> None:
        self._connection.executemany(
            "INSERT OR REPLACE INTO object VALUES (?, ?, ?, ?, ?, ?)",
            (
                (
                    write.found.guid.bytes,
                    anchor_from_guid(write.found.guid),
                    object_text(write.found),
                    stamp_octets(write.found.password_stamp),
                    write.wanted_digest,
                    generation,
                )
                for write in writes
            ),
        )

    def forget_before(self, generation: int) -> int:
        """Drop what the last full cycle did not show. Returns how many objects."""
        return self._connection.execute("DELETE FROM object WHERE generation < ?", (generation,)).rowcount

    def owed(self, *, after: UUID | None, limit: int) -> list[UUID]:
        """Objects of which the cloud does not yet hold what it should, in the order of GUIDs."""
        start = b"" if after is None else after.bytes
        return [UUID(bytes=row[0]) for row in self._connection.execute(_OWED, (start, UNSENDABLE, limit))]

    def superfluous(self, *, after: str, limit: int) -> list[SourceAnchor]:
        """Whom the cloud holds and the directory does not want there, in the order of anchors."""
        return [SourceAnchor(row[0]) for row in self._connection.execute(_SUPERFLUOUS, (after, limit))]

    def counts(self) -> tuple[int, int]:
        """Objects in all, and those in scope."""
        row = self._connection.execute("SELECT count(*), count(wanted_digest) FROM object").fetchone()
        return int(row[0]), int(row[1])
