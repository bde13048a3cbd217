"""The keys that tokens are signed with, one set for each tenant. Private halves are sealed by the vault."""

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from joserfc.jwk import RSAKey
from sqlalchemy import Column, Integer, LargeBinary, String, Table, Uuid, func, insert, select
from sqlalchemy.exc import IntegrityError

from isthmus.cloud.storage.cache import Remembered
from isthmus.cloud.storage.columns import Instant
from isthmus.cloud.storage.database import Database, metadata
from isthmus.cloud.storage.vault import Vault
from isthmus.cloud.tokens.signing import SigningKey, thumbprint

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("generation", Integer, primary_key=True, comment="counts up, so that two processes cannot make the same"),
    Column("key_id", String(64), nullable=False),
    Column("sealed", LargeBinary, nullable=False, comment="PKCS #8"),
    Column("certificate", LargeBinary, nullable=False),
    Column("signs_from", Instant, nullable=False),
    Column("published_until", Instant, comment="null: not retired"),
)

_LIFETIME = timedelta(days=3650)
"""Of the certificate, which nobody checks: the key is retired by leaving the published set."""


class SigningKeyStore:
    def __init__(self, database: Database, vault: Vault, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._remembered: Remembered[UUID, tuple[SigningKey, ...]] = Remembered()
        self._opened: dict[str, RSAKey] = {}
        """By key id: to read a private key takes a hundred times as long as to sign with it."""
        self._making = threading.Lock()

    def published(self, tenant_id: UUID) -> tuple[SigningKey, ...]:
        """Never empty: the first key of a tenant is made when it is first needed."""
        keys = self._remembered.get(tenant_id, lambda: self._load(tenant_id) or None)
        if keys is not None:
            return keys
        with self._making:
            if not self._load(tenant_id):
                self._make(tenant_id, generation=1, signs_from=self._clock())
            return self._load(tenant_id)

    def make(self, tenant_id: UUID, *, signs_from: datetime) -> None:
        """Adds a key to those of the tenant. Of two who do this at the same moment only one succeeds."""
        statement = select(func.max(signing_keys.c.generation)).where(signing_keys.c.tenant_id == tenant_id)
        with self._database.read() as connection:
            last = connection.scalar(statement)
        self._make(tenant_id, generation=(last or 0) + 1, signs_from=signs_from)

    def _make(self, tenant_id: UUID, *, generation: int, signs_from: datetime) -> None:
        private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        certificate = _self_signed(private, now=self._clock())
        key_id = thumbprint(certificate)
        plain = private.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        row = {
            "tenant_id": tenant_id,
            "generation": generation,
            "key_id": key_id,
            "sealed": self._vault.seal(plain, place=_place(tenant_id, key_id)),
            "certificate": certificate,
            "signs_from": signs_from,
            "published_until": None,
        }
        # INVARIANT: what another process has made of this generation stays, and is used by both.
        with suppress(IntegrityError), self._database.write() as connection:
            connection.execute(insert(signing_keys), row)
        self._remembered.forget()

    def _load(self, tenant_id: UUID) -> tuple[SigningKey, ...]:
        statement = select(signing_keys).where(signing_keys.c.tenant_id == tenant_id)
        now = self._clock()
        with self._database.read() as connection:
            rows = connection.execute(statement.order_by(signing_keys.c.generation)).all()
        return tuple(
            SigningKey(
                tenant_id=tenant_id,
                key_id=row.key_id,
                key=self._open(tenant_id, row.key_id, row.sealed),
                certificate=row.certificate,
                signs_from=row.signs_from,
            )
            for row in rows
            if row.published_until is None or now < row.published_until
        )

    def _open(self, tenant_id: UUID, key_id: str, sealed: bytes) -> RSAKey:
        key = self._opened.get(key_id)
        if key is None:
            key = RSAKey.import_key(self._vault.open(sealed, place=_place(tenant_id, key_id)), {"kid": key_id})
            self._opened[key_id] = key
        return key


def _place(tenant_id: UUID, key_id: str) -> str:
    return f"signing_keys/{tenant_id}/{key_id}"


def _self_signed(private: rsa.RSAPrivateKey, *, now: datetime) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Isthmus token signing")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now.astimezone(UTC) - timedelta(days=1))
        .not_valid_after(now.astimezone(UTC) + _LIFETIME)
        .sign(private, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.DER)
