"""What stops the agent for a reason of its own; the directory's and the cloud's errors are theirs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class AgentError(Exception):
    """Base of this package's errors. `remedy` says what a person can do."""

    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with the settings."""

    key: str
    found: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.key}: {self.found}. {self.remedy}"


class SettingsError(AgentError):
    """The settings cannot be used: every fault at once."""

    def __init__(self, path: Path, faults: Sequence[Fault]) -> None:
        self.path = path
        self.faults = tuple(faults)
        lines = "".join(f"\n  {fault}" for fault in faults)
        super().__init__(f"{path} has {len(faults)} fault{'s' if len(faults) > 1 else ''}:{lines}")


class NotEnrolledError(AgentError):
    remedy = "enrol it: isthmus agent enroll --config FILE --code CODE (the code is from: isthmus cloud agent code)"


class AlreadyEnrolledError(AgentError):
    remedy = "give --replace to make a new key pair and enrol anew"


class StateInUseError(AgentError):
    """Another agent works on the same state directory."""

    remedy = "stop the other one first, or give this one a state directory of its own"

    def __init__(self, directory: Path, pid: int | None) -> None:
        self.pid = pid
        who = f"the agent with pid {pid}" if pid else "another agent"
        super().__init__(f"{who} is using {directory}")


class StateUnusableError(AgentError):
    """The state directory cannot be used at all."""

    remedy = "check that the directory exists or can be made, is on a local disk with space, and belongs to the agent"
