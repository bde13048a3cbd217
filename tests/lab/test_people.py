from hypothesis import given
from hypothesis import strategies as st

from isthmus.lab.passwords import random_password, seeded_password
from isthmus.lab.people import residents


def test_accounts_are_unique_and_short_enough() -> None:
    accounts = [resident.account for resident in residents(30_000)]
    assert len(set(accounts)) == len(accounts)
    assert max(map(len, accounts)) <= 20


@given(st.integers(0, 5000), st.integers(0, 50))
def test_a_number_is_the_same_person_wherever_counting_starts(start: int, count: int) -> None:
    assert list(residents(count, start=start)) == list(residents(start + count))[start:]


def test_seeded_passwords_are_told_apart_by_seed_and_account() -> None:
    assert seeded_password("s", "ann.meier") == "Aa1-lmzy7jeoskp46e6f"
    found = {seeded_password(seed, account) for seed in ("s", "t") for account in ("ann", "bela")}
    assert len(found) == 4


@given(st.text(), st.text())
def test_seeded_passwords_satisfy_a_domains_policy(seed: str, account: str) -> None:
    password = seeded_password(seed, account)
    assert len(password) == 20
    assert any(letter.isupper() for letter in password)
    assert any(letter.isdigit() for letter in password)


def test_random_passwords_differ() -> None:
    assert len({random_password() for _ in range(1000)}) == 1000
