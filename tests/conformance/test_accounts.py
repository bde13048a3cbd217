"""Accounts and their credentials."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from isthmus.cloud.accounts.account import Account, Role
from isthmus.cloud.accounts.errors import NameTakenError, NotFoundError
from isthmus.cloud.accounts.tenant import Tenant
from isthmus.cloud.storage.accounts import AccountStore
from isthmus.cloud.storage.database import Database
from isthmus.cloud.storage.vault import Vault

CREDENTIAL = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA"


@pytest.fixture
def store(database: Database, vault: Vault) -> AccountStore:
    return AccountStore(database, vault)


def account(tenant: Tenant, name: str, now: datetime) -> Account:
    return Account(
        tenant_id=tenant.tenant_id,
        account_id=uuid4(),
        user_principal_name=f"{name}@{tenant.domains[0]}",
        display_name=name.title(),
        enabled=True,
        roles=frozenset({Role.GLOBAL_ADMINISTRATOR}),
        sessions_valid_from=now,
    )


def test_an_account_is_found_as_it_was_created(store: AccountStore, tenant: Tenant, now: datetime) -> None:
    ann = account(tenant, "ann", now)
    store.create_cloud_account(ann, credential=CREDENTIAL, now=now)
    assert store.get(tenant.tenant_id, ann.account_id) == ann
    assert store.find_by_upn(tenant.tenant_id, "ANN@contoso.example") == ann
    subject = store.find_signin_subject(tenant.tenant_id, "Ann@Contoso.Example")
    assert subject is not None
    assert (subject.account, subject.credential) == (ann, CREDENTIAL)
    assert CREDENTIAL not in repr(subject)


def test_an_account_without_password_has_no_credential(store: AccountStore, tenant: Tenant, now: datetime) -> None:
    store.create_cloud_account(account(tenant, "ann", now), credential=None, now=now)
    subject = store.find_signin_subject(tenant.tenant_id, "ann@contoso.example")
    assert subject is not None
    assert subject.credential is None


def test_another_tenant_does_not_see_it(
    store: AccountStore, tenant: Tenant, other_tenant: Tenant, now: datetime
) -> None:
    ann = account(tenant, "ann", now)
    store.create_cloud_account(ann, credential=CREDENTIAL, now=now)
    assert store.get(other_tenant.tenant_id, ann.account_id) is None
    assert store.find_by_upn(other_tenant.tenant_id, ann.user_principal_name) is None
    assert store.find_signin_subject(other_tenant.tenant_id, ann.user_principal_name) is None


def test_a_name_is_given_once_in_a_tenant_and_again_in_another(
    store: AccountStore, tenant: Tenant, other_tenant: Tenant, now: datetime
) -> None:
    store.create_cloud_account(account(tenant, "ann", now), credential=None, now=now)
    with pytest.raises(NameTakenError):
        store.create_cloud_account(account(tenant, "ANN", now), credential=None, now=now)
    store.create_cloud_account(account(other_tenant, "ann", now), credential=None, now=now)


def test_a_new_password_replaces_the_old_one_and_ends_sessions(
    store: AccountStore, tenant: Tenant, now: datetime
) -> None:
    ann = account(tenant, "ann", now)
    store.create_cloud_account(ann, credential=CREDENTIAL, now=now)
    later = now + timedelta(hours=1)
    store.set_credential(tenant.tenant_id, ann.account_id, "$argon2id$other", now=later)
    subject = store.find_signin_subject(tenant.tenant_id, ann.user_principal_name)
    assert subject is not None
    assert (subject.credential, subject.account.sessions_valid_from) == ("$argon2id$other", later)


def test_disabling_ends_sessions_and_enabling_does_not_restore_them(
    store: AccountStore, tenant: Tenant, now: datetime
) -> None:
    ann = account(tenant, "ann", now)
    store.create_cloud_account(ann, credential=None, now=now)
    later = now + timedelta(hours=1)
    store.set_enabled(tenant.tenant_id, ann.account_id, enabled=False, now=later)
    store.set_enabled(tenant.tenant_id, ann.account_id, enabled=True, now=later + timedelta(hours=1))
    found = store.get(tenant.tenant_id, ann.account_id)
    assert found is not None
    assert (found.enabled, found.sessions_valid_from) == (True, later)


def test_nobody_can_be_changed_who_is_not_there(store: AccountStore, tenant: Tenant, now: datetime) -> None:
    with pytest.raises(NotFoundError):
        store.set_credential(tenant.tenant_id, uuid4(), CREDENTIAL, now=now)
    with pytest.raises(NotFoundError):
        store.set_enabled(tenant.tenant_id, uuid4(), enabled=False, now=now)


def test_pages_follow_the_names(store: AccountStore, tenant: Tenant, now: datetime) -> None:
    for name in ("cat", "Ann", "bob"):
        store.create_cloud_account(account(tenant, name, now), credential=None, now=now)
    first = store.page(tenant.tenant_id, limit=2)
    rest = store.page(tenant.tenant_id, after=first[-1].user_principal_name)
    assert [each.user_principal_name.partition("@")[0] for each in [*first, *rest]] == ["Ann", "bob", "cat"]
