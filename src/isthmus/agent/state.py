"""All that the agent remembers, over one SQLite connection that one thread uses."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from types import TracebackType
from typing import Self

from isthmus.agent.cursors import Cursors
from isthmus.agent.errors import StateUnusableError
from isthmus.agent.ledger import Ledger
from isthmus.agent.mirror import Mirror


class Remembered(StrEnum):
    """Single values."""

    GENERATION = "generation"
    """Counts the full cycles begun; each object bears the one that showed it last."""
    COMPLETE_GENERATION = "complete_generation"
    """The last full cycle that reached its end."""
    READING = "reading"
    """What was asked for and by which rules: when it differs, everything is read again."""
    RECONCILED_AT = "reconciled_at"
    """Seconds since 1970 at which the cloud was last asked for everybody."""


class State:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.mirror = Mirror(connection)
        self.ledger = Ledger(connection)
        self.cursors = Cursors(connection)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. `StateUnusableError` where nothing can be written, to a full disk, say."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
        except sqlite3.OperationalError as error:
            raise StateUnusableError(f"the state cannot be written: {error}") from error

    def recall(self, what: Remembered) -> str | None:
        row = self._connection.execute("SELECT value FROM setting WHERE name = ?", (what,)).fetchone()
        return None if row is None else str(row[0])

    def remember(self, what: Remembered, value: str) -> None:
        self._connection.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (what, value))

    @property
    def generation(self) -> int:
        return int(self.recall(Remembered.GENERATION) or 0)

    @property
    def mirror_is_complete(self) -> bool:
        """Whether the mirror has shown all of the directory since the last full cycle began."""
        return self.generation > 0 and self.recall(Remembered.COMPLETE_GENERATION) == str(self.generation)

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
