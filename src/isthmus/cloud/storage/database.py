"""One database for all adapters beside this file: SQLite by default, PostgreSQL and its kin for a pool.

Each adapter module declares its own tables on `metadata`. Every primary key begins with `tenant_id`.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, Insert, MetaData, Table, create_engine, event
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry

from isthmus.cloud.accounts.errors import StorageUnavailableError

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_POOL_SIZE = 16
_POOL_OVERFLOW = 32
_SQLITE_WAIT_MS = 10_000

_TRANSIENT_SQLITE = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_NOMEM,
)
_TRANSIENT_SQLSTATE_CLASSES = ("08", "40", "53", "55", "57", "58")
"""Connection lost, rolled back, out of resources, not ready, operator intervened, system error."""


class Database:
    """Connections to one database; safe to share between threads."""

    def __init__(self, url: str) -> None:
        """*url*: `sqlite:////path/file.db` or `postgresql+pg8000://…`."""
        parsed = make_url(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self.engine: Engine = create_engine(
            parsed,
            pool_pre_ping=not self.is_sqlite,
            pool_size=_POOL_SIZE,
            max_overflow=_POOL_OVERFLOW,
            hide_parameters=True,
        )
        if self.is_sqlite:
            event.listen(self.engine, "connect", _configure_sqlite)
            event.listen(self.engine, "begin", _begin_immediately)
        else:
            # One statement for many rows; without it the driver makes a round trip for each.
            self.engine.dialect.use_insertmanyvalues_wo_returning = True

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for statements that only read, outside of any write transaction."""
        with _unavailable_if_transient(), self.engine.connect() as connection:
            yield connection.execution_options(isthmus_read=True)

    @contextmanager
    def write(self, *, durable: bool = False) -> Iterator[Connection]:
        """One transaction: committed at the end, rolled back by an exception.

        *durable*: is on the disk when this returns. Otherwise SQLite may lose the last moments, never halves of
        them, when the machine loses its power; PostgreSQL is always durable.
        """
        with (
            _unavailable_if_transient(),
            self.engine.connect() as connection,
            connection.execution_options(isthmus_durable=durable).begin(),
        ):
            yield connection

    def upsert(self, table: Table, *, keep: frozenset[str] = frozenset()) -> Insert:
        """Inserts a row, or replaces all of its columns but the key and those of *keep*."""
        insert = sqlite_insert if self.is_sqlite else postgresql_insert
        statement = insert(table)
        changed: dict[str, Any] = {
            column.name: statement.excluded[column.name]
            for column in table.columns
            if not column.primary_key and column.name not in keep
        }
        return statement.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=changed)

    def close(self) -> None:
        self.engine.dispose()


def _configure_sqlite(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    for pragma in (f"busy_timeout={_SQLITE_WAIT_MS}", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediately(connection: Connection) -> None:
    """Python's driver begins late and upgrades, which fails under contention: begin as writer at once."""
    options = connection.get_execution_options()
    if options.get("isthmus_read"):
        connection.exec_driver_sql("BEGIN")
        return
    connection.exec_driver_sql(f"PRAGMA synchronous={'FULL' if options.get('isthmus_durable') else 'NORMAL'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def _unavailable_if_transient() -> Iterator[None]:
    try:
        yield
    except PoolTimeoutError as error:
        raise StorageUnavailableError("every connection to the database is in use") from error
    except DBAPIError as error:
        if error.connection_invalidated or _is_transient(error.orig):
            raise StorageUnavailableError(f"the database does not answer: {_reason(error.orig)}") from error
        raise


def _is_transient(cause: BaseException | None) -> bool:
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", None)
        return code is not None and code & 0xFF in _TRANSIENT_SQLITE
    state = _sqlstate(cause)
    # The driver reports a server that is away without a state.
    return state is None or state[:2] in _TRANSIENT_SQLSTATE_CLASSES


def _sqlstate(cause: BaseException | None) -> str | None:
    """pg8000 hands over PostgreSQL's own fields by their letters: C is the SQLSTATE."""
    fields = cause.args[0] if cause is not None and cause.args else None
    return str(fields["C"]) if isinstance(fields, dict) and "C" in fields else None


def _reason(cause: BaseException | None) -> str:
    """Never the parameters of a statement: those may be secrets."""
    state = _sqlstate(cause)
    return f"{type(cause).__name__} {state}" if state else f"{type(cause).__name__}: {cause}"
