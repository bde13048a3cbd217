"""Signing out, and the plain page that says who is signed in."""

from collections.abc import Callable, Sequence
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlencode
from uuid import UUID

from isthmus.cloud.accounts.application import Application
from isthmus.cloud.oidc.browser import Browser
from isthmus.cloud.oidc.directory import Directory
from isthmus.cloud.oidc.metadata import Keys
from isthmus.cloud.oidc.parameters import read_uuid, single_values
from isthmus.cloud.oidc.redirect_uri import find_redirect_uri
from isthmus.cloud.oidc.refusal import RefusedError
from isthmus.cloud.tokens.signing import audience_of_own_token
from isthmus.cloud.web.cookies import SESSION, drop_cookie
from isthmus.cloud.web.form_context import FormContext, Seal, read_context, write_context
from isthmus.cloud.web.http import HttpRequest, HttpResponse
from isthmus.cloud.web.pages import Pages


class LogoutEndpoint:
    """OpenID Connect RP-Initiated Logout. Leads only to addresses that an application has registered."""

    def __init__(
        self, browser: Browser, directory: Directory, keys: Keys, pages: Pages, clock: Callable[[], datetime]
    ) -> None:
        self._browser = browser
        self._directory = directory
        self._keys = keys
        self._pages = pages
        self._clock = clock

    def handle(self, request: HttpRequest) -> HttpResponse:
        parameters = single_values(request.form if request.method == "POST" else request.query)
        tenant = self._directory.tenant(request.path_params["tenant"])
        signed_in = self._browser.signed_in(request, now=self._clock())
        tenant_id = tenant.tenant_id if tenant else signed_in.session.tenant_id if signed_in else None
        self._browser.end(request)
        target = parameters.get("post_logout_redirect_uri")
        if target is not None and self._is_registered(tenant_id, parameters, target):
            if "state" in parameters:
                mark = "&" if "?" in target else "?"
                target += mark + urlencode({"state": parameters["state"]})
            return HttpResponse(HTTPStatus.SEE_OTHER, headers=(("location", target), drop_cookie(SESSION)))
        values: dict[str, object] = {
            "tenant_name": tenant.name if tenant else None,
            "heading": "You are signed out",
            "words": "You can close this window.",
            "login": None,
        }
        return self._pages.answer("home.html", values).with_headers(drop_cookie(SESSION))

    def _is_registered(self, tenant_id: UUID | None, parameters: dict[str, str], target: str) -> bool:
        candidates = self._candidates(tenant_id, parameters)
        return any(find_redirect_uri(application, target) is not None for application in candidates)

    def _candidates(self, tenant_id: UUID | None, parameters: dict[str, str]) -> Sequence[Application]:
        """The application that asks, if it says which it is; else any of the tenant's."""
        client_id = read_uuid(parameters.get("client_id"))
        hint = parameters.get("id_token_hint")
        if client_id is None and hint is not None and tenant_id is not None:
            client_id = read_uuid(audience_of_own_token(hint, self._keys.published(tenant_id)))
        if client_id is not None:
            try:
                tenant_name = str(tenant_id) if tenant_id else "common"
                return [self._directory.application(tenant_name, str(client_id))[1]]
            except RefusedError:
                return []
        return self._directory.applications(tenant_id) if tenant_id else []


class Home:
    def __init__(
        self, browser: Browser, directory: Directory, pages: Pages, seal: Seal, clock: Callable[[], datetime]
    ) -> None:
        self._browser = browser
        self._directory = directory
        self._pages = pages
        self._seal = seal
        self._clock = clock

    def show(self, request: HttpRequest) -> HttpResponse:
        now = self._clock()
        signed_in = self._browser.signed_in(request, now=now)
        if signed_in is None:
            return self._page(None, "You are not signed in", "Begin at the application that you want to use.")
        tenant = self._directory.by_id(signed_in.session.tenant_id)
        cookie = request.cookies.get(SESSION, "")
        ctx = write_context(FormContext("", {}, made_at=now), self._seal, browser=cookie)
        login = signed_in.account.user_principal_name
        return self._page(tenant.name if tenant else None, "You are signed in", "", login=login, ctx=ctx)

    def sign_out(self, request: HttpRequest) -> HttpResponse:
        ctx = single_values(request.form).get("ctx", "")
        cookie = request.cookies.get(SESSION, "")
        if read_context(ctx, self._seal, browser=cookie, now=self._clock()) is None:
            return HttpResponse(HTTPStatus.SEE_OTHER, headers=(("location", "/"),))
        self._browser.end(request)
        return HttpResponse(HTTPStatus.SEE_OTHER, headers=(("location", "/"), drop_cookie(SESSION)))

    def _page(
        self, tenant_name: str | None, heading: str, words: str, *, login: str | None = None, ctx: str = ""
    ) -> HttpResponse:
        values: dict[str, object] = {"tenant_name": tenant_name, "heading": heading, "words": words}
        return self._pages.answer("home.html", values | {"login": login, "ctx": ctx})
