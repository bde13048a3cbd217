"""Enrolled agents, the codes that enrol them, and the credentials that they have used already."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ColumnElement,
    LargeBinary,
    Row,
    String,
    Table,
    UniqueConstraint,
    Uuid,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from isthmus.cloud.accounts.agent import AgentReport, EnrolledAgent
from isthmus.cloud.accounts.errors import NotFoundError
from isthmus.cloud.storage.columns import Instant
from isthmus.cloud.storage.database import Database, metadata

agents = Table(
    "agents",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("agent_id", Uuid, primary_key=True),
    Column("name", String(128), nullable=False),
    Column("public_key", JSON, nullable=False),
    Column("enrolled_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Column("last_seen_at", Instant),
    Column("version", String(64)),
    Column("state", String(32), comment="null: no heartbeat yet"),
    Column("directory_domain", String(1024)),
    Column("last_cycle_at", Instant),
    Column("pending", BigInteger),
    Column("refused", BigInteger),
    UniqueConstraint("agent_id"),
)

enrolment_codes = Table(
    "enrolment_codes",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("digest", LargeBinary(32), primary_key=True, comment="SHA-256; the code itself is not held"),
    Column("expires_at", Instant, nullable=False),
    UniqueConstraint("digest"),
)

used_credentials = Table(
    "used_credentials",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("agent_id", Uuid, primary_key=True),
    Column("digest", LargeBinary(32), primary_key=True, comment="SHA-256 of the credential's jti"),
    Column("expires_at", Instant, nullable=False),
)

_SWEEP_EVERY = 16


class AgentStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, agent_id: UUID) -> EnrolledAgent | None:
        """In any tenant, revoked or not: agent ids are unique among all."""
        found = self._load(agents.c.agent_id == agent_id)
        return found[0] if found else None

    def all(self, tenant_id: UUID) -> Sequence[EnrolledAgent]:
        return self._load(agents.c.tenant_id == tenant_id)

    def add_enrolment_code(self, tenant_id: UUID, code: str, *, expires_at: datetime) -> None:
        """Holds the digest of *code*, which must have 128 random bits or more: nothing slows down guessing it."""
        row = {"tenant_id": tenant_id, "digest": sha256(code.encode()).digest(), "expires_at": expires_at}
        with self._database.write(durable=True) as connection:
            connection.execute(insert(enrolment_codes), row)

    def enrol(self, code: str, *, name: str, public_key: dict[str, str], agent_id: UUID, now: datetime) -> UUID | None:
        """Uses up *code* and adds the agent; the tenant's id, or None if the code is not good (any more)."""
        digest = sha256(code.encode("utf-8", "surrogatepass")).digest()
        with self._database.read() as connection:
            # Whoever guesses does not get to write.
            if connection.scalar(select(enrolment_codes.c.digest).where(enrolment_codes.c.digest == digest)) is None:
                return None
        with self._database.write(durable=True) as connection:
            connection.execute(delete(enrolment_codes).where(enrolment_codes.c.expires_at <= now))
            tenant_id: UUID | None = connection.scalar(
                delete(enrolment_codes).where(enrolment_codes.c.digest == digest).returning(enrolment_codes.c.tenant_id)
            )
            if tenant_id is None:
                return None
            row = {
                "tenant_id": tenant_id,
                "agent_id": agent_id,
                "name": name,
                "public_key": public_key,
                "enrolled_at": now,
            }
            connection.execute(insert(agents), row)
        return tenant_id

    def revoke(self, tenant_id: UUID, agent_id: UUID, *, now: datetime) -> None:
        """For good: the agent must be enrolled anew. `NotFoundError` if the tenant has no such agent."""
        condition = (agents.c.tenant_id == tenant_id, agents.c.agent_id == agent_id)
        with self._database.write(durable=True) as connection:
            if connection.scalar(select(agents.c.agent_id).where(*condition)) is None:
                raise NotFoundError(f"no agent {agent_id}")
            connection.execute(update(agents).where(*condition, agents.c.revoked_at.is_(None)).values(revoked_at=now))

    def use_credential(self, agent: EnrolledAgent, credential_id: str, *, expires_at: datetime, now: datetime) -> bool:
        """Remembers that a credential was used, until it expires by itself; False if it was used before."""
        digest = sha256(credential_id.encode("utf-8", "surrogatepass")).digest()
        condition = (agents.c.tenant_id == agent.tenant_id, agents.c.agent_id == agent.agent_id)
        row = {
            "tenant_id": agent.tenant_id,
            "agent_id": agent.agent_id,
            "digest": digest,
            "expires_at": expires_at,
        }
        try:
            with self._database.write() as connection:
                connection.execute(insert(used_credentials), row)
                connection.execute(update(agents).where(*condition).values(last_seen_at=now))
                # Which request sweeps is left to chance, and is the same in every process.
                if digest[0] % _SWEEP_EVERY == 0:
                    connection.execute(_expired_credentials(agent, now))
        except IntegrityError:
            return False
        return True

    def record_report(self, agent: EnrolledAgent, report: AgentReport) -> None:
        values = {
            "version": report.version,
            "state": report.state,
            "directory_domain": report.directory_domain,
            "last_cycle_at": report.last_cycle_at,
            "pending": report.pending,
            "refused": report.refused,
        }
        with self._database.write() as connection:
            connection.execute(
                update(agents)
                .where(agents.c.tenant_id == agent.tenant_id, agents.c.agent_id == agent.agent_id)
                .values(**values)
            )

    def _load(self, condition: ColumnElement[bool]) -> list[EnrolledAgent]:
        with self._database.read() as connection:
            rows = connection.execute(select(agents).where(condition).order_by(agents.c.enrolled_at)).all()
        return [_agent(row) for row in rows]


def _expired_credentials(agent: EnrolledAgent, now: datetime) -> Any:
    return delete(used_credentials).where(
        used_credentials.c.tenant_id == agent.tenant_id,
        used_credentials.c.agent_id == agent.agent_id,
        used_credentials.c.expires_at < now,
    )


def _agent(row: Row[*tuple[Any, ...]]) -> EnrolledAgent:
    return EnrolledAgent(
        tenant_id=row.tenant_id,
        agent_id=row.agent_id,
        name=row.name,
        public_key=row.public_key,
        enrolled_at=row.enrolled_at,
        revoked_at=row.revoked_at,
        last_seen_at=row.last_seen_at,
        report=None if row.state is None else _report(row),
    )


def _report(row: Row[*tuple[Any, ...]]) -> AgentReport:
    return AgentReport(
        version=row.version,
        state=row.state,
        directory_domain=row.directory_domain,
        last_cycle_at=row.last_cycle_at,
        pending=row.pending,
        refused=row.refused,
    )
