import secrets
from binascii import crc32
from hashlib import md5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.passwordhash import NtHash
from isthmus.wire.ciphers import des, rc4
from isthmus.wire.drsuapi.secrets import SecretError, decrypt_hash, decrypt_secret, remove_identifier_layer

KEY = bytes(range(16))


def sealed(secret: bytes, key: bytes = KEY) -> bytes:
    """As a controller encrypts it."""
    salt = secrets.token_bytes(16)
    plain = crc32(secret).to_bytes(4, "little") + secret
    return salt + rc4.rc4(md5(key + salt, usedforsecurity=False).digest(), plain)


def test_a_secret_is_opened_by_whichever_key_fits() -> None:
    assert decrypt_secret(sealed(b"hidden"), [bytes(32), b"", KEY]) == b"hidden"


def test_a_secret_under_another_key_is_an_error_without_bytes_of_it() -> None:
    payload = sealed(b"hidden")
    with pytest.raises(SecretError, match=r"^the checksum of a value of 26 bytes fits none of 2 session keys$"):
        decrypt_secret(payload, [bytes(16), bytes(32)])


@pytest.mark.parametrize("length", [0, 1, 16, 19])
def test_a_short_value_is_refused(length: int) -> None:
    with pytest.raises(SecretError, match=f"of {length} bytes"):
        decrypt_secret(bytes(length), [KEY])


@pytest.mark.parametrize("length", [0, 15, 17])
def test_a_hash_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(SecretError, match=f"a hash of {length} bytes"):
        decrypt_hash(sealed(bytes(length)), [KEY], 1000)


def test_the_identifiers_layer_is_two_blocks_under_two_keys() -> None:
    # Written out by hand from MS-SAMR 2.2.11.1.3 for the identifier 0x04030201.
    first = bytes((0x00, 0x80, 0x80, 0x60, 0x40, 0x08, 0x08, 0x06))
    assert remove_identifier_layer(des.des_encrypt(first, b"8 bytes.") + bytes(8), 0x04030201)[:8] == b"8 bytes."


@given(st.binary(max_size=80), st.integers(0, 2**32 - 1))
def test_any_bytes_are_refused_by_our_own_error(payload: bytes, identifier: int) -> None:
    with pytest.raises(SecretError):
        decrypt_hash(payload, [KEY], identifier)


def test_nt_hash_never_stands_in_an_error() -> None:
    nt_hash = bytes(NtHash.of_password("x"))
    with pytest.raises(SecretError) as caught:
        decrypt_hash(sealed(nt_hash), [bytes(16)], 1000)
    assert nt_hash.hex() not in str(caught.value)
