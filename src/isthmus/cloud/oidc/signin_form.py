"""The sign-in page: user name, then password. Works without scripts; its state travels sealed in the form."""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from isthmus.cloud.accounts.account import Account
from isthmus.cloud.oidc.authorize import Authorization, Authorizing
from isthmus.cloud.oidc.authorize_request import Prompt
from isthmus.cloud.oidc.browser import Accounts, Browser, SignedIn
from isthmus.cloud.oidc.journal import Attempt, Journal
from isthmus.cloud.oidc.parameters import single_values
from isthmus.cloud.oidc.refusal import Incident, invalid_request
from isthmus.cloud.signin.log import ClientKind
from isthmus.cloud.signin.password import Allowed, Refused, Verdict
from isthmus.cloud.signin.refusal import Refusal
from isthmus.cloud.tokens.claims import account_of_login_hint
from isthmus.cloud.web.cookies import BROWSER, set_cookie
from isthmus.cloud.web.form_context import FormContext, Seal, read_context, write_context
from isthmus.cloud.web.http import HttpRequest, HttpResponse
from isthmus.cloud.web.pages import Pages

_BROWSER_BYTES = 24
_BROWSER_LENGTH = 32


class Passwords(Protocol):
    def attempt(self, tenant_id: UUID, user_principal_name: str, password: str, *, now: datetime) -> Verdict: ...


