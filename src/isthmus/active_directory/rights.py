"""Which of the two replication rights an account has."""

from dataclasses import dataclass

from isthmus.active_directory.controller import Controller
from isthmus.active_directory.identity import Identity


@dataclass(frozen=True, slots=True)
class Rights:
    get_changes: bool
    """DS-Replication-Get-Changes, 1131f6aa-9c07-11d1-f79f-00c04fc2dcd2."""
    get_changes_all: bool
    """DS-Replication-Get-Changes-All, 1131f6ad-9c07-11d1-f79f-00c04fc2dcd2."""

    @property
    def sufficient(self) -> bool:
        return self.get_changes and self.get_changes_all

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of the rights that the account lacks."""
        return ()


def probe_rights(controller: Controller, identity: Identity, naming_context: str) -> Rights:
    """Find out without reading any secret. Raises as `Replica.connect` does."""
    raise NotImplementedError
