"""A lab's claim on addresses: it holds while its folder is there and a process of the lab runs."""

from collections.abc import Mapping
from pathlib import Path

from isthmus.lab.daemons import is_alive, this_program
from isthmus.lab.description import FILE_NAME, read_description
from isthmus.lab.errors import LabError
from isthmus.lab.host_entries import LabMark
from isthmus.lab.hosts_file import HOSTS, add_names, claim_block, release_block
from isthmus.lab.names import LabNames, host_addresses
from isthmus.lab.progress import Progress, forget_progress, read_progress, write_progress


class AddressClaim:
    """The block of addresses, and the names that lead there, of one lab."""

    def __init__(self, names: LabNames, folder: Path, *, hosts: Path = HOSTS) -> None:
        self.names = names
        self._hosts = hosts
        self._folder = folder
        self._mark = LabMark(names.name, str(folder))

    def take(self, *, controllers: int, cloud: bool) -> int:
        """Returns N of 127.77.N.0/24. The claim lives with this program, until the lab is described."""
        write_progress(self._folder, Progress(name=self.names.name, starter=this_program()))

        def addresses(block: int) -> Mapping[str, str]:
            return host_addresses(self.names, block, controllers=controllers, cloud=cloud)

        return claim_block(self._mark, addresses, is_stale=is_stale, path=self._hosts)

    def add(self, addresses: Mapping[str, str]) -> None:
        """More names, in the lab's own block."""
        add_names(self._mark, addresses, path=self._hosts)

    def release(self) -> None:
        release_block(self._mark, path=self._hosts)
        forget_progress(self._folder)


def is_stale(mark: LabMark) -> bool:
    """Neither the program that starts or holds the lab runs, nor any process of the lab, as far as can be read."""
    folder = Path(mark.folder)
    progress = read_progress(folder)
    if progress is not None and progress.lives:
        return False
    if not (folder / FILE_NAME).exists():
        return True
    try:
        return not any(is_alive(daemon) for daemon in read_description(folder).daemons.values())
    except (LabError, OSError):
        return False  # another version's, perhaps: it may be alive
