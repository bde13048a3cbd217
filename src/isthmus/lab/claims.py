"""Which labs are alive: a claim on addresses holds while its folder is there and a process of the lab runs."""

import json
from collections.abc import Mapping
from pathlib import Path

from isthmus.lab.daemons import Daemon, is_alive, this_program
from isthmus.lab.description import read_description
from isthmus.lab.errors import LabError
from isthmus.lab.host_entries import LabMark
from isthmus.lab.hosts_file import HOSTS, add_names, claim_block, release_block
from isthmus.lab.names import LabNames, host_addresses

_STARTER = "starter.json"


class AddressClaim:
    """The block of addresses, and the names that lead there, of one lab."""

    def __init__(self, names: LabNames, folder: Path, *, hosts: Path = HOSTS) -> None:
        self._names = names
        self._hosts = hosts
        self._mark = LabMark(names.name, str(folder))

    def take(self, *, controllers: int, cloud: bool) -> int:
        """Returns N of 127.77.N.0/24. The claim is this program's until the lab is described."""
        starter = this_program()
        note = {"pid": starter.pid, "started_at": starter.started_at}
        Path(self._mark.folder, _STARTER).write_text(json.dumps(note))

        def addresses(block: int) -> Mapping[str, str]:
            return host_addresses(self._names, block, controllers=controllers, cloud=cloud)

        return claim_block(self._mark, addresses, is_stale=is_stale, path=self._hosts)

    def add(self, addresses: Mapping[str, str]) -> None:
        """More names, in the lab's own block."""
        add_names(self._mark, addresses, path=self._hosts)

    def release(self) -> None:
        release_block(self._mark, path=self._hosts)
        Path(self._mark.folder, _STARTER).unlink(missing_ok=True)


def is_stale(mark: LabMark) -> bool:
    """Neither the program that starts or holds the lab runs, nor any process of the lab."""
    folder = Path(mark.folder)
    try:
        if is_alive(Daemon(**json.loads((folder / _STARTER).read_text()))):
            return False
    except (OSError, ValueError, TypeError):
        pass
    try:
        return not any(is_alive(daemon) for daemon in read_description(folder).daemons.values())
    except (LabError, OSError):
        return True
