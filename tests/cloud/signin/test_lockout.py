from datetime import UTC, datetime, timedelta
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from isthmus.cloud.signin.lockout import (
    CLEAN,
    Lockout,
    LockoutPolicy,
    after_wrong_password,
    unknown_name_key,
    wrong_password_digest,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
POLICY = LockoutPolicy()


def digest(number: int) -> bytes:
    return number.to_bytes(16)


def guess(held: Lockout, numbers: range, *, now: datetime = NOW) -> Lockout:
    for number in numbers:
        held = after_wrong_password(held, digest(number), now=now, policy=POLICY)
    return held


def test_nine_wrong_passwords_do_not_lock() -> None:
    assert not guess(CLEAN, range(9)).is_locked(NOW)


def test_the_tenth_wrong_password_locks_for_a_minute() -> None:
    held = guess(CLEAN, range(10))
    assert held.is_locked(NOW + timedelta(seconds=59))
    assert not held.is_locked(NOW + timedelta(seconds=60))


def test_each_failure_after_a_lock_locks_again_for_twice_as_long() -> None:
    held, now = guess(CLEAN, range(10)), NOW
    for number, seconds in enumerate((120, 240, 480), start=10):
        assert held.locked_until is not None
        now = held.locked_until
        held = guess(held, range(number, number + 1), now=now)
        assert held.locked_until == now + timedelta(seconds=seconds)


def test_locks_have_a_longest_time() -> None:
    held, now = guess(CLEAN, range(10)), NOW
    for number in range(10, 60):
        assert held.locked_until is not None
        now = held.locked_until
        held = guess(held, range(number, number + 1), now=now)
    assert held.locked_until == now + POLICY.longest_lock


def test_a_repeated_wrong_password_does_not_count() -> None:
    held = guess(CLEAN, range(3))
    assert guess(held, range(3)) == held


def test_a_wrong_password_counts_again_when_three_others_came_between() -> None:
    held = guess(CLEAN, range(4))
    assert guess(held, range(1)).failures == 5


def test_nothing_counts_while_locked() -> None:
    held = guess(CLEAN, range(10))
    assert guess(held, range(20, 40)) == held


def test_failures_are_forgotten_after_a_quiet_day() -> None:
    held = guess(CLEAN, range(9))
    assert guess(held, range(20, 21), now=NOW + timedelta(days=1)).failures == 1


@given(st.text(), st.text())
def test_digests_tell_passwords_apart_and_need_the_secret(one: str, other: str) -> None:
    tenant, account = uuid4(), uuid4()
    same = wrong_password_digest(b"s" * 32, tenant, account, one)
    assert (same == wrong_password_digest(b"s" * 32, tenant, account, other)) == (one == other)
    assert same != wrong_password_digest(b"t" * 32, tenant, account, one)
    assert same != wrong_password_digest(b"s" * 32, tenant, uuid4(), one)


def test_an_unknown_name_locks_as_one_whatever_its_case() -> None:
    tenant = uuid4()
    assert unknown_name_key(b"s", tenant, "Nobody@x") == unknown_name_key(b"s", tenant, "nobody@X")
    assert unknown_name_key(b"s", tenant, "zoe\u0308@x") == unknown_name_key(b"s", tenant, "zo\u00eb@x")
    # Two accounts may have these names, so nobody's must not lock each other either.
    assert unknown_name_key(b"s", tenant, "strasse@x") != unknown_name_key(b"s", tenant, "stra\u00dfe@x")
