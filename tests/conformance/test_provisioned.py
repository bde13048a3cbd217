"""Batches of people and passwords in a database."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from isthmus.cloud.accounts.account import Account
from isthmus.cloud.accounts.tenant import Tenant
from isthmus.cloud.storage.accounts import AccountStore
from isthmus.cloud.storage.database import Database
from isthmus.cloud.storage.provisioned import ProvisionedPeople
from isthmus.cloud.storage.vault import Vault, VaultError
from isthmus.contract.provisioning import (
    Item,
    ItemResult,
    PutPassword,
    PutPerson,
    RemovePerson,
    Stamp,
    Verdict,
    person_digest,
)

DSA = UUID("11111111-1111-1111-1111-111111111111")


@pytest.fixture
def people(database: Database, vault: Vault) -> ProvisionedPeople:
    return ProvisionedPeople(database, vault)


@pytest.fixture
def accounts(database: Database, vault: Vault) -> AccountStore:
    return AccountStore(database, vault)


def person(anchor: str, name: str | None = None, *, enabled: bool = True, **attributes: str) -> PutPerson:
    upn = f"{name or anchor}@contoso.example"
    return PutPerson.model_validate(
        {"source_anchor": anchor, "user_principal_name": upn, "enabled": enabled, **attributes}
    )


def password(anchor: str, version: int = 1, letter: str = "c") -> PutPassword:
    return PutPassword(
        source_anchor=anchor,
        stamp=Stamp(version=version, originated=13_400_000_000, invocation_id=DSA),
        cloud_hash=cloud_hash(letter),
    )


def cloud_hash(letter: str = "c") -> str:
    return f"v1;PPH1_MD4,{'ab' * 10},1000,{letter * 64};"


def verdicts(results: Sequence[ItemResult]) -> list[Verdict]:
    return [result.verdict for result in results]


def found(accounts: AccountStore, tenant: Tenant, name: str) -> Account:
    account = accounts.find_by_upn(tenant.tenant_id, f"{name}@contoso.example")
    assert account is not None
    return account


def test_people_and_passwords_of_a_batch_can_sign_in(
    people: ProvisionedPeople, accounts: AccountStore, tenant: Tenant, now: datetime
) -> None:
    items: list[Item] = [person("a1", "ann", display_name="Ann Lee", mail="a@b.example"), password("a1")]
    assert verdicts(people.apply(tenant.tenant_id, items, now=now)) == [Verdict.APPLIED] * 2
    subject = accounts.find_signin_subject(tenant.tenant_id, "ANN@contoso.example")
    assert subject is not None
    assert subject.credential == cloud_hash()
    assert (subject.account.display_name, subject.account.source_anchor) == ("Ann Lee", "a1")
    assert subject.account.sessions_valid_from == now


def test_a_batch_again_changes_nothing(people: ProvisionedPeople, tenant: Tenant, now: datetime) -> None:
    items: list[Item] = [person("a1"), password("a1"), person("a2"), RemovePerson(source_anchor="a2")]
    people.apply(tenant.tenant_id, items[:2], now=now)
    assert verdicts(people.apply(tenant.tenant_id, items[:2], now=now)) == [Verdict.UNCHANGED] * 2
    assert people.apply(tenant.tenant_id, [], now=now) == []


def test_what_is_held_is_told_in_the_order_of_anchors(people: ProvisionedPeople, tenant: Tenant, now: datetime) -> None:
    anchors = ["b", "B", "a", "+", "/", "0", "é", "Z"]
    items: list[Item] = [person(anchor, f"n{number}") for number, anchor in enumerate(anchors)]
    people.apply(tenant.tenant_id, [*items, password("a", 7)], now=now)
    told = []
    after = ""
    while True:
        page = people.page(tenant.tenant_id, after=after, limit=3)
        told += page.people
        if page.next_after is None:
            break
        after = page.next_after
    assert [each.source_anchor for each in told] == sorted(anchors)
    by_anchor = {each.source_anchor: each for each in told}
    assert by_anchor["a"].digest == person_digest(person("a", "n2"))
    assert by_anchor["a"].password_stamp == password("a", 7).stamp
    assert by_anchor["b"].password_stamp is None


def test_a_removed_person_cannot_sign_in_and_returns_as_the_same_account(
    people: ProvisionedPeople, accounts: AccountStore, tenant: Tenant, now: datetime
) -> None:
    people.apply(tenant.tenant_id, [person("a1"), password("a1")], now=now)
    before = found(accounts, tenant, "a1")
    later = now + timedelta(hours=1)
    people.apply(tenant.tenant_id, [RemovePerson(source_anchor="a1")], now=later)
    assert accounts.find_signin_subject(tenant.tenant_id, "a1@contoso.example") is None
    assert accounts.get(tenant.tenant_id, before.account_id) is None
    assert people.page(tenant.tenant_id, after="", limit=10).people == []
    people.apply(tenant.tenant_id, [person("a1")], now=later + timedelta(hours=1))
    after = found(accounts, tenant, "a1")
    assert (after.account_id, after.sessions_valid_from) == (before.account_id, later)


def test_who_is_disabled_is_kept_out_although_the_new_name_is_refused(
    people: ProvisionedPeople, accounts: AccountStore, tenant: Tenant, now: datetime
) -> None:
    people.apply(tenant.tenant_id, [person("a1", "ann"), person("a2", "bob")], now=now)
    later = now + timedelta(hours=1)
    results = people.apply(tenant.tenant_id, [person("a1", "bob", enabled=False)], now=later)
    assert verdicts(results) == [Verdict.REFUSED]
    ann = found(accounts, tenant, "ann")
    assert (ann.enabled, ann.sessions_valid_from) == (False, later)
    assert verdicts(people.apply(tenant.tenant_id, [person("a1", "ann")], now=later)) == [Verdict.APPLIED]
    assert found(accounts, tenant, "ann").enabled


def test_names_move_between_people_within_a_batch(
    people: ProvisionedPeople, accounts: AccountStore, tenant: Tenant, now: datetime
) -> None:
    people.apply(tenant.tenant_id, [person("a1", "ann"), person("a2", "bob"), person("a3", "cat")], now=now)
    moves: list[Item] = [
        person("a3", "cat.new"),
        person("a1", "cat"),
        RemovePerson(source_anchor="a2"),
        person("a0", "bob"),
        person("a4", "ann"),
    ]
    assert verdicts(people.apply(tenant.tenant_id, moves, now=now)) == [Verdict.APPLIED] * 5
    names = {name: found(accounts, tenant, name).source_anchor for name in ("cat.new", "cat", "bob", "ann")}
    assert names == {"cat.new": "a3", "cat": "a1", "bob": "a0", "ann": "a4"}


def test_an_older_password_does_not_replace_a_newer_one_whatever_arrives_last(
    people: ProvisionedPeople, accounts: AccountStore, tenant: Tenant, now: datetime
) -> None:
    people.apply(tenant.tenant_id, [person("a1"), password("a1", 9, "d")], now=now)
    results = people.apply(tenant.tenant_id, [password("a1", 8, "e"), password("a1", 9, "f")], now=now)
    assert verdicts(results) == [Verdict.SUPERSEDED, Verdict.UNCHANGED]
    subject = accounts.find_signin_subject(tenant.tenant_id, "a1@contoso.example")
    assert subject is not None
    assert subject.credential == cloud_hash("d")


def test_a_changed_password_ends_sessions_and_the_first_does_not(
    people: ProvisionedPeople, accounts: AccountStore, tenant: Tenant, now: datetime
) -> None:
    people.apply(tenant.tenant_id, [person("a1")], now=now)
    later = now + timedelta(hours=1)
    people.apply(tenant.tenant_id, [password("a1", 1)], now=later)
    assert found(accounts, tenant, "a1").sessions_valid_from == now
    people.apply(tenant.tenant_id, [password("a1", 2)], now=later)
    assert found(accounts, tenant, "a1").sessions_valid_from == later


def test_people_of_another_tenant_are_out_of_reach(
    people: ProvisionedPeople, accounts: AccountStore, tenant: Tenant, other_tenant: Tenant, now: datetime
) -> None:
    people.apply(tenant.tenant_id, [person("a1"), password("a1")], now=now)
    results = people.apply(
        other_tenant.tenant_id, [person("a1"), password("a1", 2), RemovePerson(source_anchor="a1")], now=now
    )
    assert [result.reason for result in results] == ["unverified_domain", None, None]
    assert verdicts(results)[1:] == [Verdict.UNKNOWN_PERSON, Verdict.UNCHANGED]
    assert found(accounts, tenant, "a1").enabled


def test_a_full_batch_with_every_attribute_is_taken(people: ProvisionedPeople, tenant: Tenant, now: datetime) -> None:
    items: list[Item] = [
        person(f"anchor{number:04}", display_name="x" * 1024, distinguished_name="y" * 4096) for number in range(1000)
    ]
    assert set(verdicts(people.apply(tenant.tenant_id, items, now=now))) == {Verdict.APPLIED}
    assert set(verdicts(people.apply(tenant.tenant_id, items, now=now))) == {Verdict.UNCHANGED}


def test_agents_at_once_neither_deadlock_nor_lose_anything(
    people: ProvisionedPeople, tenant: Tenant, now: datetime
) -> None:
    anchors = [f"a{number:03}" for number in range(60)]

    def send(worker: int) -> list[Verdict]:
        order = anchors if worker % 2 else anchors[::-1]
        items: list[Item] = [
            item for anchor in order for item in (person(anchor, surname=str(worker)), password(anchor, worker + 1))
        ]
        return verdicts(people.apply(tenant.tenant_id, items, now=now))

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(16)))
    assert {verdict for answer in answers for verdict in answer} <= {
        Verdict.APPLIED,
        Verdict.UNCHANGED,
        Verdict.SUPERSEDED,
    }
    page = people.page(tenant.tenant_id, after="", limit=1000)
    assert [each.source_anchor for each in page.people] == anchors
    assert {each.password_stamp.version for each in page.people if each.password_stamp} == {16}


def test_agents_that_want_one_name_at_once_get_it_once(
    people: ProvisionedPeople, tenant: Tenant, now: datetime
) -> None:
    def claim(worker: int) -> Verdict:
        return people.apply(tenant.tenant_id, [person(f"a{worker}", "ann")], now=now)[0].verdict

    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(claim, range(8)))
    assert sorted(claims) == [Verdict.APPLIED] + [Verdict.REFUSED] * 7


def test_a_hash_moved_to_another_account_does_not_open(
    people: ProvisionedPeople, accounts: AccountStore, database: Database, tenant: Tenant, now: datetime
) -> None:
    people.apply(
        tenant.tenant_id, [person("a1"), password("a1", 1, "d"), person("a2"), password("a2", 1, "e")], now=now
    )
    with database.write() as connection:
        connection.exec_driver_sql(
            "UPDATE credentials SET sealed = (SELECT c.sealed FROM credentials c JOIN accounts a "
            "ON a.account_id = c.account_id WHERE a.source_anchor = 'a2')"
        )
    with pytest.raises(VaultError):
        accounts.find_signin_subject(tenant.tenant_id, "a1@contoso.example")
