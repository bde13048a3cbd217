"""Several controllers, of which one is used: the first that works."""

from collections.abc import Callable, Sequence
from time import monotonic
from typing import TypeVar

from isthmus.active_directory.controller import Controller

T = TypeVar("T")


class ControllerPool:
    """Remembers which controllers failed, and leaves them alone for a growing while."""

    def __init__(self, controllers: Sequence[Controller], *, clock: Callable[[], float] = monotonic) -> None:
        raise NotImplementedError

    def first_working(self, attempt: Callable[[Controller], T]) -> T:
        """*attempt* with each controller until one works: `pool.first_working(lambda c: Replica.connect(c, me))`.

        Only what another controller may do better is tried elsewhere; a wrong password is raised at once. If
        none works, raises what the first said.
        """
        raise NotImplementedError

    def failed(self, controller: Controller) -> None:
        """*controller* broke after `first_working` had returned it."""
        raise NotImplementedError
