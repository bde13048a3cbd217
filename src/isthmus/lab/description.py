"""`lab.json`: what a lab is and where. A contract with scripts, documented in docs/lab.md: fields are only added."""

from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from isthmus.lab.certificates import write_private
from isthmus.lab.controller import Controller
from isthmus.lab.daemons import Daemon
from isthmus.lab.errors import LabError

FILE_NAME = "lab.json"
FORMAT = 1


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ControllerPart(_Part):
    host: str
    address: str
    read_only: bool = False


class DirectoryAdmin(_Part):
    user: str
    password: str


class SeededUsers(_Part):
    """Those whom the fast loader made: passwords are `isthmus.lab.passwords.seeded_password(seed, account)`."""

    seed: str
    first: int
    """The number of the first one, in the numbering of `isthmus.lab.people.residents`."""
    count: int


class DirectoryPart(_Part):
    realm: str
    domain: str
    netbios_domain: str
    base_dn: str
    people_dn: str
    upn_suffix: str
    controllers: list[ControllerPart]
    nameserver: str
    admin: DirectoryAdmin
    krb5_conf: Path
    ca_file: Path
    user_count: int
    seeded_users: SeededUsers | None = None


class CloudAdmin(_Part):
    upn: str
    password: str


class CloudPart(_Part):
    url: str
    authority: str
    tenant_id: str
    domain: str
    ca_file: Path
    admin: CloudAdmin
    state_directory: Path
    log: Path


class UserPart(_Part):
    upn: str
    sam_account_name: str
    password: str
    display_name: str
    dn: str


class ApplicationKind(StrEnum):
    PUBLIC = "public"
    WEB = "web"
    SPA = "spa"


class ApplicationPart(_Part):
    type: ApplicationKind
    name: str
    client_id: str
    client_secret: str | None = None
    redirect_uris: list[str]
    url: str | None = None
    """Where a person may try it."""


class AgentAccount(_Part):
    user: str
    password_file: Path


class AgentPart(_Part):
    config: Path
    state_directory: Path
    log: Path
    account: AgentAccount


class LabDescription(_Part):
    format: int = FORMAT
    name: str
    folder: Path
    block: int
    """N of the lab's addresses 127.77.N.x."""
    directory: DirectoryPart
    cloud: CloudPart | None = None
    users: list[UserPart] = Field(default_factory=list)
    applications: list[ApplicationPart] = Field(default_factory=list)
    agent: AgentPart | None = None
    processes: dict[str, int] = Field(default_factory=dict)
    process_start_times: dict[str, int] = Field(default_factory=dict)
    """Beside each pid the time at which it began, in clock ticks since boot: pids are used again."""
    commands: dict[str, list[str]] = Field(default_factory=dict)
    """How each process but the controllers is started."""

    @property
    def daemons(self) -> dict[str, Daemon]:
        return {name: Daemon(pid, self.process_start_times[name]) for name, pid in self.processes.items()}

    def with_daemon(self, name: str, daemon: Daemon) -> "LabDescription":
        return self.model_copy(
            update={
                "processes": {**self.processes, name: daemon.pid},
                "process_start_times": {**self.process_start_times, name: daemon.started_at},
            }
        )

    def controller(self, name: str) -> Controller:
        """*name*: dc1, dc2, …"""
        for part in self.directory.controllers:
            if part.host.partition(".")[0] == name:
                return Controller(part.host, part.address, self.folder / name, part.read_only)
        known = ", ".join(part.host.partition(".")[0] for part in self.directory.controllers)
        raise LabError(f"this lab has no controller {name}: it has {known}")


def read_description(folder: Path) -> LabDescription:
    path = folder / FILE_NAME
    try:
        return LabDescription.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise LabError(f"no lab is in {folder}: start one with `isthmus lab up --dir {folder}`") from error
    except ValidationError as error:
        raise LabError(f"{path} is not readable as a lab's description: {error}") from error


def write_description(description: LabDescription) -> Path:
    """Replaced at once: a script never reads half of it."""
    path = description.folder / FILE_NAME
    text = description.model_dump_json(indent=2, exclude_none=True) + "\n"
    write_private(path.with_suffix(".new"), text.encode()).replace(path)
    return path
