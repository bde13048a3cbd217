"""Signing in with a password: it lets its owner in, and nobody else."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from isthmus.cloud.accounts.account import Account, SigninSubject
from isthmus.cloud.signin.credential import credential_matches, is_slow
from isthmus.cloud.signin.lockout import (
    CLEAN,
    Lockout,
    LockoutPolicy,
    after_wrong_password,
    unknown_name_key,
    wrong_password_digest,
)
from isthmus.cloud.signin.refusal import Refusal


class Subjects(Protocol):
    def find_signin_subject(self, tenant_id: UUID, user_principal_name: str) -> SigninSubject | None: ...


class Lockouts(Protocol):
    """Shared by every process that serves the tenant."""

    def find(self, tenant_id: UUID, account_key: UUID) -> Lockout: ...

    def change(self, tenant_id: UUID, account_key: UUID, step: Callable[[Lockout], Lockout]) -> Lockout:
        """Applies *step* as one atomic change; what was held before it."""
        ...


@dataclass(frozen=True, slots=True)
class Allowed:
    account: Account


@dataclass(frozen=True, slots=True)
class Refused:
    refusal: Refusal
    account: Account | None
    """For the log only."""


Verdict = Allowed | Refused


class PasswordSignin:
    def __init__(self, subjects: Subjects, lockouts: Lockouts, *, policy: LockoutPolicy, secret: bytes) -> None:
        """*secret*: 32 bytes, the same in all processes; keys the digests of wrong passwords."""
        self._subjects = subjects
        self._lockouts = lockouts
        self._policy = policy
        self._secret = secret

    def attempt(self, tenant_id: UUID, user_principal_name: str, password: str, *, now: datetime) -> Verdict:
        """Failures are looked at after the password, so that guesses made meanwhile count and a lock costs no time."""
        subject = self._subjects.find_signin_subject(tenant_id, user_principal_name)
        account = subject.account if subject else None
        credential = subject.credential if subject else None
        key = account.account_id if account else unknown_name_key(self._secret, tenant_id, user_principal_name)
        if is_slow(credential) and self._lockouts.find(tenant_id, key).is_locked(now):
            return Refused(Refusal.LOCKED, account)
        matches = credential_matches(credential, password)
        held = self._lockouts.find(tenant_id, key)
        if held.is_locked(now):
            return Refused(Refusal.LOCKED, account)
        if subject is None or not matches:
            return self._wrong(tenant_id, key, subject, password, now=now)
        if held != CLEAN and self._locked_meanwhile(tenant_id, key, now):
            return Refused(Refusal.LOCKED, account)
        return Allowed(subject.account) if subject.account.enabled else Refused(Refusal.DISABLED, account)

    def _wrong(
        self, tenant_id: UUID, key: UUID, subject: SigninSubject | None, password: str, *, now: datetime
    ) -> Refused:
        digest = wrong_password_digest(self._secret, tenant_id, key, password)
        before = self._lockouts.change(
            tenant_id, key, lambda held: after_wrong_password(held, digest, now=now, policy=self._policy)
        )
        if before.is_locked(now):
            return Refused(Refusal.LOCKED, subject.account if subject else None)
        return _why_wrong(subject)

    def _locked_meanwhile(self, tenant_id: UUID, key: UUID, now: datetime) -> bool:
        """Clears the failures, unless others have just locked the account."""
        before = self._lockouts.change(tenant_id, key, lambda held: held if held.is_locked(now) else CLEAN)
        return before.is_locked(now)


def _why_wrong(subject: SigninSubject | None) -> Refused:
    if subject is None:
        return Refused(Refusal.UNKNOWN_PERSON, None)
    if subject.credential is None:
        return Refused(Refusal.NO_PASSWORD, subject.account)
    return Refused(Refusal.WRONG_PASSWORD, subject.account)
