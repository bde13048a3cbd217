"""`isthmus cloud`: set up, serve and administer an identity provider."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from isthmus.cli import cloud_agents, cloud_applications, cloud_log, cloud_users
from isthmus.cli.cloud_output import JSON, folder_option, opened, reported, show, tenant_option
from isthmus.cloud.administration import Administration, only_tenant
from isthmus.cloud.founding import DEFAULT_DATABASE_URL, Foundation, found_cloud
from isthmus.cloud.server import Listening, parse_address, serve
from isthmus.cloud.settings import DEFAULT_FOLDER, load_settings
from isthmus.cloud.storage.schema import migrate


@click.group("cloud")
def group() -> None:
    """The identity provider: set up, serve, administer."""


@group.command("init")
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path),
    default=DEFAULT_FOLDER,
    show_default=True,
    help="The cloud's folder: new, or without a cloud.",
)
@click.option("--name", required=True, help="The organisation's name.")
@click.option("--domain", required=True, help="The first verified domain, such as contoso.example.")
@click.option("--public-url", required=True, help="Under which browsers and agents reach the cloud.")
@click.option("--admin-upn", required=True, help="The first administrator's user principal name.")
@click.option(
    "--database-url", default=DEFAULT_DATABASE_URL, show_default=True, help="SQLite's file is beside cloud.toml."
)
def init(folder: Path, name: str, domain: str, public_url: str, admin_upn: str, database_url: str) -> None:
    """Found a cloud in a folder. Prints the administrator's password, once."""
    foundation = Foundation(
        name=name, domain=domain, public_url=public_url, administrator=admin_upn, database_url=database_url
    )
    with reported():
        founded = found_cloud(folder, foundation, now=datetime.now(UTC))
    show(
        {
            "folder": str(founded.folder),
            "tenant_id": str(founded.tenant_id),
            "admin_upn": founded.administrator,
            "admin_password": founded.password,
        },
        as_json=True,
    )


@group.command("serve")
@folder_option
@click.option(
    "--listen", multiple=True, metavar="ADDRESS:PORT", help="In place of the settings' `listen`; several times."
)
@click.option("--certificate", type=click.Path(exists=True, dir_okay=False), help="PEM, with its chain.")
@click.option("--private-key", type=click.Path(exists=True, dir_okay=False), help="PEM.")
@click.option("--plain", is_flag=True, help="Plain HTTP also off loopback: a proxy in front speaks TLS.")
@click.option("--workers", type=click.IntRange(1, 256), default=1, show_default=True, help="Processes.")
def serve_command(
    folder: Path, listen: tuple[str, ...], certificate: str | None, private_key: str | None, plain: bool, workers: int
) -> None:
    """Serve until told to stop."""
    with reported():
        settings = load_settings(folder)
        given = certificate or private_key
        status = serve(
            settings,
            Listening(
                addresses=[parse_address(text) for text in listen or settings.serve.listen],
                certificate=certificate if given else settings.certificate_path,
                private_key=private_key if given else settings.private_key_path,
                plain=plain,
                workers=workers,
            ),
        )
    raise SystemExit(status)


@group.command("migrate")
@folder_option
def migrate_command(folder: Path) -> None:
    """Bring the database up to this release's schema. Back it up first."""
    with opened(folder, any_schema=True) as cloud:
        click.echo(f"the database has schema {migrate(cloud.database)}")


@group.command("sweep")
@click.option("--keep-days", type=click.IntRange(1), default=30, show_default=True, help="Of the sign-in log.")
@folder_option
def sweep(keep_days: int, folder: Path) -> None:
    """Forget sessions, codes and tokens that have ended, and old sign-ins. For a daily timer."""
    with opened(folder) as cloud:
        cloud.sweep(keep_log=timedelta(days=keep_days))


@group.group("domain")
def domain_group() -> None:
    """The tenant's verified domains."""


@domain_group.command("add")
@click.argument("domain")
@folder_option
@tenant_option
def add_domain(domain: str, folder: Path, tenant: str | None) -> None:
    """Add a domain that the organisation owns."""
    with opened(folder) as cloud:
        Administration(cloud, only_tenant(cloud, tenant).tenant_id).add_domain(domain)


@domain_group.command("list")
@folder_option
@tenant_option
@JSON
def list_domains(folder: Path, tenant: str | None, as_json: bool) -> None:
    """Show them, the default one first."""
    with opened(folder) as cloud:
        domains = only_tenant(cloud, tenant).domains
    show([{"domain": domain, "default": domain == domains[0]} for domain in domains], as_json=as_json)


group.add_command(cloud_applications.group)
group.add_command(cloud_users.group)
group.add_command(cloud_agents.group)
group.add_command(cloud_log.group)
