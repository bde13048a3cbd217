"""How an agent becomes known to a tenant, proves each request, and says that it lives."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, StringConstraints

from isthmus.contract.provisioning import Message

CREDENTIAL_SCHEME = "Isthmus-Agent"
"""`Authorization: Isthmus-Agent <JWT>`: ES256 by the agent's own key, for one request only.

Claims: iss = sub = agent id, aud = the cloud's public URL, iat, exp (at most 60 s later), jti,
htm = method, htu = path and query, bh = base64url SHA-256 of the body.
"""
CREDENTIAL_LIFETIME = 60
"""Seconds."""


class EnrolmentRequest(Message):
    """`POST /provisioning/v1/enrolments`. The code is good once and for a short time."""

    code: Annotated[str, StringConstraints(min_length=8, max_length=128)]
    agent_name: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    agent_version: Annotated[str, StringConstraints(max_length=64)]
    public_key: dict[str, str]
    """A P-256 public JWK."""


class Enrolment(Message):
    agent_id: UUID
    tenant_id: UUID
    tenant_name: str
    verified_domains: list[str]


class Heartbeat(Message):
    """`POST /provisioning/v1/heartbeats`."""

    agent_version: Annotated[str, StringConstraints(max_length=64)]
    state: Literal["starting", "synchronising", "watching", "degraded"]
    directory_domain: str | None = None
    last_cycle_at: AwareDatetime | None = None
    pending: int = 0
    refused: int = 0


class HeartbeatReply(Message):
    cloud_time: AwareDatetime
    verified_domains: list[str]
