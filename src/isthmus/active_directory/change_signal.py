"""Tells when a controller has taken any write at all: cheap to ask, so asked often."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from isthmus.active_directory.controller import Controller
from isthmus.active_directory.errors import ControllerUnreachableError, NotAControllerError
from isthmus.active_directory.ldap_connection import LdapConnection
from isthmus.active_directory.root_dse import HIGHEST_COMMITTED_USN, parse_usn
from isthmus.wire.errors import WireError


class ChangeSignal:
    """Watches highestCommittedUSN over one kept connection, and reconnects when that breaks.

    It counts the writes to every partition, so it may wake for nothing; it never sleeps through a write.
    """

    def __init__(self, controller: Controller, *, timeout: float = 5.0) -> None:
        self._controller = controller
        self._timeout = timeout
        self._connection: LdapConnection | None = None

    def read(self) -> int:
        """highestCommittedUSN now. `ControllerUnreachableError` if it cannot be read after one reconnection."""
        if self._connection is not None:
            try:
                return self._ask(self._connection)
            except ControllerUnreachableError:
                self.close()  # controllers close idle connections after a quarter of an hour
        self._connection = LdapConnection(self._controller, timeout=self._timeout)
        return self._ask(self._connection)

    def wait(
        self, seen: int, *, timeout: float, interval: float, stopped: Callable[[float], bool] | None = None
    ) -> int:
        """Wait until it is no longer *seen* (lower: a restored controller), or *timeout* seconds have passed.

        Returns what it is then. *interval* is the seconds between two questions. *stopped* is called to pass
        them (as `threading.Event.wait` is) and ends the wait when it returns true; None: `time.sleep`.
        """
        deadline = time.monotonic() + timeout
        while (usn := self.read()) == seen and (left := deadline - time.monotonic()) > 0:
            pause = min(interval, left)
            if stopped is None:
                time.sleep(pause)
            elif stopped(pause):
                break
        return usn

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, connection: LdapConnection) -> int:
        try:
            return parse_usn(connection.read_root_dse((HIGHEST_COMMITTED_USN,)))
        except WireError as error:
            self.close()
            raise NotAControllerError(f"{self._controller.host}: {error}") from error
        except BaseException:
            self.close()
            raise
