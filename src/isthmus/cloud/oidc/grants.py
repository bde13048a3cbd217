"""The grants of the token endpoint: a password, a code, a refresh token."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from isthmus.cloud.accounts.account import Account
from isthmus.cloud.accounts.application import Platform
from isthmus.cloud.oidc.client import ClientProof
from isthmus.cloud.oidc.issuing import Issuing, Wanted
from isthmus.cloud.oidc.journal import Attempt, Journal, success_entry
from isthmus.cloud.oidc.refusal import RefusedError
from isthmus.cloud.oidc.token import TokenRequest
from isthmus.cloud.signin.log import ClientKind
from isthmus.cloud.signin.password import Allowed, Refused, Verdict
from isthmus.cloud.tokens.claims import Authentication
from isthmus.cloud.tokens.code import AuthorizationCode, CodeRefusal, HeldCode, why_not_redeem
from isthmus.cloud.tokens.refresh import IDLE_LIFETIME, Family, RefreshRefusal, RefreshToken, why_not_refresh
from isthmus.cloud.tokens.scope import Resource, Scopes
from isthmus.cloud.web.opaque import Handle, read_handle

RandomBytes = Callable[[int], bytes]


class Passwords(Protocol):
    def attempt(self, tenant_id: UUID, user_principal_name: str, password: str, *, now: datetime) -> Verdict: ...


class Accounts(Protocol):
    def get(self, tenant_id: UUID, account_id: UUID) -> Account | None: ...


class Codes(Protocol):
    def find(self, handle: Handle) -> HeldCode | None: ...

    def redeem(self, handle: Handle, *, family_id: UUID) -> bool: ...


class HeldRefreshTokens(Protocol):
    def find(self, handle: Handle) -> RefreshToken | None: ...


class PasswordGrant:
    """Resource owner password credentials: RFC 6749, 4.3."""

    def __init__(self, passwords: Passwords, issuing: Issuing, journal: Journal, random_bytes: RandomBytes) -> None:
        self._passwords = passwords
        self._issuing = issuing
        self._journal = journal
        self._random_bytes = random_bytes

    def answer(self, request: TokenRequest) -> dict[str, Any]:
        name, password = request.require("username").strip(), request.require("password")
        proof = request.prove_client(may_be_public=request.application.is_public)
        scopes = self._issuing.scopes(request.tenant.tenant_id, request.require("scope"))
        attempt = _attempt(request, scopes.resource, "password", is_interactive=True)
        verdict = self._passwords.attempt(request.tenant.tenant_id, name, password, now=request.now)
        match verdict:
            case Refused(refusal, account):
                self._journal.failure(attempt, account, name, code=refusal.code, reason=refusal.reason)
                raise RefusedError("invalid_grant", refusal.public_code, refusal.public_words.rstrip("."))
            case Allowed(account):
                wanted = self._wanted(request, account, scopes, proof)
                if not scopes.asks("offline_access"):
                    answer = self._issuing.once(wanted, now=request.now)
                    self._journal.success(attempt, account)
                    return answer
                family_id = UUID(bytes=self._random_bytes(16), version=4)
                noted = success_entry(attempt, account)
                return self._issuing.first(wanted, family_id=family_id, noted=noted, now=request.now)

    def _wanted(self, request: TokenRequest, account: Account, scopes: Scopes, proof: ClientProof) -> Wanted:
        authentication = Authentication(
            at=request.now, methods=("pwd",), session_id=UUID(bytes=self._random_bytes(16), version=4)
        )
        return Wanted(
            account=account,
            application=request.application,
            scopes=scopes,
            authentication=authentication,
            proof=proof,
            platform=Platform.WEB if proof is ClientProof.SECRET else Platform.PUBLIC,
            ip_address=request.ip_address,
            wants_client_info=request.wants_client_info,
            with_id_token=scopes.asks("openid"),
        )


class CodeGrant:
    def __init__(self, codes: Codes, accounts: Accounts, issuing: Issuing, random_bytes: RandomBytes) -> None:
        self._codes = codes
        self._accounts = accounts
        self._issuing = issuing
        self._random_bytes = random_bytes

    def answer(self, request: TokenRequest) -> dict[str, Any]:
        handle = read_handle(request.require("code"))
        found = self._codes.find(handle) if handle is not None else None
        if handle is None or found is None or found.code.tenant_id != request.tenant.tenant_id:
            raise RefusedError("invalid_grant", 70000, "the code is not known")
        code = found.code
        _check_origin(code.platform, request.origin)
        proof = request.prove_client(may_be_public=code.platform is not Platform.WEB)
        refusal = why_not_redeem(
            found,
            client_id=request.application.client_id,
            redirect_uri=request.parameters.get("redirect_uri"),
            verifier=request.parameters.get("code_verifier"),
            now=request.now,
        )
        if refusal is CodeRefusal.REUSED and found.redeemed_as is not None:
            self._revoke(request, found.redeemed_as)
        if refusal is not None:
            raise RefusedError("invalid_grant", refusal.code, refusal.words)
        family_id = UUID(bytes=self._random_bytes(16), version=4)
        account = _account_of(self._accounts, code)
        if not self._codes.redeem(handle, family_id=family_id):
            raise self._lost_race(request, handle)
        return self._tokens(request, code, account, proof, family_id)

    def _tokens(
        self, request: TokenRequest, code: AuthorizationCode, account: Account, proof: ClientProof, family_id: UUID
    ) -> dict[str, Any]:
        granted = self._issuing.scopes(code.tenant_id, code.scope)
        asked = request.parameters.get("scope")
        scopes = self._issuing.scopes(code.tenant_id, asked) if asked is not None else granted
        wanted = Wanted(
            account=account,
            application=request.application,
            scopes=scopes,
            authentication=code.authentication,
            proof=proof,
            platform=code.platform,
            ip_address=request.ip_address,
            wants_client_info=request.wants_client_info,
            with_id_token=scopes.asks("openid") or granted.asks("openid"),
            nonce=code.nonce,
            with_auth_time=code.with_auth_time,
        )
        if scopes.asks("offline_access") or granted.asks("offline_access"):
            return self._issuing.first(wanted, family_id=family_id, noted=None, now=request.now)
        return self._issuing.once(wanted, now=request.now)

    def _lost_race(self, request: TokenRequest, handle: Handle) -> RefusedError:
        found = self._codes.find(handle)
        if found is not None and found.redeemed_as is not None:
            self._revoke(request, found.redeemed_as)
        return RefusedError("invalid_grant", CodeRefusal.REUSED.code, CodeRefusal.REUSED.words)

    def _revoke(self, request: TokenRequest, family_id: UUID) -> None:
        until = request.now + IDLE_LIFETIME
        self._issuing.revoke(request.tenant.tenant_id, family_id, now=request.now, until=until)


class RefreshGrant:
    def __init__(self, tokens: HeldRefreshTokens, accounts: Accounts, issuing: Issuing, journal: Journal) -> None:
        self._tokens = tokens
        self._accounts = accounts
        self._issuing = issuing
        self._journal = journal

    def answer(self, request: TokenRequest) -> dict[str, Any]:
        handle = read_handle(request.require("refresh_token"))
        token = self._tokens.find(handle) if handle is not None else None
        if handle is None or token is None or token.family.tenant_id != request.tenant.tenant_id:
            raise RefusedError("invalid_grant", 70000, "the refresh token is not known", suberror="bad_token")
        family = token.family
        _check_origin(family.platform, request.origin)
        proof = request.prove_client(may_be_public=family.platform is not Platform.WEB)
        scopes = self._issuing.scopes(family.tenant_id, request.parameters.get("scope", family.scope))
        attempt = _attempt(request, scopes.resource, "refresh_token", is_interactive=False)
        account = self._accounts.get(family.tenant_id, family.account_id)
        refusal = why_not_refresh(token, client_id=request.application.client_id, account=account, now=request.now)
        if refusal is None and account is not None:
            wanted, noted = _refreshed(request, account, scopes, family, proof), success_entry(attempt, account)
            return self._issuing.next(wanted, old=handle, family=family, noted=noted, now=request.now)
        raise self._refused(request, attempt, account, family, refusal or RefreshRefusal.GONE)

    def _refused(
        self,
        request: TokenRequest,
        attempt: Attempt,
        account: Account | None,
        family: Family,
        refusal: RefreshRefusal,
    ) -> RefusedError:
        if refusal is RefreshRefusal.REUSED:
            until = request.now + IDLE_LIFETIME
            self._issuing.revoke(family.tenant_id, family.family_id, now=request.now, until=until)
        self._journal.failure(attempt, account, "", code=refusal.code, reason=refusal.words)
        return RefusedError("invalid_grant", refusal.code, refusal.words, suberror="bad_token")


def _refreshed(request: TokenRequest, account: Account, scopes: Scopes, family: Family, proof: ClientProof) -> Wanted:
    return Wanted(
        account=account,
        application=request.application,
        scopes=scopes,
        authentication=family.authentication,
        proof=proof,
        platform=family.platform,
        ip_address=request.ip_address,
        wants_client_info=request.wants_client_info,
        with_id_token=scopes.asks("openid"),
    )


def _account_of(accounts: Accounts, code: AuthorizationCode) -> Account:
    """The code's account, if it may still have tokens."""
    account = accounts.get(code.tenant_id, code.account_id)
    if account is None or not account.enabled:
        raise RefusedError("invalid_grant", 50057, "the account is disabled")
    if code.authentication.at < account.sessions_valid_from:
        raise RefusedError("invalid_grant", 50173, "access was revoked since the sign-in; sign in again")
    return account


def _check_origin(platform: Platform, origin: str | None) -> None:
    """A single-page application's tokens go to browsers only, and to those nothing else goes."""
    if platform is Platform.SPA and origin is None:
        raise RefusedError("invalid_request", 9002327, "a single-page application redeems by a cross-origin request")
    if platform is not Platform.SPA and origin is not None:
        raise RefusedError(
            "invalid_request", 9002326, "cross-origin redemption is for the 'spa' redirect URIs of an application only"
        )


def _attempt(request: TokenRequest, resource: Resource, method: str, *, is_interactive: bool) -> Attempt:
    return Attempt(
        tenant_id=request.tenant.tenant_id,
        application=request.application,
        resource=resource,
        incident=request.incident,
        ip_address=request.ip_address,
        user_agent=request.user_agent,
        client_kind=ClientKind.MOBILE_AND_DESKTOP,
        is_interactive=is_interactive,
        method=method,
    )
