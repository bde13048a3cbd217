"""The agent at work: a cycle whenever the directory has changed, and at intervals in any case; never gives up."""

import random
import threading
import time
from collections.abc import Callable

from isthmus.active_directory import DirectoryError, WrongPasswordError
from isthmus.agent.cycle import CycleReport
from isthmus.agent.errors import AgentError
from isthmus.agent.journal import note, warn
from isthmus.agent.pace import LASTING, PASSING, REFUSED_PASSWORD, Allowance
from isthmus.agent.settings import PaceSettings
from isthmus.agent.state import State
from isthmus.agent.status import StatusBoard, trouble_of
from isthmus.agent.synchroniser import Synchroniser
from isthmus.uplink import UplinkError, pause_before

_LOOK_AT_SECRET_EVERY = 2.0
"""Seconds, while the account's password is refused."""
_LOOK_AGAIN_AFTER = 5
"""Failures in a row: the domain may have other controllers by now."""


class Daemon:
    """`run` in one thread; `stop` and `domains_changed` from any other."""

    def __init__(
        self,
        synchroniser: Synchroniser,
        state: State,
        board: StatusBoard,
        pace: PaceSettings,
        *,
        stopping: threading.Event | None = None,
        luck: Callable[[], float] = random.random,
    ) -> None:
        self._synchroniser = synchroniser
        self._state = state
        self._board = board
        self._pace = pace
        self._luck = luck
        self._allowance = Allowance(counted_at=time.monotonic())
        self._wake = threading.Event()
        self._domains_changed = threading.Event()
        self._reconcile = threading.Event()
        self.stopping = stopping or threading.Event()

    def stop(self) -> None:
        """Ends what waits, for the controller too. What was not acknowledged is read again next time."""
        self.stopping.set()
        self._wake.set()
        self._synchroniser.hang_up()

    def domains_changed(self) -> None:
        """The tenant's verified domains are others now."""
        self._domains_changed.set()
        self._wake.set()

    def reconcile_now(self) -> None:
        """Ask the cloud what it holds, and make good what differs."""
        self._reconcile.set()
        self._wake.set()

    def run(self) -> None:
        """Until stopped."""
        failures = 0
        while not self.stopping.is_set():
            try:
                self._once()
            except (DirectoryError, UplinkError, AgentError) as error:
                if self.stopping.is_set():
                    break
                failures += 1
                self._rest_after(error, failures)
            else:
                failures = 0
        self._synchroniser.hang_up()
        self._board.change(doing="stopped")
        note("stopped")

    def _once(self) -> None:
        """One cycle, and the wait for the next change."""
        if self._domains_changed.is_set():
            self._domains_changed.clear()
            self._synchroniser.try_again("unverified_domain")
        if self._reconcile.is_set():
            self._reconcile.clear()
            self._synchroniser.reconcile_soon()
        line = self._synchroniser.line()
        self._board.change(controller=line.controller.host)
        try:
            seen = line.signal.read()
            report = self._synchroniser.cycle()
            self._report(report)
            if self._rest(0.0 if report.full else self._allowance.spend(report.seconds, time.monotonic())):
                return
            if not report.read_everything_again:
                line.signal.wait(
                    seen,
                    timeout=self._pace.poll_seconds,
                    interval=self._pace.watch_milliseconds / 1000,
                    stopped=self._rest,
                )
        except DirectoryError:
            self._synchroniser.hang_up(failed=True)
            raise

    def _report(self, report: CycleReport) -> None:
        tally = report.tally
        if report.objects or tally.applied or tally.refused:
            note(
                "cycle",
                full=report.full,
                objects=report.objects,
                added=tally.added,
                updated=tally.updated,
                removed=tally.removed,
                passwords=tally.passwords,
                unchanged=tally.unchanged,
                refused=tally.refused,
                withheld=len(report.withheld),
                seconds=report.seconds,
            )
        if report.objects or tally.applied or tally.refused or self._board.now.cycles == 0:
            objects, people = self._state.mirror.counts()
            self._board.change(
                objects=objects,
                people=people,
                held=self._state.ledger.held_count(),
                refused=self._state.ledger.refused_count(),
                pending=report.hashes_missing + tally.unknown,
            )
        self._board.count(report)

    def _rest_after(self, error: Exception, failures: int) -> None:
        trouble = trouble_of(error)
        warn("cycle_failed", error=trouble.what, remedy=trouble.remedy, failures=failures)
        self._board.change(doing="degraded", trouble=trouble)
        if isinstance(error, DirectoryError) and failures % _LOOK_AGAIN_AFTER == 0:
            self._synchroniser.look_for_controllers_again()
        if isinstance(error, WrongPasswordError):
            self._rest_until_mended(pause_before(failures, REFUSED_PASSWORD, asked=None, luck=1.0))
            return
        patience = PASSING if getattr(error, "temporary", False) else LASTING
        self._rest(pause_before(failures, patience, asked=None, luck=self._luck()))

    def _rest_until_mended(self, seconds: float) -> None:
        """Passes *seconds*, but not if the account's secret is changed meanwhile."""
        deadline = time.monotonic() + seconds
        while not self.stopping.is_set() and time.monotonic() < deadline:
            self._rest(_LOOK_AT_SECRET_EVERY)
            if self._synchroniser.identity_is_other():
                return

    def _rest(self, seconds: float) -> bool:
        """Pass *seconds*; true if something else is to be done now."""
        woken = self._wake.wait(seconds) if seconds > 0 else self._wake.is_set()
        if woken and not self.stopping.is_set():
            self._wake.clear()
        return woken
