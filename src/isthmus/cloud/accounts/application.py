"""An application that signs people in here."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import SplitResult, urlsplit
from uuid import UUID

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


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


def redirect_uri_fault(uri: str, platform: Platform) -> str | None:
    """What is wrong with *uri* as an address that codes are sent to; None: nothing."""
    if not uri.isascii() or not uri.isprintable() or any(character in uri for character in ' \\"<>'):
        return "holds characters that no URI may hold"
    try:
        parts = urlsplit(uri)
        parts.port  # noqa: B018 raises for what is no port
    except ValueError as error:
        return f"cannot be read: {error}"
    if parts.fragment or uri.endswith("#"):
        return "has a fragment: leave out what begins with #"
    if parts.username is not None or "*" in parts.netloc:
        return "names a user or a wildcard instead of one host"
    return _scheme_fault(parts, platform)


def _scheme_fault(parts: SplitResult, platform: Platform) -> str | None:
    match parts.scheme:
        case "https":
            return None if parts.hostname else "names no host"
        case "http":
            return None if parts.hostname in LOOPBACK else "would carry codes in clear text: write https"
        case _ if platform is not Platform.PUBLIC:
            return "is not of the form https://app.contoso.example/callback"
        case "" | "javascript" | "data" | "vbscript" | "file" | "blob" | "about":
            return "leads to no application"
        case _:
            return None


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
