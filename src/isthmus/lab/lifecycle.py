"""Brings a lab up, takes it down, says how it is."""

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from isthmus.lab.agent_part import raise_agent
from isthmus.lab.applications_part import raise_applications
from isthmus.lab.claims import AddressClaim, is_stale
from isthmus.lab.cloud_part import RaisedCloud, raise_cloud
from isthmus.lab.construction import LOGS, Construction, LabOptions
from isthmus.lab.controller import all_answer, start_controller
from isthmus.lab.daemons import Daemon, is_alive, start_daemon, stop_daemon, wait_until_ready
from isthmus.lab.description import FILE_NAME, LabDescription, read_description, write_description
from isthmus.lab.directory_part import RaisedDirectory, raise_directory
from isthmus.lab.errors import LabError, NameTakenError
from isthmus.lab.host_entries import LabMark
from isthmus.lab.names import LabNames, public_address
from isthmus.lab.prerequisites import check_machine
from isthmus.lab.progress import forget_progress, read_progress

_FOLDERS = ("certificates", LOGS, "secrets")
_MOST_CONTROLLERS = 9
_DEFAULT_NAME = "demo"
_LONGEST_FOLDER = 78
"""A socket's path has at most 107 letters, and the longest here ends with `/dc1/rpc/np/protected_storage`."""
_HOSTS = {"cloud": "login", "applications": "app"}
"""Where the processes that answer on a port do so."""
_HTTPS = 443
_PATIENCE_SECONDS = 20
_SPARE_REPORT: Callable[[str, float], None] = lambda _done, _seconds: None  # noqa: E731


@dataclass(frozen=True, slots=True)
class ProcessState:
    name: str
    pid: int
    alive: bool


def bring_up(options: LabOptions, report: Callable[[str, float], None] = _SPARE_REPORT) -> LabDescription:
    """Everything that *options* asks for, or nothing: when a part fails, what was up already is taken down.

    *report* is told of each step when it is done, with the seconds it took.
    """
    check_machine()
    _check_numbers(options)
    folder = options.folder.resolve()
    _check_folder(folder)
    _clear_remains(folder)
    with _new_folder(folder):
        claim, block = _claim(options, folder)
        lab = Construction(replace(options, folder=folder), claim.names, block, report)
        try:
            description = _raise_parts(lab, claim)
            for name, daemon in lab.daemons.items():
                description = description.with_daemon(name, daemon)
            write_description(description.model_copy(update={"commands": lab.commands}))
            forget_progress(folder)
        except BaseException:
            lab.stop_all()
            claim.release()
            raise
    return description


def take_down(folder: Path, *, keep_files: bool = False) -> None:
    """Ends exactly what was started, the last first, and removes every trace; *keep_files* leaves the folder.

    Also a lab of which the program that brought it up was killed before it was done.
    """
    name, daemons = _what_runs(folder)
    for daemon in reversed(daemons):
        stop_daemon(daemon)
    AddressClaim(LabNames(name), folder).release()
    if keep_files:
        (folder / FILE_NAME).unlink(missing_ok=True)
    else:
        shutil.rmtree(folder)


def _what_runs(folder: Path) -> tuple[str, list[Daemon]]:
    progress = read_progress(folder)
    if progress is not None:
        if is_alive(progress.starter):
            raise LabError(f"the lab in {folder} is being brought up by process {progress.starter.pid}: end that first")
        return progress.name, progress.daemons
    description = read_description(folder)
    return description.name, list(description.daemons.values())


def states(description: LabDescription) -> list[ProcessState]:
    return [ProcessState(name, daemon.pid, is_alive(daemon)) for name, daemon in description.daemons.items()]


def stop_part(folder: Path, name: str) -> None:
    """Ends one process of a lab, such as the controller dc1; the lab remembers it, so that it can be started again."""
    daemon = read_description(folder).daemons.get(name)
    if daemon is None:
        raise LabError(f"no process of this lab is called {name}: see `isthmus lab status`")
    stop_daemon(daemon)


