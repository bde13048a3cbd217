"""The database's schema version: brought up by an operator, checked before serving.

Migrations are the files of `cloud/migrations`; there is no way back but the backup.
"""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, text

from isthmus.cloud.settings import SettingsError
from isthmus.cloud.storage.database import Database, metadata

_MIGRATIONS = Path(__file__).parent.parent / "migrations"
_MIGRATION_LOCK = 0x69737468
"""PostgreSQL's advisory lock that lets one process at a time migrate."""


class SchemaVersionError(SettingsError):
    """The database's schema is not this release's."""


def complete_metadata() -> MetaData:
    """All tables: those that the modules beside this one declare."""
    package = __name__.rpartition(".")[0]
    for module in iter_modules(import_module(package).__path__):
        import_module(f"{package}.{module.name}")
    return metadata


def newest_version() -> str:
    head = _scripts().get_current_head()
    if head is None:
        raise SchemaVersionError("this installation holds no migrations: install it again")
    return head


def version_of(database: Database) -> str | None:
    """None: the database is empty."""
    with database.read() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def require_newest(database: Database) -> None:
    """`SchemaVersionError` unless the database is exactly as this release needs it."""
    found, needed = version_of(database), newest_version()
    if found == needed:
        return
    if found is None:
        raise SchemaVersionError("the database is empty: `isthmus cloud migrate` prepares it")
    _require_known(found)
    raise SchemaVersionError(
        f"the database has schema {found}, this release needs {needed}: back it up, then run `isthmus cloud migrate`"
    )


def migrate(database: Database) -> str:
    """Brings the database up to this release's schema, in one transaction; the version that it has then.

    `SchemaVersionError` if a newer release has had it.
    """
    scripts = _scripts()
    found = version_of(database)
    if found is not None:
        _require_known(found)

    def steps(revision: Any, _context: MigrationContext) -> Sequence[Any]:
        return scripts._upgrade_revs("head", revision)  # noqa: SLF001 as Alembic's own commands do

    with database.write(durable=True) as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
        with EnvironmentContext(Config(), scripts, fn=steps) as environment:
            environment.configure(connection=connection, target_metadata=complete_metadata(), fn=steps)
            environment.run_migrations()
    return newest_version()


def _require_known(found: str) -> None:
    if found not in {script.revision for script in _scripts().walk_revisions()}:
        raise SchemaVersionError(
            f"the database has schema {found}, this release needs {newest_version()}: it is a newer release's, run that"
        )


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(_MIGRATIONS, version_locations=[_MIGRATIONS])
