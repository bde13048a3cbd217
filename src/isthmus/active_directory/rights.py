"""Which of the two replication rights an account has."""

from dataclasses import dataclass

from isthmus.active_directory.controller import Controller
from isthmus.active_directory.errors import RIGHT_NAMES, MissingRightsError, how_to_grant
from isthmus.active_directory.identity import Identity
from isthmus.active_directory.replica import Replica


@dataclass(frozen=True, slots=True)
class Rights:
    naming_context: str
    account: str
    get_changes: bool
    """DS-Replication-Get-Changes, 1131f6aa-9c07-11d1-f79f-00c04fc2dcd2."""
    get_changes_all: bool
    """DS-Replication-Get-Changes-All, 1131f6ad-9c07-11d1-f79f-00c04fc2dcd2. False without `get_changes`: a
    controller looks at this one only after that."""

    @property
    def sufficient(self) -> bool:
        return self.get_changes and self.get_changes_all

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of the rights that the account lacks."""
        held = (self.get_changes, self.get_changes_all)
        return tuple(name for name, has in zip(RIGHT_NAMES, held, strict=True) if not has)

    @property
    def remedy(self) -> str:
        """The commands that grant what is missing; empty if nothing is."""
        return how_to_grant(self.naming_context, self.account, self.missing) if self.missing else ""


def probe_rights(controller: Controller, identity: Identity, naming_context: str) -> Rights:
    """Find out without reading any object or secret. Raises as `Replica.connect` does."""
    with Replica.connect(controller, identity) as replica:
        get_changes = _allowed(replica, naming_context, passwords=False)
        get_changes_all = get_changes and _allowed(replica, naming_context, passwords=True)
    return Rights(naming_context, identity.account, get_changes, get_changes_all)


def _allowed(replica: Replica, naming_context: str, *, passwords: bool) -> bool:
    try:
        replica.check_rights(naming_context, passwords=passwords)
    except MissingRightsError:
        return False
    return True
