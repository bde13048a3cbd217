"""The command `isthmus`: a file per group of commands, no logic. Groups are loaded when they are called."""

from importlib import import_module
from typing import cast

import click

_GROUPS = {
    "lab": "A real Active Directory domain, the cloud and an agent on this machine.",
    "agent": "The on-premises agent: enrol, check, run, explain.",
    "cloud": "The identity provider: set up, serve, administer.",
}


class _LazyGroup(click.Group):
    """Imports a group's module only when that group is called: `isthmus agent` never loads the cloud."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_GROUPS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _GROUPS:
            return None
        return cast(click.Command, import_module(f"isthmus.cli.{cmd_name}").group)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_GROUPS.items()))


@click.group(cls=_LazyGroup)
@click.version_option(package_name="isthmus")
def main() -> None:
    """Isthmus: the same password in Active Directory and in the cloud."""
