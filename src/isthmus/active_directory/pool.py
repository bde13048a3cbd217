"""Several controllers, of which one is used: the first that works."""

from collections.abc import Callable, Sequence
from time import monotonic
from typing import TypeVar

from isthmus.active_directory.controller import Controller
from isthmus.active_directory.errors import ControllerNotFoundError, DirectoryError, NotAControllerError

T = TypeVar("T")
_FIRST_PAUSE = 5.0
_LONGEST_PAUSE = 300.0


class ControllerPool:
    """Remembers which controllers failed, and leaves them alone for a growing while."""

    def __init__(self, controllers: Sequence[Controller], *, clock: Callable[[], float] = monotonic) -> None:
        if not controllers:
            raise ControllerNotFoundError("there is no controller to choose from")
        self.controllers = tuple(controllers)
        self._clock = clock
        self._failures: dict[Controller, tuple[int, float]] = {}

    def first_working(self, attempt: Callable[[Controller], T]) -> T:
        """*attempt* with each controller until one works: `pool.first_working(lambda c: Replica.connect(c, me))`.

        Only what another controller may do better is tried elsewhere; a wrong password is raised at once, lest
        it locks the account. If none works, raises what the first said. A controller that failed lately is
        tried only when those before it have failed too.
        """
        first_error: DirectoryError | None = None
        for controller in self._in_order():
            try:
                result = attempt(controller)
            except DirectoryError as error:
                if not _another_may_do(error):
                    raise
                self.failed(controller)
                first_error = first_error or error
            else:
                self._failures.pop(controller, None)
                return result
        if first_error is None:
            raise ControllerNotFoundError("there is no controller to choose from")
        raise first_error

    def failed(self, controller: Controller) -> None:
        """*controller* broke after `first_working` had returned it."""
        count = self._failures.get(controller, (0, 0.0))[0] + 1
        pause = min(_FIRST_PAUSE * 2 ** min(count - 1, 10), _LONGEST_PAUSE)
        self._failures[controller] = (count, self._clock() + pause)

    def _in_order(self) -> list[Controller]:
        """Those that rest come last, the one that rests the shortest first."""
        now = self._clock()
        return sorted(self.controllers, key=lambda controller: max(self._failures.get(controller, (0, 0.0))[1], now))


def _another_may_do(error: DirectoryError) -> bool:
    return error.temporary or isinstance(error, NotAControllerError)
