"""Smart lockout: slows down guessing without counting a person who repeats an old password."""

import hmac
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from isthmus.cloud.accounts.account import upn_key

_TRACKED = 3
DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class LockoutPolicy:
    threshold: int = 10
    """Wrong passwords until the first lock."""
    first_lock: timedelta = timedelta(seconds=60)
    longest_lock: timedelta = timedelta(hours=1)
    """Each further lock is twice as long, up to this."""
    forgotten_after: timedelta = timedelta(days=1)
    """Without a failure for so long, counting begins anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lockout:
    """What is remembered of an account's failures."""

    failures: int = 0
    """Counted since the last success."""
    locks: int = 0
    """How often those failures have locked the account."""
    locked_until: datetime | None = None
    failed_at: datetime | None = None
    recent: tuple[bytes, ...] = ()
    """Digests of the last wrong passwords, oldest first."""

    def is_locked(self, now: datetime) -> bool:
        return self.locked_until is not None and now < self.locked_until


CLEAN = Lockout()


def after_wrong_password(held: Lockout, digest: bytes, *, now: datetime, policy: LockoutPolicy) -> Lockout:
    """*digest*: of the wrong password. While locked nothing counts; nor does one of the last wrong passwords again."""
    if held.is_locked(now):
        return held
    if held.failed_at is not None and now - held.failed_at >= policy.forgotten_after:
        held = CLEAN
    if any(hmac.compare_digest(digest, known) for known in held.recent):
        return held
    failed = replace(held, failures=held.failures + 1, failed_at=now, recent=(*held.recent, digest)[-_TRACKED:])
    if failed.failures < policy.threshold:
        return failed
    return replace(failed, locks=failed.locks + 1, locked_until=now + _lock_time(failed.locks, policy))


def wrong_password_digest(secret: bytes, tenant_id: UUID, account_key: UUID, password: str) -> bytes:
    """Tells whether a wrong password is repeated, and is no help to guess it without *secret*."""
    place = b"wrong password" + tenant_id.bytes + account_key.bytes
    return hmac.digest(secret, place + password.encode("utf-8", "surrogatepass"), sha256)[:DIGEST_BYTES]


def unknown_name_key(secret: bytes, tenant_id: UUID, name: str) -> UUID:
    """The lockout key of a name that nobody has: it locks as an account would, so that a lock tells nothing."""
    place = b"unknown name" + tenant_id.bytes
    # The same spellings must meet in one key as meet in one account: otherwise the difference tells who exists.
    return UUID(bytes=hmac.digest(secret, place + upn_key(name).encode("utf-8", "surrogatepass"), sha256)[:16])


def _lock_time(earlier_locks: int, policy: LockoutPolicy) -> timedelta:
    doublings = min(earlier_locks, 32)
    return min(policy.first_lock * (1 << doublings), policy.longest_lock)
