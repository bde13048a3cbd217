"""Decrypts what a controller sends encrypted. [MS-DRSR] 4.1.10.6.18 DecryptValuesIfNecessary.

INVARIANT: no message of an error here holds any byte of a key or a secret.
"""

from collections.abc import Iterable
from zlib import crc32

from isthmus.wire.ciphers.provided import des_decrypt, md5, rc4
from isthmus.wire.errors import WireError

_SALT_LENGTH = 16
_CHECKSUM_LENGTH = 4
_HASH_LENGTH = 16


class SecretError(WireError):
    """A secret is not encrypted under any key that we have."""


def decrypt_secret(payload: bytes, session_keys: Iterable[bytes]) -> bytes:
    """The plain value of *payload* by the first key whose checksum fits. [MS-DRSR] ENCRYPTED_PAYLOAD."""
    if len(payload) < _SALT_LENGTH + _CHECKSUM_LENGTH:
        raise SecretError(f"an encrypted value of {len(payload)} bytes")
    salt, sealed = payload[:_SALT_LENGTH], payload[_SALT_LENGTH:]
    tried = 0
    for session_key in session_keys:
        plain = rc4(md5(session_key + salt), sealed)
        secret = plain[_CHECKSUM_LENGTH:]
        if crc32(secret) == int.from_bytes(plain[:_CHECKSUM_LENGTH], "little"):
            return secret
        tried += 1
    raise SecretError(f"the checksum of a value of {len(payload)} bytes fits none of {tried} session keys")


def decrypt_hash(payload: bytes, session_keys: Iterable[bytes], relative_identifier: int) -> bytes:
    """The 16 bytes of unicodePwd, which have a second layer under the account's RID. [MS-SAMR] 2.2.11.1.1."""
    return remove_identifier_layer(decrypt_secret(payload, session_keys), relative_identifier)


def remove_identifier_layer(secret: bytes, relative_identifier: int) -> bytes:
    """Two blocks of DES whose keys are made of the RID's four bytes. [MS-SAMR] 2.2.11.1.3."""
    if len(secret) != _HASH_LENGTH:
        raise SecretError(f"a hash of {len(secret)} bytes")
    a, b, c, d = relative_identifier.to_bytes(4, "little")
    first, second = _spread(bytes((a, b, c, d, a, b, c))), _spread(bytes((d, a, b, c, d, a, b)))
    return des_decrypt(first, secret[:8]) + des_decrypt(second, secret[8:])


def _spread(seven: bytes) -> bytes:
    """56 bits as a DES key: seven to a byte, the lowest left for parity."""
    bits = int.from_bytes(seven, "big")
    return bytes((bits >> shift & 0x7F) << 1 for shift in range(49, -1, -7))
