"""The token endpoint: tells grants apart, proves the application, answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Protocol

from isthmus.cloud.accounts.application import Application
from isthmus.cloud.accounts.tenant import Tenant
from isthmus.cloud.oidc.addresses import Addresses
from isthmus.cloud.oidc.client import ClientProof, ClientRefused, prove_client
from isthmus.cloud.oidc.directory import Directory
from isthmus.cloud.oidc.parameters import basic_credentials, correlation_id, single_values
from isthmus.cloud.oidc.refusal import (
    CORS,
    Incident,
    RefusedError,
    invalid_request,
    json_answer,
    missing_parameter,
    token_error,
)
from isthmus.cloud.web.http import HttpRequest, HttpResponse


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """A request of the token endpoint whose tenant and application are known, and no more."""

    tenant: Tenant
    application: Application
    secret: str | None
    parameters: Mapping[str, str]
    origin: str | None
    incident: Incident
    ip_address: str
    user_agent: str

    @property
    def now(self) -> datetime:
        return self.incident.at

    @property
    def wants_client_info(self) -> bool:
        return self.parameters.get("client_info") == "1"

    def require(self, name: str) -> str:
        value = self.parameters.get(name)
        if value is None:
            raise missing_parameter(name)
        return value

    def prove_client(self, *, may_be_public: bool) -> ClientProof:
        """How the application has proven itself. `RefusedError` if it must and has not."""
        proof = prove_client(self.application, self.secret, may_be_public=may_be_public, now=self.now)
        match proof:
            case ClientRefused(code, words):
                raise RefusedError("invalid_client", code, words, status=HTTPStatus.UNAUTHORIZED)
            case ClientProof():
                return proof


class GrantType(Protocol):
    def answer(self, request: TokenRequest) -> dict[str, Any]:
        """The body of a 200; `RefusedError` for everything else."""
        ...


class TokenEndpoint:
    def __init__(
        self,
        addresses: Addresses,
        directory: Directory,
        grants: Mapping[str, GrantType],
        clock: Callable[[], datetime],
    ) -> None:
        """*grants*: by the value of `grant_type`."""
        self._addresses = addresses
        self._directory = directory
        self._grants = grants
        self._clock = clock

    def handle(self, request: HttpRequest) -> HttpResponse:
        incident = Incident(request.request_id, request.correlation_id, self._clock())
        try:
            parameters = self._parameters(request)
            incident = Incident(request.request_id, correlation_id(request, parameters), incident.at)
            grant = self._grant(parameters)
            return json_answer(grant.answer(self._read(request, parameters, incident)))
        except RefusedError as refused:
            return token_error(refused, incident, self._addresses)

    def preflight(self, request: HttpRequest) -> HttpResponse:
        return preflight(request)

    def _parameters(self, request: HttpRequest) -> dict[str, str]:
        """The form's, and what stands only in the query: MSAL JS puts its correlation id there."""
        form = single_values(request.form)
        if not form:
            raise missing_parameter("grant_type")
        query = {name: value for name, value in single_values(request.query).items() if name == "client-request-id"}
        return query | form

    def _grant(self, parameters: Mapping[str, str]) -> GrantType:
        grant_type = parameters.get("grant_type")
        if grant_type is None:
            raise missing_parameter("grant_type")
        grant = self._grants.get(grant_type)
        if grant is None:
            raise RefusedError("unsupported_grant_type", 70003, "this grant_type is not supported")
        return grant

    def _read(self, request: HttpRequest, parameters: Mapping[str, str], incident: Incident) -> TokenRequest:
        client_id, secret = parameters.get("client_id"), parameters.get("client_secret")
        basic = basic_credentials(request.headers.get("authorization"))
        if basic is not None:
            if secret is not None or client_id not in (None, basic[0]):
                raise invalid_request(9002313, "the application names itself in two different ways")
            client_id, secret = basic
        tenant, application = self._directory.application(request.path_params["tenant"], client_id)
        return TokenRequest(
            tenant=tenant,
            application=application,
            secret=secret,
            parameters=parameters,
            origin=request.headers.get("origin"),
            incident=incident,
            ip_address=request.client_address,
            user_agent=request.headers.get("user-agent", ""),
        )


def preflight(request: HttpRequest) -> HttpResponse:
    """Any page may call the endpoints that answer with CORS: none of them looks at a cookie."""
    asked = request.headers.get("access-control-request-headers", "")
    safe = asked if asked.isascii() and asked.isprintable() and len(asked) <= 1024 else ""
    return HttpResponse(
        HTTPStatus.NO_CONTENT,
        headers=(
            *CORS,
            ("access-control-allow-methods", "GET, POST, OPTIONS"),
            ("access-control-allow-headers", safe),
            ("access-control-max-age", "86400"),
        ),
    )
