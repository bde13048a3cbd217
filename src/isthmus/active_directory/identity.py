"""Who the agent is to the domain."""

from dataclasses import dataclass, field
from enum import StrEnum


class Mechanism(StrEnum):
    """How the account proves itself. A pinned mechanism is never replaced by another in silence."""

    KERBEROS = "kerberos"
    NTLM = "ntlm"
    NEGOTIATE = "negotiate"
    """SPNEGO: Kerberos where it works, else NTLM."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """An account, and what it proves itself with: a password, or (Kerberos only) a keytab or ticket cache."""

    username: str
    """sAMAccountName, or user@REALM."""
    domain: str
    """The domain's DNS name (for Kerberos its realm, in any case); NTLM takes the NetBIOS name as well."""
    password: str | None = field(default=None, repr=False)
    credential_cache: str | None = None
    """A ticket cache, such as FILE:/run/isthmus/krb5cc."""
    keytab: str | None = None
    """Path of a keytab."""
    mechanism: Mechanism = Mechanism.KERBEROS
    krb5_config: str | None = None
    """Path of a krb5.conf for the whole process; None: the system's own."""

    def __post_init__(self) -> None:
        if sum(given is not None for given in (self.password, self.credential_cache, self.keytab)) != 1:
            raise ValueError("an identity needs exactly one of password, credential_cache and keytab")
        if self.mechanism is Mechanism.NTLM and self.password is None:
            raise ValueError("NTLM needs a password")

    @property
    def account(self) -> str:
        r"""As people write it: DOMAIN\user, or user@realm."""
        return self.username if "@" in self.username else f"{self.domain}\\{self.username}"

    @property
    def principal(self) -> str:
        """[RFC4120] client principal."""
        return self.username if "@" in self.username else f"{self.username}@{self.domain.upper()}"
