"""Applications and their secrets."""

from datetime import datetime, timedelta
from hashlib import sha256
from uuid import uuid4

import pytest

from isthmus.cloud.accounts.application import Application, Platform, RedirectUri
from isthmus.cloud.accounts.errors import NotFoundError
from isthmus.cloud.accounts.tenant import Tenant
from isthmus.cloud.storage.applications import ApplicationStore
from isthmus.cloud.storage.database import Database


def application(tenant: Tenant, name: str = "Portal") -> Application:
    return Application(
        tenant_id=tenant.tenant_id,
        client_id=uuid4(),
        name=name,
        redirect_uris=(
            RedirectUri("https://portal.contoso.example/cb", Platform.WEB),
            RedirectUri("https://portal.contoso.example/spa", Platform.SPA),
        ),
        allows_id_token_from_authorize=True,
    )


def test_an_application_is_found_as_it_was_created(database: Database, tenant: Tenant, now: datetime) -> None:
    store = ApplicationStore(database)
    portal = application(tenant)
    store.create(portal, now=now)
    assert store.find(tenant.tenant_id, portal.client_id) == portal
    assert store.find_by_client_id(portal.client_id) == portal
    assert store.all(tenant.tenant_id) == [portal]


def test_another_tenant_does_not_see_it(
    database: Database, tenant: Tenant, other_tenant: Tenant, now: datetime
) -> None:
    store = ApplicationStore(database)
    portal = application(tenant)
    store.create(portal, now=now)
    assert store.find(other_tenant.tenant_id, portal.client_id) is None
    assert store.all(other_tenant.tenant_id) == []
    with pytest.raises(NotFoundError):
        store.add_secret(other_tenant.tenant_id, portal.client_id)
    with pytest.raises(NotFoundError):
        store.delete(other_tenant.tenant_id, portal.client_id)


def test_a_secret_is_told_once_and_held_as_a_digest(database: Database, tenant: Tenant, now: datetime) -> None:
    store = ApplicationStore(database)
    portal = application(tenant)
    store.create(portal, now=now)
    expiry = now + timedelta(days=90)
    secrets = {store.add_secret(tenant.tenant_id, portal.client_id, expires_at=expiry) for _ in range(2)}
    found = store.find(tenant.tenant_id, portal.client_id)
    assert found is not None
    assert {each.digest for each in found.secrets} == {sha256(each.encode()).digest() for each in secrets}
    assert {each.hint for each in found.secrets} == {each[:3] for each in secrets}
    assert {each.expires_at for each in found.secrets} == {expiry}


def test_a_deleted_application_is_gone_with_its_secrets(database: Database, tenant: Tenant, now: datetime) -> None:
    store = ApplicationStore(database)
    portal = application(tenant)
    store.create(portal, now=now)
    store.add_secret(tenant.tenant_id, portal.client_id)
    store.delete(tenant.tenant_id, portal.client_id)
    assert store.find_by_client_id(portal.client_id) is None
    assert store.all(tenant.tenant_id) == []
