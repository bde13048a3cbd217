"""Authorization codes: what one remembers, and when it may be turned into tokens."""

import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from hashlib import sha256
from uuid import UUID

from isthmus.cloud.accounts.application import Platform
from isthmus.cloud.tokens.claims import Authentication

LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationCode:
    tenant_id: UUID
    client_id: UUID
    account_id: UUID
    redirect_uri: str
    platform: Platform
    scope: str
    nonce: str | None
    challenge: str | None
    """PKCE's code_challenge, method S256."""
    with_auth_time: bool
    authentication: Authentication
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class HeldCode:
    """A code as the database holds it."""

    code: AuthorizationCode
    redeemed_as: UUID | None
    """The family of refresh tokens that it became. None: not redeemed yet."""


class CodeRefusal(Enum):
    """Why a code is not redeemed: AADSTS number and words."""

    REUSED = (54005, "the code has been redeemed already; all that followed from it is revoked")
    OTHER_CLIENT = (70000, "the code was issued to another application")
    EXPIRED = (70008, "the code has expired")
    OTHER_REDIRECT_URI = (50011, "the redirect URI is not the one that the code was issued for")
    VERIFIER_MISSING = (501481, "the code was issued with a code_challenge, and no code_verifier was sent")
    VERIFIER_WRONG = (501481, "the code_verifier does not match the code_challenge")

    @property
    def code(self) -> int:
        return self.value[0]

    @property
    def words(self) -> str:
        return self.value[1]


def why_not_redeem(
    found: HeldCode, *, client_id: UUID, redirect_uri: str | None, verifier: str | None, now: datetime
) -> CodeRefusal | None:
    """None: the code may be redeemed. Between two at the same moment the store decides."""
    held = found.code
    if held.client_id != client_id:
        return CodeRefusal.OTHER_CLIENT
    if found.redeemed_as is not None:
        return CodeRefusal.REUSED
    if now >= held.issued_at + LIFETIME:
        return CodeRefusal.EXPIRED
    if held.redirect_uri != redirect_uri:
        return CodeRefusal.OTHER_REDIRECT_URI
    return _why_no_proof(held.challenge, verifier)


def code_challenge(verifier: str) -> str:
    """RFC 7636, S256."""
    digest = sha256(verifier.encode("utf-8", "replace")).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def _why_no_proof(challenge: str | None, verifier: str | None) -> CodeRefusal | None:
    """A verifier without a challenge is a sign that someone took the challenge out: RFC 9700, 2.1.1."""
    if challenge is None:
        return None if verifier is None else CodeRefusal.VERIFIER_WRONG
    if verifier is None:
        return CodeRefusal.VERIFIER_MISSING
    matches = hmac.compare_digest(code_challenge(verifier).encode(), challenge.encode("utf-8", "replace"))
    return None if matches else CodeRefusal.VERIFIER_WRONG
