"""An on-premises agent that may provision a tenant's people."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


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
