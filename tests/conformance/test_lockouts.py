"""Failed sign-ins, counted by many at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import uuid4

from isthmus.cloud.accounts.tenant import Tenant
from isthmus.cloud.signin.lockout import CLEAN, Lockout, LockoutPolicy, after_wrong_password
from isthmus.cloud.storage.database import Database
from isthmus.cloud.storage.lockouts import LockoutStore


def test_what_was_remembered_is_found_again(database: Database, tenant: Tenant, now: datetime) -> None:
    store, account = LockoutStore(database), uuid4()
    held = Lockout(
        failures=11, locks=2, locked_until=now + timedelta(seconds=120), failed_at=now, recent=(b"a" * 16, b"b" * 16)
    )
    assert store.change(tenant.tenant_id, account, lambda _: held) == CLEAN
    assert store.find(tenant.tenant_id, account) == held
    assert store.find(uuid4(), account) == CLEAN


def test_an_account_without_failures_has_no_row(database: Database, tenant: Tenant, now: datetime) -> None:
    store, account = LockoutStore(database), uuid4()
    store.change(tenant.tenant_id, account, lambda _: Lockout(failures=1, failed_at=now))
    assert store.change(tenant.tenant_id, account, lambda _: CLEAN).failures == 1
    assert store.find(tenant.tenant_id, account) == CLEAN
    store.change(tenant.tenant_id, account, lambda _: Lockout(failures=1, failed_at=now))
    store.clear(tenant.tenant_id, account)
    assert store.find(tenant.tenant_id, account) == CLEAN


def test_failures_at_the_same_moment_are_all_counted(database: Database, tenant: Tenant, now: datetime) -> None:
    store, account, policy = LockoutStore(database), uuid4(), LockoutPolicy()

    def fail(number: int) -> bool:
        digest = number.to_bytes(16)
        before = store.change(
            tenant.tenant_id, account, lambda held: after_wrong_password(held, digest, now=now, policy=policy)
        )
        return before.is_locked(now)

    with ThreadPoolExecutor(8) as pool:
        found_locked = list(pool.map(fail, range(24)))
    assert found_locked.count(True) == 14
    assert store.find(tenant.tenant_id, account).failures == 10


def test_successes_and_failures_at_the_same_moment_do_not_meet_half_way(
    database: Database, tenant: Tenant, now: datetime
) -> None:
    store, account = LockoutStore(database), uuid4()

    def change(number: int) -> Lockout:
        after = Lockout(failures=1, failed_at=now) if number % 2 else CLEAN
        return store.change(tenant.tenant_id, account, lambda _: after)

    with ThreadPoolExecutor(8) as pool:
        assert {held.failures for held in pool.map(change, range(200))} <= {0, 1}
