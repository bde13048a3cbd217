"""What a token says. Pure: times and identifiers come in as arguments."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from isthmus.cloud.accounts.account import Account, Role
from isthmus.cloud.accounts.application import Application
from isthmus.cloud.tokens.scope import ApiResource, GraphResource, Scopes

Claims = dict[str, Any]

_SKEW = timedelta(minutes=5)
_ROLE_TEMPLATES = {Role.GLOBAL_ADMINISTRATOR: "62e90394-69f5-4237-9190-012177145e10"}
"""The ids of Entra's built-in roles, for `wids`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuers:
    """How this cloud names itself for one tenant."""

    v2: str
    v1: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Authentication:
    """How and when a person signed in; goes with every code and refresh token that follows from it."""

    at: datetime
    methods: tuple[str, ...]
    session_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One answer's tokens: who, for which application, for what."""

    account: Account
    application: Application
    scopes: Scopes
    authentication: Authentication
    issuers: Issuers
    issued_at: datetime
    lifetime: timedelta
    token_id: str
    """The `uti` claim."""


def id_token_claims(grant: Grant, *, nonce: str | None, with_auth_time: bool) -> Claims:
    """An id_token, version 2.0."""
    account = grant.account
    claims = _frame(grant) | {
        "aud": str(grant.application.client_id),
        "iss": grant.issuers.v2,
        "sub": pairwise_subject(account.tenant_id, grant.application.client_id, account.account_id),
        "tid": str(account.tenant_id),
        "sid": str(grant.authentication.session_id),
        "login_hint": login_hint(account.account_id),
        "ver": "2.0",
    }
    if grant.scopes.asks("profile"):
        claims |= _present(
            oid=str(account.account_id), name=account.display_name, preferred_username=account.user_principal_name
        )
    if grant.scopes.asks("email"):
        claims |= _present(email=account.mail)
    if with_auth_time:
        claims["auth_time"] = int(grant.authentication.at.timestamp())
    return claims | _present(nonce=nonce)


def access_token_claims(grant: Grant, *, client_proof: str, ip_address: str) -> Claims:
    """*client_proof*: how the application proved itself: 0 not at all, 1 by a secret, 2 by a certificate."""
    match grant.scopes.resource:
        case GraphResource(audience):
            return _graph_claims(grant, audience, client_proof, ip_address)
        case ApiResource(client_id):
            return _api_claims(grant, client_id, client_proof)


def _graph_claims(grant: Grant, audience: str, client_proof: str, ip_address: str) -> Claims:
    """A version 1.0 access token: what Microsoft Graph and its kin expect."""
    account = grant.account
    return (
        _frame(grant)
        | {
            "aud": audience,
            "iss": grant.issuers.v1,
            "acr": "1",
            "amr": list(grant.authentication.methods),
            "app_displayname": grant.application.name,
            "appid": str(grant.application.client_id),
            "appidacr": client_proof,
            "idtyp": "user",
            "ipaddr": ip_address,
            "oid": str(account.account_id),
            "scp": " ".join(grant.scopes.permissions),
            "sid": str(grant.authentication.session_id),
            "sub": _subject(account.tenant_id, audience, account.account_id),
            "tid": str(account.tenant_id),
            "unique_name": account.user_principal_name,
            "upn": account.user_principal_name,
            "ver": "1.0",
            "wids": sorted(_ROLE_TEMPLATES[role] for role in account.roles),
        }
        | _present(
            name=account.display_name,
            given_name=account.given_name,
            family_name=account.surname,
            onprem_sid=account.security_identifier,
        )
    )


def _api_claims(grant: Grant, client_id: UUID, client_proof: str) -> Claims:
    """A version 2.0 access token, for an organisation's own API."""
    account = grant.account
    return (
        _frame(grant)
        | {
            "aud": str(client_id),
            "iss": grant.issuers.v2,
            "azp": str(grant.application.client_id),
            "azpacr": client_proof,
            "oid": str(account.account_id),
            "preferred_username": account.user_principal_name,
            "scp": " ".join(grant.scopes.permissions),
            "sid": str(grant.authentication.session_id),
            "sub": pairwise_subject(account.tenant_id, client_id, account.account_id),
            "tid": str(account.tenant_id),
            "ver": "2.0",
        }
        | _present(name=account.display_name)
    )


def userinfo_claims(account: Account, *, client_id: UUID, permissions: frozenset[str]) -> Claims:
    """What the userinfo endpoint tells an application of the person whose token it holds."""
    claims: Claims = {"sub": pairwise_subject(account.tenant_id, client_id, account.account_id)}
    if "profile" in permissions:
        claims |= _present(name=account.display_name, given_name=account.given_name, family_name=account.surname)
    if "email" in permissions:
        claims |= _present(email=account.mail)
    return claims


def client_info(account: Account) -> str:
    """What Microsoft's libraries take as the account's identity: base64url JSON, no padding."""
    identity = {"uid": str(account.account_id), "utid": str(account.tenant_id)}
    return _base64url(json.dumps(identity, separators=(",", ":")).encode())


def pairwise_subject(tenant_id: UUID, client_id: UUID, account_id: UUID) -> str:
    """The person as one application knows them: the same for ever, and another for every application."""
    return _subject(tenant_id, str(client_id), account_id)


def login_hint(account_id: UUID) -> str:
    """Names the account to a later authorization request, without telling the name. It has no @."""
    return _base64url(account_id.bytes)


def account_of_login_hint(hint: str) -> UUID | None:
    """The inverse of `login_hint`; None for what is none."""
    if len(hint) != 22 or not hint.isascii():
        return None
    try:
        raw = urlsafe_b64decode(hint + "==")
    except ValueError:
        return None
    return UUID(bytes=raw) if len(raw) == 16 else None


def token_hash(value: str) -> str:
    """Binds an id_token to what travels beside it. OpenID Connect c_hash and at_hash for RS256."""
    return _base64url(sha256(value.encode("ascii")).digest()[:16])


def _subject(tenant_id: UUID, audience: str, account_id: UUID) -> str:
    return _base64url(sha256(b"isthmus subject" + tenant_id.bytes + account_id.bytes + audience.encode()).digest())


def _frame(grant: Grant) -> Claims:
    not_before = int((grant.issued_at - _SKEW).timestamp())
    expires = int((grant.issued_at + grant.lifetime).timestamp())
    return {"iat": not_before, "nbf": not_before, "exp": expires, "uti": grant.token_id}


def _present(**claims: str | None) -> Claims:
    return {name: value for name, value in claims.items() if value is not None}


def _base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
