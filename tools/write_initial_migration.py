"""Writes the first migration anew from the tables as they are declared. Only until the first release.

Run it as `python tools/write_initial_migration.py`; afterwards migrations are added and never rewritten.
"""

import subprocess
import sys
from pathlib import Path

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from isthmus.cloud.storage import schema

_TARGET = Path(schema.__file__).parent.parent / "migrations" / "revision_0001.py"
_FRAME = '''"""The first schema: tenants, accounts, applications, agents, sign-in."""

import sqlalchemy as sa
from alembic import op

import isthmus.cloud.storage.columns

revision = "0001"
down_revision = None


def upgrade() -> None:
    {body}
'''


def main() -> None:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_schemas": False})
        script = produce_migrations(context, schema.complete_metadata())
    if script.upgrade_ops is None:
        raise SystemExit("there are no tables")
    body = render_python_code(script.upgrade_ops)
    _TARGET.write_text(_FRAME.format(body=body), "utf-8")
    ruff = Path(sys.executable).with_name("ruff")
    subprocess.run([ruff, "format", "--quiet", _TARGET], check=True)  # noqa: S603 our own tool
    subprocess.run([ruff, "check", "--fix", "--quiet", _TARGET], check=True)  # noqa: S603
    print(_TARGET)


if __name__ == "__main__":
    main()
