"""Authorization codes, by their digests. One that was redeemed stays until it expires, so that reuse is seen."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    LargeBinary,
    Row,
    String,
    Table,
    Text,
    Uuid,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from isthmus.cloud.accounts.application import Platform
from isthmus.cloud.storage.columns import Instant
from isthmus.cloud.storage.database import Database, metadata
from isthmus.cloud.tokens.claims import Authentication
from isthmus.cloud.tokens.code import LIFETIME, AuthorizationCode, HeldCode
from isthmus.cloud.web.opaque import Handle

authorization_codes = Table(
    "authorization_codes",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("digest", LargeBinary(32), primary_key=True),
    Column("client_id", Uuid, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("redirect_uri", Text, nullable=False),
    Column("platform", String(16), nullable=False),
    Column("scope", Text, nullable=False),
    Column("nonce", Text),
    Column("challenge", String(128), comment="PKCE, S256"),
    Column("with_auth_time", Boolean, nullable=False),
    Column("authenticated_at", Instant, nullable=False),
    Column("methods", String(64), nullable=False),
    Column("session_id", Uuid, nullable=False),
    Column("issued_at", Instant, nullable=False, index=True),
    Column("redeemed_as", Uuid, comment="the family of refresh tokens that it became"),
    sqlite_with_rowid=False,
)

_THIS = (authorization_codes.c.tenant_id == bindparam("tenant"), authorization_codes.c.digest == bindparam("this"))
_ADD = insert(authorization_codes)
_FIND = select(authorization_codes).where(*_THIS)
_REDEEM = (
    update(authorization_codes)
    .where(*_THIS, authorization_codes.c.redeemed_as.is_(None))
    .values(redeemed_as=bindparam("family"))
)


class CodeStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, handle: Handle, code: AuthorizationCode) -> None:
        row = {
            "tenant_id": code.tenant_id,
            "digest": handle.digest,
            "client_id": code.client_id,
            "account_id": code.account_id,
            "redirect_uri": code.redirect_uri,
            "platform": code.platform.value,
            "scope": code.scope,
            "nonce": code.nonce,
            "challenge": code.challenge,
            "with_auth_time": code.with_auth_time,
            "authenticated_at": code.authentication.at,
            "methods": " ".join(code.authentication.methods),
            "session_id": code.authentication.session_id,
            "issued_at": code.issued_at,
            "redeemed_as": None,
        }
        with self._database.write() as connection:
            connection.execute(_ADD, row)

    def find(self, handle: Handle) -> HeldCode | None:
        with self._database.read() as connection:
            row = connection.execute(_FIND, {"tenant": handle.tenant_id, "this": handle.digest}).one_or_none()
        return None if row is None else HeldCode(_code(row), redeemed_as=row.redeemed_as)

    def redeem(self, handle: Handle, *, family_id: UUID) -> bool:
        """False: another request was faster."""
        with self._database.write() as connection:
            this = {"tenant": handle.tenant_id, "this": handle.digest, "family": family_id}
            return connection.execute(_REDEEM, this).rowcount == 1

    def sweep(self, tenant_id: UUID, *, now: datetime) -> None:
        """Forgets what has long expired."""
        with self._database.write() as connection:
            connection.execute(
                delete(authorization_codes).where(
                    authorization_codes.c.tenant_id == tenant_id,
                    authorization_codes.c.issued_at < now - 2 * LIFETIME,
                )
            )


def _code(row: Row[*tuple[Any, ...]]) -> AuthorizationCode:
    return AuthorizationCode(
        tenant_id=row.tenant_id,
        client_id=row.client_id,
        account_id=row.account_id,
        redirect_uri=row.redirect_uri,
        platform=Platform(row.platform),
        scope=row.scope,
        nonce=row.nonce,
        challenge=row.challenge,
        with_auth_time=row.with_auth_time,
        authentication=Authentication(
            at=row.authenticated_at, methods=tuple(row.methods.split()), session_id=row.session_id
        ),
        issued_at=row.issued_at,
    )
