"""Tenants and their domains."""

from datetime import datetime
from uuid import uuid4

import pytest

from isthmus.cloud.accounts.errors import NameTakenError, NotFoundError
from isthmus.cloud.accounts.tenant import Tenant
from isthmus.cloud.storage.database import Database
from isthmus.cloud.storage.tenants import TenantStore


def test_a_tenant_is_found_by_guid_and_by_domain_in_any_case(database: Database, tenant: Tenant) -> None:
    store = TenantStore(database)
    for name in (str(tenant.tenant_id), str(tenant.tenant_id).upper(), "contoso.example", "Contoso.EXAMPLE"):
        assert store.find(name) == tenant


def test_strangers_are_not_found(database: Database, tenant: Tenant) -> None:
    del tenant
    store = TenantStore(database)
    assert store.find("common") is None
    assert store.find(str(uuid4())) is None


def test_a_second_domain_is_found_at_once_and_the_first_stays_the_default(database: Database, tenant: Tenant) -> None:
    store = TenantStore(database)
    assert store.find("contoso.example") == tenant
    store.add_domain(tenant.tenant_id, "Emea.Contoso.example")
    found = store.find("emea.contoso.example")
    assert found is not None
    assert found.domains == ("contoso.example", "emea.contoso.example")
    assert store.find("contoso.example") == found


def test_a_domain_belongs_to_one_tenant_only(database: Database, tenant: Tenant, other_tenant: Tenant) -> None:
    with pytest.raises(NameTakenError):
        TenantStore(database).add_domain(other_tenant.tenant_id, tenant.domains[0])


def test_an_unknown_tenant_gets_no_domain(database: Database) -> None:
    with pytest.raises(NotFoundError):
        TenantStore(database).add_domain(uuid4(), "contoso.example")


def test_a_tenant_whose_domain_is_taken_is_not_created_by_half(
    database: Database, tenant: Tenant, now: datetime
) -> None:
    store = TenantStore(database)
    with pytest.raises(NameTakenError):
        store.create(Tenant(uuid4(), "Impostor", ("impostor.example", "contoso.example")), now=now)
    assert store.all() == [tenant]
    assert store.find("impostor.example") is None
