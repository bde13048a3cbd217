"""Agents, enrolment codes and credentials that were used."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from isthmus.cloud.accounts.agent import AgentReport, EnrolledAgent
from isthmus.cloud.accounts.audit import AuditAction, AuditEntry
from isthmus.cloud.accounts.errors import NotFoundError
from isthmus.cloud.accounts.tenant import Tenant
from isthmus.cloud.storage.agents import AgentStore
from isthmus.cloud.storage.audit_log import AuditLog
from isthmus.cloud.storage.database import Database

KEY = {"kty": "EC", "crv": "P-256", "x": "x", "y": "y"}
CODE = "Zm9yIG9uZSBhZ2VudCBvbmx5"


def enrol(store: AgentStore, now: datetime, code: str = CODE) -> UUID | None:
    return store.enrol(code, name="dc1", public_key=KEY, agent_id=uuid4(), now=now)


def enrolled(store: AgentStore, tenant: Tenant, now: datetime) -> EnrolledAgent:
    store.add_enrolment_code(tenant.tenant_id, CODE, expires_at=now + timedelta(hours=1))
    assert enrol(store, now) == tenant.tenant_id
    return store.all(tenant.tenant_id)[0]


def test_a_code_enrols_one_agent_once(database: Database, tenant: Tenant, now: datetime) -> None:
    store = AgentStore(database)
    agent = enrolled(store, tenant, now)
    assert (agent.name, agent.public_key, agent.enrolled_at) == ("dc1", KEY, now)
    assert store.find(agent.agent_id) == agent
    assert enrol(store, now) is None


def test_of_many_at_once_one_alone_gets_the_code(database: Database, tenant: Tenant, now: datetime) -> None:
    store = AgentStore(database)
    store.add_enrolment_code(tenant.tenant_id, CODE, expires_at=now + timedelta(hours=1))
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: enrol(store, now), range(8)))
    assert sorted(results, key=str) == [None] * 7 + [tenant.tenant_id] or results.count(tenant.tenant_id) == 1
    assert len(store.all(tenant.tenant_id)) == 1


def test_wrong_and_expired_codes_enrol_nobody(database: Database, tenant: Tenant, now: datetime) -> None:
    store = AgentStore(database)
    store.add_enrolment_code(tenant.tenant_id, CODE, expires_at=now)
    assert enrol(store, now) is None
    assert enrol(store, now, "another code altogether") is None
    assert store.all(tenant.tenant_id) == []


def test_a_credential_is_good_once(database: Database, tenant: Tenant, now: datetime) -> None:
    store = AgentStore(database)
    agent = enrolled(store, tenant, now)
    expiry = now + timedelta(minutes=2)
    assert store.use_credential(agent, "one", expires_at=expiry, now=now)
    assert not AgentStore(database).use_credential(agent, "one", expires_at=expiry, now=now)
    assert store.use_credential(agent, "two", expires_at=expiry, now=now)
    assert store.all(tenant.tenant_id)[0].last_seen_at == now


def test_of_many_at_once_one_alone_uses_a_credential(database: Database, tenant: Tenant, now: datetime) -> None:
    store = AgentStore(database)
    agent = enrolled(store, tenant, now)
    expiry = now + timedelta(minutes=2)
    with ThreadPoolExecutor(8) as pool:
        used = list(pool.map(lambda _: store.use_credential(agent, "one", expires_at=expiry, now=now), range(8)))
    assert used.count(True) == 1


def test_used_credentials_are_forgotten_when_they_have_expired(
    database: Database, tenant: Tenant, now: datetime
) -> None:
    store = AgentStore(database)
    agent = enrolled(store, tenant, now)
    expiry = now + timedelta(minutes=2)
    names = [str(number) for number in range(200)]
    for name in names[:50]:
        assert store.use_credential(agent, name, expires_at=expiry, now=now)
    later = expiry + timedelta(seconds=1)
    for name in names[50:]:
        store.use_credential(agent, name, expires_at=later + timedelta(minutes=2), now=later)
    assert store.use_credential(agent, "0", expires_at=later, now=later)


def test_a_revoked_agent_stays_revoked_and_a_stranger_cannot_be(
    database: Database, tenant: Tenant, other_tenant: Tenant, now: datetime
) -> None:
    store = AgentStore(database)
    agent = enrolled(store, tenant, now)
    with pytest.raises(NotFoundError):
        store.revoke(other_tenant.tenant_id, agent.agent_id, now=now)
    store.revoke(tenant.tenant_id, agent.agent_id, now=now)
    store.revoke(tenant.tenant_id, agent.agent_id, now=now + timedelta(hours=1))
    found = store.find(agent.agent_id)
    assert found is not None
    assert found.revoked_at == now


def test_the_last_report_is_kept(database: Database, tenant: Tenant, now: datetime) -> None:
    store = AgentStore(database)
    agent = enrolled(store, tenant, now)
    assert agent.report is None
    report = AgentReport(version="1.0", state="watching", last_cycle_at=now, pending=3, refused=2**40)
    store.record_report(agent, report)
    assert store.all(tenant.tenant_id)[0].report == report


def test_the_audit_log_tells_its_tenants_entries_newest_first(
    database: Database, tenant: Tenant, other_tenant: Tenant, now: datetime
) -> None:
    log = AuditLog(database)
    entries = [
        AuditEntry(
            tenant_id=tenant.tenant_id,
            at=now + timedelta(seconds=number),
            actor="operator",
            action=AuditAction.DOMAIN_ADDED,
            subject=f"d{number}.example",
        )
        for number in range(3)
    ]
    for entry in entries:
        log.append(entry)
    assert log.latest(tenant.tenant_id, limit=2) == [entries[2], entries[1]]
    assert log.latest(other_tenant.tenant_id) == []
