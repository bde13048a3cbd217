"""What the commands say of themselves."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest

ROOT = Path(__file__).parent.parent.parent
GROUPS = ("lab", "agent", "cloud")


def commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        for word, each in command.commands.items():
            if not each.hidden:
                yield from commands(each, f"{name} {word}")


ALL = dict(pair for group in GROUPS for pair in commands(import_module(f"isthmus.cli.{group}").group, group))


@pytest.mark.parametrize("name", ALL)
def test_every_command_says_what_it_does(name: str) -> None:
    assert ALL[name].help


@pytest.mark.parametrize("name", ALL)
def test_every_option_says_what_it_is_for_or_how_much_it_is_by_itself(name: str) -> None:
    options = [option for option in ALL[name].params if isinstance(option, click.Option) and option.prompt is None]
    assert not [option.name for option in options if not option.help and not option.show_default]


@pytest.mark.parametrize(
    ("unit", "command", "option"),
    [("isthmus-agent", "agent run", "config"), ("isthmus-cloud", "cloud serve", "folder")],
)
def test_a_command_without_options_means_what_the_service_runs(unit: str, command: str, option: str) -> None:
    started = next(
        line
        for line in (ROOT / "packaging" / f"{unit}.service").read_text().splitlines()
        if line.startswith("ExecStart=")
    )
    default = next(each.default for each in ALL[command].params if each.name == option)
    assert started.split()[-1] == str(default)