def start_part(folder: Path, name: str) -> None:
    """Starts a process of a lab that was stopped. What answers on a port does so when this returns."""
    description = read_description(folder)
    daemon = description.daemons.get(name)
    if daemon is not None and is_alive(daemon):
        raise LabError(f"{name} is already running")

    def remember(started: Daemon) -> None:
        write_description(description.with_daemon(name, started))

    command = description.commands.get(name)
    if command is None:
        start_controller(description.controller(name), launched=remember)
        return
    log = folder / LOGS / f"{name}.log"
    started = start_daemon(command, log=log)
    remember(started)
    if (host := _HOSTS.get(name)) is not None:
        address = public_address(description.block, host)
        wait_until_ready(lambda: all_answer(address, (_HTTPS,)), started, what=name, log=log, seconds=_PATIENCE_SECONDS)


def _raise_parts(lab: Construction, claim: AddressClaim) -> LabDescription:
    """The directory and the cloud at the same time, then the agent that joins them."""
    lab.authority.write_certificate(lab.ca_file)
    if lab.options.only_directory:
        directory = raise_directory(lab, claim)
        return _describe(lab, directory)
    with ThreadPoolExecutor() as pool:
        coming_cloud = pool.submit(_raise_cloud_side, lab)
        coming_directory = pool.submit(raise_directory, lab, claim)
        cloud, directory = coming_cloud.result(), coming_directory.result()
    return _describe(lab, directory).model_copy(
        update={
            "cloud": cloud.part,
            "applications": cloud.applications,
            "agent": raise_agent(lab, cloud, directory),
        }
    )


def _raise_cloud_side(lab: Construction) -> RaisedCloud:
    cloud = raise_cloud(lab)
    raise_applications(lab, cloud)
    return cloud


def _describe(lab: Construction, directory: RaisedDirectory) -> LabDescription:
    return LabDescription(
        name=lab.names.name, folder=lab.folder, block=lab.block, directory=directory.part, users=directory.users
    )


def _claim(options: LabOptions, folder: Path) -> tuple[AddressClaim, int]:
    """Under the name that is asked for, or the first default that no other lab has."""
    for attempt in count(1):
        names = LabNames(options.name or (_DEFAULT_NAME if attempt == 1 else f"{_DEFAULT_NAME}{attempt}"))
        claim = AddressClaim(names, folder)
        try:
            return claim, claim.take(controllers=options.controllers, cloud=not options.only_directory)
        except NameTakenError:
            if options.name is not None:
                raise
    raise AssertionError


def _check_folder(folder: Path) -> None:
    if len(str(folder)) > _LONGEST_FOLDER:
        raise LabError(f"{folder} is too long a name: Samba's sockets need one of at most {_LONGEST_FOLDER} letters")


def _check_numbers(options: LabOptions) -> None:
    if not 1 <= options.controllers <= _MOST_CONTROLLERS:
        raise LabError(f"{options.controllers} domain controllers are asked for: a lab has 1 to {_MOST_CONTROLLERS}")
    if not 0 <= options.read_only_controllers < options.controllers:
        raise LabError("at least one domain controller must hold passwords")
    if options.users < 1:
        raise LabError(f"{options.users} users are asked for: a lab has at least one")


def _clear_remains(folder: Path) -> None:
    """Of a lab that was here and whose processes have all ended."""
    if not (folder / FILE_NAME).exists() and read_progress(folder) is None:
        return
    name, _daemons = _what_runs(folder)
    if not is_stale(LabMark(name, str(folder))):
        raise LabError(f"a lab is already up in {folder}: take it down with `isthmus lab down --dir {folder}`")
    take_down(folder)


@contextmanager
def _new_folder(folder: Path) -> Iterator[None]:
    """Removed again when the block fails."""
    if folder.exists() and any(folder.iterdir()):
        raise LabError(f"{folder} holds other files: name a folder that is empty or does not exist with --dir")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    for name in _FOLDERS:
        (folder / name).mkdir(mode=0o700)
    try:
        yield
    except BaseException:
        shutil.rmtree(folder)
        raise
