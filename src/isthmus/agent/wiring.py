"""The only file that knows which real classes make an agent. What the command line and the lab call is here."""

import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from isthmus.active_directory import ControllerPool, Identity
from isthmus.agent.connections import (
    account_name,
    agent_version,
    cloud_of,
    identity_of,
    machine_name,
    pool_of,
    transport_of,
)
from isthmus.agent.cycle import CycleReport
from isthmus.agent.daemon import Daemon
from isthmus.agent.enrolment_file import Enrolled, EnrolledAs, is_enrolled, read_enrolment, write_enrolment
from isthmus.agent.errors import AgentError, AlreadyEnrolledError
from isthmus.agent.heartbeat import HeartbeatThread
from isthmus.agent.journal import note
from isthmus.agent.parcel import Courier, UplinkCourier
from isthmus.agent.private_files import private_folder
from isthmus.agent.rehearsal import RehearsalCourier, Rehearsed, rehearsed
from isthmus.agent.settings import DirectorySettings, Settings
from isthmus.agent.state import Remembered, State
from isthmus.agent.state_file import StateLock, copy_state, open_state, usable_state
from isthmus.agent.status import Status, StatusBoard, changes_noticed, read_status
from isthmus.agent.synchroniser import Purpose, Synchroniser
from isthmus.contract.enrolment import Enrolment, EnrolmentRequest
from isthmus.sync import standard_rules
from isthmus.uplink import AgentKey, Cloud, enrol

_SWITCH_SECONDS = 0.0005
"""How long a thread that comes back from deriving a hash waits for one that computes. Python's own: ten times."""
_MOST_CYCLES = 3
"""Until a single synchronisation has made good what its first cycle found wanting."""


@dataclass(frozen=True, slots=True)
class SettingsDirectory:
    """The domain as the settings name it."""

    settings: DirectorySettings

    def pool(self) -> ControllerPool:
        return pool_of(self.settings)

    def identity(self) -> Identity:
        return identity_of(self.settings)


def enroll(settings: Settings, code: str, *, name: str | None = None, replace: bool = False) -> Enrolment:
    """Make a key pair here and make its public half known to the cloud by *code*."""
    folder = private_folder(settings.state.directory)
    with StateLock(folder):
        if is_enrolled(folder) and not replace:
            known = read_enrolment(folder).known_as
            raise AlreadyEnrolledError(f"this agent is enrolled with {known.tenant_name} at {known.cloud_url} already")
        with State(open_state(folder)) as state, state.transaction():
            state.remember(
                Remembered.RECONCILED_AT, "0"
            )  # what another cloud or tenant held is not what this one holds
        key = AgentKey.new()
        request = EnrolmentRequest(
            code=code.strip(),
            agent_name=name or machine_name(),
            agent_version=agent_version(),
            public_key=key.public_jwk,
        )
        transport = transport_of(settings.cloud, connections=1)
        try:
            enrolment = enrol(transport, request)
        finally:
            transport.close()
        known_as = EnrolledAs(
            cloud_url=settings.cloud.url,
            agent_id=enrolment.agent_id,
            tenant_id=enrolment.tenant_id,
            tenant_name=enrolment.tenant_name,
        )
        write_enrolment(folder, Enrolled(key, known_as))
    return enrolment


def synchronise_once(settings: Settings) -> CycleReport:
    """One synchronisation, to its end. `StateInUseError` while an agent runs."""
    with StateLock(settings.state.directory):
        enrolled = _enrolled(settings)
        cloud = cloud_of(settings.cloud, enrolled)
        try:
            with State(open_state(settings.state.directory)) as state:
                return _cycles(_synchroniser(settings, state, cloud, UplinkCourier(cloud)))
        finally:
            cloud.close()


def rehearse(settings: Settings) -> list[Rehearsed]:
    """What one synchronisation would send now. Changes nothing, here or there; also while an agent runs."""
    enrolled = _enrolled(settings)
    cloud = cloud_of(settings.cloud, enrolled)
    courier = RehearsalCourier()
    folder = private_folder(settings.state.directory)
    try:
        with usable_state(folder):
            scratch = tempfile.TemporaryDirectory(prefix="rehearsal-", dir=folder)
        with scratch as copy, State(copy_state(folder, Path(copy) / "state.db")) as state:
            report = _cycles(_synchroniser(settings, state, cloud, courier))
    finally:
        cloud.close()
    return rehearsed(courier.exports, report.withheld)


