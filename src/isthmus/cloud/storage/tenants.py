"""Tenants and the domains that they have proven to own."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Integer,
    String,
    Table,
    UniqueConstraint,
    Uuid,
    func,
    insert,
    select,
)
from sqlalchemy.exc import IntegrityError

from isthmus.cloud.accounts.errors import NameTakenError, NotFoundError
from isthmus.cloud.accounts.tenant import Tenant
from isthmus.cloud.storage.cache import Remembered
from isthmus.cloud.storage.columns import Instant, ordered_text
from isthmus.cloud.storage.database import Database, metadata

tenants = Table(
    "tenants",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("name", String(256), nullable=False),
    Column("created_at", Instant, nullable=False),
)

domains = Table(
    "domains",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("name", ordered_text(253), primary_key=True),
    Column("position", Integer, nullable=False, comment="the lowest is the default"),
    UniqueConstraint("name"),
)


class TenantStore:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._remembered: Remembered[str, Tenant] = Remembered()

    def find(self, name: str) -> Tenant | None:
        """By tenant GUID or verified domain, in any case. Another process's change shows after some seconds."""
        return self._remembered.get(name.lower(), lambda: self._load(name))

    def all(self) -> list[Tenant]:
        with self._database.read() as connection:
            ids = connection.scalars(select(tenants.c.tenant_id).order_by(tenants.c.created_at)).all()
            return [tenant for tenant_id in ids if (tenant := _read(connection, tenants.c.tenant_id == tenant_id))]

    def create(self, tenant: Tenant, *, now: datetime) -> None:
        """`NameTakenError` if a domain belongs to another tenant."""
        with self._database.write() as connection:
            connection.execute(insert(tenants), {"tenant_id": tenant.tenant_id, "name": tenant.name, "created_at": now})
            for position, domain in enumerate(tenant.domains):
                _insert_domain(connection, tenant.tenant_id, domain, position)
        self._remembered.forget()

    def add_domain(self, tenant_id: UUID, domain: str) -> None:
        """`NameTakenError` if the domain is known already, `NotFoundError` if the tenant is not."""
        with self._database.write() as connection:
            lock_tenant(connection, tenant_id)
            last = connection.scalar(select(func.max(domains.c.position)).where(domains.c.tenant_id == tenant_id))
            _insert_domain(connection, tenant_id, domain, 0 if last is None else last + 1)
        self._remembered.forget()

    def _load(self, name: str) -> Tenant | None:
        with self._database.read() as connection:
            tenant_id = _guid(name)
            if tenant_id is None:
                tenant_id = connection.scalar(select(domains.c.tenant_id).where(domains.c.name == name.lower()))
            return None if tenant_id is None else _read(connection, tenants.c.tenant_id == tenant_id)


def lock_tenant(connection: Connection, tenant_id: UUID) -> None:
    """Lets one transaction at a time change the names of a tenant, so that none can meet another half way.

    SQLite's writers take turns anyway and ignore it. `NotFoundError` if there is no such tenant.
    """
    statement = select(tenants.c.tenant_id).where(tenants.c.tenant_id == tenant_id).with_for_update(key_share=True)
    if connection.scalar(statement) is None:
        raise NotFoundError(f"no tenant {tenant_id}")


def verified_domains(connection: Connection, tenant_id: UUID) -> tuple[str, ...]:
    statement = select(domains.c.name).where(domains.c.tenant_id == tenant_id).order_by(domains.c.position)
    return tuple(connection.scalars(statement))


def _read(connection: Connection, condition: ColumnElement[bool]) -> Tenant | None:
    row: Any = connection.execute(select(tenants.c.tenant_id, tenants.c.name).where(condition)).one_or_none()
    if row is None:
        return None
    return Tenant(tenant_id=row.tenant_id, name=row.name, domains=verified_domains(connection, row.tenant_id))


def _insert_domain(connection: Connection, tenant_id: UUID, domain: str, position: int) -> None:
    row = {"tenant_id": tenant_id, "name": domain.lower(), "position": position}
    try:
        connection.execute(insert(domains), row)
    except IntegrityError as error:
        raise NameTakenError(domain) from error


def _guid(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None
