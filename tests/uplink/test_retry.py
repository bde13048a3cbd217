"""How long to wait before trying again."""

from hypothesis import given
from hypothesis import strategies as st

from isthmus.uplink import Patience, pause_before

PATIENCE = Patience(first=0.1, longest=30.0)


@given(st.integers(1, 10_000), st.floats(0, 1), st.none() | st.floats(0, 1e6))
def test_a_pause_is_bounded(attempt: int, luck: float, asked: float | None) -> None:
    assert 0.05 <= pause_before(attempt, PATIENCE, asked=asked, luck=luck) <= 30.0


def test_pauses_double() -> None:
    assert [pause_before(n, PATIENCE, asked=None, luck=1.0) for n in (1, 2, 3)] == [0.1, 0.2, 0.4]


def test_luck_spreads_agents_over_the_upper_half() -> None:
    assert pause_before(1, PATIENCE, asked=None, luck=0.0) == 0.05


def test_what_the_cloud_asked_for_is_kept() -> None:
    assert pause_before(1, PATIENCE, asked=5.0, luck=0.5) == 5.0
