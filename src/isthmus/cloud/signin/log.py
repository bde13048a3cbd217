"""What is written down of every attempt to sign in. The operator reads the true reason here."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

_LONGEST_TEXT = 256


class ClientKind(StrEnum):
    """Microsoft Graph's `clientAppUsed`."""

    BROWSER = "Browser"
    MOBILE_AND_DESKTOP = "Mobile Apps and Desktop clients"


@dataclass(frozen=True, slots=True, kw_only=True)
class SigninEntry:
    """One attempt; the fields of Microsoft Graph's `signIn` that this cloud can tell."""

    tenant_id: UUID
    entry_id: UUID
    """The trace id of the answer."""
    created_at: datetime
    correlation_id: UUID
    user_principal_name: str
    account_id: UUID | None
    display_name: str | None
    client_id: UUID | None
    application_name: str | None
    resource: str | None
    ip_address: str
    user_agent: str
    client_kind: ClientKind
    is_interactive: bool
    method: str
    """`password`, `session`, `refresh_token`."""
    error_code: int
    """The AADSTS number; 0: signed in."""
    failure_reason: str | None = None


def loggable_name(typed: str) -> str:
    """What was typed as user name, unless it may be a password in the wrong field: names have an @."""
    return typed[:_LONGEST_TEXT] if "@" in typed else "(not a user name)"
