"""Tells the cloud at intervals that the agent lives, and learns the tenant's domains. A thread of its own."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from isthmus.agent.journal import note, warn
from isthmus.agent.status import Status, StatusBoard, trouble_of
from isthmus.contract.enrolment import CLOCK_SKEW, Heartbeat, HeartbeatReply
from isthmus.uplink import ClockOffError, UplinkError

_BETWEEN_CLOUD_CLOCKS = timedelta(seconds=30)
"""By which the clocks of a pool's processes may differ."""


class Listener(Protocol):
    def heartbeat(self, beat: Heartbeat) -> HeartbeatReply: ...


class HeartbeatThread:
    def __init__(
        self,
        listener: Listener,
        board: StatusBoard,
        *,
        seconds: float,
        stop: threading.Event,
        domains_changed: Callable[[], None],
        cloud_forgot: Callable[[], None],
    ) -> None:
        """*cloud_forgot* is called when the cloud does not remember a heartbeat that it answered."""
        self._listener = listener
        self._board = board
        self._seconds = seconds
        self._stop = stop
        self._domains_changed = domains_changed
        self._cloud_forgot = cloud_forgot
        self._domains: frozenset[str] | None = None
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def join(self) -> None:
        self._thread.join(timeout=10)

    def _run(self) -> None:
        while True:
            self._beat()
            if self._stop.wait(self._seconds):
                return

    def _beat(self) -> None:
        try:
            reply = self._listener.heartbeat(beat_of(self._board.now))
            ahead = (datetime.now(UTC) - reply.cloud_time).total_seconds()
            if abs(ahead) > CLOCK_SKEW / 2:
                raise ClockOffError(ahead)
        except UplinkError as error:
            warn("heartbeat_failed", error=str(error), remedy=error.remedy)
            self._board.change(heartbeat_trouble=trouble_of(error))
            return
        if _has_forgotten(reply, self._board.now.cloud_heard_at):
            note("cloud_restored", last_seen_at=reply.last_seen_at)
            self._cloud_forgot()
        self._board.change(heartbeat_trouble=None, last_heartbeat_at=datetime.now(UTC), cloud_heard_at=reply.cloud_time)
        domains = frozenset(reply.verified_domains)
        if self._domains is not None and domains != self._domains:
            note("verified_domains_changed", domains=",".join(sorted(domains)))
            self._domains_changed()
        self._domains = domains


def _has_forgotten(reply: HeartbeatReply, heard_at: datetime | None) -> bool:
    """Whether the cloud's database is older than the last heartbeat: it was restored, and holds less than it took."""
    if heard_at is None:
        return False
    return reply.last_seen_at is None or reply.last_seen_at < heard_at - _BETWEEN_CLOUD_CLOCKS


def beat_of(status: Status) -> Heartbeat:
    return Heartbeat(
        agent_version=status.version,
        state="starting" if status.doing == "stopped" else status.doing,
        directory_domain=status.directory_domain,
        last_cycle_at=status.last_cycle_at,
        pending=status.pending,
        refused=status.refused,
    )
