"""Tells when a controller has taken any write at all: cheap to ask, so asked often."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

from isthmus.active_directory.controller import Controller


class ChangeSignal:
    """Watches highestCommittedUSN over one kept connection, and reconnects when that breaks."""

    def __init__(self, controller: Controller, *, timeout: float = 5.0) -> None:
        raise NotImplementedError

    def read(self) -> int:
        """highestCommittedUSN now. `ControllerUnreachableError` if it cannot be read after one reconnection."""
        raise NotImplementedError

    def wait(
        self, seen: int, *, timeout: float, interval: float, stopped: Callable[[float], bool] | None = None
    ) -> int:
        """Wait until it is above *seen* (or below: a restored controller), or *timeout* seconds passed.

        Returns what it is then. *interval* is the seconds between two questions. *stopped* is called to pass
        them (as `threading.Event.wait` is) and ends the wait when it returns true; None: `time.sleep`.
        """
        raise NotImplementedError

    def close(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
