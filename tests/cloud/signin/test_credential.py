from isthmus.cloud.accounts.password import SALT_LENGTH, LocalPasswordHash
from isthmus.cloud.signin.credential import credential_matches
from isthmus.passwordhash import CloudHash, NtHash

PASSWORD = "Correct-horse-7"
SYNCHRONISED = CloudHash.derive(NtHash.of_password(PASSWORD), salt=b"0123456789").text
LOCAL = LocalPasswordHash.derive(PASSWORD, salt=bytes(SALT_LENGTH)).text


def test_a_synchronised_hash_lets_its_password_in() -> None:
    assert credential_matches(SYNCHRONISED, PASSWORD)
    assert not credential_matches(SYNCHRONISED, PASSWORD + "x")


def test_a_local_hash_lets_its_password_in() -> None:
    assert credential_matches(LOCAL, PASSWORD)
    assert not credential_matches(LOCAL, PASSWORD + "x")


def test_nobodys_password_is_never_right() -> None:
    assert not credential_matches(None, PASSWORD)
    assert not credential_matches(None, "")


def test_a_password_longer_than_any_is_wrong_at_no_cost() -> None:
    long = "x" * 257
    held = CloudHash.derive(NtHash.of_password(long), salt=b"0123456789").text
    assert not credential_matches(held, long)
