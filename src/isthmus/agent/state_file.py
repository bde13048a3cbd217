"""The agent's state directory and the SQLite file in it: opened by one agent at a time, moved aside when damaged."""

import fcntl
import logging
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from isthmus.agent.errors import StateInUseError, StateUnusableError
from isthmus.agent.private_files import private_folder

FILE_NAME = "state.db"
_LOCK = "agent.lock"
_TRIES = 5
_BETWEEN_TRIES = 0.05
_VERSION = 2
"""Raise it when tables or rows change their form: an earlier state is then read anew."""
_APPLICATION_ID = 0x49534D41
_SCHEMA = """
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE object (
    guid BLOB PRIMARY KEY,
    anchor TEXT NOT NULL UNIQUE,
    content TEXT NOT NULL,
    password_stamp BLOB,
    wanted_digest TEXT,
    generation INTEGER NOT NULL
);
CREATE TABLE held (anchor TEXT PRIMARY KEY, digest TEXT NOT NULL, password_stamp BLOB) WITHOUT ROWID;
CREATE TABLE refused (
    anchor TEXT NOT NULL,
    what TEXT NOT NULL,
    who TEXT NOT NULL,
    digest TEXT,
    password_stamp BLOB,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    since TEXT NOT NULL,
    PRIMARY KEY (anchor, what)
) WITHOUT ROWID;
CREATE TABLE cursor (
    controller TEXT PRIMARY KEY,
    dsa_guid TEXT NOT NULL,
    invocation_id TEXT NOT NULL,
    usn_vector TEXT NOT NULL,
    up_to_date TEXT NOT NULL,
    stored_at REAL NOT NULL
) WITHOUT ROWID;
"""
_MARKS = f"PRAGMA application_id={_APPLICATION_ID}; PRAGMA user_version={_VERSION};"
_TABLES = 5
_log = logging.getLogger(__name__)


class _DamagedError(sqlite3.DatabaseError):
    """The file can be read, and is not the state that it should be."""


class StateLock:
    """Held for as long as an agent works on a state directory; the system gives it back when the process ends."""

    def __init__(self, folder: Path) -> None:
        path = private_folder(folder) / _LOCK
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StateUnusableError(f"{path} cannot be opened: {error.strerror}") from error
        try:
            self._take()
        except OSError as error:
            pid = _pid_in(self._descriptor)
            os.close(self._descriptor)
            raise StateInUseError(folder, pid) from error
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, str(os.getpid()).encode(), 0)

    def _take(self) -> None:
        """Tries for a moment: somebody may only be looking."""
        for _ in range(_TRIES - 1):
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(_BETWEEN_TRIES)
            else:
                return
        fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def release(self) -> None:
        os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def holder_of(folder: Path) -> int | None:
    """The pid of the agent that works on the state directory; None if there is none."""
    try:
        descriptor = os.open(folder / _LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return _pid_in(descriptor)
    finally:
        os.close(descriptor)
    return None


def open_state(folder: Path) -> sqlite3.Connection:
    """The state file, made if there is none. One that is damaged is moved aside: what it held is read again."""
    path = private_folder(folder) / FILE_NAME
    with usable_state(path):
        try:
            return _open(path)
        except sqlite3.OperationalError:
            raise  # a full disk, say: the state itself may be good
        except sqlite3.DatabaseError as error:
            kept = _move_aside(path)
            _log.warning("state_damaged", extra={"facts": {"found": str(error), "moved_to": str(kept)}})
        return _open(path)


@contextmanager
def usable_state(path: Path) -> Iterator[None]:
    """`StateUnusableError` where the file cannot be read or written: a full disk, lost rights, another program."""
    try:
        yield
    except (OSError, sqlite3.OperationalError) as error:
        raise StateUnusableError(f"{path} cannot be used: {error}") from error


def copy_state(folder: Path, target: Path) -> sqlite3.Connection:
    """A copy of the state in *target*, for a dry run; empty if there is no usable state."""
    path = folder / FILE_NAME
    with usable_state(target):
        copy = _open(target)
    if not path.exists():
        return copy
    try:
        source = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            source.backup(copy)
        finally:
            source.close()
        _check(copy, path)
    except sqlite3.DatabaseError:
        copy.close()
        target.unlink()
        return _open(target)
    return copy


def read_only_state(folder: Path) -> sqlite3.Connection | None:
    """To look at beside a running agent; None if there is no usable state."""
    path = folder / FILE_NAME
    if not path.exists():
        return None
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)
    try:
        _check(connection, path)
    except sqlite3.DatabaseError:
        connection.close()
        return None
    return connection


def _pid_in(descriptor: int) -> int | None:
    text = os.pread(descriptor, 20, 0).strip()
    return int(text) if text.isdigit() else None


def _open(path: Path) -> sqlite3.Connection:
    if not path.exists():
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        if connection.execute("PRAGMA user_version").fetchone()[0] == 0 and not _has_tables(connection):
            connection.executescript(f"BEGIN;{_SCHEMA}{_MARKS}COMMIT;")
        _check(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _check(connection: sqlite3.Connection, path: Path) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version != _VERSION or connection.execute("PRAGMA application_id").fetchone()[0] != _APPLICATION_ID:
        raise _DamagedError(f"{path.name} is of another version ({version})")
    tables = connection.execute("SELECT count(*) FROM sqlite_master WHERE type = 'table'").fetchone()[0]
    if tables != _TABLES:
        raise _DamagedError(f"{path.name} has {tables} tables of {_TABLES}")
    verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise _DamagedError(verdict)


def _has_tables(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is not None


def _move_aside(path: Path) -> Path:
    number = 1
    while (kept := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    path.replace(kept)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    return kept
