"""The sign-in log."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

from isthmus.cloud.accounts.tenant import Tenant
from isthmus.cloud.signin.log import ClientKind, SigninEntry
from isthmus.cloud.storage.database import Database
from isthmus.cloud.storage.signin_log import SigninLogStore


def entry(tenant: Tenant, at: datetime, *, name: str = "ann@contoso.example", code: int = 0) -> SigninEntry:
    return SigninEntry(
        tenant_id=tenant.tenant_id,
        entry_id=uuid4(),
        created_at=at,
        correlation_id=uuid4(),
        user_principal_name=name,
        account_id=uuid4(),
        display_name="Ann",
        client_id=uuid4(),
        application_name="Payroll",
        resource="Microsoft Graph",
        ip_address="2001:db8::1",
        user_agent="Mozilla/5.0",
        client_kind=ClientKind.BROWSER,
        is_interactive=True,
        method="password",
        error_code=code,
        failure_reason="wrong password" if code else None,
    )


def test_the_latest_entry_comes_first_as_it_was_written(database: Database, tenant: Tenant, now: datetime) -> None:
    store = SigninLogStore(database)
    entries = [entry(tenant, now + timedelta(seconds=number)) for number in range(3)]
    for each in entries:
        store.add(each)
    assert store.recent(tenant.tenant_id) == entries[::-1]
    assert store.recent(tenant.tenant_id, limit=1) == entries[2:]


def test_entries_are_chosen_by_name_and_failure(
    database: Database, tenant: Tenant, other_tenant: Tenant, now: datetime
) -> None:
    store = SigninLogStore(database)
    success, failure = entry(tenant, now), entry(tenant, now, code=50126)
    stranger = entry(tenant, now, name="b%b@contoso.example", code=50034)
    for each in (success, failure, stranger, replace(entry(other_tenant, now), error_code=50126)):
        store.add(each)
    assert store.recent(tenant.tenant_id, user_principal_name="Ann@Contoso.example", failed_only=True) == [failure]
    assert store.recent(tenant.tenant_id, user_principal_name="b%b@contoso.example") == [stranger]
    assert store.recent(tenant.tenant_id, user_principal_name="%") == []


def test_old_entries_are_swept(database: Database, tenant: Tenant, now: datetime) -> None:
    store = SigninLogStore(database)
    old, young = entry(tenant, now - timedelta(days=31)), entry(tenant, now)
    store.add(old)
    store.add(young)
    store.sweep(tenant.tenant_id, before=now - timedelta(days=30))
    assert store.recent(tenant.tenant_id) == [young]
