"""Opaque secrets handed to browsers and clients: session cookies, authorization codes, refresh tokens.

A handle is base64url of the tenant's id (16 bytes) and 32 random bytes. Only its digest is stored.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

SECRET_BYTES = 32
_TEXT_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Handle:
    """Where a handle's row is: its tenant, and the digest that stands for its secret."""

    tenant_id: UUID
    digest: bytes


def handle_text(tenant_id: UUID, secret: bytes) -> str:
    """*secret*: `SECRET_BYTES` random bytes."""
    return urlsafe_b64encode(tenant_id.bytes + secret).decode("ascii")


def handle_of(text: str) -> Handle:
    """Of a text that `handle_text` made."""
    raw = urlsafe_b64decode(text)
    return Handle(UUID(bytes=raw[:16]), sha256(raw).digest())


def read_handle(text: str) -> Handle | None:
    """None: *text* is no handle."""
    if len(text) != _TEXT_LENGTH or not text.isascii():
        return None
    try:
        handle = handle_of(text)
    except (Base64Error, ValueError):
        return None
    # Python's decoder passes over what is not base64url: only the one right spelling of a handle is one.
    return handle if _is_canonical(text) else None


def _is_canonical(text: str) -> bool:
    return urlsafe_b64encode(urlsafe_b64decode(text)).decode("ascii") == text
