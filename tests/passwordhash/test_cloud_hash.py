from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.passwordhash import CloudHash, CloudHashError, NtHash

# facts of MichaelGrafnetter/DSInternals (OrgIdHash tests), recomputed with hashlib
VECTORS = {
    ("Pa$$w0rd", "181a3024085fcee2f70e"): "b39525c3bc72a1136fcf7c8a338e0c14313d0450d1a4c98ef0a6ddada3bc5b0a",
    ("", "01cda06eceb9d9bc2621"): "9d4fc778add44776555d3fa6ccb4f9637f25e34a62dbc5fa0f782ef8c762c902",
}
SALT = bytes(range(10))


@pytest.mark.parametrize(("given_values", "expected"), VECTORS.items())
def test_published_vectors_match(given_values: tuple[str, str], expected: str) -> None:
    password, salt = given_values
    derived = CloudHash.derive(NtHash.of_password(password), salt=bytes.fromhex(salt))
    assert derived.text == f"v1;PPH1_MD4,{salt},1000,{expected};"
    assert CloudHash.parse(derived.text) == derived
    assert derived.verify(password)


@pytest.mark.parametrize("password", ["", "x", "grün", "密码", "🔑", "\ud800", "p" * 300])
def test_a_password_and_its_nt_hash_verify_and_others_do_not(password: str) -> None:
    derived = CloudHash.derive(NtHash.of_password(password), salt=SALT, iterations=2)
    assert derived.verify(password)
    assert derived.verify(NtHash.of_password(password))
    assert not derived.verify(password + " ")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "v1;PPH1_MD4,,1000,;",
        f"v2;PPH1_MD4,{SALT.hex()},1000,{'a' * 64};",
        f"v1;PPH1_MD4,{SALT.hex()},1000,{'a' * 63};",
        f"v1;PPH1_MD4,{SALT.hex()},1000,{'A' * 64};",
        f"v1;PPH1_MD4,{SALT.hex()},0,{'a' * 64};",
        f"v1;PPH1_MD4,{SALT.hex()},01,{'a' * 64};",
        f"v1;PPH1_MD4,{SALT.hex()},-1,{'a' * 64};",
        f"v1;PPH1_MD4,{SALT.hex()},1000,{'a' * 64};\n",
        f"v1;PPH1_MD4,{SALT.hex()},٣,{'a' * 64};",
        f"v1;PPH1_MD4,{'00' * 65},1000,{'a' * 64};",
        "v1;PPH1_MD4," + "0" * 10**6,
    ],
)
def test_texts_of_another_form_are_refused(text: str) -> None:
    with pytest.raises(CloudHashError):
        CloudHash.parse(text)


@pytest.mark.parametrize("iterations", ["1000001", "9999999", "9" * 30])
def test_a_text_cannot_ask_for_endless_work(iterations: str) -> None:
    with pytest.raises(CloudHashError):
        CloudHash.parse(f"v1;PPH1_MD4,{SALT.hex()},{iterations},{'a' * 64};")


@given(st.text(max_size=200))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    with suppress(CloudHashError):
        assert CloudHash.parse(text).text == text


@given(
    salt=st.binary(min_size=1, max_size=64), iterations=st.integers(1, 5), hashed=st.binary(min_size=16, max_size=16)
)
def test_text_round_trips(salt: bytes, iterations: int, hashed: bytes) -> None:
    derived = CloudHash.derive(NtHash(hashed), salt=salt, iterations=iterations)
    assert CloudHash.parse(derived.text) == derived


@pytest.mark.parametrize(("salt", "iterations"), [(b"", 1), (b"x" * 65, 1), (b"x", 0), (b"x", 10**7)])
def test_deriving_out_of_bounds_is_our_callers_mistake(salt: bytes, iterations: int) -> None:
    with pytest.raises(ValueError, match="out of bounds"):
        CloudHash.derive(NtHash.of_password("x"), salt=salt, iterations=iterations)


def test_printing_does_not_show_the_hash() -> None:
    derived = CloudHash.derive(NtHash.of_password("x"), salt=SALT, iterations=1)
    assert derived.octets.hex() not in repr(derived)
    assert repr(derived.octets) not in repr(derived)
