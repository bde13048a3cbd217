"""Tells the cloud at intervals that the agent lives, and learns the tenant's domains. A thread of its own."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from isthmus.agent.journal import note, warn
from isthmus.agent.status import Status, StatusBoard, trouble_of
from isthmus.contract.enrolment import CLOCK_SKEW, Heartbeat, HeartbeatReply
from isthmus.uplink import ClockOffError, UplinkError


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
    ) -> None:
        self._listener = listener
        self._board = board
        self._seconds = seconds
        self._stop = stop
        self._domains_changed = domains_changed
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
        self._board.change(heartbeat_trouble=None, last_heartbeat_at=datetime.now(UTC))
        domains = frozenset(reply.verified_domains)
        if self._domains is not None and domains != self._domains:
            note("verified_domains_changed", domains=",".join(sorted(domains)))
            self._domains_changed()
        self._domains = domains


def beat_of(status: Status) -> Heartbeat:
    return Heartbeat(
        agent_version=status.version,
        state="starting" if status.doing == "stopped" else status.doing,
        directory_domain=status.directory_domain,
        last_cycle_at=status.last_cycle_at,
        pending=status.pending,
        refused=status.refused,
    )
