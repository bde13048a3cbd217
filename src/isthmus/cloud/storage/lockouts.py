"""Failed sign-ins of each account, shared by every process that serves the tenant."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Integer, LargeBinary, Row, Table, Uuid, bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from isthmus.cloud.signin.lockout import CLEAN, DIGEST_BYTES, Lockout
from isthmus.cloud.storage.columns import Instant
from isthmus.cloud.storage.database import Database, metadata
from isthmus.cloud.storage.prepared import Prepared

lockouts = Table(
    "lockouts",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("account_key", Uuid, primary_key=True, comment="an account's id, or a digest of a name that nobody has"),
    Column("failures", Integer, nullable=False),
    Column("locks", Integer, nullable=False),
    Column("locked_until", Instant),
    Column("failed_at", Instant),
    Column("recent", LargeBinary, nullable=False, comment="keyed digests of the last wrong passwords, joined"),
    sqlite_with_rowid=False,
)

_THIS = (lockouts.c.tenant_id == bindparam("tenant"), lockouts.c.account_key == bindparam("account"))
_FIND = Prepared(select(lockouts).where(*_THIS))
_CLEAR = delete(lockouts).where(*_THIS)


class LockoutStore:
    """Keeps no row of an account without failures."""

    def __init__(self, database: Database) -> None:
        self._database = database
        make = sqlite_insert if database.is_sqlite else postgresql_insert
        held = make(lockouts)
        # A row that is not there cannot be locked, and one found without a lock may be gone before it is locked:
        # this makes or locks it, and tells what it holds.
        self._lock = held.on_conflict_do_update(
            index_elements=list(lockouts.primary_key.columns), set_={"failures": lockouts.c.failures}
        ).returning(lockouts)

    def find(self, tenant_id: UUID, account_key: UUID) -> Lockout:
        with self._database.read() as connection:
            row = _FIND.one_or_none(connection, {"tenant": tenant_id, "account": account_key})
        return CLEAN if row is None else _lockout(row)

    def clear(self, tenant_id: UUID, account_key: UUID) -> None:
        """Unlocks the account and forgets its failures."""
        with self._database.write() as connection:
            connection.execute(_CLEAR, {"tenant": tenant_id, "account": account_key})

    def change(self, tenant_id: UUID, account_key: UUID, step: Callable[[Lockout], Lockout]) -> Lockout:
        """Applies *step* to what is held, alone among all processes; what was held before it."""
        this = {"tenant": tenant_id, "account": account_key}
        with self._database.write() as connection:
            before = _lockout(connection.execute(self._lock, _row(tenant_id, account_key, CLEAN)).one())
            after = step(before)
            if after == CLEAN:
                connection.execute(_CLEAR, this)
            elif after != before:
                values = _row(tenant_id, account_key, after)
                connection.execute(update(lockouts).where(*_THIS).values(values), this)
        return before

    def sweep(self, tenant_id: UUID, *, before: datetime) -> None:
        """Forgets accounts whose last failure was earlier."""
        with self._database.write() as connection:
            connection.execute(delete(lockouts).where(lockouts.c.tenant_id == tenant_id, lockouts.c.failed_at < before))


def _row(tenant_id: UUID, account_key: UUID, held: Lockout) -> dict[str, Any]:
    return {
        "tenant_id": tenant_id,
        "account_key": account_key,
        "failures": held.failures,
        "locks": held.locks,
        "locked_until": held.locked_until,
        "failed_at": held.failed_at,
        "recent": b"".join(held.recent),
    }


def _lockout(row: Row[*tuple[Any, ...]]) -> Lockout:
    joined: bytes = row.recent
    return Lockout(
        failures=row.failures,
        locks=row.locks,
        locked_until=row.locked_until,
        failed_at=row.failed_at,
        recent=tuple(joined[start : start + DIGEST_BYTES] for start in range(0, len(joined), DIGEST_BYTES)),
    )
