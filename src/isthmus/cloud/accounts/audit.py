"""What is written down of every administrative action and of every credential that was refused."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class AuditAction(StrEnum):
    TENANT_CREATED = "tenant_created"
    DOMAIN_ADDED = "domain_added"
    APPLICATION_CREATED = "application_created"
    APPLICATION_DELETED = "application_deleted"
    SECRET_ADDED = "secret_added"  # noqa: S105 the name of an action
    ACCOUNT_CREATED = "account_created"
    ACCOUNT_ENABLED = "account_enabled"
    ACCOUNT_DISABLED = "account_disabled"
    ACCOUNT_UNLOCKED = "account_unlocked"
    PASSWORD_SET = "password_set"  # noqa: S105 the name of an action
    ENROLMENT_CODE_CREATED = "enrolment_code_created"
    AGENT_ENROLLED = "agent_enrolled"
    AGENT_REVOKED = "agent_revoked"
    CREDENTIAL_REFUSED = "credential_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    tenant_id: UUID
    at: datetime
    actor: str
    """Who did it: `operator` at the machine's own console; else the address that the request came from."""
    action: AuditAction
    subject: str
    """What it was done to."""
    detail: str | None = None
