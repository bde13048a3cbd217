"""The agent's key pair, and the proof that it makes of each request. Time and randomness come in as arguments."""

import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Self
from uuid import UUID

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from isthmus.contract.enrolment import CREDENTIAL_LIFETIME, CREDENTIAL_SCHEME

_CURVE = "P-256"
_HEADER = {"alg": "ES256", "typ": "JWT"}


class AgentKeyError(ValueError):
    """The octets are no private key of ours. The message never repeats them."""


@dataclass(frozen=True, slots=True)
class AgentKey:
    """A P-256 key pair. The private half leaves this object only as PEM, for the agent's own file."""

    _key: ECKey = field(repr=False)

    @classmethod
    def new(cls) -> Self:
        return cls(ECKey.generate_key(_CURVE, private=True))

    @classmethod
    def from_pem(cls, pem: bytes) -> Self:
        try:
            key = ECKey.import_key(pem)
        except (JoseError, ValueError, TypeError):
            raise AgentKeyError("not a private key in PEM") from None
        if not key.is_private or key.curve_name != _CURVE:
            raise AgentKeyError(f"not a private key on {_CURVE}")
        return cls(key)

    def to_pem(self) -> bytes:
        """Unencrypted PKCS #8: for a file that only the agent's account may read."""
        return bytes(self._key.as_pem(private=True))

    @property
    def public_jwk(self) -> dict[str, str]:
        return {name: str(value) for name, value in self._key.as_dict(private=False).items() if name != "kid"}

    def sign(self, claims: dict[str, str | int]) -> str:
        payload = json.dumps(claims, separators=(",", ":")).encode()
        return jws.serialize_compact(_HEADER, payload, self._key, algorithms=["ES256"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Who proves requests to whom."""

    key: AgentKey
    agent_id: UUID
    audience: str
    """The cloud's public URL."""

    def authorization(self, method: str, target: str, body: bytes, *, now: float, nonce: str) -> str:
        """The header's value for one request. *now*: seconds since 1970; *nonce*: never used before."""
        issued = int(now)
        claims: dict[str, str | int] = {
            "iss": str(self.agent_id),
            "sub": str(self.agent_id),
            "aud": self.audience,
            "iat": issued,
            "exp": issued + CREDENTIAL_LIFETIME,
            "jti": nonce,
            "htm": method,
            "htu": target,
            "bh": urlsafe_b64encode(sha256(body).digest()).rstrip(b"=").decode("ascii"),
        }
        return f"{CREDENTIAL_SCHEME} {self.key.sign(claims)}"