@dataclass(frozen=True, slots=True)
class Agent:
    """A whole agent, for the thread that runs it."""

    daemon: Daemon
    board: StatusBoard
    heartbeat: HeartbeatThread

    def run(self) -> None:
        """Until `stop`."""
        note("started", version=self.board.now.version, domain=self.board.now.directory_domain, pid=os.getpid())
        self.heartbeat.start()
        try:
            self.daemon.run()
        finally:
            self.daemon.stopping.set()
            self.heartbeat.join()

    def stop(self) -> None:
        """From another thread."""
        self.daemon.stop()


@contextmanager
def assembled(settings: Settings) -> Iterator[Agent]:
    """An agent over its state, which is locked meanwhile."""
    folder = settings.state.directory
    with StateLock(folder):
        enrolled = _enrolled(settings)
        stopping = threading.Event()
        cloud = cloud_of(settings.cloud, enrolled, stopped=stopping.wait)
        board = StatusBoard(folder, _first_status(settings, enrolled))
        try:
            with State(open_state(folder)) as state:
                synchroniser = _synchroniser(settings, state, cloud, UplinkCourier(cloud), changes_noticed(board))
                daemon = Daemon(synchroniser, state, board, settings.pace, stopping=stopping)
                heartbeat = HeartbeatThread(
                    cloud,
                    board,
                    seconds=settings.pace.heartbeat_seconds,
                    stop=stopping,
                    domains_changed=daemon.domains_changed,
                    cloud_forgot=daemon.reconcile_now,
                )
                yield Agent(daemon, board, heartbeat)
        finally:
            cloud.close()


def _cycles(synchroniser: Synchroniser) -> CycleReport:
    try:
        report = synchroniser.cycle()
        for _ in range(_MOST_CYCLES - 1):
            if not (report.read_everything_again or report.tally.unknown or report.hashes_missing):
                break
            report = _sum(report, synchroniser.cycle())
    finally:
        synchroniser.hang_up()
    return report


def _sum(first: CycleReport, second: CycleReport) -> CycleReport:
    """What both did; what is still wanting after the second."""
    tally, more = first.tally, second.tally
    for name in ("added", "updated", "removed", "passwords", "unchanged", "refused"):
        setattr(more, name, getattr(tally, name) + getattr(more, name))
    second.full = first.full or second.full
    second.pages += first.pages
    second.objects += first.objects
    second.seconds += first.seconds
    second.withheld = first.withheld + second.withheld
    return second


def _synchroniser(
    settings: Settings,
    state: State,
    cloud: Cloud,
    courier: Courier,
    noticed: Callable[[int], None] = lambda objects: None,  # noqa: ARG005 a silent default
) -> Synchroniser:
    sys.setswitchinterval(_SWITCH_SECONDS)
    own = account_name(settings.directory)
    purpose = Purpose(
        domain=settings.directory.domain,
        own_account=own,
        rules=standard_rules(own_account=own),
        reconcile_seconds=settings.pace.reconcile_hours * 3600,
    )
    directory = SettingsDirectory(settings.directory)
    return Synchroniser(purpose, state, directory=directory, people=cloud, courier=courier, noticed=noticed)


def _enrolled(settings: Settings) -> Enrolled:
    enrolled = read_enrolment(settings.state.directory)
    if enrolled.known_as.cloud_url != settings.cloud.url:
        raise OtherCloudError(f"this agent is enrolled at {enrolled.known_as.cloud_url}, not at {settings.cloud.url}")
    return enrolled


class OtherCloudError(AgentError):
    remedy = "set `url` under [cloud] back, or enrol at the other cloud: isthmus agent enroll --replace"


def _first_status(settings: Settings, enrolled: Enrolled) -> Status:
    now = datetime.now(UTC)
    before = read_status(settings.state.directory)
    return Status(
        pid=os.getpid(),
        version=agent_version(),
        started_at=now,
        written_at=now,
        directory_domain=settings.directory.domain,
        cloud_url=settings.cloud.url,
        tenant_name=enrolled.known_as.tenant_name,
        cloud_heard_at=before.cloud_heard_at if before else None,
    )
