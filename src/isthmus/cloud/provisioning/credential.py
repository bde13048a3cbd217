"""The credential of one request: whether it is this agent's, for this cloud, for this very request, and fresh."""

import json
from base64 import urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import Any
from uuid import UUID

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from isthmus.cloud.accounts.agent import EnrolledAgent
from isthmus.cloud.provisioning.refusal import CredentialRefusedError
from isthmus.cloud.web.http import HttpRequest
from isthmus.contract.enrolment import CLOCK_SKEW, CREDENTIAL_LIFETIME, CREDENTIAL_SCHEME
from isthmus.contract.errors import RefusalWord

_ALGORITHM = "ES256"
_LONGEST = 4096
_SKEW = timedelta(seconds=CLOCK_SKEW)


@dataclass(frozen=True, slots=True)
class Credential:
    """A credential as it was presented: nothing in it is proven yet."""

    agent_id: UUID
    credential_id: str
    audience: str
    issued_at: datetime
    expires_at: datetime
    method: str
    target: str
    body_digest: str
    _signed: jws.CompactSignature

    @property
    def remembered_until(self) -> datetime:
        """From then on it is refused by its age alone."""
        return self.expires_at + _SKEW


def read_credential(authorization: str | None) -> Credential:
    """The credential in the header. `CredentialRefusedError` if there is none or it cannot be read."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != CREDENTIAL_SCHEME.lower():
        raise CredentialRefusedError(RefusalWord.MISSING_CREDENTIAL, f"send `Authorization: {CREDENTIAL_SCHEME} <JWT>`")
    if len(token) > _LONGEST:
        raise _malformed(f"{len(token)} characters")
    try:
        signed = jws.extract_compact(token.strip().encode())
        claims = json.loads(signed.payload)
    except (JoseError, ValueError, Base64Error, RecursionError, KeyError, TypeError):
        raise _malformed("not a JWT") from None
    if not isinstance(claims, dict) or signed.headers().get("alg") != _ALGORITHM:
        raise _malformed(f"not a JWT signed with {_ALGORITHM}")
    return _credential(claims, signed)


def check_signature(credential: Credential, agent: EnrolledAgent | None) -> EnrolledAgent:
    """*agent*: who is enrolled by the credential's agent id, if anybody."""
    if agent is None:
        raise CredentialRefusedError(RefusalWord.UNKNOWN_AGENT, f"no agent {credential.agent_id} is enrolled here")
    try:
        key = ECKey.import_key(dict[str, str | list[str]](agent.public_key))
        good = jws.validate_compact(credential._signed, key, algorithms=[_ALGORITHM])  # noqa: SLF001 of this module
    except (JoseError, ValueError):
        good = False
    if not good:
        raise CredentialRefusedError(RefusalWord.BAD_SIGNATURE, "the signature is not by the agent's enrolled key")
    if agent.revoked_at is not None:
        raise CredentialRefusedError(RefusalWord.REVOKED_AGENT, "the agent was revoked: enrol it anew")
    return agent


def check_purpose(credential: Credential, request: HttpRequest, *, audience: str, now: datetime) -> None:
    """All but the body: for this cloud, for this method and target, and fresh."""
    if credential.audience != audience:
        detail = f"the credential is for {credential.audience!r}, this is {audience!r}"
        raise CredentialRefusedError(RefusalWord.WRONG_AUDIENCE, detail)
    if (credential.method, credential.target) != (request.method, request.target):
        raise CredentialRefusedError(RefusalWord.WRONG_REQUEST, "the credential is for another method or target")
    if credential.expires_at - credential.issued_at > timedelta(seconds=CREDENTIAL_LIFETIME):
        raise _malformed(f"it is to live longer than {CREDENTIAL_LIFETIME} seconds")
    if credential.issued_at > now + _SKEW:
        detail = f"the credential is from {credential.issued_at.isoformat()}, here it is {now.isoformat()}"
        raise CredentialRefusedError(RefusalWord.CLOCK_SKEW, detail)
    if credential.remembered_until <= now:
        detail = f"the credential expired at {credential.expires_at.isoformat()}, here it is {now.isoformat()}"
        raise CredentialRefusedError(RefusalWord.EXPIRED_CREDENTIAL, detail)


def check_body(credential: Credential, body: bytes) -> None:
    digest = urlsafe_b64encode(sha256(body).digest()).rstrip(b"=").decode("ascii")
    if not compare_digest(digest.encode(), credential.body_digest.encode("utf-8", "surrogatepass")):
        raise CredentialRefusedError(RefusalWord.WRONG_REQUEST, "the credential is for another body")


def _credential(claims: dict[str, Any], signed: jws.CompactSignature) -> Credential:
    subject, issuer = _text(claims, "sub"), _text(claims, "iss")
    if subject != issuer:
        raise _malformed("iss and sub differ")
    try:
        agent_id = UUID(subject)
    except ValueError:
        raise _malformed("sub is not an agent id") from None
    return Credential(
        agent_id=agent_id,
        credential_id=_text(claims, "jti"),
        audience=_text(claims, "aud"),
        issued_at=_moment(claims, "iat"),
        expires_at=_moment(claims, "exp"),
        method=_text(claims, "htm"),
        target=_text(claims, "htu"),
        body_digest=_text(claims, "bh"),
        _signed=signed,
    )


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise _malformed(f"{name} is missing or not text")
    return value


def _moment(claims: dict[str, Any], name: str) -> datetime:
    value = claims.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise _malformed(f"{name} is missing or not a number")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        raise _malformed(f"{name} is beyond the calendar") from None


def _malformed(detail: str) -> CredentialRefusedError:
    return CredentialRefusedError(RefusalWord.MALFORMED_CREDENTIAL, detail)
