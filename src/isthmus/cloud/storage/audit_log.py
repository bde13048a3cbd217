"""The audit log. Nothing here changes or deletes an entry."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from sqlalchemy import Column, String, Table, Uuid, insert, select

from isthmus.cloud.accounts.audit import AuditAction, AuditEntry
from isthmus.cloud.storage.columns import Instant
from isthmus.cloud.storage.database import Database, metadata

audit_log = Table(
    "audit_log",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("at", Instant, primary_key=True),
    Column("entry_id", Uuid, primary_key=True),
    Column("actor", String(256), nullable=False),
    Column("action", String(64), nullable=False),
    Column("subject", String(512), nullable=False),
    Column("detail", String(1024)),
)


class AuditLog:
    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, entry: AuditEntry) -> None:
        row = {
            "tenant_id": entry.tenant_id,
            "at": entry.at,
            "entry_id": uuid4(),
            "actor": entry.actor[:256],
            "action": entry.action.value,
            "subject": entry.subject[:512],
            "detail": None if entry.detail is None else entry.detail[:1024],
        }
        with self._database.write() as connection:
            connection.execute(insert(audit_log), row)

    def latest(self, tenant_id: UUID, *, limit: int = 100) -> Sequence[AuditEntry]:
        """The last entries, newest first."""
        statement = (
            select(audit_log)
            .where(audit_log.c.tenant_id == tenant_id)
            .order_by(audit_log.c.at.desc(), audit_log.c.entry_id)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [
                AuditEntry(
                    tenant_id=row.tenant_id,
                    at=row.at,
                    actor=row.actor,
                    action=AuditAction(row.action),
                    subject=row.subject,
                    detail=row.detail,
                )
                for row in connection.execute(statement)
            ]
