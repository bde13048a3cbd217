"""A person in the cloud, mastered there or in a directory."""

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

_LONGEST_NAME = 256
_LONGEST_KEY = 512
"""Lower case and normal form may be longer than the name."""


class Role(StrEnum):
    GLOBAL_ADMINISTRATOR = "global_administrator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    tenant_id: UUID
    account_id: UUID
    """The `oid` of tokens."""
    user_principal_name: str
    enabled: bool
    display_name: str | None = None
    given_name: str | None = None
    surname: str | None = None
    mail: str | None = None
    source_anchor: str | None = None
    """None: mastered in the cloud."""
    sam_account_name: str | None = None
    security_identifier: str | None = None
    directory_domain: str | None = None
    roles: frozenset[Role] = frozenset()
    sessions_valid_from: datetime
    """Sessions and refresh tokens that began earlier are refused: moved by password changes and disabling."""


@dataclass(frozen=True, slots=True)
class SigninSubject:
    """All that a sign-in needs to know of an account, read at once."""

    account: Account
    credential: str | None = field(repr=False)
    """Decrypted: `v1;PPH1_MD4,…;` or `$argon2id$…` (accounts mastered in the cloud); None: no password yet."""


def upn_key(user_principal_name: str) -> str:
    """The form under which names are compared: the directory makes no difference of case."""
    return unicodedata.normalize("NFC", user_principal_name).lower()


def is_user_principal_name(text: str) -> bool:
    """`name@domain`, nothing invisible in it, and no longer than any database holds."""
    local_part, _, domain = text.partition("@")
    spaces = local_part != local_part.strip() or domain != domain.strip()
    return bool(local_part and domain) and "@" not in domain and not spaces and _fits(text)


def _fits(text: str) -> bool:
    return text.isprintable() and len(text) <= _LONGEST_NAME and len(upn_key(text)) <= _LONGEST_KEY


def upn_domain(user_principal_name: str) -> str:
    """What follows the @, in lower case; empty if there is none."""
    return user_principal_name.rpartition("@")[2].lower() if "@" in user_principal_name else ""
