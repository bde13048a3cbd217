"""What `isthmus agent status` tells: from the status file, the lock and the state, beside a running agent."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from isthmus.agent.ledger import Refused
from isthmus.agent.settings import Settings
from isthmus.agent.state import State
from isthmus.agent.state_file import holder_of, read_only_state
from isthmus.agent.status import Status, read_status


@dataclass(frozen=True, slots=True)
class Survey:
    running_pid: int | None
    status: Status | None
    refused: list[Refused]

    @property
    def healthy(self) -> bool:
        return self.running_pid is not None and self.status is not None and self.status.trouble is None

    def as_json(self) -> dict[str, Any]:
        """Fields are only added."""
        return {
            "running": self.running_pid is not None,
            "pid": self.running_pid,
            **(self.status.model_dump(mode="json", exclude={"pid"}) if self.status else {}),
            "refused_list": [
                {
                    "source_anchor": each.source_anchor,
                    "what": each.matter.value,
                    "who": each.who,
                    "reason": each.reason,
                    "detail": each.detail,
                    "since": each.since.isoformat(),
                }
                for each in self.refused
            ],
        }

    def lines(self) -> Iterator[tuple[str, str]]:
        yield "agent", f"running, pid {self.running_pid}" if self.running_pid else "not running"
        status = self.status
        if status is None:
            return
        yield "doing", status.doing
        yield "directory", f"{status.directory_domain} through {status.controller or 'no controller'}"
        yield "cloud", f"{status.cloud_url} ({status.tenant_name})"
        yield "last cycle", f"{_ago(status.last_cycle_at)}, {status.last_cycle_seconds or 0:g} s"
        yield "last change seen", _ago(status.last_change_seen_at)
        yield "last acknowledged", _ago(status.last_acknowledged_at)
        yield "last heartbeat", _ago(status.last_heartbeat_at)
        yield "people", f"{status.people} in the directory, {status.held} in the cloud"
        yield "not in the cloud", f"{status.pending} pending, {len(self.refused)} refused"
        for name, trouble in (("trouble", status.trouble), ("heartbeat", status.heartbeat_trouble)):
            if trouble is not None:
                yield name, f"{trouble.what} ({_ago(trouble.at)})"
                yield "to do", trouble.remedy


def survey(settings: Settings) -> Survey:
    folder = settings.state.directory
    connection = read_only_state(folder)
    refused: list[Refused] = []
    if connection is not None:
        with State(connection) as state:
            refused = state.ledger.refused()
    return Survey(holder_of(folder), read_status(folder), refused)


def _ago(moment: datetime | None) -> str:
    if moment is None:
        return "never"
    seconds = (datetime.now(UTC) - moment).total_seconds()
    if seconds < 120:
        return f"{seconds:.0f} s ago"
    return f"{seconds / 60:.0f} min ago" if seconds < 7200 else f"{seconds / 3600:.0f} h ago"
