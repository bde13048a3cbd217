"""An application that signs people in here."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Platform(StrEnum):
    """Where a redirect URI leads, which decides how its code may be redeemed."""

    WEB = "web"
    SPA = "spa"
    PUBLIC = "public"
    """Installed applications: no secret, loopback ports are free."""


@dataclass(frozen=True, slots=True)
class RedirectUri:
    uri: str
    platform: Platform


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """Shown once, held as a SHA-256 digest: secrets are generated with 256 bits, so no slow hash is needed."""

    secret_id: UUID
    digest: bytes
    hint: str
    """The first three characters."""
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    tenant_id: UUID
    client_id: UUID
    name: str
    redirect_uris: tuple[RedirectUri, ...]
    secrets: tuple[ClientSecret, ...] = ()
    is_public: bool = False
    """May redeem codes and use the password grant without a secret."""
    allows_id_token_from_authorize: bool = False
    """Hybrid and implicit id_token (`--hybrid`)."""
