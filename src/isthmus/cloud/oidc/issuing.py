"""Makes the tokens of one answer: decides nothing, signs and stores."""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from isthmus.cloud.accounts.account import Account
from isthmus.cloud.accounts.application import Application, Platform
from isthmus.cloud.oidc.addresses import Addresses
from isthmus.cloud.oidc.client import ClientProof
from isthmus.cloud.oidc.directory import Directory
from isthmus.cloud.oidc.refusal import RefusedError
from isthmus.cloud.signin.log import SigninEntry
from isthmus.cloud.tokens.claims import (
    Authentication,
    Grant,
    access_token_claims,
    client_info,
    id_token_claims,
    token_hash,
)
from isthmus.cloud.tokens.refresh import SPA_LIFETIME, Family
from isthmus.cloud.tokens.scope import ApiResource, GraphResource, ScopeRefused, Scopes, read_scopes
from isthmus.cloud.tokens.signing import SigningKey, key_that_signs, sign
from isthmus.cloud.web.opaque import SECRET_BYTES, Handle, handle_of, handle_text

_SHORTEST = timedelta(minutes=60)
_SPREAD_SECONDS = 30 * 60


class Keys(Protocol):
    def published(self, tenant_id: UUID) -> Sequence[SigningKey]: ...


class RefreshTokens(Protocol):
    def begin(self, handle: Handle, family: Family, *, noted: SigninEntry | None, now: datetime) -> bool: ...

    def rotate(self, old: Handle, new: Handle, family: Family, *, noted: SigninEntry, now: datetime) -> None: ...

    def revoke(self, tenant_id: UUID, family_id: UUID, *, now: datetime, until: datetime) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What one answer of the token endpoint is to hold."""

    account: Account
    application: Application
    scopes: Scopes
    authentication: Authentication
    proof: ClientProof
    platform: Platform
    ip_address: str
    wants_client_info: bool
    with_id_token: bool
    nonce: str | None = None
    with_auth_time: bool = False


class Issuing:
    def __init__(
        self,
        addresses: Addresses,
        directory: Directory,
        keys: Keys,
        refresh_tokens: RefreshTokens,
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._addresses = addresses
        self._directory = directory
        self._keys = keys
        self._refresh_tokens = refresh_tokens
        self._random_bytes = random_bytes

    def scopes(self, tenant_id: UUID, text: str) -> Scopes:
        """What *text* asks for. `RefusedError` if it cannot be had in this tenant."""
        match read_scopes(text, graph_names=self._addresses.graph_names):
            case ScopeRefused(code, detail):
                raise RefusedError(_SCOPE_ERRORS.get(code, "invalid_scope"), code, detail)
            case Scopes(resource=ApiResource(client_id)) if self._directory.api(tenant_id, client_id) is None:
                raise RefusedError("invalid_resource", 500011, f"the resource {client_id} is not known in this tenant")
            case scopes:
                return scopes

    def once(self, wanted: Wanted, *, now: datetime) -> dict[str, Any]:
        """The answer to a sign-in that nothing is to follow from."""
        return self._tokens(wanted, now=now)

    def first(self, wanted: Wanted, *, family_id: UUID, noted: SigninEntry | None, now: datetime) -> dict[str, Any]:
        """The answer to a sign-in with the first refresh token of a new family; *noted* in the sign-in log."""
        answer = self._tokens(wanted, now=now)
        text, handle = self._new_handle(wanted.account.tenant_id)
        if not self._refresh_tokens.begin(handle, _family(wanted, family_id), noted=noted, now=now):
            raise RefusedError("invalid_grant", 54005, "the code was redeemed twice at the same time")
        return answer | _refresh_fields(text, wanted, now)

    def next(self, wanted: Wanted, *, old: Handle, family: Family, noted: SigninEntry, now: datetime) -> dict[str, Any]:
        """The answer to a refresh token, with its successor; *noted* in the sign-in log."""
        answer = self._tokens(wanted, now=now)
        text, handle = self._new_handle(family.tenant_id)
        self._refresh_tokens.rotate(old, handle, family, noted=noted, now=now)
        return answer | _refresh_fields(text, wanted, now)

    def id_token(self, wanted: Wanted, *, code: str | None, now: datetime) -> str:
        """For the authorization endpoint, bound to the *code* beside it."""
        claims = id_token_claims(
            self._grant(wanted, _SHORTEST, now), nonce=wanted.nonce, with_auth_time=wanted.with_auth_time
        )
        if code is not None:
            claims["c_hash"] = token_hash(code)
        return self._sign(wanted, claims, now=now)

    def revoke(self, tenant_id: UUID, family_id: UUID, *, now: datetime, until: datetime) -> None:
        self._refresh_tokens.revoke(tenant_id, family_id, now=now, until=until)

    def _tokens(self, wanted: Wanted, *, now: datetime) -> dict[str, Any]:
        lifetime = _SHORTEST + timedelta(seconds=int.from_bytes(self._random_bytes(4)) % _SPREAD_SECONDS)
        grant = self._grant(wanted, lifetime, now)
        key = key_that_signs(self._keys.published(wanted.account.tenant_id), now)
        claims = access_token_claims(grant, client_proof=wanted.proof, ip_address=wanted.ip_address)
        seconds = int(lifetime.total_seconds())
        answer = {
            "token_type": "Bearer",
            "scope": wanted.scopes.echoed,
            "expires_in": seconds,
            "ext_expires_in": seconds,
            "access_token": sign(claims, key, with_thumbprint=isinstance(wanted.scopes.resource, GraphResource)),
        }
        if wanted.with_id_token:
            id_claims = id_token_claims(
                replace(grant, token_id=self._token_id()), nonce=wanted.nonce, with_auth_time=wanted.with_auth_time
            )
            answer["id_token"] = sign(id_claims, key, with_thumbprint=False)
        if wanted.wants_client_info:
            answer["client_info"] = client_info(wanted.account)
        return answer

    def _grant(self, wanted: Wanted, lifetime: timedelta, now: datetime) -> Grant:
        return Grant(
            account=wanted.account,
            application=wanted.application,
            scopes=wanted.scopes,
            authentication=wanted.authentication,
            issuers=self._addresses.issuers(wanted.account.tenant_id),
            issued_at=now,
            lifetime=lifetime,
            token_id=self._token_id(),
        )

    def _sign(self, wanted: Wanted, claims: dict[str, Any], *, now: datetime) -> str:
        key = key_that_signs(self._keys.published(wanted.account.tenant_id), now)
        return sign(claims, key, with_thumbprint=False)

    def _token_id(self) -> str:
        return urlsafe_b64encode(self._random_bytes(15)).decode("ascii")

    def _new_handle(self, tenant_id: UUID) -> tuple[str, Handle]:
        text = handle_text(tenant_id, self._random_bytes(SECRET_BYTES))
        return text, handle_of(text)


_SCOPE_ERRORS = {500011: "invalid_resource", 65001: "invalid_grant", 28000: "invalid_request"}


def _family(wanted: Wanted, family_id: UUID) -> Family:
    return Family(
        tenant_id=wanted.account.tenant_id,
        family_id=family_id,
        client_id=wanted.application.client_id,
        account_id=wanted.account.account_id,
        platform=wanted.platform,
        scope=" ".join(wanted.scopes.asked),
        authentication=wanted.authentication,
    )


def _refresh_fields(text: str, wanted: Wanted, now: datetime) -> dict[str, Any]:
    fields: dict[str, Any] = {"refresh_token": text}
    if wanted.platform is Platform.SPA:
        end = wanted.authentication.at + SPA_LIFETIME
        fields["refresh_token_expires_in"] = int((end - now).total_seconds())
    return fields
