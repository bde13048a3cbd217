"""What the agent is doing: kept while it runs, written for `isthmus agent status`, told to the cloud."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from isthmus.agent.cycle import CycleReport
from isthmus.agent.errors import StateUnusableError
from isthmus.agent.journal import warn
from isthmus.agent.private_files import write_private

_FILE = "status.json"
Doing = Literal["starting", "synchronising", "watching", "degraded", "stopped"]


class Trouble(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    what: str
    remedy: str
    at: datetime


class Status(BaseModel):
    """`status.json`. Fields are only added."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    pid: int
    version: str
    doing: Doing = "starting"
    started_at: datetime
    written_at: datetime
    directory_domain: str
    controller: str | None = None
    cloud_url: str
    tenant_name: str | None = None
    last_cycle_at: datetime | None = None
    last_cycle_seconds: float | None = None
    last_change_seen_at: datetime | None = None
    last_acknowledged_at: datetime | None = None
    last_heartbeat_at: datetime | None = None
    cloud_heard_at: datetime | None = None
    """When the cloud last answered a heartbeat, by its own clock."""
    objects: int = 0
    people: int = 0
    held: int = 0
    pending: int = 0
    refused: int = 0
    cycles: int = 0
    added: int = 0
    updated: int = 0
    removed: int = 0
    passwords: int = 0
    trouble: Trouble | None = None
    """What keeps the agent from its work now."""
    heartbeat_trouble: Trouble | None = None


class StatusBoard:
    """The present status. Any thread may change it."""

    def __init__(self, folder: Path | None, status: Status) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._status = status
        self._written = True

    @property
    def now(self) -> Status:
        return self._status

    def change(self, **fields: object) -> None:
        """Set fields, and write them where `agent status` finds them."""
        with self._lock:
            self._status = self._status.model_copy(update={**fields, "written_at": datetime.now(UTC)})
            if self._folder is not None:
                content = self._status.model_dump_json(indent=2).encode()
                self._write(self._folder / _FILE, content)

    def _write(self, path: Path, content: bytes) -> None:
        """A status that cannot be written is no reason to stop synchronising, or to stop the heartbeats."""
        try:
            write_private(path, content, durable=False)
        except StateUnusableError as error:
            if self._written:
                warn("status_not_written", error=str(error), remedy=error.remedy)
            self._written = False
        else:
            self._written = True

    def count(self, report: CycleReport) -> None:
        now, tally = datetime.now(UTC), report.tally
        status = self._status
        self.change(
            cycles=status.cycles + 1,
            last_cycle_at=now,
            last_cycle_seconds=round(report.seconds, 3),
            last_acknowledged_at=now if tally.applied or tally.unchanged else status.last_acknowledged_at,
            added=status.added + tally.added,
            updated=status.updated + tally.updated,
            removed=status.removed + tally.removed,
            passwords=status.passwords + tally.passwords,
            doing="watching",
            trouble=None,
        )


def read_status(folder: Path) -> Status | None:
    try:
        return Status.model_validate_json((folder / _FILE).read_bytes())
    except (OSError, ValidationError):
        return None


def trouble_of(error: Exception) -> Trouble:
    remedy: str = getattr(error, "remedy", "") or "see the agent's log"
    return Trouble(what=str(error) or type(error).__name__, remedy=remedy, at=datetime.now(UTC))


def changes_noticed(board: StatusBoard) -> Callable[[int], None]:
    """For a cycle to call with the number of objects of each page."""

    def noticed(objects: int) -> None:
        del objects
        board.change(last_change_seen_at=datetime.now(UTC), doing="synchronising")

    return noticed
