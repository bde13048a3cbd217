"""A database that does not take anything now is told apart from our own mistakes."""

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from isthmus.cloud.accounts.errors import StorageUnavailableError
from isthmus.cloud.storage.database import Database

KILL = "SELECT pg_terminate_backend(:victim)"


@pytest.mark.postgresql
def test_a_connection_that_is_cut_undoes_the_transaction(postgresql_server: Any) -> None:
    with closing(Database(postgresql_server.new_database())) as database:
        with pytest.raises(StorageUnavailableError):
            write_and_be_cut(database)
        with database.read() as connection:
            assert connection.scalar(text("SELECT version_num FROM alembic_version")) != "half"


def write_and_be_cut(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'half'"))
        victim = connection.scalar(text("SELECT pg_backend_pid()"))
        with database.read() as other:
            other.execute(text(KILL), {"victim": victim})
        connection.execute(text("SELECT 1"))


@pytest.mark.postgresql
def test_a_server_that_is_away_is_unavailable() -> None:
    with (
        closing(Database("postgresql+pg8000://postgres@/x?unix_sock=/nonexistent/.s.PGSQL.5432")) as database,
        pytest.raises(StorageUnavailableError),
        database.read() as connection,
    ):
        connection.execute(text("SELECT 1"))


@pytest.mark.postgresql
def test_a_lock_that_is_not_had_in_time_is_unavailable(postgresql_server: Any) -> None:
    with closing(Database(postgresql_server.new_database())) as database, database.write() as connection:
        connection.execute(text("LOCK TABLE tenants"))
        with pytest.raises(StorageUnavailableError):
            lock_tenants(database)


def lock_tenants(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("SET LOCAL lock_timeout = '50ms'"))
        connection.execute(text("LOCK TABLE tenants"))


def test_a_damaged_database_is_no_passing_trouble(tmp_path: Path) -> None:
    (tmp_path / "cloud.db").write_bytes(b"not a database at all" * 1000)
    with (
        closing(Database(f"sqlite:///{tmp_path}/cloud.db")) as database,
        pytest.raises(Exception, match="not a database") as told,
        database.read() as connection,
    ):
        connection.execute(text("SELECT 1"))
    assert not isinstance(told.value, StorageUnavailableError)


def test_our_own_mistakes_are_not_called_unavailable(database: Database) -> None:
    with pytest.raises(IntegrityError):
        insert_twice(database)
    with pytest.raises(Exception, match="nowhere") as told, database.read() as connection:
        connection.execute(text("SELECT * FROM nowhere"))
    assert not isinstance(told.value, StorageUnavailableError)
    assert database.is_sqlite or isinstance(told.value, ProgrammingError)


def insert_twice(database: Database) -> None:
    values = "('00000000000000000000000000000001', 'x', '2026-01-01')"
    with database.write() as connection:
        for _ in range(2):
            connection.execute(text(f"INSERT INTO tenants (tenant_id, name, created_at) VALUES {values}"))
