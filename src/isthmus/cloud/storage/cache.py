"""What changes seldom and is read at every request, remembered for a few seconds in this process."""

import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

_SECONDS = 5.0
_LIMIT = 10_000

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Remembered(Generic[Key, Value]):
    """Another process's change is seen at most *seconds* later; one's own after `forget`. Absence is never kept."""

    def __init__(self, *, seconds: float = _SECONDS) -> None:
        self._seconds = seconds
        self._kept: dict[Key, tuple[float, Value]] = {}
        self._generation = 0

    def get(self, key: Key, load: Callable[[], Value | None]) -> Value | None:
        kept = self._kept.get(key)
        now = time.monotonic()
        if kept is not None and now < kept[0]:
            return kept[1]
        generation = self._generation
        value = load()
        if value is None:
            self._kept.pop(key, None)
            return None
        if len(self._kept) >= _LIMIT:
            self._kept.clear()
        # What was read before a change of this process must not outlive it.
        if generation == self._generation:
            self._kept[key] = (now + self._seconds, value)
        return value

    def forget(self) -> None:
        self._generation += 1
        self._kept.clear()
