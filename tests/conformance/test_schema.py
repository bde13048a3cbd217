"""The schema as migrations make it, and versions that do not fit."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from isthmus.cloud.storage.database import Database
from isthmus.cloud.storage.schema import (
    SchemaVersionError,
    complete_metadata,
    migrate,
    newest_version,
    require_newest,
    version_of,
)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path}/cloud.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql_server").new_database(prepared=False)
    with closing(Database(url)) as database:
        yield database


def test_migrations_make_exactly_the_declared_tables(database: Database) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, complete_metadata()) == []


def test_every_primary_key_begins_with_the_tenant() -> None:
    first = {table.name: next(iter(table.primary_key.columns)).name for table in complete_metadata().tables.values()}
    assert {name for name, column in first.items() if column != "tenant_id"} == set()


def test_an_empty_database_is_refused_until_it_is_migrated(empty_database: Database) -> None:
    assert version_of(empty_database) is None
    with pytest.raises(SchemaVersionError, match="`isthmus cloud migrate` prepares it"):
        require_newest(empty_database)
    assert migrate(empty_database) == newest_version()
    require_newest(empty_database)


def test_migrating_twice_changes_nothing(database: Database) -> None:
    assert migrate(database) == newest_version()
    require_newest(database)


def test_a_newer_releases_database_is_refused(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaVersionError, match=r"has schema 9999.*a newer release's"):
        require_newest(database)


def test_a_copied_database_is_as_good(sqlite_template: Path, tmp_path: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "copy.db")
    with closing(Database(f"sqlite:///{tmp_path}/copy.db")) as database:
        require_newest(database)
