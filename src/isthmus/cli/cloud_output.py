"""What the commands of `isthmus cloud` share: opening the cloud, reporting errors, tables and JSON."""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import DBAPIError

from isthmus.cloud.accounts.errors import AccountsError
from isthmus.cloud.accounts.password import LocalPasswordError
from isthmus.cloud.settings import DEFAULT_FOLDER, SettingsError, load_settings
from isthmus.cloud.storage.schema import require_newest
from isthmus.cloud.wiring import Cloud, build_cloud

folder_option = click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path),
    default=DEFAULT_FOLDER,
    show_default=True,
    help="The cloud's folder, or a lab's.",
)
tenant_option = click.option("--tenant", help="GUID or domain; needed if there are several.")
JSON = click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")

Record = Mapping[str, object]
_PIPE_WIDTH = 100_000
"""A pipe has no width: nothing is to be cut or folded there, so that a line of it can be searched for."""


@contextmanager
def reported() -> Iterator[None]:
    """Errors that the operator can do something about become one line and exit status 1."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    try:
        yield
    except (SettingsError, AccountsError, LocalPasswordError) as error:
        raise click.ClickException(str(error)) from error
    except DBAPIError as error:
        raise click.ClickException(f"the database cannot be used: {error.orig}") from error


@contextmanager
def opened(folder: Path, *, any_schema: bool = False) -> Iterator[Cloud]:
    """The cloud in *folder*, with its errors reported."""
    with reported():
        cloud = build_cloud(load_settings(folder))
        try:
            if not any_schema:
                require_newest(cloud.database)
            yield cloud
        finally:
            cloud.close()


def show(content: Record | Sequence[Record], *, as_json: bool) -> None:
    """One record, or a table of them."""
    if as_json:
        click.echo(json.dumps(content, indent=2, default=str))
    elif isinstance(content, Mapping):
        width = max(len(key) for key in content)
        for key, value in content.items():
            click.echo(f"{key:<{width}}  {_shown(value)}")
    else:
        _show_table(content)


def _show_table(records: Sequence[Record]) -> None:
    if not records:
        click.echo("none")
        return
    table = Table(box=None, pad_edge=False)
    for key in records[0]:
        table.add_column(key, overflow="fold")
    for record in records:
        table.add_row(*(_shown(value) for value in record.values()))
    console = Console()
    if not console.is_terminal:
        console.width = _PIPE_WIDTH
    console.print(table, markup=False)


def _shown(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return ", ".join(_shown(each) for each in value)
        case _:
            return "".join(each if each.isprintable() else _escaped(each) for each in str(value))


def _escaped(character: str) -> str:
    """Names come from strangers: none may command the operator's terminal."""
    return character.encode("unicode_escape").decode("ascii")
