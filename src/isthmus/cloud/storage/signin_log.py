"""The sign-in log: one row for each attempt."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    Row,
    String,
    Table,
    Text,
    Uuid,
    delete,
    func,
    insert,
    select,
)

from isthmus.cloud.signin.log import ClientKind, SigninEntry
from isthmus.cloud.storage.columns import Instant
from isthmus.cloud.storage.database import Database, metadata
from isthmus.cloud.storage.prepared import Prepared

signin_log = Table(
    "signin_log",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("entry_id", Uuid, primary_key=True),
    Column("created_at", Instant, nullable=False),
    Column("correlation_id", Uuid, nullable=False),
    Column("user_principal_name", String(256), nullable=False, comment="as it was typed"),
    Column("account_id", Uuid),
    Column("display_name", String(1024)),
    Column("client_id", Uuid),
    Column("application_name", String(256)),
    Column("resource", Text),
    Column("ip_address", String(64), nullable=False),
    Column("user_agent", String(512), nullable=False),
    Column("client_kind", String(64), nullable=False),
    Column("is_interactive", Boolean, nullable=False),
    Column("method", String(32), nullable=False),
    Column("error_code", Integer, nullable=False),
    Column("failure_reason", Text),
    Index("ix_signin_log_recent", "tenant_id", "created_at"),
    sqlite_with_rowid=False,
)

_ADD = Prepared(insert(signin_log))


def write_entry(connection: Connection, entry: SigninEntry) -> None:
    """Within another adapter's transaction: what an attempt brought about comes into being with its entry."""
    _ADD.run(connection, _row(entry))


class SigninLogStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, entry: SigninEntry) -> None:
        with self._database.write() as connection:
            write_entry(connection, entry)

    def recent(
        self, tenant_id: UUID, *, user_principal_name: str | None = None, failed_only: bool = False, limit: int = 100
    ) -> list[SigninEntry]:
        """The latest first. *user_principal_name*: in any case."""
        statement = select(signin_log).where(signin_log.c.tenant_id == tenant_id)
        if user_principal_name is not None:
            statement = statement.where(func.lower(signin_log.c.user_principal_name) == user_principal_name.lower())
        if failed_only:
            statement = statement.where(signin_log.c.error_code != 0)
        with self._database.read() as connection:
            rows = connection.execute(statement.order_by(signin_log.c.created_at.desc()).limit(limit)).all()
        return [_entry(row) for row in rows]

    def sweep(self, tenant_id: UUID, *, before: datetime) -> None:
        with self._database.write() as connection:
            connection.execute(
                delete(signin_log).where(signin_log.c.tenant_id == tenant_id, signin_log.c.created_at < before)
            )


def _row(entry: SigninEntry) -> dict[str, Any]:
    return {
        "tenant_id": entry.tenant_id,
        "entry_id": entry.entry_id,
        "created_at": entry.created_at,
        "correlation_id": entry.correlation_id,
        "user_principal_name": entry.user_principal_name,
        "account_id": entry.account_id,
        "display_name": entry.display_name,
        "client_id": entry.client_id,
        "application_name": entry.application_name,
        "resource": entry.resource,
        "ip_address": entry.ip_address,
        "user_agent": entry.user_agent,
        "client_kind": entry.client_kind.value,
        "is_interactive": entry.is_interactive,
        "method": entry.method,
        "error_code": entry.error_code,
        "failure_reason": entry.failure_reason,
    }


def _entry(row: Row[*tuple[Any, ...]]) -> SigninEntry:
    return SigninEntry(**(row._asdict() | {"client_kind": ClientKind(row.client_kind)}))
