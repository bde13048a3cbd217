"""One database for all adapters beside this file: SQLite by default, PostgreSQL and its kin for a pool.

Each adapter module declares its own tables on `metadata`. Every primary key begins with `tenant_id`.
"""

import json
import sqlite3
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from threading import Lock
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, MetaData, Select, Table, column, create_engine, event, select, text
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

Row = Mapping[str, Any]
"""Values by column name."""

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
        # Options that an engine has cost nothing when a connection is opened.
        self._reading = self.engine.execution_options(isthmus_read=True)
        self._readers = _Readers(self._reading) if self.is_sqlite else None
        self._writing = {durable: self.engine.execution_options(isthmus_durable=durable) for durable in (False, True)}
        self._writers = _Writers(self._writing) if self.is_sqlite else None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for statements that only read, outside of any write transaction."""
        with _unavailable_if_transient(), self._reader() as connection:
            yield connection

    @contextmanager
    def write(self, *, durable: bool = False) -> Iterator[Connection]:
        """One transaction: committed at the end, rolled back by an exception.

        *durable*: is on the disk when this returns. Otherwise SQLite may lose the last moments, never halves of
        them, when the machine loses its power; PostgreSQL is always durable.
        """
        with _unavailable_if_transient(), self._writer(durable=durable) as connection:
            yield connection

    def upsert(
        self, connection: Connection, table: Table, rows: Sequence[Row], *, keep: frozenset[str] = frozenset()
    ) -> None:
        """Inserts *rows*, or replaces all of their columns but the key and those of *keep*.

        All rows name the same columns.
        """
        columns = list(rows[0])
        changed = [name for name in columns if not table.columns[name].primary_key and name not in keep]
        key = list(table.primary_key.columns)
        if self.is_sqlite:
            statement = sqlite_insert(table)
            replaced = {name: statement.excluded[name] for name in changed}
            connection.execute(statement.on_conflict_do_update(index_elements=key, set_=replaced), rows)
            return
        # The driver makes a round trip for each row: send all of them as one value.
        source = text(f'json_populate_recordset(NULL::"{table.name}", CAST(:rows AS json))')
        sent: Select[*tuple[Any, ...]] = select(*(column(name) for name in columns)).select_from(source)
        given = postgresql_insert(table).from_select(columns, sent)
        replaced = {name: given.excluded[name] for name in changed}
        content = json.dumps(rows, default=_json_value)
        connection.execute(given.on_conflict_do_update(index_elements=key, set_=replaced), {"rows": content})

    def close(self) -> None:
        for kept in (self._readers, self._writers):
            if kept is not None:
                kept.close()
        self.engine.dispose()

    def _reader(self) -> AbstractContextManager[Connection]:
        return self._readers.borrow() if self._readers else self._reading.connect()

    def _writer(self, *, durable: bool) -> AbstractContextManager[Connection]:
        return self._writers.turn(durable=durable) if self._writers else self._writing[durable].begin()


class _Readers:
    """SQLite's connections that only read stay open: to open one costs more than most statements do."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._idle: deque[Connection] = deque()

    @contextmanager
    def borrow(self) -> Iterator[Connection]:
        """What an error leaves behind is closed."""
        connection = self._take()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        if len(self._idle) < _POOL_SIZE:
            self._idle.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def _take(self) -> Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return self._engine.connect()


class _Writers:
    """SQLite has one writer at a time: this process's threads queue here, where waiting costs nothing.

    The connections stay open, as `_Readers`' do.
    """

    def __init__(self, engines: Mapping[bool, Engine]) -> None:
        """*engines*: by whether what is committed is on the disk."""
        self._engines = engines
        self._open: dict[bool, Connection] = {}
        self._turn = Lock()

    @contextmanager
    def turn(self, *, durable: bool) -> Iterator[Connection]:
        """One transaction. What an error leaves behind is closed."""
        if not self._turn.acquire(timeout=_SQLITE_WAIT_MS / 1000):
            raise StorageUnavailableError("the database is busy with other changes")
        try:
            connection = self._open.pop(durable, None) or self._engines[durable].connect()
            try:
                with connection.begin():
                    yield connection
            except BaseException:
                connection.close()
                raise
            self._open[durable] = connection
        finally:
            self._turn.release()

    def close(self) -> None:
        while self._open:
            self._open.popitem()[1].close()


def _configure_sqlite(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    for pragma in (f"busy_timeout={_SQLITE_WAIT_MS}", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediately(connection: Connection) -> None:
    """Python's driver begins late and upgrades, which fails under contention: begin as writer at once.

    A statement that only reads is its own snapshot, as under PostgreSQL's READ COMMITTED: it needs no transaction.
    """
    options = connection.get_execution_options()
    if options.get("isthmus_read"):
        return
    wanted = "FULL" if options.get("isthmus_durable") else "NORMAL"
    driver = connection.connection.cursor()
    if connection.info.get("synchronous", "NORMAL") != wanted:
        driver.execute(f"PRAGMA synchronous={wanted}")
        connection.info["synchronous"] = wanted
    driver.execute("BEGIN IMMEDIATE")
    driver.close()


def _json_value(value: object) -> str:
    """As PostgreSQL reads it back into a column of its type."""
    match value:
        case bytes():
            return f"\\x{value.hex()}"
        case datetime():
            return value.isoformat()
        case UUID():
            return str(value)
        case _:
            raise TypeError(f"no column holds a {type(value).__name__}")


@contextmanager
def _unavailable_if_transient() -> Iterator[None]:
    try:
        yield
    except PoolTimeoutError as error:
        raise StorageUnavailableError("every connection to the database is in use") from error
    except sqlite3.Error as error:  # of a transaction's beginning, where SQLAlchemy is not between
        if _is_transient(error):
            raise StorageUnavailableError(f"the database does not answer: {_reason(error)}") from error
        raise
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
