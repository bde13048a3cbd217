"""Runs a generator on a thread of its own, one item ahead of whoever takes the items."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Generic, NoReturn, TypeVar

T = TypeVar("T")
_PATIENCE = 0.5


class Prefetch(Generic[T]):
    """One item waits here at most, and one more is being made."""

    def __init__(self, source: Iterator[T], *, name: str) -> None:
        self._source = source
        self._ready: Queue[Callable[[], T] | None] = Queue(maxsize=1)
        self._stopped = Event()
        self._thread = Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[T]:
        """What the source yields, and in the end what it raises."""
        while (item := self._ready.get()) is not None:
            yield item()

    def stop(self, error: BaseException) -> None:
        """Returns when the source has finished the item that it is at. Whoever still waits for one gets *error*."""
        self._stopped.set()
        while self._thread.is_alive():
            try:
                self._ready.get_nowait()
            except Empty:
                self._thread.join(_PATIENCE / 10)
        with suppress(Empty):
            self._ready.get_nowait()
        with suppress(Full):
            self._ready.put_nowait(_raising(error))

    def _run(self) -> None:
        try:
            for item in self._source:
                if not self._put(lambda item=item: item):  # type: ignore[misc]
                    return
            self._put(None)
        except BaseException as error:  # noqa: BLE001 it is raised where the items are taken
            self._put(_raising(error))

    def _put(self, item: Callable[[], T] | None) -> bool:
        while not self._stopped.is_set():
            try:
                self._ready.put(item, timeout=_PATIENCE)
            except Full:
                continue
            return True
        return False


def _raising(error: BaseException) -> Callable[[], NoReturn]:
    def fail() -> NoReturn:
        raise error

    return fail
