"""Refresh tokens by their digests, and the families that they belong to."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    LargeBinary,
    Row,
    String,
    Table,
    Text,
    Uuid,
    and_,
    bindparam,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import IntegrityError

from isthmus.cloud.accounts.application import Platform
from isthmus.cloud.signin.log import SigninEntry
from isthmus.cloud.storage.columns import Instant
from isthmus.cloud.storage.database import Database, metadata
from isthmus.cloud.storage.prepared import Prepared
from isthmus.cloud.storage.signin_log import write_entry
from isthmus.cloud.tokens.claims import Authentication
from isthmus.cloud.tokens.refresh import Family, RefreshToken, expires_at
from isthmus.cloud.web.opaque import Handle

families = Table(
    "refresh_token_families",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("family_id", Uuid, primary_key=True),
    Column("client_id", Uuid),
    Column("account_id", Uuid),
    Column("platform", String(16)),
    Column("scope", Text),
    Column("authenticated_at", Instant),
    Column("methods", String(64)),
    Column("session_id", Uuid),
    Column("revoked_at", Instant),
    Column("ends_at", Instant, nullable=False, index=True),
    sqlite_with_rowid=False,
)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("digest", LargeBinary(32), primary_key=True),
    Column("family_id", Uuid, nullable=False, index=True),
    Column("issued_at", Instant, nullable=False),
    Column("rotated_at", Instant),
    # No foreign key: see `credentials` in accounts.py.
    sqlite_with_rowid=False,
)

_ADD_FAMILY = Prepared(insert(families))
_ADD_TOKEN = Prepared(insert(refresh_tokens))
_FIND = (
    select(refresh_tokens.c.issued_at, refresh_tokens.c.rotated_at, families)
    .select_from(
        refresh_tokens.join(
            families,
            and_(
                refresh_tokens.c.tenant_id == families.c.tenant_id, refresh_tokens.c.family_id == families.c.family_id
            ),
        )
    )
    .where(refresh_tokens.c.tenant_id == bindparam("tenant"), refresh_tokens.c.digest == bindparam("this"))
)
_ROTATE = (
    update(refresh_tokens)
    .where(
        refresh_tokens.c.tenant_id == bindparam("tenant"),
        refresh_tokens.c.digest == bindparam("this"),
        refresh_tokens.c.rotated_at.is_(None),
    )
    .values(rotated_at=bindparam("now"))
)
_LIVE_ON = (
    update(families)
    .where(families.c.tenant_id == bindparam("tenant"), families.c.family_id == bindparam("family"))
    .values(ends_at=bindparam("end"))
)


class RefreshTokenStore:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._upsert = sqlite_insert if database.is_sqlite else postgresql_insert

    def begin(self, handle: Handle, family: Family, *, noted: SigninEntry | None, now: datetime) -> bool:
        """Adds a family's first token. False: the family was revoked before it began.

        *noted*: goes into the sign-in log in the same transaction.
        """
        try:
            with self._database.write() as connection:
                _ADD_FAMILY.run(connection, _family_row(family, now=now))
                _ADD_TOKEN.run(connection, _token_row(handle, family.family_id, now=now))
                if noted is not None:
                    write_entry(connection, noted)
        except IntegrityError:
            return False
        return True

    def find(self, handle: Handle) -> RefreshToken | None:
        with self._database.read() as connection:
            row = connection.execute(_FIND, {"tenant": handle.tenant_id, "this": handle.digest}).one_or_none()
        if row is None:
            return None
        return RefreshToken(
            family=_family(row),
            issued_at=row.issued_at,
            rotated_at=row.rotated_at,
            revoked=row.revoked_at is not None,
        )

    def rotate(self, old: Handle, new: Handle, family: Family, *, noted: SigninEntry, now: datetime) -> None:
        """*new* replaces *old*, which works a little longer; one that was rotated before keeps its first time.

        *noted*: as for `begin`.
        """
        with self._database.write() as connection:
            connection.execute(_ROTATE, {"tenant": old.tenant_id, "this": old.digest, "now": now})
            _ADD_TOKEN.run(connection, _token_row(new, family.family_id, now=now))
            end = expires_at(family, issued_at=now)
            connection.execute(_LIVE_ON, {"tenant": family.tenant_id, "family": family.family_id, "end": end})
            write_entry(connection, noted)

    def revoke(self, tenant_id: UUID, family_id: UUID, *, now: datetime, until: datetime) -> None:
        """Also of a family that has not begun yet, so that it never does. *until*: when the row may be forgotten."""
        row = {"tenant_id": tenant_id, "family_id": family_id, "revoked_at": now, "ends_at": until}
        statement = self._upsert(families).values(row)
        with self._database.write() as connection:
            connection.execute(
                statement.on_conflict_do_update(index_elements=["tenant_id", "family_id"], set_={"revoked_at": now})
            )

    def sweep(self, tenant_id: UUID, *, now: datetime) -> None:
        """Forgets families that have ended, with their tokens."""
        with self._database.write() as connection:
            ended = (families.c.tenant_id == tenant_id, families.c.ends_at < now)
            connection.execute(
                delete(refresh_tokens).where(
                    refresh_tokens.c.tenant_id == tenant_id,
                    refresh_tokens.c.family_id.in_(select(families.c.family_id).where(*ended)),
                )
            )
            connection.execute(delete(families).where(*ended))


def _family_row(family: Family, *, now: datetime) -> dict[str, Any]:
    return {
        "tenant_id": family.tenant_id,
        "family_id": family.family_id,
        "client_id": family.client_id,
        "account_id": family.account_id,
        "platform": family.platform.value,
        "scope": family.scope,
        "authenticated_at": family.authentication.at,
        "methods": " ".join(family.authentication.methods),
        "session_id": family.authentication.session_id,
        "revoked_at": None,
        "ends_at": expires_at(family, issued_at=now),
    }


def _token_row(handle: Handle, family_id: UUID, *, now: datetime) -> dict[str, Any]:
    return {
        "tenant_id": handle.tenant_id,
        "digest": handle.digest,
        "family_id": family_id,
        "issued_at": now,
        "rotated_at": None,
    }


def _family(row: Row[*tuple[Any, ...]]) -> Family:
    return Family(
        tenant_id=row.tenant_id,
        family_id=row.family_id,
        client_id=row.client_id,
        account_id=row.account_id,
        platform=Platform(row.platform),
        scope=row.scope,
        authentication=Authentication(
            at=row.authenticated_at, methods=tuple(row.methods.split()), session_id=row.session_id
        ),
    )
