"""The authorization endpoint: answers from the browser's session, or begins a sign-in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Protocol

from isthmus.cloud.accounts.application import Application
from isthmus.cloud.accounts.tenant import Tenant
from isthmus.cloud.oidc.authorize_answer import AuthorizeAnswers
from isthmus.cloud.oidc.authorize_request import Prompt, Target, Wish, read_target, read_wish
from isthmus.cloud.oidc.browser import Browser, SignedIn
from isthmus.cloud.oidc.client import ClientProof
from isthmus.cloud.oidc.directory import Directory
from isthmus.cloud.oidc.issuing import Issuing, Wanted
from isthmus.cloud.oidc.parameters import correlation_id, single_values
from isthmus.cloud.oidc.refusal import Incident, RefusedError
from isthmus.cloud.tokens.claims import Authentication, client_info, login_hint
from isthmus.cloud.tokens.code import AuthorizationCode
from isthmus.cloud.tokens.scope import Scopes
from isthmus.cloud.web.http import HttpRequest, HttpResponse
from isthmus.cloud.web.opaque import SECRET_BYTES, Handle, handle_of, handle_text
from isthmus.cloud.web.pages import Pages


class NewCodes(Protocol):
    def add(self, handle: Handle, code: AuthorizationCode) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """An authorization request that may be answered."""

    tenant: Tenant
    application: Application
    parameters: Mapping[str, str]
    target: Target
    wish: Wish
    scopes: Scopes
    incident: Incident
    ip_address: str
    user_agent: str


class Interaction(Protocol):
    """What happens when the person must do something."""

    def begin(self, authorization: Authorization, request: HttpRequest, signed_in: SignedIn | None) -> HttpResponse: ...

    def from_session(self, authorization: Authorization, signed_in: SignedIn) -> None:
        """Notes that the browser's session answered, and nobody was asked."""
        ...


class Authorizing:
    """Turns requests into `Authorization`s, and those with a signed-in person into answers."""

    def __init__(
        self,
        directory: Directory,
        issuing: Issuing,
        codes: NewCodes,
        answers: AuthorizeAnswers,
        pages: Pages,
        *,
        random_bytes: Callable[[int], bytes],
        clock: Callable[[], datetime],
    ) -> None:
        self._directory = directory
        self._issuing = issuing
        self._codes = codes
        self._answers = answers
        self._pages = pages
        self._random_bytes = random_bytes
        self._clock = clock

    def read(
        self, request: HttpRequest, tenant_name: str, parameters: Mapping[str, str]
    ) -> Authorization | HttpResponse:
        """The second: what is wrong with the request has an answer already."""
        incident = Incident(request.request_id, correlation_id(request, parameters), self._clock())
        try:
            tenant, application = self._directory.application(tenant_name, parameters.get("client_id"))
            target = read_target(parameters, application)
        except RefusedError as refused:
            return self.show_refusal(refused, incident)
        try:
            wish = read_wish(parameters, application, target)
            scopes = self._issuing.scopes(tenant.tenant_id, wish.scope)
        except RefusedError as refused:
            return self._answers.refusal(target, refused, incident, tenant=tenant, application=application)
        return Authorization(
            tenant=tenant,
            application=application,
            parameters=parameters,
            target=target,
            wish=wish,
            scopes=scopes,
            incident=incident,
            ip_address=request.client_address,
            user_agent=request.headers.get("user-agent", ""),
        )

    def refuse(self, authorization: Authorization, refused: RefusedError) -> HttpResponse:
        return self._answers.refusal(
            authorization.target,
            refused,
            authorization.incident,
            tenant=authorization.tenant,
            application=authorization.application,
        )

    def show_refusal(self, refused: RefusedError, incident: Incident) -> HttpResponse:
        values: dict[str, object] = {
            "tenant_name": None,
            "heading": "This sign-in cannot go on",
            "words": refused.words[:1].upper() + refused.words[1:],
            "code": refused.code,
            "incident": incident,
        }
        return self._pages.answer("error.html", values, status=HTTPStatus.BAD_REQUEST)

    def grant(self, authorization: Authorization, signed_in: SignedIn) -> HttpResponse:
        """The answer that lets the person in."""
        wish, now = authorization.wish, authorization.incident.at
        fields: list[tuple[str, str]] = []
        code = self._new_code(authorization, signed_in) if wish.with_code else None
        if code is not None:
            fields.append(("code", code))
        if wish.with_id_token:
            wanted = _wanted(authorization, signed_in)
            fields.append(("id_token", self._issuing.id_token(wanted, code=code, now=now)))
        if wish.wants_client_info:
            fields.append(("client_info", client_info(signed_in.account)))
        fields.append(("session_state", str(signed_in.session.session_id)))
        return self._answers.success(
            authorization.target, fields, tenant=authorization.tenant, application=authorization.application
        )

    def _new_code(self, authorization: Authorization, signed_in: SignedIn) -> str:
        text = handle_text(authorization.tenant.tenant_id, self._random_bytes(SECRET_BYTES))
        code = AuthorizationCode(
            tenant_id=authorization.tenant.tenant_id,
            client_id=authorization.application.client_id,
            account_id=signed_in.account.account_id,
            redirect_uri=authorization.target.redirect_uri,
            platform=authorization.target.registration.platform,
            scope=authorization.wish.scope,
            nonce=authorization.wish.nonce,
            challenge=authorization.wish.challenge,
            with_auth_time=authorization.wish.max_age is not None,
            authentication=_authentication(signed_in),
            issued_at=authorization.incident.at,
        )
        self._codes.add(handle_of(text), code)
        return text


