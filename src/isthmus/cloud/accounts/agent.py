"""An on-premises agent that may provision a tenant's people, and the code that makes it known."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

ENROLMENT_CODE_LIFETIME = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentReport:
    """What an agent last said of itself."""

    version: str
    state: str
    directory_domain: str | None = None
    last_cycle_at: datetime | None = None
    pending: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolledAgent:
    tenant_id: UUID
    agent_id: UUID
    name: str
    public_key: dict[str, str]
    """P-256 JWK."""
    enrolled_at: datetime
    revoked_at: datetime | None = None
    last_seen_at: datetime | None = None
    report: AgentReport | None = None
    """None: no heartbeat yet."""
