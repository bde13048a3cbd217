"""People of a tenant and their credentials, as sign-in and administration see them.

What agents provision is written by `provisioned.py`, on the tables declared here.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    LargeBinary,
    Row,
    String,
    Table,
    UniqueConstraint,
    Uuid,
    and_,
    bindparam,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from isthmus.cloud.accounts.account import Account, Role, SigninSubject, upn_key
from isthmus.cloud.accounts.errors import NameTakenError, NotFoundError
from isthmus.cloud.storage.columns import Instant, ordered_text
from isthmus.cloud.storage.database import Database, metadata
from isthmus.cloud.storage.prepared import Prepared
from isthmus.cloud.storage.vault import Vault

accounts = Table(
    "accounts",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("account_id", Uuid, primary_key=True),
    Column("user_principal_name", String(256), nullable=False),
    Column("upn_key", ordered_text(512), nullable=True, comment="null: deleted, so that the name is free"),
    Column("enabled", Boolean, nullable=False),
    Column("display_name", String(1024)),
    Column("given_name", String(1024)),
    Column("surname", String(1024)),
    Column("mail", String(1024)),
    Column("source_anchor", ordered_text(60), nullable=True, comment="null: mastered in the cloud"),
    Column("sam_account_name", String(1024)),
    Column("security_identifier", String(1024)),
    Column("directory_domain", String(1024)),
    Column("distinguished_name", String(4096)),
    Column("password_last_set", Instant),
    Column("digest", String(64), comment="of the PutPerson that was applied last"),
    Column("roles", String(256), nullable=False, comment="separated by spaces"),
    Column("created_at", Instant, nullable=False),
    Column("deleted_at", Instant),
    Column("sessions_valid_from", Instant, nullable=False),
    UniqueConstraint("tenant_id", "upn_key"),
    UniqueConstraint("tenant_id", "source_anchor"),
)

credentials = Table(
    "credentials",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("account_id", Uuid, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("stamp_version", BigInteger, comment="null: set in the cloud"),
    Column("stamp_originated", BigInteger),
    Column("stamp_invocation_id", Uuid),
    Column("changed_at", Instant, nullable=False),
    # No foreign key: until PostgreSQL has analysed a table that grows from nothing, each check of one reads it all.
)

accounts_with_credentials = accounts.outerjoin(
    credentials,
    and_(accounts.c.tenant_id == credentials.c.tenant_id, accounts.c.account_id == credentials.c.account_id),
)

_ACCOUNT_COLUMNS = (
    accounts.c.tenant_id,
    accounts.c.account_id,
    accounts.c.user_principal_name,
    accounts.c.enabled,
    accounts.c.display_name,
    accounts.c.given_name,
    accounts.c.surname,
    accounts.c.mail,
    accounts.c.source_anchor,
    accounts.c.sam_account_name,
    accounts.c.security_identifier,
    accounts.c.directory_domain,
    accounts.c.roles,
    accounts.c.sessions_valid_from,
)

# Built once: composing a statement costs more than running it, and this one is part of every sign-in.
_SIGNIN_SUBJECT = Prepared(
    select(*_ACCOUNT_COLUMNS, credentials.c.sealed)
    .select_from(accounts_with_credentials)
    .where(accounts.c.tenant_id == bindparam("tenant"), accounts.c.upn_key == bindparam("name"))
)


def credential_place(tenant_id: UUID, account_id: UUID) -> str:
    """Where the vault binds a credential to."""
    return f"credentials/{tenant_id}/{account_id}"


class AccountStore:
    """Deleted accounts are not found by any method here."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    def find_by_upn(self, tenant_id: UUID, user_principal_name: str) -> Account | None:
        statement = select(*_ACCOUNT_COLUMNS).where(
            accounts.c.tenant_id == tenant_id, accounts.c.upn_key == upn_key(user_principal_name)
        )
        with self._database.read() as connection:
            row = connection.execute(statement).one_or_none()
        return None if row is None else _account(row)

    def get(self, tenant_id: UUID, account_id: UUID) -> Account | None:
        statement = select(*_ACCOUNT_COLUMNS).where(
            accounts.c.tenant_id == tenant_id,
            accounts.c.account_id == account_id,
            accounts.c.deleted_at.is_(None),
        )
        with self._database.read() as connection:
            row = connection.execute(statement).one_or_none()
        return None if row is None else _account(row)

    def find_signin_subject(self, tenant_id: UUID, user_principal_name: str) -> SigninSubject | None:
        """The account of this name with its credential, by one statement. `VaultError` if that does not open."""
        with self._database.read() as connection:
            row = _SIGNIN_SUBJECT.one_or_none(connection, {"tenant": tenant_id, "name": upn_key(user_principal_name)})
        if row is None:
            return None
        account = _account(row)
        if row.sealed is None:
            return SigninSubject(account=account, credential=None)
        plain = self._vault.open(row.sealed, place=credential_place(tenant_id, account.account_id))
        return SigninSubject(account=account, credential=plain.decode("ascii"))

    def page(self, tenant_id: UUID, *, after: str = "", limit: int = 100) -> Sequence[Account]:
        """Accounts in the order of their names, beginning behind the name *after*."""
        statement = (
            select(*_ACCOUNT_COLUMNS)
            .where(accounts.c.tenant_id == tenant_id, accounts.c.upn_key > upn_key(after))
            .order_by(accounts.c.upn_key)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [_account(row) for row in connection.execute(statement)]

    def create_cloud_account(self, account: Account, *, credential: str | None, now: datetime) -> None:
        """An account that no directory masters. `NameTakenError` if its name is held."""
        with self._database.write() as connection:
            try:
                connection.execute(insert(accounts), _row(account, now=now))
            except IntegrityError as error:
                raise NameTakenError(account.user_principal_name) from error
            if credential is not None:
                row = self._credential_row(account.tenant_id, account.account_id, credential, now=now)
                self._database.upsert(connection, credentials, [row])

    def set_credential(self, tenant_id: UUID, account_id: UUID, credential: str, *, now: datetime) -> None:
        """Replaces the credential of an account mastered in the cloud and ends its sessions."""
        with self._database.write() as connection:
            changed = connection.execute(
                update(accounts)
                .where(
                    accounts.c.tenant_id == tenant_id,
                    accounts.c.account_id == account_id,
                    accounts.c.deleted_at.is_(None),
                )
                .values(sessions_valid_from=now)
            )
            if changed.rowcount != 1:
                raise NotFoundError(f"no account {account_id}")
            row = self._credential_row(tenant_id, account_id, credential, now=now)
            self._database.upsert(connection, credentials, [row])

    def set_enabled(self, tenant_id: UUID, account_id: UUID, *, enabled: bool, now: datetime) -> None:
        """Disabling ends the account's sessions."""
        values: dict[str, Any] = {"enabled": enabled} if enabled else {"enabled": False, "sessions_valid_from": now}
        with self._database.write() as connection:
            changed = connection.execute(
                update(accounts)
                .where(
                    accounts.c.tenant_id == tenant_id,
                    accounts.c.account_id == account_id,
                    accounts.c.deleted_at.is_(None),
                )
                .values(**values)
            )
            if changed.rowcount != 1:
                raise NotFoundError(f"no account {account_id}")

    def end_sessions(self, tenant_id: UUID, account_id: UUID, *, now: datetime) -> None:
        """Sessions and refresh tokens that began before *now* are refused from here on."""
        with self._database.write() as connection:
            connection.execute(
                update(accounts)
                .where(accounts.c.tenant_id == tenant_id, accounts.c.account_id == account_id)
                .values(sessions_valid_from=now)
            )

    def _credential_row(self, tenant_id: UUID, account_id: UUID, credential: str, *, now: datetime) -> dict[str, Any]:
        return {
            "tenant_id": tenant_id,
            "account_id": account_id,
            "sealed": self._vault.seal(credential.encode("ascii"), place=credential_place(tenant_id, account_id)),
            "stamp_version": None,
            "stamp_originated": None,
            "stamp_invocation_id": None,
            "changed_at": now,
        }


def _account(row: Row[*tuple[Any, ...]]) -> Account:
    return Account(
        tenant_id=row.tenant_id,
        account_id=row.account_id,
        user_principal_name=row.user_principal_name,
        enabled=row.enabled,
        display_name=row.display_name,
        given_name=row.given_name,
        surname=row.surname,
        mail=row.mail,
        source_anchor=row.source_anchor,
        sam_account_name=row.sam_account_name,
        security_identifier=row.security_identifier,
        directory_domain=row.directory_domain,
        roles=frozenset(Role(name) for name in row.roles.split()),
        sessions_valid_from=row.sessions_valid_from,
    )


def _row(account: Account, *, now: datetime) -> dict[str, Any]:
    return {
        "tenant_id": account.tenant_id,
        "account_id": account.account_id,
        "user_principal_name": account.user_principal_name,
        "upn_key": upn_key(account.user_principal_name),
        "enabled": account.enabled,
        "display_name": account.display_name,
        "given_name": account.given_name,
        "surname": account.surname,
        "mail": account.mail,
        "source_anchor": account.source_anchor,
        "sam_account_name": account.sam_account_name,
        "security_identifier": account.security_identifier,
        "directory_domain": account.directory_domain,
        "roles": " ".join(sorted(account.roles)),
        "created_at": now,
        "sessions_valid_from": account.sessions_valid_from,
    }
