"""What a domain controller says about itself to anyone who asks."""

from dataclasses import dataclass
from datetime import datetime

from isthmus.active_directory.controller import Controller


@dataclass(frozen=True, slots=True)
class RootDse:
    """[MS-ADTS] 3.1.1.3.2, the attributes that replication needs."""

    dns_host_name: str
    service_dn: str
    """Distinguished name of the controller's NTDS Settings object. dsServiceName."""
    default_naming_context: str
    naming_contexts: tuple[str, ...]
    highest_committed_usn: int
    current_time: datetime
    read_only: bool

    @property
    def domain(self) -> str:
        """The domain's DNS name."""
        parts = (part.strip().partition("=") for part in self.default_naming_context.split(","))
        return ".".join(value for name, _, value in parts if name.casefold() == "dc")


def read_root_dse(controller: Controller, *, timeout: float = 5.0) -> RootDse:
    """Ask *controller*. `ControllerUnreachableError`, `NotAControllerError`; an RODC answers with `read_only`."""
    raise NotImplementedError