class AuthorizeEndpoint:
    def __init__(self, authorizing: Authorizing, browser: Browser, interaction: Interaction) -> None:
        self._authorizing = authorizing
        self._browser = browser
        self._interaction = interaction

    def handle(self, request: HttpRequest) -> HttpResponse:
        parameters = single_values(request.form if request.method == "POST" else request.query)
        authorization = self._authorizing.read(request, request.path_params["tenant"], parameters)
        if isinstance(authorization, HttpResponse):
            return authorization
        signed_in = self._browser.signed_in(request, now=authorization.incident.at)
        if signed_in is not None and signed_in.session.tenant_id != authorization.tenant.tenant_id:
            signed_in = None
        if signed_in is not None and session_suffices(authorization, signed_in):
            self._interaction.from_session(authorization, signed_in)
            return self._authorizing.grant(authorization, signed_in)
        if authorization.target.is_silent:
            refused = RefusedError("login_required", 50058, "a silent sign-in was asked for, but nobody is signed in")
            return self._authorizing.refuse(authorization, refused)
        return self._interaction.begin(authorization, request, signed_in)


def session_suffices(authorization: Authorization, signed_in: SignedIn) -> bool:
    """Whether the browser's session answers the request without asking the person."""
    wish = authorization.wish
    if wish.prompt in (Prompt.LOGIN, Prompt.SELECT_ACCOUNT):
        return False
    if wish.max_age is not None and authorization.incident.at - signed_in.session.began_at > wish.max_age:
        return False
    if wish.session_id is not None and wish.session_id != str(signed_in.session.session_id):
        return False
    return wish.login_hint is None or _hints_at(wish.login_hint, signed_in)


def _hints_at(hint: str, signed_in: SignedIn) -> bool:
    account = signed_in.account
    if "@" in hint:
        return hint.casefold() == account.user_principal_name.casefold()
    return hint == login_hint(account.account_id)


def _authentication(signed_in: SignedIn) -> Authentication:
    session = signed_in.session
    return Authentication(at=session.began_at, methods=session.methods, session_id=session.session_id)


def _wanted(authorization: Authorization, signed_in: SignedIn) -> Wanted:
    return Wanted(
        account=signed_in.account,
        application=authorization.application,
        scopes=authorization.scopes,
        authentication=_authentication(signed_in),
        proof=ClientProof.NONE,
        platform=authorization.target.registration.platform,
        ip_address=authorization.ip_address,
        wants_client_info=authorization.wish.wants_client_info,
        with_id_token=True,
        nonce=authorization.wish.nonce,
        with_auth_time=authorization.wish.max_age is not None,
    )
