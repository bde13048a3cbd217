"""`isthmus cloud log`: what happened, for the operator."""

from pathlib import Path

import click

from isthmus.cli.cloud_output import JSON, Record, folder_option, opened, show, tenant_option
from isthmus.cloud.accounts.audit import AuditEntry
from isthmus.cloud.administration import only_tenant
from isthmus.cloud.signin.log import SigninEntry


@click.group("log")
def group() -> None:
    """What happened."""


@group.command("signins")
@click.option("--user", help="Only of this user principal name.")
@click.option("--failed", is_flag=True, help="Only what was refused.")
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=50, show_default=True)
@folder_option
@tenant_option
@JSON
def signins(user: str | None, failed: bool, limit: int, folder: Path, tenant: str | None, as_json: bool) -> None:
    """Attempts to sign in, the latest first, with the true reason of each refusal."""
    with opened(folder) as cloud:
        tenant_id = only_tenant(cloud, tenant).tenant_id
        entries = cloud.signin_log.recent(tenant_id, user_principal_name=user, failed_only=failed, limit=limit)
    show([_record(entry) if as_json else _line(entry) for entry in entries], as_json=as_json)


@group.command("audit")
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=50, show_default=True)
@folder_option
@tenant_option
@JSON
def audit(limit: int, folder: Path, tenant: str | None, as_json: bool) -> None:
    """What operators and agents did, and which agents' requests were refused, the latest first."""
    with opened(folder) as cloud:
        entries = cloud.audit.latest(only_tenant(cloud, tenant).tenant_id, limit=limit)
    show([_act(entry) for entry in entries], as_json=as_json)


def _act(entry: AuditEntry) -> Record:
    return {
        "at": entry.at.isoformat(timespec="seconds"),
        "actor": entry.actor,
        "action": entry.action.value,
        "subject": entry.subject,
        "detail": entry.detail,
    }


def _line(entry: SigninEntry) -> Record:
    return {
        "at": entry.created_at.isoformat(timespec="seconds"),
        "user": entry.user_principal_name,
        "application": entry.application_name,
        "from": entry.ip_address,
        "by": entry.method,
        "result": "signed in" if entry.error_code == 0 else f"{entry.error_code} {entry.failure_reason}",
    }


def _record(entry: SigninEntry) -> Record:
    """By the names of Microsoft Graph's `signIn`."""
    return {
        "id": str(entry.entry_id),
        "createdDateTime": entry.created_at.isoformat(),
        "correlationId": str(entry.correlation_id),
        "userPrincipalName": entry.user_principal_name,
        "userId": str(entry.account_id) if entry.account_id else None,
        "userDisplayName": entry.display_name,
        "appId": str(entry.client_id) if entry.client_id else None,
        "appDisplayName": entry.application_name,
        "resourceDisplayName": entry.resource,
        "ipAddress": entry.ip_address,
        "clientAppUsed": entry.client_kind.value,
        "userAgent": entry.user_agent,
        "isInteractive": entry.is_interactive,
        "authenticationMethod": entry.method,
        "conditionalAccessStatus": "notApplied",
        "status": {"errorCode": entry.error_code, "failureReason": entry.failure_reason},
    }
