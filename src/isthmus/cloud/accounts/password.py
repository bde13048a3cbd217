"""Passwords of accounts that are mastered in the cloud: what is held of them, and what they must be like."""

from dataclasses import dataclass, field
from typing import Self

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

SALT_LENGTH = 16
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 256
_MEMORY_KIB = 19 * 1024
_PASSES = 2
_LANES = 1
_HASH_LENGTH = 32
_SCHEME = "$argon2id$"


class LocalPasswordError(ValueError):
    """The password or its stored form cannot be used. The message never repeats it."""


@dataclass(frozen=True, slots=True)
class LocalPasswordHash:
    """Argon2id with 19 MiB, two passes and one lane, in its usual text form."""

    text: str = field(repr=False)

    @classmethod
    def derive(cls, password: str, *, salt: bytes) -> Self:
        """*salt*: `SALT_LENGTH` random bytes, new for each password."""
        if len(salt) != SALT_LENGTH:
            raise ValueError(f"a salt has {SALT_LENGTH} bytes, not {len(salt)}")
        derivation = Argon2id(salt=salt, length=_HASH_LENGTH, iterations=_PASSES, lanes=_LANES, memory_cost=_MEMORY_KIB)
        return cls(derivation.derive_phc_encoded(_octets(password)))

    @classmethod
    def parse(cls, text: str) -> Self:
        if not text.startswith(_SCHEME):
            raise LocalPasswordError(f"not of the form {_SCHEME}…")
        return cls(text)

    def verify(self, password: str) -> bool:
        try:
            Argon2id.verify_phc_encoded(_octets(password), self.text)
        except InvalidKey:
            return False
        return True


def check_new_password(password: str) -> None:
    """`LocalPasswordError` says why *password* is not taken for an account of the cloud."""
    if len(password) < SHORTEST_PASSWORD:
        raise LocalPasswordError(f"a password has at least {SHORTEST_PASSWORD} characters, not {len(password)}")
    if len(password) > LONGEST_PASSWORD:
        raise LocalPasswordError(f"a password has at most {LONGEST_PASSWORD} characters, not {len(password)}")


def _octets(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")
