"""The hash that may leave the site: what the cloud holds and checks passwords with."""

import re
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from isthmus.passwordhash.nt_hash import NtHash

ITERATIONS = 1000
MAXIMUM_ITERATIONS = 1_000_000
"""A text that asks for more would only make its reader busy."""
SALT_LENGTH = 10
_TEXT = re.compile(r"v1;PPH1_MD4,((?:[0-9a-f]{2}){1,64}),([1-9][0-9]{0,6}),([0-9a-f]{64});")
_LONGEST_TEXT = 256


class CloudHashError(ValueError):
    """The text is no cloud hash. The message never repeats the text."""


@dataclass(frozen=True, slots=True)
class CloudHash:
    """PBKDF2-HMAC-SHA256 over the NT hash's upper-case hexadecimal in UTF-16LE. Microsoft: PPH1_MD4, OrgIdHash."""

    salt: bytes
    iterations: int
    octets: bytes = field(repr=False)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CloudHash):
            return NotImplemented
        return (self.salt, self.iterations) == (other.salt, other.iterations) and compare_digest(
            self.octets, other.octets
        )

    def __hash__(self) -> int:
        return hash((self.salt, self.iterations))

    @classmethod
    def derive(cls, nt_hash: NtHash, *, salt: bytes, iterations: int = ITERATIONS) -> Self:
        """*salt*: 10 random bytes, new for each password."""
        if not 1 <= len(salt) <= 64 or not 1 <= iterations <= MAXIMUM_ITERATIONS:
            raise ValueError(f"salt of {len(salt)} bytes or {iterations} iterations is out of bounds")
        return cls(salt, iterations, _derived(nt_hash, salt, iterations))

    @classmethod
    def parse(cls, text: str) -> Self:
        """The inverse of `text`; `CloudHashError`."""
        if len(text) > _LONGEST_TEXT:
            raise CloudHashError(f"a cloud hash has at most {_LONGEST_TEXT} characters, not {len(text)}")
        found = _TEXT.fullmatch(text)
        if found is None:
            raise CloudHashError("not of the form v1;PPH1_MD4,<salt>,<iterations>,<hash>;")
        iterations = int(found[2])
        if iterations > MAXIMUM_ITERATIONS:
            raise CloudHashError(f"{iterations} iterations are more than {MAXIMUM_ITERATIONS}")
        return cls(bytes.fromhex(found[1]), iterations, bytes.fromhex(found[3]))

    @property
    def text(self) -> str:
        return f"v1;PPH1_MD4,{self.salt.hex()},{self.iterations},{self.octets.hex()};"

    def verify(self, secret: str | NtHash) -> bool:
        """Whether *secret*, a password or its NT hash, is what this was derived from. Constant time."""
        nt_hash = NtHash.of_password(secret) if isinstance(secret, str) else secret
        return compare_digest(_derived(nt_hash, self.salt, self.iterations), self.octets)


def _derived(nt_hash: NtHash, salt: bytes, iterations: int) -> bytes:
    # `cryptography` brings its own OpenSSL, which takes half the time of hashlib's.
    key = bytes(nt_hash).hex().upper().encode("utf-16-le")
    return PBKDF2HMAC(algorithm=SHA256(), length=32, salt=salt, iterations=iterations).derive(key)
