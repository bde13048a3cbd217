"""`isthmus cloud user`: people of the tenant."""

from pathlib import Path

import click

from isthmus.cli.cloud_output import JSON, Record, folder_option, opened, show, tenant_option
from isthmus.cloud.accounts.account import Account
from isthmus.cloud.administration import Administration, only_tenant
from isthmus.cloud.founding import generated_password

_PAGE = 1000


@click.group("user")
def group() -> None:
    """People of the tenant."""


@group.command("list")
@click.option("--after", default="", help="Begin behind this name.")
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=_PAGE, show_default=True)
@folder_option
@tenant_option
@JSON
def list_users(after: str, limit: int, folder: Path, tenant: str | None, as_json: bool) -> None:
    """Show accounts in the order of their names."""
    with opened(folder) as cloud:
        accounts = Administration(cloud, only_tenant(cloud, tenant).tenant_id).accounts(after=after, limit=limit)
    show([_line(account) for account in accounts], as_json=as_json)


@group.command("show")
@click.argument("upn")
@folder_option
@tenant_option
@JSON
def show_user(upn: str, folder: Path, tenant: str | None, as_json: bool) -> None:
    """Show one account, without its password."""
    with opened(folder) as cloud:
        account = Administration(cloud, only_tenant(cloud, tenant).tenant_id).account(upn)
    show(_record(account), as_json=as_json)


@group.command("create")
@click.argument("upn")
@click.option("--display-name", help="What applications call the person.")
@folder_option
@tenant_option
def create(upn: str, display_name: str | None, folder: Path, tenant: str | None) -> None:
    """Create an account that no directory masters. Prints its password, once."""
    password = generated_password()
    with opened(folder) as cloud:
        administration = Administration(cloud, only_tenant(cloud, tenant).tenant_id)
        account = administration.create_account(upn, password, display_name=display_name)
    show({"account_id": str(account.account_id), "upn": upn, "password": password}, as_json=True)


@group.command("disable")
@click.argument("upn")
@folder_option
@tenant_option
def disable(upn: str, folder: Path, tenant: str | None) -> None:
    """Refuse an account of the cloud, and end its sessions."""
    with opened(folder) as cloud:
        Administration(cloud, only_tenant(cloud, tenant).tenant_id).set_enabled(upn, enabled=False)


@group.command("enable")
@click.argument("upn")
@folder_option
@tenant_option
def enable(upn: str, folder: Path, tenant: str | None) -> None:
    """Let an account of the cloud in again."""
    with opened(folder) as cloud:
        Administration(cloud, only_tenant(cloud, tenant).tenant_id).set_enabled(upn, enabled=True)


@group.command("set-password")
@click.argument("upn")
@click.password_option()
@folder_option
@tenant_option
def set_password(upn: str, password: str, folder: Path, tenant: str | None) -> None:
    """Set the password of an account of the cloud, and end its sessions. Asks for it."""
    with opened(folder) as cloud:
        Administration(cloud, only_tenant(cloud, tenant).tenant_id).set_password(upn, password)


@group.command("unlock")
@click.argument("upn")
@folder_option
@tenant_option
def unlock(upn: str, folder: Path, tenant: str | None) -> None:
    """Forget an account's failed sign-ins."""
    with opened(folder) as cloud:
        Administration(cloud, only_tenant(cloud, tenant).tenant_id).unlock(upn)


def _line(account: Account) -> Record:
    return {
        "upn": account.user_principal_name,
        "display_name": account.display_name,
        "enabled": account.enabled,
        "mastered_in": _master(account),
    }


def _record(account: Account) -> Record:
    return {
        **_line(account),
        "account_id": str(account.account_id),
        "tenant_id": str(account.tenant_id),
        "given_name": account.given_name,
        "surname": account.surname,
        "mail": account.mail,
        "source_anchor": account.source_anchor,
        "sam_account_name": account.sam_account_name,
        "security_identifier": account.security_identifier,
        "roles": sorted(account.roles),
        "sessions_valid_from": account.sessions_valid_from.isoformat(),
    }


def _master(account: Account) -> str:
    return "cloud" if account.source_anchor is None else account.directory_domain or "directory"
