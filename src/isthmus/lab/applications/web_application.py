"""A confidential web application: it signs people in on the server, with a secret, through MSAL."""

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import msal
import requests
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.templating import Jinja2Templates

from isthmus.lab.applications.settings import WEB_CALLBACK_PATH, WEB_PATH, SampleSettings

_COOKIE = "__Host-sample"
_SCOPES = ["User.Read"]
_SESSIONS_KEPT = 1000


@dataclass(slots=True)
class _Session:
    flow: dict[str, Any] = field(default_factory=dict)
    """What MSAL wants back with the code: state, nonce, verifier."""
    claims: dict[str, Any] | None = None
    error: str = ""


class WebApplication:
    """Its routes; sessions live in memory."""

    def __init__(self, settings: SampleSettings, templates: Jinja2Templates) -> None:
        self._settings = settings
        self._templates = templates
        self._sessions: OrderedDict[str, _Session] = OrderedDict()
        self._http = requests.Session()
        self._http.trust_env = False  # REQUESTS_CA_BUNDLE would win over `verify`
        self._http.verify = str(settings.ca_file)
        self.routes = [
            Route(WEB_PATH, self._home),
            Route("/web/sign-in", self._sign_in),
            Route(WEB_CALLBACK_PATH, self._callback),
            Route("/web/sign-out", self._sign_out, methods=["POST"]),
        ]

    def _home(self, request: Request) -> Response:
        session = self._sessions.get(request.cookies.get(_COOKIE, ""), _Session())
        context = {"claims": session.claims, "error": session.error}
        return self._templates.TemplateResponse(request, "web.html", context)

    def _sign_in(self, _request: Request) -> Response:
        flow = self._client().initiate_auth_code_flow(_SCOPES, redirect_uri=self._settings.web_redirect_uri)
        return self._answer_with(_Session(flow=flow), to=flow["auth_uri"])

    def _callback(self, request: Request) -> Response:
        session = self._sessions.pop(request.cookies.get(_COOKIE, ""), _Session())
        try:
            answer = self._client().acquire_token_by_auth_code_flow(session.flow, dict(request.query_params))
        except ValueError:
            answer = {"error_description": "the answer belongs to no sign-in that was begun in this browser"}
        signed_in = _Session(claims=answer.get("id_token_claims"), error=answer.get("error_description", ""))
        return self._answer_with(signed_in, to=WEB_PATH)

    def _sign_out(self, request: Request) -> Response:
        self._sessions.pop(request.cookies.get(_COOKIE, ""), None)
        back = urlencode({"post_logout_redirect_uri": self._settings.base_url + WEB_PATH})
        response = RedirectResponse(f"{self._settings.authority}/oauth2/v2.0/logout?{back}", 303)
        response.delete_cookie(_COOKIE, secure=True, httponly=True)
        return response

    def _answer_with(self, session: _Session, *, to: str) -> Response:
        """A new session each time, so that nobody can plant one."""
        identifier = secrets.token_urlsafe(32)
        self._sessions[identifier] = session
        while len(self._sessions) > _SESSIONS_KEPT:
            self._sessions.popitem(last=False)
        response = RedirectResponse(to, 303)
        response.set_cookie(_COOKIE, identifier, secure=True, httponly=True, samesite="lax")
        return response

    def _client(self) -> msal.ConfidentialClientApplication:
        """Without a token cache that several people would share."""
        return msal.ConfidentialClientApplication(
            self._settings.web_client_id,
            client_credential=self._settings.web_client_secret,
            authority=self._settings.authority,
            instance_discovery=False,
            http_client=self._http,
        )
