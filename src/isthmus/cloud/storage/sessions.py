"""Browsers' sessions. The database holds digests: a copy of it opens no session."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, LargeBinary, String, Table, Uuid, bindparam, delete, insert, select

from isthmus.cloud.signin.session import LIFETIME, Session
from isthmus.cloud.storage.columns import Instant
from isthmus.cloud.storage.database import Database, metadata
from isthmus.cloud.web.opaque import Handle

sessions = Table(
    "sessions",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("digest", LargeBinary(32), primary_key=True, comment="of the cookie"),
    Column("session_id", Uuid, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("began_at", Instant, nullable=False, index=True),
    Column("methods", String(64), nullable=False),
    sqlite_with_rowid=False,
)

_THIS = (sessions.c.tenant_id == bindparam("tenant"), sessions.c.digest == bindparam("this"))
_FIND = select(sessions).where(*_THIS)
_END = delete(sessions).where(*_THIS)
_ADD = insert(sessions)


class SessionStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, handle: Handle, session: Session) -> None:
        row = {
            "tenant_id": session.tenant_id,
            "digest": handle.digest,
            "session_id": session.session_id,
            "account_id": session.account_id,
            "began_at": session.began_at,
            "methods": " ".join(session.methods),
        }
        with self._database.write() as connection:
            connection.execute(_ADD, row)

    def find(self, handle: Handle) -> Session | None:
        with self._database.read() as connection:
            row = connection.execute(_FIND, {"tenant": handle.tenant_id, "this": handle.digest}).one_or_none()
        if row is None:
            return None
        return Session(
            tenant_id=row.tenant_id,
            session_id=row.session_id,
            account_id=row.account_id,
            began_at=row.began_at,
            methods=tuple(row.methods.split()),
        )

    def end(self, handle: Handle) -> None:
        with self._database.write() as connection:
            connection.execute(_END, {"tenant": handle.tenant_id, "this": handle.digest})

    def sweep(self, tenant_id: UUID, *, now: datetime) -> None:
        """Forgets what has ended."""
        with self._database.write() as connection:
            connection.execute(
                delete(sessions).where(sessions.c.tenant_id == tenant_id, sessions.c.began_at < now - LIFETIME)
            )
