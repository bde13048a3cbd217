"""The three ciphers, from the fastest source that this machine has."""

import hashlib
from collections.abc import Callable

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers import Cipher, modes

from isthmus.wire.ciphers import des as own_des
from isthmus.wire.ciphers import md5 as own_md5
from isthmus.wire.ciphers import rc4 as own_rc4

try:
    from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4, TripleDES
except ImportError:  # a `cryptography` that has dropped them
    ARC4 = None  # type: ignore[assignment,misc]
    TripleDES = None  # type: ignore[assignment,misc]


def _openssl_md5(message: bytes) -> bytes:
    return hashlib.md5(message, usedforsecurity=False).digest()


def _openssl_rc4(key: bytes, octets: bytes) -> bytes:
    return Cipher(ARC4(key), mode=None).decryptor().update(octets)


def _openssl_des_decrypt(key: bytes, block: bytes) -> bytes:
    # Three times the same key is single DES.
    return Cipher(TripleDES(key * 3), modes.ECB()).decryptor().update(block)


def _works(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except (UnsupportedAlgorithm, ValueError, TypeError):  # FIPS mode, or the class above is missing
        return False
    return True


md5 = _openssl_md5 if _works(lambda: _openssl_md5(b"")) else own_md5.md5
rc4 = _openssl_rc4 if _works(lambda: _openssl_rc4(b"\x00" * 16, b"")) else own_rc4.rc4
des_decrypt = _openssl_des_decrypt if _works(lambda: _openssl_des_decrypt(b"\x00" * 8, b"")) else own_des.des_decrypt
