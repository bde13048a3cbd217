"""Starts programs that outlive their starter, and ends exactly those: a pid alone may meanwhile be another's."""

import os
import signal
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from isthmus.lab.errors import LabError

_START_TIME_FIELD = 22
_PID_FIELD = 1
_STATE_FIELD = 3
_PROCESS_GROUP_FIELD = 5
_POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Daemon:
    """A program that leads its own session and process group."""

    pid: int
    started_at: int
    """In clock ticks since the machine's boot, as the kernel tells: with the pid it names one program for ever."""


def start_daemon(
    command: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None, tied: bool = False
) -> Daemon:
    """Starts *command*; both its outputs go to the end of *log*.

    *tied*: its standard input is a pipe of which only this program holds the other end, for programs that end with it.
    """
    stdin, tie = os.pipe() if tied else (os.open(os.devnull, os.O_RDONLY), None)
    try:
        with log.open("ab") as output:
            sources = (stdin, output.fileno(), output.fileno())
            pid = os.posix_spawn(
                command[0],
                list(command),
                {**os.environ, **(environment or {})},
                file_actions=[(os.POSIX_SPAWN_DUP2, source, target) for target, source in enumerate(sources)],
                setsid=True,
                setsigdef=[signal.SIGPIPE, signal.SIGXFSZ],  # Python ignores these, its children should not
            )
    finally:
        os.close(stdin)
    if tie is not None:
        _ties[pid] = tie
    return Daemon(pid, _start_time(pid))


def this_program() -> Daemon:
    return Daemon(os.getpid(), _start_time(os.getpid()))


def is_alive(daemon: Daemon) -> bool:
    fields = _status_fields(daemon.pid)
    return fields is not None and fields[_STATE_FIELD] != "Z" and int(fields[_START_TIME_FIELD]) == daemon.started_at


def stop_daemon(daemon: Daemon, *, patience: float = 5) -> None:
    """Asks it to end, and kills whatever of its group has not ended after *patience* seconds."""
    if is_alive(daemon):
        os.kill(daemon.pid, signal.SIGTERM)
        _wait(lambda: not members_of_group(daemon.pid), seconds=patience)
    elif (other := _status_fields(daemon.pid)) and int(other[_START_TIME_FIELD]) != daemon.started_at:
        return
    # INVARIANT: a group's number is not given to another program while a member lives, so these are its members.
    _kill(members_of_group(daemon.pid))
    _reap(daemon)
    if not _wait(lambda: not members_of_group(daemon.pid), seconds=patience):
        raise LabError(f"process {daemon.pid} does not end")


def wait_until_ready(ready: Callable[[], bool], daemon: Daemon, *, what: str, log: Path, seconds: float) -> None:
    """Returns when *ready* says so; an error with its log's end when *daemon*, called *what*, fails or takes longer."""
    if _wait(lambda: ready() or not is_alive(daemon), seconds=seconds) and is_alive(daemon):
        return
    happened = f"is not ready after {seconds:g} s" if is_alive(daemon) else "has ended"
    raise LabError(f"{what} {happened}; the end of {log}:\n{tail(log)}")


def tail(log: Path, *, lines: int = 15) -> str:
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return "(no log)"


def members_of_group(group: int) -> list[int]:
    """The living processes of a process group."""
    statuses = (_status_fields(int(entry.name)) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    living = (fields for fields in statuses if fields is not None and fields[_STATE_FIELD] != "Z")
    return [int(fields[_PID_FIELD]) for fields in living if int(fields[_PROCESS_GROUP_FIELD]) == group]


_ties: dict[int, int] = {}
"""Our ends of the pipes of tied programs: they close when we end, however that comes about."""


def _wait(done: Callable[[], bool], *, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _kill(pids: Iterable[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _reap(daemon: Daemon) -> None:
    """A child of ours stays as a zombie until we wait for it."""
    tie = _ties.pop(daemon.pid, None)
    if tie is not None:
        os.close(tie)
    with suppress(ChildProcessError):
        os.waitpid(daemon.pid, 0)


def _start_time(pid: int) -> int:
    fields = _status_fields(pid)
    if fields is None:
        raise LabError(f"process {pid} ended at once")
    return int(fields[_START_TIME_FIELD])


def _status_fields(pid: int) -> list[str] | None:
    """`/proc/<pid>/stat`, numbered from 1 as in its manual page; the name may hold spaces and parentheses."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    before, _, after = text.rpartition(")")
    number, _, name = before.partition(" (")
    return ["", number, name, *after.split()]
