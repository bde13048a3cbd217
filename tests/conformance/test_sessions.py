"""Browsers' sessions."""

from datetime import datetime, timedelta
from uuid import uuid4

from isthmus.cloud.accounts.tenant import Tenant
from isthmus.cloud.signin.session import LIFETIME, Session
from isthmus.cloud.storage.database import Database
from isthmus.cloud.storage.sessions import SessionStore
from isthmus.cloud.web.opaque import SECRET_BYTES, Handle, handle_of, handle_text


def handle(tenant: Tenant, number: int = 0) -> Handle:
    return handle_of(handle_text(tenant.tenant_id, bytes([number]) * SECRET_BYTES))


def session(tenant: Tenant, began_at: datetime) -> Session:
    return Session(
        tenant_id=tenant.tenant_id,
        session_id=uuid4(),
        account_id=uuid4(),
        began_at=began_at,
        methods=("pwd", "mfa"),
    )


def test_a_session_is_found_by_its_handle_only(
    database: Database, tenant: Tenant, other_tenant: Tenant, now: datetime
) -> None:
    store, held = SessionStore(database), session(tenant, now)
    store.add(handle(tenant), held)
    assert store.find(handle(tenant)) == held
    assert store.find(handle(tenant, 1)) is None
    assert store.find(Handle(other_tenant.tenant_id, handle(tenant).digest)) is None


def test_an_ended_session_is_gone(database: Database, tenant: Tenant, now: datetime) -> None:
    store = SessionStore(database)
    store.add(handle(tenant), session(tenant, now))
    store.end(handle(tenant))
    store.end(handle(tenant))
    assert store.find(handle(tenant)) is None


def test_sweeping_forgets_only_what_is_over(database: Database, tenant: Tenant, now: datetime) -> None:
    store = SessionStore(database)
    store.add(handle(tenant, 1), session(tenant, now))
    store.add(handle(tenant, 2), session(tenant, now - LIFETIME - timedelta(seconds=1)))
    store.sweep(tenant.tenant_id, now=now)
    assert store.find(handle(tenant, 1)) is not None
    assert store.find(handle(tenant, 2)) is None
