import hashlib
import secrets

import pytest

from isthmus.wire.ciphers import des, md5, provided, rc4

# RFC 1321, appendix A.5
MD5_VECTORS = {
    b"": "d41d8cd98f00b204e9800998ecf8427e",
    b"a": "0cc175b9c0f1b6a831c399e269772661",
    b"abc": "900150983cd24fb0d6963f7d28e17f72",
    b"message digest": "f96b697d7cb7938d525a2f31aaf161d0",
    b"1234567890" * 8: "57edf4a22be3c955ac49da2e2107b67a",
}
# RFC 6229, section 2: the first 16 bytes of the key stream
RC4_VECTORS = {
    "0102030405": "b2396305f03dc027ccc3524a0a1118a8",
    "0102030405060708090a0b0c0d0e0f10": "9ac7cc9a609d1ef7b2932899cde41b97",
    "833222772a": "80ad97bdc973df8a2e879e92a497efda",
}
# NIST SP 800-17, tables A.1 to A.4: key, plain text, cipher text
DES_VECTORS = [
    ("0101010101010101", "8000000000000000", "95f8a5e5dd31d900"),
    ("0101010101010101", "0000000000000001", "166b40b44aba4bd6"),
    ("8001010101010101", "0000000000000000", "95a8d72813daa94d"),
    ("0101010101010102", "0000000000000000", "869efd7f9f265a09"),
    ("1046913489980131", "0000000000000000", "88d55e54f54c97b4"),
    ("7ca110454a1a6e57", "01a1d6d039776742", "690f5b0d9a26939b"),
    ("0131d9619dc1376e", "5cd54ca83def57da", "7a389d10354bd271"),
]


@pytest.mark.parametrize(("message", "digest"), MD5_VECTORS.items())
def test_md5_matches_published_vectors(message: bytes, digest: str) -> None:
    assert md5.md5(message).hex() == digest
    assert provided.md5(message).hex() == digest


@pytest.mark.parametrize(("key", "stream"), RC4_VECTORS.items())
def test_rc4_matches_published_vectors(key: str, stream: str) -> None:
    assert rc4.rc4(bytes.fromhex(key), bytes(16)).hex() == stream


@pytest.mark.parametrize(("key", "plain", "sealed"), DES_VECTORS)
def test_des_matches_published_vectors(key: str, plain: str, sealed: str) -> None:
    assert des.des_encrypt(bytes.fromhex(key), bytes.fromhex(plain)).hex() == sealed
    assert des.des_decrypt(bytes.fromhex(key), bytes.fromhex(sealed)).hex() == plain


def test_our_own_ciphers_agree_with_the_provided_ones() -> None:
    for _ in range(50):
        key, octets = secrets.token_bytes(16), secrets.token_bytes(100)
        assert rc4.rc4(key, octets) == provided.rc4(key, octets)
        assert des.des_decrypt(key[:8], octets[:8]) == provided.des_decrypt(key[:8], octets[:8])
        assert md5.md5(octets) == hashlib.md5(octets, usedforsecurity=False).digest()
