"""How an agent becomes known to a tenant, proves each request, and says that it lives."""

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

from isthmus.contract.provisioning import NO_NUL, Message, Text

CREDENTIAL_SCHEME = "Isthmus-Agent"
"""`Authorization: Isthmus-Agent <JWT>`: ES256 by the agent's own key, for one request only.

Claims: iss = sub = agent id, aud = the cloud's public URL, iat, exp (at most 60 s later), jti,
htm = method, htu = path and query, bh = base64url SHA-256 of the body as it is sent, without padding.
"""
CREDENTIAL_LIFETIME = 60
"""Seconds."""
CLOCK_SKEW = 60
"""Seconds by which the agent's clock may differ from the cloud's."""

Version = Annotated[str, StringConstraints(max_length=64, pattern=NO_NUL)]
Count = Annotated[int, Field(ge=0, lt=2**63)]


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("beyond the calendar") from None


class EnrolmentRequest(Message):
    """`POST /provisioning/v1/enrolments`. The code is good once and for a short time."""

    code: Annotated[str, StringConstraints(min_length=8, max_length=128)] = Field(repr=False)
    agent_name: Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=NO_NUL)]
    agent_version: Version
    public_key: dict[str, str]
    """A P-256 public JWK."""


class Enrolment(Message):
    agent_id: UUID
    tenant_id: UUID
    tenant_name: str
    verified_domains: list[str]


class Heartbeat(Message):
    """`POST /provisioning/v1/heartbeats`."""

    agent_version: Version
    state: Literal["starting", "synchronising", "watching", "degraded"]
    directory_domain: Text | None = None
    last_cycle_at: Annotated[AwareDatetime, AfterValidator(_in_utc)] | None = None
    pending: Count = 0
    refused: Count = 0


class HeartbeatReply(Message):
    cloud_time: AwareDatetime
    verified_domains: list[str]
    last_seen_at: AwareDatetime | None = None
    """When the cloud last heard of this agent before this request, as far as its database knows."""
