"""Whether a password belongs to a stored credential, in the same time whether or not there is one."""

from typing import TypeGuard

from isthmus.cloud.accounts.password import LocalPasswordHash
from isthmus.passwordhash import CloudHash

_NOBODYS = CloudHash.parse("v1;PPH1_MD4,00000000000000000000,1000," + "0" * 64 + ";")

_SLOW = "$argon2id$"
_LONGEST_PASSWORD = 256
"""Active Directory's limit: longer ones are nobody's, and hashing them would only keep us busy."""


def is_slow(credential: str | None) -> TypeGuard[str]:
    """Whether a check costs so much that it is not made in vain as ten others."""
    return credential is not None and credential.startswith(_SLOW)


def credential_matches(credential: str | None, password: str) -> bool:
    """*credential* as in `SigninSubject`; None costs as much as a synchronised one and matches nothing."""
    if credential is None or len(password) > _LONGEST_PASSWORD:
        _NOBODYS.verify(password[:_LONGEST_PASSWORD])
        return False
    if is_slow(credential):
        return LocalPasswordHash.parse(credential).verify(password)
    return CloudHash.parse(credential).verify(password)
