"""Applications that sign people in here, and the digests of their secrets."""

import secrets
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
    ForeignKeyConstraint,
    LargeBinary,
    Row,
    String,
    Table,
    UniqueConstraint,
    Uuid,
    delete,
    insert,
    select,
)

from isthmus.cloud.accounts.application import Application, ClientSecret, Platform, RedirectUri
from isthmus.cloud.accounts.errors import NotFoundError
from isthmus.cloud.storage.cache import Remembered
from isthmus.cloud.storage.columns import Instant
from isthmus.cloud.storage.database import Database, metadata

applications = Table(
    "applications",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("client_id", Uuid, primary_key=True),
    Column("name", String(256), nullable=False),
    Column("redirect_uris", JSON, nullable=False, comment="pairs of address and platform"),
    Column("is_public", Boolean, nullable=False),
    Column("allows_id_token_from_authorize", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("client_id"),
)

client_secrets = Table(
    "client_secrets",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("client_id", Uuid, primary_key=True),
    Column("secret_id", Uuid, primary_key=True),
    Column("digest", LargeBinary, nullable=False, comment="SHA-256; the secret itself is not held"),
    Column("hint", String(3), nullable=False),
    Column("expires_at", Instant),
    ForeignKeyConstraint(
        ["tenant_id", "client_id"], ["applications.tenant_id", "applications.client_id"], ondelete="CASCADE"
    ),
)

_SECRET_BYTES = 32


class ApplicationStore:
    """Another process's change shows after some seconds."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._remembered: Remembered[UUID, Application] = Remembered()

    def find(self, tenant_id: UUID, client_id: UUID) -> Application | None:
        application = self.find_by_client_id(client_id)
        return application if application is not None and application.tenant_id == tenant_id else None

    def find_by_client_id(self, client_id: UUID) -> Application | None:
        """In any tenant: client ids are unique among all."""
        return self._remembered.get(
            client_id, lambda: next(iter(self._load(applications.c.client_id == client_id)), None)
        )

    def all(self, tenant_id: UUID) -> list[Application]:
        return self._load(applications.c.tenant_id == tenant_id)

    def create(self, application: Application, *, now: datetime) -> None:
        """Without its secrets: see `add_secret`."""
        row = {
            "tenant_id": application.tenant_id,
            "client_id": application.client_id,
            "name": application.name,
            "redirect_uris": [[each.uri, each.platform.value] for each in application.redirect_uris],
            "is_public": application.is_public,
            "allows_id_token_from_authorize": application.allows_id_token_from_authorize,
            "created_at": now,
        }
        with self._database.write() as connection:
            connection.execute(insert(applications), row)
        self._remembered.forget()

    def add_secret(self, tenant_id: UUID, client_id: UUID, *, expires_at: datetime | None = None) -> str:
        """Makes a secret and returns it: only its digest is kept."""
        if self.find(tenant_id, client_id) is None:
            raise NotFoundError(f"no application {client_id}")
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        row = {
            "tenant_id": tenant_id,
            "client_id": client_id,
            "secret_id": uuid4(),
            "digest": sha256(secret.encode()).digest(),
            "hint": secret[:3],
            "expires_at": expires_at,
        }
        with self._database.write() as connection:
            connection.execute(insert(client_secrets), row)
        self._remembered.forget()
        return secret

    def delete(self, tenant_id: UUID, client_id: UUID) -> None:
        """With its secrets. `NotFoundError` if the tenant has no such application."""
        with self._database.write() as connection:
            gone = connection.execute(
                delete(applications).where(applications.c.tenant_id == tenant_id, applications.c.client_id == client_id)
            )
            if gone.rowcount != 1:
                raise NotFoundError(f"no application {client_id}")
        self._remembered.forget()

    def _load(self, condition: ColumnElement[bool]) -> list[Application]:
        statement = (
            select(applications, client_secrets.c.secret_id, client_secrets.c.digest, client_secrets.c.hint)
            .add_columns(client_secrets.c.expires_at)
            .select_from(applications.outerjoin(client_secrets))
            .where(condition)
            .order_by(applications.c.name, applications.c.client_id, client_secrets.c.secret_id)
        )
        with self._database.read() as connection:
            rows = connection.execute(statement).all()
        by_client: dict[UUID, list[Row[*tuple[Any, ...]]]] = {}
        for row in rows:
            by_client.setdefault(row.client_id, []).append(row)
        return [_application(group) for group in by_client.values()]


def _application(rows: list[Row[*tuple[Any, ...]]]) -> Application:
    """*rows*: one for each secret, or one without."""
    first = rows[0]
    return Application(
        tenant_id=first.tenant_id,
        client_id=first.client_id,
        name=first.name,
        redirect_uris=tuple(RedirectUri(uri, Platform(platform)) for uri, platform in first.redirect_uris),
        secrets=tuple(_secrets(rows)),
        is_public=first.is_public,
        allows_id_token_from_authorize=first.allows_id_token_from_authorize,
    )


def _secrets(rows: list[Row[*tuple[Any, ...]]]) -> Iterable[ClientSecret]:
    for row in rows:
        if row.secret_id is not None:
            yield ClientSecret(secret_id=row.secret_id, digest=row.digest, hint=row.hint, expires_at=row.expires_at)
