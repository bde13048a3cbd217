"""Every storage adapter is tested on SQLite and on a real PostgreSQL server."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text

from isthmus.cloud.accounts.tenant import Tenant
from isthmus.cloud.storage.database import Database
from isthmus.cloud.storage.schema import migrate
from isthmus.cloud.storage.tenants import TenantStore
from isthmus.cloud.storage.vault import Vault

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
_BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
_TEMPLATE = "isthmus_template"
_START_SECONDS = 90
_numbers = count()


class PostgresqlServer:
    """A private server on a unix socket, with a prepared database to copy from."""

    def __init__(self, folder: Path, binaries: Path) -> None:
        self._folder = folder
        self._binaries = binaries
        self._as_user: list[str] = []
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
            self._as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]

    def start(self) -> None:
        cluster = self._folder / "cluster"
        initdb = [
            str(self._binaries / "initdb"),
            "-D",
            str(cluster),
            "-U",
            "postgres",
            "--auth=trust",
            "--no-sync",
            "-E",
            "UTF8",
        ]
        subprocess.run([*self._as_user, *initdb], check=True, capture_output=True)
        options = [
            "-k",
            str(self._folder),
            "-c",
            "listen_addresses=",
            "-c",
            "fsync=off",
            "-c",
            "deadlock_timeout=200ms",
        ]
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [*self._as_user, self._binaries / "postgres", "-D", cluster, *options], stdout=log, stderr=log
            )
        self._wait()
        self._create(_TEMPLATE, "template1")
        with closing(Database(self.url(_TEMPLATE))) as database:
            migrate(database)

    def stop(self) -> None:
        self._process.send_signal(signal.SIGINT)
        self._process.wait(_START_SECONDS)

    def url(self, name: str) -> str:
        return f"postgresql+pg8000://postgres@/{name}?unix_sock={self._folder}/.s.PGSQL.5432"

    def new_database(self, *, prepared: bool = True) -> str:
        name = f"test_{next(_numbers)}"
        self._create(name, _TEMPLATE if prepared else "template1")
        return self.url(name)

    def _create(self, name: str, template: str) -> None:
        engine = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
        engine.dispose()

    def _wait(self) -> None:
        end = time.monotonic() + _START_SECONDS
        ready = [str(self._binaries / "pg_isready"), "-q", "-h", str(self._folder)]
        while subprocess.run(ready, check=False).returncode:
            assert time.monotonic() < end, (self._folder / "log").read_text()
            time.sleep(0.05)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    if not _BINARIES:
        pytest.skip("PostgreSQL is not installed")
    # Not below pytest's own folder: that is closed to the user postgres, and its path is too long for a socket.
    folder = Path(tempfile.mkdtemp(prefix="isthmus-pg-"))
    server = PostgresqlServer(folder, _BINARIES[-1])
    try:
        server.start()
        yield server
        server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "cloud.db"
    with closing(Database(f"sqlite:///{path}")) as database:
        migrate(database)
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of a database with this release's schema and nothing in it."""
    if request.param == "postgresql":
        server: PostgresqlServer = request.getfixturevalue("postgresql_server")
        return server.new_database()
    path = tmp_path / "cloud.db"
    shutil.copy(request.getfixturevalue("sqlite_template"), path)
    return f"sqlite:///{path}"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with closing(Database(database_url)) as opened:
        yield opened


@pytest.fixture
def vault() -> Vault:
    return Vault({1: bytes(32)}, current=1)


@pytest.fixture
def tenant(database: Database) -> Tenant:
    contoso = Tenant(uuid4(), "Contoso", ("contoso.example",))
    TenantStore(database).create(contoso, now=NOW)
    return contoso


@pytest.fixture
def other_tenant(database: Database) -> Tenant:
    fabrikam = Tenant(uuid4(), "Fabrikam", ("fabrikam.example",))
    TenantStore(database).create(fabrikam, now=NOW)
    return fabrikam


@pytest.fixture
def now() -> datetime:
    return NOW
