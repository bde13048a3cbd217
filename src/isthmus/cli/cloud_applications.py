"""`isthmus cloud app`: applications that sign people in."""

from pathlib import Path
from uuid import UUID

import click

from isthmus.cli.cloud_output import JSON, Record, folder_option, opened, show, tenant_option
from isthmus.cloud.accounts.application import Application
from isthmus.cloud.administration import Administration, only_tenant, redirect_uri


@click.group("app")
def group() -> None:
    """Applications that sign people in."""


@group.command("create")
@click.option("--name", required=True, help="What people see when they sign in.")
@click.option("--redirect-uri", "redirect_uris", multiple=True, help="May be given several times.")
@click.option("--public", "is_public", is_flag=True, help="An installed application, without a secret.")
@click.option("--spa", "is_spa", is_flag=True, help="The addresses are a single-page application's.")
@click.option("--secret", "with_secret", is_flag=True, help="Make a secret and print it, once.")
@click.option("--hybrid", is_flag=True, help="May ask for an id_token at the authorization endpoint.")
@folder_option
@tenant_option
def create(  # noqa: PLR0913, PLR0917 click calls it by name
    name: str,
    redirect_uris: tuple[str, ...],
    is_public: bool,
    is_spa: bool,
    with_secret: bool,
    hybrid: bool,
    folder: Path,
    tenant: str | None,
) -> None:
    """Register an application."""
    if is_public and with_secret:
        raise click.UsageError("a public application cannot keep a secret: leave out --public or --secret")
    with opened(folder) as cloud:
        held = only_tenant(cloud, tenant)
        administration = Administration(cloud, held.tenant_id)
        application = administration.create_application(
            name,
            [redirect_uri(uri, is_public=is_public, is_spa=is_spa) for uri in redirect_uris],
            is_public=is_public,
            allows_id_token_from_authorize=hybrid,
        )
        secret = administration.add_secret(application.client_id) if with_secret else None
    created = {
        "client_id": str(application.client_id),
        "tenant_id": str(held.tenant_id),
        "authority": f"{cloud.settings.public_url}/{held.tenant_id}",
    }
    show(created if secret is None else {**created, "client_secret": secret}, as_json=True)


@group.command("list")
@folder_option
@tenant_option
@JSON
def list_applications(folder: Path, tenant: str | None, as_json: bool) -> None:
    """Show all applications."""
    with opened(folder) as cloud:
        applications = Administration(cloud, only_tenant(cloud, tenant).tenant_id).applications()
    show([{"client_id": str(each.client_id), "name": each.name} for each in applications], as_json=as_json)


@group.command("show")
@click.argument("client_id", type=click.UUID)
@folder_option
@tenant_option
@JSON
def show_application(client_id: UUID, folder: Path, tenant: str | None, as_json: bool) -> None:
    """Show one application: addresses, kind, and the beginnings of its secrets."""
    with opened(folder) as cloud:
        application = Administration(cloud, only_tenant(cloud, tenant).tenant_id).application(client_id)
    show(_record(application), as_json=as_json)


@group.command("delete")
@click.argument("client_id", type=click.UUID)
@folder_option
@tenant_option
def delete(client_id: UUID, folder: Path, tenant: str | None) -> None:
    """Delete an application: it signs nobody in any more."""
    with opened(folder) as cloud:
        Administration(cloud, only_tenant(cloud, tenant).tenant_id).delete_application(client_id)


def _record(application: Application) -> Record:
    return {
        "client_id": str(application.client_id),
        "tenant_id": str(application.tenant_id),
        "name": application.name,
        "redirect_uris": [f"{each.uri} ({each.platform.value})" for each in application.redirect_uris],
        "secrets": [f"{each.hint}…" for each in application.secrets],
        "public": application.is_public,
        "hybrid": application.allows_id_token_from_authorize,
    }
