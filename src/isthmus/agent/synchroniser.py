"""Runs cycles: with a controller that works, from a cloud that is known, over a state that fits. One thread."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from isthmus.active_directory import (
    ChangeSignal,
    Controller,
    ControllerPool,
    DirectoryError,
    Identity,
    NotAControllerError,
    Replica,
    read_root_dse,
)
from isthmus.agent.cycle import Cycle, CycleReport
from isthmus.agent.errors import AgentError
from isthmus.agent.intake import Intake
from isthmus.agent.journal import note
from isthmus.agent.parcel import Courier
from isthmus.agent.reconcile import People, ask_cloud
from isthmus.agent.state import Remembered, State
from isthmus.directory.changes import Attribute
from isthmus.sync import Rule

_RULES_VERSION = 1
"""Raise it when rules or mapping change: every agent then reads everything again."""


class Directory(Protocol):
    """How the domain's controllers are found, and who we are to them."""

    def pool(self) -> ControllerPool: ...

    def identity(self) -> Identity: ...


@dataclass(frozen=True, slots=True)
class Line:
    """A controller in use."""

    controller: Controller
    replica: Replica
    signal: ChangeSignal
    naming_context: str

    def close(self) -> None:
        self.replica.close()
        self.signal.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """What is synchronised, and how often the cloud is asked for everybody."""

    domain: str
    own_account: str
    rules: tuple[Rule, ...]
    reconcile_seconds: float

    @property
    def reading(self) -> str:
        return json.dumps([_RULES_VERSION, self.domain, self.own_account, sorted(Attribute)])


class Synchroniser:
    def __init__(
        self,
        purpose: Purpose,
        state: State,
        *,
        directory: Directory,
        people: People,
        courier: Courier,
        noticed: Callable[[int], None] = lambda objects: None,  # noqa: ARG005 a silent default
    ) -> None:
        self._purpose = purpose
        self._state = state
        self._directory = directory
        self._people = people
        self._courier = courier
        self._noticed = noticed
        self._pool: ControllerPool | None = None
        self._line: Line | None = None
        self._tried: Identity | None = None
        self._intake = Intake(state, purpose.rules, purpose.domain)
        self._owes = True
        """Whether something may be owed from before: at the start, and after what went wrong."""

    def line(self) -> Line:
        """The controller in use, or the first one that works. `DirectoryError`."""
        if self._line is None:
            pool = self._pool = self._pool or self._directory.pool()
            identity = self._tried = self._directory.identity()
            self._line = pool.first_working(lambda controller: self._dial(controller, identity))
            note("controller_chosen", controller=self._line.controller.host)
        return self._line

    def identity_is_other(self) -> bool:
        """Whether the account's secret has been changed since it was tried last."""
        try:
            return self._directory.identity() != self._tried
        except AgentError:
            return False

    def hang_up(self, *, failed: bool = False) -> None:
        """Leave the controller in use; *failed*: the next one comes first then. Also from another thread."""
        line, self._line = self._line, None
        if line is None:
            return
        if failed and self._pool is not None:
            self._pool.failed(line.controller)
        line.close()

    def look_for_controllers_again(self) -> None:
        self._pool = None

    def cycle(self) -> CycleReport:
        """One cycle, and whatever must precede it. Raises `DirectoryError`, `UplinkError`, `AgentError`."""
        self._prepare()
        line = self.line()
        settle, self._owes = self._owes, True
        cycle = Cycle(
            self._state,
            self._intake,
            self._courier,
            line.replica,
            line.controller.host,
            line.naming_context,
            self._noticed,
        )
        try:
            report = cycle.run(settle=settle)
        except DirectoryError:
            self.hang_up(failed=True)
            raise
        except BaseException:
            self.hang_up()  # a cycle was abandoned in its middle
            raise
        self._owes = report.tally.unknown > 0 or report.hashes_missing > 0
        if report.tally.unknown:
            self.reconcile_soon()
        return report

    def reconcile_soon(self) -> None:
        """Before the next cycle the cloud is asked what it holds."""
        with self._state.transaction():
            self._state.remember(Remembered.RECONCILED_AT, "0")

    def try_again(self, *reasons: str) -> None:
        """What was refused for one of *reasons* is sent again by the next cycle."""
        with self._state.transaction():
            self._state.ledger.try_again(reasons)
        self._owes = True

    def _prepare(self) -> None:
        if self._state.recall(Remembered.READING) != self._purpose.reading:
            with self._state.transaction():
                self._state.cursors.forget()
                self._state.remember(Remembered.READING, self._purpose.reading)
        now = time.time()
        if not 0 <= now - float(self._state.recall(Remembered.RECONCILED_AT) or 0) < self._purpose.reconcile_seconds:
            held = ask_cloud(self._state, self._people, domain=self._purpose.domain, now=now)
            note("cloud_asked", held=held)
            self._owes = True

    def _dial(self, controller: Controller, identity: Identity) -> Line:
        root = read_root_dse(controller)
        if root.domain.casefold() != self._purpose.domain.casefold():
            raise NotAControllerError(f"{controller.host} is a controller of {root.domain}, not {self._purpose.domain}")
        replica = Replica.connect(controller, identity)
        return Line(controller, replica, ChangeSignal(controller), root.default_naming_context)
