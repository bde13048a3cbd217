"""Whether a password belongs to a stored credential, in the same time whether or not there is one."""

from isthmus.cloud.accounts.password import LocalPasswordHash
from isthmus.passwordhash import CloudHash

_NOBODYS = CloudHash.parse("v1;PPH1_MD4,00000000000000000000,1000," + "0" * 64 + ";")


def credential_matches(credential: str | None, password: str) -> bool:
    """*credential* as in `SigninSubject`; None costs as much as a synchronised one and matches nothing."""
    if credential is None:
        _NOBODYS.verify(password)
        return False
    if credential.startswith("$argon2id$"):
        return LocalPasswordHash.parse(credential).verify(password)
    return CloudHash.parse(credential).verify(password)
