"""How far each controller has been read and acknowledged, in SQLite."""

import json
import sqlite3
import time
from uuid import UUID

from isthmus.directory.cursor import ReplicationCursor, SeenUpTo


class Cursors:
    """INVARIANT: a cursor is stored only when the cloud has acknowledged, or refused for good, all before it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def of(self, controller: str) -> ReplicationCursor | None:
        """The controller's own; else the last one that knows what was seen of others, whose numbers the reader of
        changes will not use. None: read everything."""
        row = self._connection.execute(
            "SELECT dsa_guid, invocation_id, usn_vector, up_to_date FROM cursor"
            " WHERE controller = ? OR up_to_date != '[]' ORDER BY controller = ? DESC, stored_at DESC LIMIT 1",
            (controller, controller),
        ).fetchone()
        if row is None:
            return None
        dsa_guid, invocation_id, usn_vector, up_to_date = row
        high, reserved, high_property = json.loads(usn_vector)
        return ReplicationCursor(
            UUID(dsa_guid),
            UUID(invocation_id),
            (high, reserved, high_property),
            tuple(SeenUpTo(UUID(database), usn) for database, usn in json.loads(up_to_date)),
        )

    def store(self, controller: str, cursor: ReplicationCursor) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO cursor VALUES (?, ?, ?, ?, ?, ?)",
            (
                controller,
                str(cursor.dsa_guid),
                str(cursor.invocation_id),
                json.dumps(cursor.usn_vector),
                json.dumps([(str(seen.invocation_id), seen.usn) for seen in cursor.up_to_date]),
                time.time(),
            ),
        )

    def forget(self) -> None:
        """The next cycle reads everything, whatever controller it is of."""
        self._connection.execute("DELETE FROM cursor")