class SigninForm:
    def __init__(  # noqa: PLR0913 the parts of one page
        self,
        authorizing: Authorizing,
        browser: Browser,
        passwords: Passwords,
        accounts: Accounts,
        journal: Journal,
        pages: Pages,
        seal: Seal,
        *,
        random_bytes: Callable[[int], bytes],
        clock: Callable[[], datetime],
    ) -> None:
        self._authorizing = authorizing
        self._browser = browser
        self._passwords = passwords
        self._accounts = accounts
        self._journal = journal
        self._pages = pages
        self._seal = seal
        self._random_bytes = random_bytes
        self._clock = clock

    def begin(self, authorization: Authorization, request: HttpRequest, signed_in: SignedIn | None) -> HttpResponse:
        """The first page of a sign-in."""
        known = request.cookies.get(BROWSER, "")
        browser = known if len(known) == _BROWSER_LENGTH else self._new_browser()
        context = FormContext(
            request.path_params["tenant"], authorization.parameters, made_at=authorization.incident.at
        )
        ctx = write_context(context, self._seal, browser=browser)
        page = self._first_page(authorization, ctx, signed_in)
        return page if browser == known else page.with_headers(set_cookie(BROWSER, browser))

    def from_session(self, authorization: Authorization, signed_in: SignedIn) -> None:
        attempt = replace(_attempt(authorization), method="session", is_interactive=False)
        self._journal.success(attempt, signed_in.account)

    def handle(self, request: HttpRequest) -> HttpResponse:
        """What the person sent from one of the pages."""
        fields = single_values(request.form)
        ctx = fields.get("ctx", "")
        browser = request.cookies.get(BROWSER, "")
        context = read_context(ctx, self._seal, browser=browser, now=self._clock())
        if context is None:
            incident = Incident(request.request_id, request.correlation_id, self._clock())
            words = "this sign-in page is too old, or the browser keeps no cookies; go back to the application"
            return self._authorizing.show_refusal(invalid_request(90014, words), incident)
        authorization = self._authorizing.read(request, context.tenant_name, context.parameters)
        if isinstance(authorization, HttpResponse):
            return authorization
        return self._step(authorization, request, ctx, fields)

    def _step(
        self, authorization: Authorization, request: HttpRequest, ctx: str, fields: dict[str, str]
    ) -> HttpResponse:
        name, password = fields.get("login", "").strip(), fields.get("passwd")
        match fields.get("step"):
            case "back":
                return self._name_page(authorization, ctx)
            case "session":
                return self._chosen_session(authorization, request, ctx)
            case step if "@" in name and password is None:
                error = "Enter your password." if step == "password" else None
                return self._password_page(authorization, ctx, name, error=error)
            case _ if "@" in name and password is not None:
                return self._signin(authorization, request, ctx, name, password)
            case _:
                words = f"Enter your user name, such as name@{_domain(authorization)}."
                return self._name_page(authorization, ctx, name=name, error=words)

    def _first_page(self, authorization: Authorization, ctx: str, signed_in: SignedIn | None) -> HttpResponse:
        if signed_in is not None and authorization.wish.prompt is Prompt.SELECT_ACCOUNT:
            return self._page("account.html", authorization, ctx, signed_in.account.user_principal_name)
        hint = authorization.wish.login_hint
        if hint is None or authorization.wish.prompt is Prompt.SELECT_ACCOUNT:
            return self._name_page(authorization, ctx)
        name = hint if "@" in hint else self._name_of(authorization, hint)
        return self._password_page(authorization, ctx, name) if name else self._name_page(authorization, ctx)

    def _signin(
        self, authorization: Authorization, request: HttpRequest, ctx: str, name: str, password: str
    ) -> HttpResponse:
        now = authorization.incident.at
        verdict = self._passwords.attempt(authorization.tenant.tenant_id, name, password, now=now)
        match verdict:
            case Refused(refusal, account):
                self._note_refusal(authorization, account, name, refusal)
                return self._password_page(authorization, ctx, name, error=refusal.public_words)
            case Allowed(account):
                signed_in, cookie = self._browser.begin(request, account, method="pwd", now=now)
                self._journal.success(_attempt(authorization), account)
                return self._authorizing.grant(authorization, signed_in).with_headers(cookie)

    def _chosen_session(self, authorization: Authorization, request: HttpRequest, ctx: str) -> HttpResponse:
        signed_in = self._browser.signed_in(request, now=authorization.incident.at)
        may = authorization.wish.prompt is Prompt.SELECT_ACCOUNT
        if signed_in is None or not may or signed_in.session.tenant_id != authorization.tenant.tenant_id:
            return self._name_page(authorization, ctx)
        self.from_session(authorization, signed_in)
        return self._authorizing.grant(authorization, signed_in)

    def _note_refusal(self, authorization: Authorization, account: Account | None, name: str, refusal: Refusal) -> None:
        attempt = _attempt(authorization)
        self._journal.failure(attempt, account, name, code=refusal.code, reason=refusal.reason)

    def _name_of(self, authorization: Authorization, hint: str) -> str | None:
        account_id = account_of_login_hint(hint)
        account = self._accounts.get(authorization.tenant.tenant_id, account_id) if account_id else None
        return account.user_principal_name if account else None

    def _name_page(
        self, authorization: Authorization, ctx: str, *, name: str = "", error: str | None = None
    ) -> HttpResponse:
        return self._page("username.html", authorization, ctx, name, error=error)

    def _password_page(
        self, authorization: Authorization, ctx: str, name: str, *, error: str | None = None
    ) -> HttpResponse:
        return self._page("password.html", authorization, ctx, name, error=error)

    def _page(
        self, template: str, authorization: Authorization, ctx: str, login: str, *, error: str | None = None
    ) -> HttpResponse:
        values: dict[str, object] = {
            "tenant_name": authorization.tenant.name,
            "application_name": authorization.application.name,
            "domain": _domain(authorization),
            "action": f"/{authorization.tenant.tenant_id}/login",
            "ctx": ctx,
            "login": login[:256],
            "error": error,
        }
        return self._pages.answer(template, values, form_targets=[authorization.target.redirect_uri])

    def _new_browser(self) -> str:
        return urlsafe_b64encode(self._random_bytes(_BROWSER_BYTES)).decode("ascii")


def _domain(authorization: Authorization) -> str:
    domains = authorization.tenant.domains
    return domains[0] if domains else "example.com"


def _attempt(authorization: Authorization) -> Attempt:
    return Attempt(
        tenant_id=authorization.tenant.tenant_id,
        application=authorization.application,
        resource=authorization.scopes.resource,
        incident=authorization.incident,
        ip_address=authorization.ip_address,
        user_agent=authorization.user_agent,
        client_kind=ClientKind.BROWSER,
        is_interactive=True,
        method="password",
    )
