"""Changes the hosts file under a lock, so that several labs may start and end at once."""

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from isthmus.lab.errors import LabError, NameTakenError
from isthmus.lab.host_entries import LabMark, addresses_of, free_block, marks_in, with_entries, without_entries

HOSTS = Path("/etc/hosts")


def claim_block(
    mark: LabMark, names: Callable[[int], Mapping[str, str]], *, is_stale: Callable[[LabMark], bool], path: Path = HOSTS
) -> int:
    """Writes the entries that *names* wants for a free block 127.77.N.0/24, drops those of stale labs; returns N.

    `NameTakenError` if a lab in another folder has the same name: the same names would lead to both.
    """
    with _locked(path) as hosts:
        text = hosts.read()
        others = [other for other in marks_in(text) if other != mark]
        stale = [other for other in others if is_stale(other)]
        namesake = next((other for other in others if other.name == mark.name and other not in stale), None)
        if namesake is not None:
            raise NameTakenError(f"a lab called {mark.name} is already up in {namesake.folder}: choose another --name")
        cleaned = without_entries(text, [*stale, mark])
        block = free_block(cleaned)
        if block is None:
            raise LabError(f"every block 127.77.N.0/24 is taken in {path}: end a lab with `isthmus lab down`")
        _rewrite(hosts, with_entries(cleaned, mark, names(block)))
    return block


def add_names(mark: LabMark, addresses: Mapping[str, str], *, path: Path = HOSTS) -> None:
    """Adds to the entries of a lab that has a block."""
    with _locked(path) as hosts:
        text = hosts.read()
        _rewrite(hosts, with_entries(text, mark, {**addresses_of(text, mark), **addresses}))


def release_block(mark: LabMark, *, path: Path = HOSTS) -> None:
    with _locked(path) as hosts:
        text = hosts.read()
        cleaned = without_entries(text, [mark])
        if cleaned != text:
            _rewrite(hosts, cleaned)


@contextmanager
def _locked(path: Path) -> Iterator[TextIO]:
    try:
        hosts = path.open("r+", encoding="utf-8", errors="surrogateescape", newline="")
    except PermissionError as error:
        raise LabError(f"{path} may not be written: run the lab as root") from error
    with hosts:
        fcntl.flock(hosts, fcntl.LOCK_EX)
        yield hosts


def _rewrite(hosts: TextIO, text: str) -> None:
    """In place: the file may be mounted by itself, as in containers. Readers see the old lines or the new ones."""
    hosts.seek(0)
    hosts.write(text)
    hosts.flush()
    hosts.truncate()
    os.fsync(hosts.fileno())
