"""Decides how long to wait before the next attempt. Pure: chance and what the cloud asked for come in."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """All in seconds."""

    first: float = 0.1
    longest: float = 30.0
    altogether: float = 120.0
    """After so long an attempt that failed is the last."""


def pause_before(attempt: int, patience: Patience, *, asked: float | None, luck: float) -> float:
    """Seconds to wait before *attempt* (the first retry is 1).

    Doubles each time, with *luck* (0 to 1) spreading many agents over the upper half; never less than *asked*.
    """
    ceiling = min(patience.first * 2.0 ** min(attempt - 1, 30), patience.longest)
    return max(ceiling * (0.5 + luck / 2), min(asked or 0.0, patience.longest))
