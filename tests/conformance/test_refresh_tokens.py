"""Refresh tokens and their families."""

from datetime import datetime, timedelta
from uuid import uuid4

from isthmus.cloud.accounts.application import Platform
from isthmus.cloud.accounts.tenant import Tenant
from isthmus.cloud.signin.log import ClientKind, SigninEntry
from isthmus.cloud.storage.database import Database
from isthmus.cloud.storage.refresh_tokens import RefreshTokenStore
from isthmus.cloud.storage.signin_log import SigninLogStore
from isthmus.cloud.tokens.claims import Authentication
from isthmus.cloud.tokens.refresh import IDLE_LIFETIME, Family, RefreshToken
from isthmus.cloud.web.opaque import SECRET_BYTES, Handle, handle_of, handle_text


def handle(tenant: Tenant, number: int = 0) -> Handle:
    return handle_of(handle_text(tenant.tenant_id, bytes([number]) * SECRET_BYTES))


def family(tenant: Tenant, now: datetime) -> Family:
    return Family(
        tenant_id=tenant.tenant_id,
        family_id=uuid4(),
        client_id=uuid4(),
        account_id=uuid4(),
        platform=Platform.PUBLIC,
        scope="openid offline_access",
        authentication=Authentication(at=now, methods=("pwd",), session_id=uuid4()),
    )


def entry(tenant: Tenant, now: datetime) -> SigninEntry:
    return SigninEntry(
        tenant_id=tenant.tenant_id,
        entry_id=uuid4(),
        created_at=now,
        correlation_id=uuid4(),
        user_principal_name="ann@contoso.example",
        account_id=None,
        display_name=None,
        client_id=None,
        application_name=None,
        resource=None,
        ip_address="192.0.2.1",
        user_agent="",
        client_kind=ClientKind.BROWSER,
        is_interactive=False,
        method="refresh_token",
        error_code=0,
    )


def test_a_token_is_found_with_its_family(database: Database, tenant: Tenant, now: datetime) -> None:
    store, held = RefreshTokenStore(database), family(tenant, now)
    assert store.begin(handle(tenant), held, noted=None, now=now)
    assert store.find(handle(tenant)) == RefreshToken(family=held, issued_at=now, rotated_at=None, revoked=False)
    assert store.find(handle(tenant, 1)) is None


def test_a_rotated_token_keeps_its_first_time(database: Database, tenant: Tenant, now: datetime) -> None:
    store, held, later = RefreshTokenStore(database), family(tenant, now), now + timedelta(seconds=9)
    store.begin(handle(tenant, 0), held, noted=None, now=now)
    store.rotate(handle(tenant, 0), handle(tenant, 1), held, noted=entry(tenant, now), now=now)
    store.rotate(handle(tenant, 0), handle(tenant, 2), held, noted=entry(tenant, now), now=later)
    old, new = store.find(handle(tenant, 0)), store.find(handle(tenant, 2))
    assert old is not None
    assert new is not None
    assert (old.rotated_at, new.rotated_at) == (now, None)


def test_revoking_reaches_the_whole_family_and_no_other(database: Database, tenant: Tenant, now: datetime) -> None:
    store, held, other = RefreshTokenStore(database), family(tenant, now), family(tenant, now)
    store.begin(handle(tenant, 0), held, noted=None, now=now)
    store.rotate(handle(tenant, 0), handle(tenant, 1), held, noted=entry(tenant, now), now=now)
    store.begin(handle(tenant, 2), other, noted=None, now=now)
    store.revoke(tenant.tenant_id, held.family_id, now=now, until=now + IDLE_LIFETIME)
    found = [store.find(handle(tenant, number)) for number in range(3)]
    assert [token is not None and token.revoked for token in found] == [True, True, False]


def test_a_family_that_was_revoked_before_it_began_never_begins(
    database: Database, tenant: Tenant, now: datetime
) -> None:
    store, held = RefreshTokenStore(database), family(tenant, now)
    store.revoke(tenant.tenant_id, held.family_id, now=now, until=now + IDLE_LIFETIME)
    assert not store.begin(handle(tenant), held, noted=entry(tenant, now), now=now)
    assert store.find(handle(tenant)) is None
    assert SigninLogStore(database).recent(tenant.tenant_id) == []


def test_a_token_and_its_log_entry_come_into_being_together(database: Database, tenant: Tenant, now: datetime) -> None:
    noted = entry(tenant, now)
    RefreshTokenStore(database).begin(handle(tenant), family(tenant, now), noted=noted, now=now)
    assert SigninLogStore(database).recent(tenant.tenant_id) == [noted]


def test_use_keeps_a_family_from_being_swept(database: Database, tenant: Tenant, now: datetime) -> None:
    store, used, idle = RefreshTokenStore(database), family(tenant, now), family(tenant, now)
    store.begin(handle(tenant, 0), used, noted=None, now=now)
    store.begin(handle(tenant, 1), idle, noted=None, now=now)
    later = now + IDLE_LIFETIME - timedelta(days=1)
    store.rotate(handle(tenant, 0), handle(tenant, 2), used, noted=entry(tenant, later), now=later)
    store.sweep(tenant.tenant_id, now=now + IDLE_LIFETIME + timedelta(days=1))
    assert store.find(handle(tenant, 2)) is not None
    assert store.find(handle(tenant, 1)) is None
