"""Refresh tokens: rotated at each use, bound to application and account, one family for each sign-in."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

from isthmus.cloud.accounts.account import Account
from isthmus.cloud.accounts.application import Platform
from isthmus.cloud.tokens.claims import Authentication

IDLE_LIFETIME = timedelta(days=90)
SPA_LIFETIME = timedelta(hours=24)
"""From the sign-in; a single-page application's tokens do not slide."""
GRACE = timedelta(seconds=60)
"""How long a rotated token still works: its holder may not have got the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """All refresh tokens that follow from one sign-in to one application."""

    tenant_id: UUID
    family_id: UUID
    client_id: UUID
    account_id: UUID
    platform: Platform
    scope: str
    authentication: Authentication


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshToken:
    family: Family
    issued_at: datetime
    rotated_at: datetime | None
    revoked: bool
    """The whole family was."""


class RefreshRefusal(Enum):
    """Why a refresh token is refused: AADSTS number and words."""

    OTHER_CLIENT = (70000, "the refresh token was issued to another application")
    REVOKED = (70000, "the refresh token has been revoked")
    REUSED = (70000, "the refresh token had been replaced; all that followed from its sign-in is revoked")
    EXPIRED = (700082, "the refresh token was not used for too long")
    SPA_EXPIRED = (700084, "the refresh token of a single-page application has reached its fixed end")
    DISABLED = (50057, "the account is disabled")
    GONE = (50020, "the account no longer exists")
    SIGNED_OUT = (50173, "the password was changed or access was revoked since the sign-in; sign in again")

    @property
    def code(self) -> int:
        return self.value[0]

    @property
    def words(self) -> str:
        return self.value[1]


def why_not_refresh(
    token: RefreshToken, *, client_id: UUID, account: Account | None, now: datetime
) -> RefreshRefusal | None:
    """*account*: the token's own as it is now, or None if it is gone. None as answer: it may be used."""
    family = token.family
    if family.client_id != client_id:
        return RefreshRefusal.OTHER_CLIENT
    if token.revoked:
        return RefreshRefusal.REVOKED
    if token.rotated_at is not None and now - token.rotated_at > GRACE:
        return RefreshRefusal.REUSED
    return _why_not_account(account, family.authentication.at) or _why_too_old(token, now)


def expires_at(family: Family, *, issued_at: datetime) -> datetime:
    """The end of a refresh token that is issued now."""
    if family.platform is Platform.SPA:
        return family.authentication.at + SPA_LIFETIME
    return issued_at + IDLE_LIFETIME


def _why_not_account(account: Account | None, signed_in_at: datetime) -> RefreshRefusal | None:
    if account is None:
        return RefreshRefusal.GONE
    if not account.enabled:
        return RefreshRefusal.DISABLED
    return RefreshRefusal.SIGNED_OUT if signed_in_at < account.sessions_valid_from else None


def _why_too_old(token: RefreshToken, now: datetime) -> RefreshRefusal | None:
    if now < expires_at(token.family, issued_at=token.issued_at):
        return None
    return RefreshRefusal.SPA_EXPIRED if token.family.platform is Platform.SPA else RefreshRefusal.EXPIRED
