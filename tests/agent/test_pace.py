"""How much of a controller's time the agent takes."""

from hypothesis import given
from hypothesis import strategies as st

from isthmus.agent.pace import SHARE, Allowance


def test_a_single_change_does_not_wait() -> None:
    assert Allowance().spend(0.1, now=100.0) == 0.0


@given(st.floats(0.01, 30))
def test_back_to_back_cycles_take_their_share_and_no_more(seconds: float) -> None:
    allowance, now, busy = Allowance(), 0.0, 0.0
    for _ in range(200):
        now += seconds
        busy += seconds
        now += allowance.spend(seconds, now)
    assert busy <= now * SHARE + 1.0 + seconds + 1e-6


def test_a_rest_earns_at_most_a_second() -> None:
    allowance = Allowance()
    allowance.spend(0.0, now=1e6)
    assert allowance.saved == 1.0
