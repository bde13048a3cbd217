"""Decides when the next cycle may begin. Pure: times come in."""

from dataclasses import dataclass

from isthmus.uplink import Patience

SHARE = 0.25
"""Of a controller's time that incremental cycles may take in the long run."""
_BURST = 1.0
"""Seconds of cycles that may follow each other at once after a rest."""
PASSING = Patience(first=0.5, longest=60.0, altogether=0.0)
"""After what may pass by itself."""
LASTING = Patience(first=30.0, longest=600.0, altogether=0.0)
"""After what somebody must mend: seldom enough not to lock the agent's account."""

REFUSED_PASSWORD = Patience(first=1800.0, longest=3600.0, altogether=0.0)
"""Before a password that was refused is tried again. Domains lock an account after some failures within half an hour
or less, so these never add up."""


@dataclass(slots=True)
class Allowance:
    """What the agent may spend of a controller's time: saved up at `SHARE`, spent by cycles."""

    saved: float = _BURST
    counted_at: float = 0.0

    def spend(self, seconds: float, now: float) -> float:
        """Seconds to wait after a cycle that took *seconds* and ended *now*."""
        earned = max(now - self.counted_at, 0.0) * SHARE
        self.saved = min(self.saved + earned, _BURST) - seconds
        self.counted_at = now
        return max(-self.saved, 0.0) / SHARE
