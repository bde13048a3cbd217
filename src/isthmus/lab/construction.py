"""What is being built: the folder, the certificates, what was started so far, and how it is told to the person."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from isthmus.lab.certificates import CertificateAuthority
from isthmus.lab.commands import isthmus_command
from isthmus.lab.daemons import Daemon, start_daemon, stop_daemon, this_program, wait_until_ready
from isthmus.lab.names import LabNames
from isthmus.lab.progress import Progress, write_progress

LOGS = "logs"


@dataclass(frozen=True, slots=True, kw_only=True)
class LabOptions:
    """What a person may choose."""

    name: str | None = None
    """None: demo, or demo2 and so on if labs with those names are up."""
    folder: Path
    users: int = 50
    controllers: int = 1
    read_only_controllers: int = 0
    """As many of the controllers, the last ones, hold no passwords."""
    only_directory: bool = False
    """No cloud, no agent, no applications."""
    agent: bool = True
    """Enrol and start an agent."""


@dataclass
class Construction:
    """Shared by the parts, which may work at the same time."""

    options: LabOptions
    names: LabNames
    block: int
    report: Callable[[str, float], None]
    """Called at the end of each step with what was done and the seconds it took."""
    authority: CertificateAuthority = field(default_factory=lambda: CertificateAuthority("Isthmus lab"))
    daemons: dict[str, Daemon] = field(default_factory=dict)
    commands: dict[str, list[str]] = field(default_factory=dict)
    """How each process but the controllers is started."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def folder(self) -> Path:
        return self.options.folder

    @property
    def ca_file(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def certificates(self) -> Path:
        return self.folder / "certificates"

    def log(self, name: str) -> Path:
        return self.folder / LOGS / f"{name}.log"

    @contextmanager
    def step(self, done: str) -> Iterator[None]:
        """*done* says in the past tense what the block does."""
        began = time.monotonic()
        yield
        with self._lock:
            self.report(done, time.monotonic() - began)

    def started(self, name: str, daemon: Daemon) -> None:
        """To be called as soon as something runs: it is written down, so that it can be ended whatever happens."""
        with self._lock:
            self.daemons[name] = daemon
            progress = Progress(name=self.names.name, starter=this_program(), daemons=list(self.daemons.values()))
            write_progress(self.folder, progress)

    def launch(self, name: str, *arguments: str, ready: Callable[[], bool], seconds: float) -> None:
        """Runs a command of Isthmus's, and returns when it is *ready*."""
        command, log = isthmus_command(*arguments), self.log(name)
        daemon = start_daemon(command, log=log)
        self.commands[name] = command
        self.started(name, daemon)
        wait_until_ready(ready, daemon, what=f"the process {name}", log=log, seconds=seconds)

    def stop_all(self) -> None:
        """The last started first."""
        for daemon in reversed(self.daemons.values()):
            stop_daemon(daemon)
