"""Keys that tokens are signed with."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from sqlalchemy import select

from isthmus.cloud.accounts.tenant import Tenant
from isthmus.cloud.storage.database import Database
from isthmus.cloud.storage.signing_keys import SigningKeyStore, signing_keys
from isthmus.cloud.storage.vault import Vault, VaultError
from isthmus.cloud.tokens.signing import key_that_signs, published, read_own_token, sign, thumbprint


def store_of(database: Database, vault: Vault, now: datetime) -> SigningKeyStore:
    return SigningKeyStore(database, vault, lambda: now)


def test_the_first_key_is_made_when_it_is_needed_and_then_kept(
    database: Database, tenant: Tenant, vault: Vault, now: datetime
) -> None:
    [key] = store_of(database, vault, now).published(tenant.tenant_id)
    [again] = store_of(database, vault, now).published(tenant.tenant_id)
    assert key.key_id == again.key_id == thumbprint(key.certificate)
    token = sign({"exp": int(now.timestamp()) + 60, "aud": "x"}, key, with_thumbprint=True)
    assert read_own_token(token, [again], now=now) == {"exp": int(now.timestamp()) + 60, "aud": "x"}
    assert read_own_token(token, [again], now=now + timedelta(minutes=2)) is None
    assert read_own_token(token[:-8] + "AAAAAAAA", [again], now=now) is None


def test_processes_that_need_the_first_key_at_once_agree_on_one(
    database: Database, tenant: Tenant, vault: Vault, now: datetime
) -> None:
    stores = [store_of(database, vault, now) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda store: store.published(tenant.tenant_id), stores))
    assert len({key.key_id for keys in found for key in keys}) == 1


def test_a_new_key_is_published_before_it_signs(
    database: Database, tenant: Tenant, vault: Vault, now: datetime
) -> None:
    store = store_of(database, vault, now)
    [first] = store.published(tenant.tenant_id)
    store.make(tenant.tenant_id, signs_from=now + timedelta(days=1))
    keys = store.published(tenant.tenant_id)
    assert len(keys) == 2
    assert key_that_signs(keys, now).key_id == first.key_id
    assert key_that_signs(keys, now + timedelta(days=1)).key_id != first.key_id


def test_every_tenant_has_its_own_keys(
    database: Database, tenant: Tenant, other_tenant: Tenant, vault: Vault, now: datetime
) -> None:
    store = store_of(database, vault, now)
    assert store.published(tenant.tenant_id)[0].key_id != store.published(other_tenant.tenant_id)[0].key_id


def test_the_private_half_is_sealed_and_never_published(
    database: Database, tenant: Tenant, vault: Vault, now: datetime
) -> None:
    [key] = store_of(database, vault, now).published(tenant.tenant_id)
    assert not {"d", "p", "q", "dp", "dq", "qi"} & published(key, issuer="i").keys()
    with database.read() as connection:
        sealed = connection.scalars(select(signing_keys.c.sealed)).one()
    assert b"\x02\x01\x00\x30\x0d\x06\x09" not in sealed
    with pytest.raises(VaultError):
        store_of(database, Vault({1: b"x" * 32}, current=1), now).published(tenant.tenant_id)


def test_the_certificate_holds_the_same_public_key(
    database: Database, tenant: Tenant, vault: Vault, now: datetime
) -> None:
    [key] = store_of(database, vault, now).published(tenant.tenant_id)
    assert x509.load_der_x509_certificate(key.certificate).public_key() == key.key.public_key
