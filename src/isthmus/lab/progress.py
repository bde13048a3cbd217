"""What is known of a lab before it is described: enough to end it when the program that starts it is killed."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from isthmus.lab.certificates import write_private
from isthmus.lab.daemons import Daemon, is_alive

_FILE = "progress.json"


class Progress(BaseModel):
    model_config = ConfigDict(frozen=True)

    name: str
    starter: Daemon
    """The program that brings the lab up, or that holds it, as tests do."""
    daemons: list[Daemon] = []

    @property
    def lives(self) -> bool:
        return any(is_alive(daemon) for daemon in (self.starter, *self.daemons))


def write_progress(folder: Path, progress: Progress) -> None:
    """Replaced at once: whoever reads it meanwhile sees the one before."""
    content = progress.model_dump_json(indent=2).encode()
    write_private(folder / f"{_FILE}.new", content).replace(folder / _FILE)


def read_progress(folder: Path) -> Progress | None:
    try:
        return Progress.model_validate_json((folder / _FILE).read_bytes())
    except (OSError, ValidationError):
        return None


def forget_progress(folder: Path) -> None:
    (folder / _FILE).unlink(missing_ok=True)
