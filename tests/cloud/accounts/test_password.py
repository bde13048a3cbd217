"""Passwords of accounts mastered in the cloud."""

import pytest

from isthmus.cloud.accounts.password import LocalPasswordError, LocalPasswordHash, check_new_password

SALT = bytes(range(16))


def test_a_password_verifies_against_its_hash_only() -> None:
    held = LocalPasswordHash.parse(LocalPasswordHash.derive("correct horse", salt=SALT).text)
    assert held.verify("correct horse")
    assert not held.verify("correct horsf")


def test_the_text_states_its_cost_and_its_representation_does_not_leak() -> None:
    held = LocalPasswordHash.derive("correct horse", salt=SALT)
    assert held.text.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert "argon2id" not in repr(held)


def test_other_schemes_are_not_parsed() -> None:
    with pytest.raises(LocalPasswordError):
        LocalPasswordHash.parse("$2b$12$abc")


@pytest.mark.parametrize("password", ["", "x" * 11, "x" * 257])
def test_short_and_endless_passwords_are_refused(password: str) -> None:
    with pytest.raises(LocalPasswordError):
        check_new_password(password)
