import copy
import pickle
from collections.abc import Callable

import pytest

from isthmus.passwordhash import NtHash

SECRET = bytes(range(16))


def test_hash_of_the_specification() -> None:
    # MS-NLMP 4.2.2.1.2, NTOWFv1("Password")
    assert bytes(NtHash.of_password("Password")).hex() == "a4f49c406510bdcab6824ee7c30fd852"


def test_hash_of_the_empty_password() -> None:
    assert bytes(NtHash.of_password("")).hex() == "31d6cfe0d16ae931b73c59d7e0c089c0"


def test_passwords_beyond_ascii_and_beyond_the_basic_plane_have_hashes() -> None:
    assert len({bytes(NtHash.of_password(text)) for text in ("grün", "gru\u0308n", "пароль", "密码", "🔑")}) == 5


def test_lone_surrogates_of_machine_passwords_are_kept() -> None:
    assert NtHash.of_password("\ud800x") != NtHash.of_password("\ufffdx")


@pytest.mark.parametrize("show", [repr, str, "{}".format, "{!r:>20}".format, lambda it: f"{[it]}"])
def test_no_way_of_printing_shows_the_hash(show: Callable[[object], str]) -> None:
    shown = show(NtHash(SECRET))
    assert "NtHash()" in shown
    assert SECRET.hex() not in shown.lower()


@pytest.mark.parametrize("duplicate", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_hash_cannot_be_pickled_or_copied(duplicate: Callable[[object], object]) -> None:
    with pytest.raises(TypeError, match="not to be pickled"):
        duplicate(NtHash(SECRET))


def test_hashes_are_equal_by_value_and_never_to_their_bytes() -> None:
    assert NtHash(SECRET) == NtHash(SECRET)
    assert NtHash(SECRET) != NtHash(SECRET[::-1])
    assert NtHash(SECRET) != SECRET


def test_a_hash_is_no_key_of_a_dictionary() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(NtHash(SECRET))


@pytest.mark.parametrize("length", [0, 15, 17, 32])
def test_a_wrong_length_is_refused_without_showing_the_bytes(length: int) -> None:
    with pytest.raises(ValueError, match=f"not {length}$"):
        NtHash(b"\xaa" * length)
