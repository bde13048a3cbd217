"""`isthmus lab`: a real Active Directory domain, the cloud and an agent on this machine."""

import signal
import sys
from pathlib import Path
from typing import NoReturn

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from isthmus.lab.construction import LabOptions
from isthmus.lab.description import FILE_NAME, LabDescription, read_description
from isthmus.lab.errors import LabError
from isthmus.lab.lifecycle import bring_up, start_part, states, stop_part, take_down

_console = Console(highlight=False)
_TERMINATED = 143
"""What a shell says of a program that was ended by SIGTERM."""
_folder_option = click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("lab"),
    show_default=True,
    help="Where the lab keeps everything; lab.json in it describes it.",
)


@click.group("lab")
def group() -> None:
    """A real Active Directory domain, the cloud and an agent on this machine."""


@group.command()
@_folder_option
@click.option("--users", default=50, show_default=True, help="How many people are in the directory.")
@click.option("--name", help="Part of every name: login.NAME.isthmus.test.  [default: demo]")
@click.option("--controllers", default=1, show_default=True, help="How many domain controllers.")
@click.option("--read-only-controllers", default=0, show_default=True, help="How many of them hold no passwords.")
@click.option("--only", type=click.Choice(["directory"]), help="Leave out the cloud, the agent and the applications.")
@click.option("--no-agent", is_flag=True, help="Write the agent's settings, but enrol and start none.")
def up(
    folder: Path,
    users: int,
    name: str | None,
    controllers: int,
    read_only_controllers: int,
    only: str | None,
    no_agent: bool,
) -> None:
    """Start a lab: a Samba domain controller, the cloud, an agent and sample applications."""
    options = LabOptions(
        name=name,
        folder=folder.resolve(),
        users=users,
        controllers=controllers,
        read_only_controllers=read_only_controllers,
        only_directory=only == "directory",
        agent=not no_agent,
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(_TERMINATED))
    try:
        description = bring_up(options, _report)
    except LabError as error:
        _fail(error)
    _print_addresses(description)


@group.command()
@_folder_option
@click.option("--keep", is_flag=True, help="Leave the folder with its logs.")
def down(folder: Path, keep: bool) -> None:
    """End every process of a lab, and remove its names and files."""
    try:
        take_down(folder.resolve(), keep_files=keep)
    except LabError as error:
        _fail(error)


@group.command()
@_folder_option
def status(folder: Path) -> None:
    """Say how a lab is. Ends with 0 only when everything lives."""
    try:
        description = read_description(folder.resolve())
    except LabError as error:
        _fail(error)
    found = states(description)
    table = Table(box=None)
    for heading in ("process", "pid", "state"):
        table.add_column(heading)
    for each in found:
        table.add_row(each.name, str(each.pid), "running" if each.alive else "[red]ended[/]")
    _console.print(table)
    _print_addresses(description)
    sys.exit(0 if all(each.alive for each in found) else 1)


@group.command()
@_folder_option
@click.argument("process")
def stop(folder: Path, process: str) -> None:
    """End one process of a lab, such as the domain controller dc1."""
    try:
        stop_part(folder.resolve(), process)
    except LabError as error:
        _fail(error)


@group.command()
@_folder_option
@click.argument("process")
def start(folder: Path, process: str) -> None:
    """Start a process of a lab that was stopped."""
    try:
        start_part(folder.resolve(), process)
    except LabError as error:
        _fail(error)


@group.command()
@_folder_option
@click.option("--users", default=50, show_default=True, help="How many people are in the directory.")
@click.option("--name", default="demo", show_default=True, help="Part of every name: login.NAME.isthmus.test.")
@click.option("--exit", "exit_afterwards", is_flag=True, help="Take all down at the end; 0 only if each step held.")
def demo(folder: Path, users: int, name: str, exit_afterwards: bool) -> None:
    """Tell the main job as it happens, on a lab of its own that stays until Ctrl-C."""
    from isthmus.lab.demo import tell  # noqa: PLC0415 - a browser and MSAL load slowly

    options = LabOptions(name=name, folder=folder.resolve(), users=users)
    try:
        all_held = tell(options, _console, keep_running=not exit_afterwards)
    except LabError as error:
        _fail(error)
    sys.exit(0 if all_held else 1)


@group.command("serve-applications", hidden=True)
@click.argument("settings", type=click.Path(exists=True, path_type=Path))
def serve_applications(settings: Path) -> None:
    """Serve the sample applications: a process of a lab."""
    from isthmus.lab.applications.settings import SampleSettings  # noqa: PLC0415 - msal loads slowly
    from isthmus.lab.applications.site import serve_site  # noqa: PLC0415

    serve_site(SampleSettings.model_validate_json(settings.read_bytes()))


def _report(done: str, seconds: float) -> None:
    _console.print(f"  [dim]{seconds:5.1f} s[/]  {done}")


def _print_addresses(description: LabDescription) -> None:
    _console.print()
    for title, text in _addresses(description):
        _console.print(f"  {title:<32} {escape(text)}", soft_wrap=True)


def _addresses(description: LabDescription) -> list[tuple[str, str]]:
    directory = description.directory
    lines = [
        (f"controller {each.host.partition('.')[0]}", f"{each.host} ({each.address})") for each in directory.controllers
    ]
    lines.append(("people", f"{directory.user_count:,} in {directory.people_dn}"))
    if description.cloud is not None:
        lines.append(("authority", description.cloud.authority))
        lines.append(("administrator", f"{description.cloud.admin.upn} with {description.cloud.admin.password}"))
    lines.extend((each.name, each.url) for each in description.applications if each.url)
    lines.extend(("somebody to sign in as", f"{user.upn} with {user.password}") for user in description.users[:1])
    lines.append(("everything", str(description.folder / FILE_NAME)))
    return lines


def _fail(error: LabError) -> NoReturn:
    Console(stderr=True, highlight=False).print(f"[red]isthmus lab:[/] {escape(str(error))}", soft_wrap=True)
    sys.exit(1)
