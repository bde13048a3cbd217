"""The keys that tokens are signed with: which one signs, how they are published, how a token is signed and read."""

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha1
from typing import Any
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey

from isthmus.cloud.tokens.claims import Claims

_ALGORITHM = "RS256"
UNREADABLE_TOKEN = (JoseError, ValueError, TypeError, RecursionError)
"""What the library raises for texts that are no token: some of it by accident, for headers and payloads of no sense."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    tenant_id: UUID
    key_id: str
    """See `thumbprint`."""
    key: RSAKey
    certificate: bytes
    """DER, self-signed: the form in which .NET and SAML want the public half."""
    signs_from: datetime
    """Published earlier than this, so that every client knows the key before it sees a signature."""


def thumbprint(certificate: bytes) -> str:
    """`x5t`, which is also the `kid`."""
    digest = sha1(certificate, usedforsecurity=False).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def key_that_signs(keys: Sequence[SigningKey], now: datetime) -> SigningKey:
    """The latest whose time has come; of a new tenant's, the first. *keys*: not empty."""
    ready = [key for key in keys if key.signs_from <= now]
    return max(ready, key=lambda key: key.signs_from) if ready else min(keys, key=lambda key: key.signs_from)


def sign(claims: Claims, key: SigningKey, *, with_thumbprint: bool) -> str:
    """*with_thumbprint*: version 1.0 access tokens name the certificate beside the key."""
    header = {"typ": "JWT", "alg": _ALGORITHM, "kid": key.key_id}
    if with_thumbprint:
        header["x5t"] = key.key_id
    return jwt.encode(header, claims, key.key, algorithms=[_ALGORITHM])


def read_own_token(token: str, keys: Sequence[SigningKey], *, now: datetime) -> Claims | None:
    """The claims of a token that one of *keys* signed and that has not expired; else None."""
    claims = _signed_claims(token, keys)
    expires = claims.get("exp")
    return claims if isinstance(expires, int) and now.timestamp() < expires else None


def audience_of_own_token(token: str, keys: Sequence[SigningKey]) -> str | None:
    """Of a token that one of *keys* signed, however old: enough for a hint."""
    audience = _signed_claims(token, keys).get("aud")
    return audience if isinstance(audience, str) else None


def published(key: SigningKey, *, issuer: str) -> dict[str, Any]:
    """The key's entry in a JWKS document."""
    public = key.key.as_dict(private=False)
    return {
        "kty": "RSA",
        "use": "sig",
        "kid": key.key_id,
        "x5t": key.key_id,
        "n": public["n"],
        "e": public["e"],
        "x5c": [b64encode(key.certificate).decode("ascii")],
        "issuer": issuer,
    }


def _signed_claims(token: str, keys: Sequence[SigningKey]) -> Claims:
    """None at all, if none of *keys* signed it."""
    key_set = KeySet([key.key for key in keys])
    try:
        return jwt.decode(token, key_set, algorithms=[_ALGORITHM]).claims
    except UNREADABLE_TOKEN:
        return {}
