"""The userinfo endpoint: tells an application about the person whose token it holds."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from uuid import UUID

from joserfc import jws

from isthmus.cloud.oidc.addresses import Addresses
from isthmus.cloud.oidc.browser import Accounts
from isthmus.cloud.oidc.directory import Directory
from isthmus.cloud.oidc.metadata import Keys
from isthmus.cloud.oidc.parameters import read_uuid, single_values
from isthmus.cloud.oidc.refusal import CORS, json_answer
from isthmus.cloud.tokens.claims import Claims, userinfo_claims
from isthmus.cloud.tokens.scope import GRAPH_ID
from isthmus.cloud.tokens.signing import UNREADABLE_TOKEN, read_own_token
from isthmus.cloud.web.http import HttpRequest, HttpResponse


class UserinfoEndpoint:
    def __init__(
        self,
        addresses: Addresses,
        directory: Directory,
        accounts: Accounts,
        keys: Keys,
        clock: Callable[[], datetime],
    ) -> None:
        self._addresses = addresses
        self._directory = directory
        self._accounts = accounts
        self._keys = keys
        self._clock = clock

    def handle(self, request: HttpRequest) -> HttpResponse:
        token = _bearer(request.headers) or single_values(request.form).get("access_token")
        claims = self._claims(token) if token else None
        told = self._tell(claims) if claims is not None else None
        if told is not None:
            return json_answer(told)
        challenge = (
            'Bearer error="invalid_token", error_description="the access token is not good here"' if token else "Bearer"
        )
        body = {"error": "invalid_token", "error_description": "the access token is missing or not good here"}
        return json_answer(body, status=HTTPStatus.UNAUTHORIZED, headers=(*CORS, ("www-authenticate", challenge)))

    def _claims(self, token: str) -> Claims | None:
        tenant_id = _claimed_tenant(token)
        tenant = self._directory.by_id(tenant_id) if tenant_id else None
        if tenant is None:
            return None
        claims = read_own_token(token, self._keys.published(tenant.tenant_id), now=self._clock())
        if claims is None or claims.get("iss") != self._addresses.issuers(tenant.tenant_id).v1:
            return None
        audience = str(claims.get("aud", "")).rstrip("/").lower()
        return claims if audience == str(GRAPH_ID) or audience in self._addresses.graph_names else None

    def _tell(self, claims: Claims) -> Claims | None:
        permissions = frozenset(str(claims.get("scp", "")).split())
        tenant_id, account_id = read_uuid(claims.get("tid")), read_uuid(claims.get("oid"))
        client_id = read_uuid(claims.get("appid"))
        if "openid" not in permissions or tenant_id is None or account_id is None or client_id is None:
            return None
        account = self._accounts.get(tenant_id, account_id)
        if account is None or not account.enabled:
            return None
        return userinfo_claims(account, client_id=client_id, permissions=permissions)


def _bearer(headers: Mapping[str, str]) -> str | None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _claimed_tenant(token: str) -> UUID | None:
    """Whose key to look for; believed only after the signature."""
    try:
        claims = json.loads(jws.extract_compact(token.encode("ascii")).payload)
    except UNREADABLE_TOKEN:
        return None
    return read_uuid(claims.get("tid")) if isinstance(claims, dict) and isinstance(claims.get("tid"), str) else None
