"""A browser's session: who signed in there, when and how."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from isthmus.cloud.accounts.account import Account

LIFETIME = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    tenant_id: UUID
    session_id: UUID
    """The `sid` of tokens; not the cookie."""
    account_id: UUID
    began_at: datetime
    methods: tuple[str, ...]
    """How the person signed in, by the names of the `amr` claim."""


def session_is_good(session: Session, account: Account | None, *, now: datetime) -> bool:
    """*account*: the session's own as it is now, or None if it is gone."""
    if account is None or not account.enabled:
        return False
    return account.sessions_valid_from <= session.began_at and now < session.began_at + LIFETIME
