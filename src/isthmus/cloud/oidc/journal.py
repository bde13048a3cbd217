"""Writes each attempt into the sign-in log."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from isthmus.cloud.accounts.account import Account
from isthmus.cloud.accounts.application import Application
from isthmus.cloud.oidc.refusal import Incident
from isthmus.cloud.signin.log import ClientKind, SigninEntry, loggable_name
from isthmus.cloud.tokens.scope import ApiResource, GraphResource, Resource

_LONGEST_AGENT = 512


class SigninLog(Protocol):
    def add(self, entry: SigninEntry) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What is known of an attempt before it is decided."""

    tenant_id: UUID
    application: Application
    resource: Resource
    incident: Incident
    ip_address: str
    user_agent: str
    client_kind: ClientKind
    is_interactive: bool
    method: str


class Journal:
    def __init__(self, log: SigninLog) -> None:
        self._log = log

    def success(self, attempt: Attempt, account: Account) -> None:
        self._log.add(success_entry(attempt, account))

    def failure(self, attempt: Attempt, account: Account | None, typed: str, *, code: int, reason: str) -> None:
        name = account.user_principal_name if account is not None else loggable_name(typed)
        self._log.add(_entry(attempt, account, name, code, reason))


def success_entry(attempt: Attempt, account: Account) -> SigninEntry:
    return _entry(attempt, account, account.user_principal_name, 0, None)


def _entry(attempt: Attempt, account: Account | None, name: str, code: int, reason: str | None) -> SigninEntry:
    return SigninEntry(
        tenant_id=attempt.tenant_id,
        entry_id=attempt.incident.trace_id,
        created_at=attempt.incident.at,
        correlation_id=attempt.incident.correlation_id,
        user_principal_name=name,
        account_id=account.account_id if account else None,
        display_name=account.display_name if account else None,
        client_id=attempt.application.client_id,
        application_name=attempt.application.name,
        resource=_resource_name(attempt.resource),
        ip_address=attempt.ip_address,
        user_agent=attempt.user_agent[:_LONGEST_AGENT],
        client_kind=attempt.client_kind,
        is_interactive=attempt.is_interactive,
        method=attempt.method,
        error_code=code,
        failure_reason=reason,
    )


def _resource_name(resource: Resource) -> str:
    match resource:
        case GraphResource():
            return "Microsoft Graph"
        case ApiResource(client_id):
            return str(client_id)
