"""Parcels on their way: several at a time, bounded, each acknowledged into the state by the one thread that owns it."""

from collections import deque
from collections.abc import Collection
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from isthmus.agent.acknowledgement import Tally, record
from isthmus.agent.parcel import Courier, Parcel
from isthmus.agent.state import State
from isthmus.contract.provisioning import ItemResult
from isthmus.directory.anchor import SourceAnchor
from isthmus.directory.cursor import ReplicationCursor

_WORKERS = 3
_MOST_UNDER_WAY = 4
"""Parcels; more wait with the controller, which is asked for no further page."""


@dataclass(slots=True)
class _Leg:
    """What one page has under way, and the cursor that may be stored after it and all before it."""

    under_way: set[Future[list[ItemResult]]] = field(default_factory=set)
    cursor: ReplicationCursor | None = None
    closed: bool = False


class Shipping:
    """INVARIANT: a cursor is stored in or after the transaction that records the last answer before it."""

    def __init__(self, courier: Courier, state: State, controller: str) -> None:
        self._courier = courier
        self._state = state
        self._controller = controller
        self._workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="courier")
        self._parcels: dict[Future[list[ItemResult]], Parcel] = {}
        self._legs: deque[_Leg] = deque([_Leg()])
        self.tally = Tally()

    def ship(self, parcel: Parcel) -> None:
        """Waits while too much is under way. Raises what another parcel's delivery raised."""
        while len(self._parcels) >= _MOST_UNDER_WAY:
            self._collect()
        future = self._workers.submit(self._courier.deliver, parcel)
        self._parcels[future] = parcel
        self._legs[-1].under_way.add(future)

    def close_page(self, cursor: ReplicationCursor | None) -> None:
        """All of a page is shipped. *cursor* is stored as soon as all before it is acknowledged."""
        self._legs[-1].cursor = cursor
        self._legs[-1].closed = True
        self._legs.append(_Leg())
        self._record([future for future in self._parcels if future.done()])

    def settle(self, anchors: Collection[SourceAnchor] | None = None) -> None:
        """Until nothing about *anchors* is under way; None: nothing at all."""
        while any(anchors is None or not parcel.anchors.isdisjoint(anchors) for parcel in self._parcels.values()):
            self._collect()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._workers.shutdown(wait=True, cancel_futures=True)
        done = [future for future in self._parcels if not future.cancelled() and future.exception() is None]
        self._record(done)

    def _collect(self) -> None:
        done, _ = wait(self._parcels, return_when=FIRST_COMPLETED)
        self._record(list(done))

    def _record(self, done: Collection[Future[list[ItemResult]]]) -> None:
        """What came back in good order is written down before the first failure is raised."""
        good = [future for future in done if future.exception() is None]
        now = datetime.now(UTC)
        if good or self._legs[0].closed:
            with self._state.transaction():
                for future in good:
                    record(self._parcels[future].exports, future.result(), self._state.ledger, self.tally, now=now)
                self._store_cursor(good)
        for future in good:
            del self._parcels[future]
        for future in done:
            future.result()

    def _store_cursor(self, good: Collection[Future[list[ItemResult]]]) -> None:
        for leg in self._legs:
            leg.under_way.difference_update(good)
        reached: ReplicationCursor | None = None
        while self._legs[0].closed and not self._legs[0].under_way:
            reached = self._legs.popleft().cursor or reached
        if reached is not None:
            self._state.cursors.store(self._controller, reached)
