"""People and passwords as agents provision them: a batch is one transaction, and few statements."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Connection, Row, select, update

from isthmus.cloud.accounts.account import upn_key
from isthmus.cloud.accounts.batch_effect import BatchPlan, HeldAccount, PasswordWrite, PersonWrite
from isthmus.cloud.accounts.batch_plan import plan_batch
from isthmus.cloud.storage.accounts import accounts, accounts_with_credentials, credential_place, credentials
from isthmus.cloud.storage.database import Database
from isthmus.cloud.storage.tenants import lock_tenant, verified_domains
from isthmus.cloud.storage.vault import Vault
from isthmus.contract.provisioning import HeldPage, HeldPerson, Item, ItemResult, PutPerson, Stamp
from isthmus.directory.stamp import ReplicationStamp

_HELD_COLUMNS = (
    accounts.c.account_id,
    accounts.c.source_anchor,
    accounts.c.user_principal_name,
    accounts.c.enabled,
    accounts.c.deleted_at,
    accounts.c.digest,
    accounts.c.sessions_valid_from,
    credentials.c.stamp_version,
    credentials.c.stamp_originated,
    credentials.c.stamp_invocation_id,
)
_KEPT_OF_PERSON = frozenset({"roles", "created_at"})


class ProvisionedPeople:
    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    def apply(self, tenant_id: UUID, items: Sequence[Item | ItemResult], *, now: datetime) -> Sequence[ItemResult]:
        """All of *items* in their order, or nothing. When this returns it is on the disk."""
        with self._database.write(durable=True) as connection:
            lock_tenant(connection, tenant_id)
            plan = plan_batch(
                items,
                _held(connection, tenant_id, items),
                domains=frozenset(verified_domains(connection, tenant_id)),
                now=now,
                new_id=uuid4,
            )
            self._write(connection, tenant_id, plan, now)
        return plan.results

    def page(self, tenant_id: UUID, *, after: str, limit: int) -> HeldPage:
        """The people that agents provisioned and have not removed, in the order of anchors."""
        statement = (
            select(*_HELD_COLUMNS, accounts.c.directory_domain)
            .select_from(accounts_with_credentials)
            .where(accounts.c.tenant_id == tenant_id, accounts.c.source_anchor > after, accounts.c.deleted_at.is_(None))
            .order_by(accounts.c.source_anchor)
            .limit(limit + 1)
        )
        with self._database.read() as connection:
            rows = connection.execute(statement).all()
        people = [
            HeldPerson(
                source_anchor=row.source_anchor,
                digest=row.digest,
                password_stamp=_stamp(row),
                directory_domain=row.directory_domain,
            )
            for row in rows[:limit]
        ]
        return HeldPage(people=people, next_after=people[-1].source_anchor if len(rows) > limit else None)

    def _write(self, connection: Connection, tenant_id: UUID, plan: BatchPlan, now: datetime) -> None:
        if plan.freed:
            _update(connection, tenant_id, plan.freed, upn_key=None)
        if plan.removed:
            _update(connection, tenant_id, plan.removed, upn_key=None, deleted_at=now, sessions_valid_from=now)
        if plan.people:
            rows = [_person_row(tenant_id, write, now) for write in plan.people]
            self._database.upsert(connection, accounts, rows, keep=_KEPT_OF_PERSON)
        if plan.switched_off:
            unlike_any = ""
            _update(connection, tenant_id, plan.switched_off, enabled=False, sessions_valid_from=now, digest=unlike_any)
        if plan.ended:
            _update(connection, tenant_id, plan.ended, sessions_valid_from=now)
        if plan.passwords:
            rows = [self._password_row(tenant_id, write, now) for write in plan.passwords]
            self._database.upsert(connection, credentials, rows)

    def _password_row(self, tenant_id: UUID, write: PasswordWrite, now: datetime) -> dict[str, Any]:
        stamp = write.password.stamp
        place = credential_place(tenant_id, write.account_id)
        return {
            "tenant_id": tenant_id,
            "account_id": write.account_id,
            "sealed": self._vault.seal(write.password.cloud_hash.encode("ascii"), place=place),
            "stamp_version": stamp.version,
            "stamp_originated": stamp.originated,
            "stamp_invocation_id": stamp.invocation_id,
            "changed_at": now,
        }


def _held(connection: Connection, tenant_id: UUID, items: Iterable[Item | ItemResult]) -> list[HeldAccount]:
    """Every account that has one of the batch's anchors or one of its names."""
    anchors = set()
    names = set()
    for item in items:
        if isinstance(item, ItemResult):
            continue
        anchors.add(item.source_anchor)
        if isinstance(item, PutPerson):
            names.add(upn_key(item.user_principal_name))
    found = {
        row.account_id: row for row in _accounts_where(connection, tenant_id, accounts.c.source_anchor.in_(anchors))
    }
    if names:
        by_name = _accounts_where(connection, tenant_id, accounts.c.upn_key.in_(names))
        found.update((row.account_id, row) for row in by_name)
    return [_held_account(row) for row in found.values()]


def _accounts_where(
    connection: Connection, tenant_id: UUID, condition: ColumnElement[bool]
) -> Sequence[Row[*tuple[Any, ...]]]:
    return connection.execute(
        select(*_HELD_COLUMNS)
        .select_from(accounts_with_credentials)
        .where(accounts.c.tenant_id == tenant_id, condition)
    ).all()


def _held_account(row: Row[*tuple[Any, ...]]) -> HeldAccount:
    stamped = row.stamp_version is not None
    return HeldAccount(
        account_id=row.account_id,
        source_anchor=row.source_anchor,
        user_principal_name=row.user_principal_name,
        enabled=row.enabled,
        deleted=row.deleted_at is not None,
        digest=row.digest,
        password_stamp=ReplicationStamp(row.stamp_version, row.stamp_originated, row.stamp_invocation_id)
        if stamped
        else None,
        sessions_valid_from=row.sessions_valid_from,
    )


def _stamp(row: Row[*tuple[Any, ...]]) -> Stamp | None:
    if row.stamp_version is None:
        return None
    return Stamp(version=row.stamp_version, originated=row.stamp_originated, invocation_id=row.stamp_invocation_id)


def _update(connection: Connection, tenant_id: UUID, account_ids: Sequence[UUID], **values: Any) -> None:
    connection.execute(
        update(accounts)
        .where(accounts.c.tenant_id == tenant_id, accounts.c.account_id.in_(account_ids))
        .values(**values)
    )


def _person_row(tenant_id: UUID, write: PersonWrite, now: datetime) -> dict[str, Any]:
    person = write.person
    return {
        "tenant_id": tenant_id,
        "account_id": write.account_id,
        "user_principal_name": person.user_principal_name,
        "upn_key": None if write.deleted else upn_key(person.user_principal_name),
        "enabled": person.enabled,
        "display_name": person.display_name,
        "given_name": person.given_name,
        "surname": person.surname,
        "mail": person.mail,
        "source_anchor": person.source_anchor,
        "sam_account_name": person.sam_account_name,
        "security_identifier": person.security_identifier,
        "directory_domain": person.directory_domain,
        "distinguished_name": person.distinguished_name,
        "password_last_set": person.password_last_set,
        "digest": write.digest,
        "roles": "",
        "created_at": now,
        "deleted_at": now if write.deleted else None,
        "sessions_valid_from": write.sessions_valid_from,
    }
