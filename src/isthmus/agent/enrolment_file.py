"""Who this agent is: its key pair and what the cloud called it. Apart from the state, which may be lost."""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

from isthmus.agent.errors import NotEnrolledError
from isthmus.agent.private_files import write_private
from isthmus.uplink import AgentKey, AgentKeyError

_KEY = "agent.key"
_ENROLMENT = "enrolment.json"


class EnrolledAs(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    cloud_url: str
    agent_id: UUID
    tenant_id: UUID
    tenant_name: str


@dataclass(frozen=True, slots=True)
class Enrolled:
    key: AgentKey
    known_as: EnrolledAs


def is_enrolled(folder: Path) -> bool:
    return (folder / _ENROLMENT).exists()


def read_enrolment(folder: Path) -> Enrolled:
    """`NotEnrolledError` if the files are missing or cannot be read."""
    try:
        known_as = EnrolledAs.model_validate_json((folder / _ENROLMENT).read_bytes())
        return Enrolled(AgentKey.from_pem((folder / _KEY).read_bytes()), known_as)
    except FileNotFoundError as error:
        raise NotEnrolledError(f"this agent is not enrolled: {error.filename} is missing") from error
    except OSError as error:
        raise NotEnrolledError(f"{error.filename} cannot be read: {error.strerror}") from error
    except (ValidationError, AgentKeyError) as error:
        raise NotEnrolledError(f"the enrolment in {folder} is damaged") from error


def write_enrolment(folder: Path, enrolled: Enrolled) -> None:
    """The key first: an enrolment without its key is none."""
    write_private(folder / _KEY, enrolled.key.to_pem())
    write_private(folder / _ENROLMENT, enrolled.known_as.model_dump_json(indent=2).encode())
