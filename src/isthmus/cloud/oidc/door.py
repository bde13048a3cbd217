"""Mounts the door: which path leads to which handler, and what is answered to requests that no handler takes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from starlette.routing import Route

from isthmus.cloud.accounts.errors import StorageUnavailableError
from isthmus.cloud.oidc.addresses import Addresses
from isthmus.cloud.oidc.authorize import AuthorizeEndpoint
from isthmus.cloud.oidc.logout import Home, LogoutEndpoint
from isthmus.cloud.oidc.metadata import Metadata
from isthmus.cloud.oidc.refusal import Incident, RefusedError, token_error
from isthmus.cloud.oidc.signin_form import SigninForm
from isthmus.cloud.oidc.token import TokenEndpoint, preflight
from isthmus.cloud.oidc.userinfo import UserinfoEndpoint
from isthmus.cloud.web.http import Door, HttpRequest, HttpResponse, RequestRefusedError
from isthmus.cloud.web.pages import Pages

_ENDPOINT = ("GET", "OPTIONS")
_RETRY = (("retry-after", "2"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcDoor:
    addresses: Addresses
    pages: Pages
    metadata: Metadata
    token: TokenEndpoint
    authorize: AuthorizeEndpoint
    signin_form: SigninForm
    logout: LogoutEndpoint
    userinfo: UserinfoEndpoint
    home: Home
    clock: Callable[[], datetime]

    def routes(self) -> list[Route]:
        programs, people = Door(self._refuse_program), Door(self._refuse_person)
        both = ("GET", "POST")
        return [
            programs.route(
                "/{tenant}/oauth2/v2.0/token", _with_preflight(self.token.handle), methods=("POST", "OPTIONS")
            ),
            people.route("/{tenant}/oauth2/v2.0/authorize", self.authorize.handle, methods=both),
            people.route("/{tenant}/login", self.signin_form.handle, methods=("POST",)),
            people.route("/{tenant}/oauth2/v2.0/logout", self.logout.handle, methods=both),
            programs.route(
                "/{tenant}/v2.0/.well-known/openid-configuration",
                _with_preflight(self.metadata.configuration),
                methods=_ENDPOINT,
            ),
            programs.route("/{tenant}/discovery/v2.0/keys", _with_preflight(self.metadata.keys), methods=_ENDPOINT),
            programs.route("/common/discovery/instance", _with_preflight(self.metadata.instance), methods=_ENDPOINT),
            programs.route("/oidc/userinfo", _with_preflight(self.userinfo.handle), methods=(*both, "OPTIONS")),
            *(programs.route(path, self.metadata.realm) for path in _realm_paths()),
            people.route("/", self.home.show),
            people.route("/logout", self.home.sign_out, methods=("POST",)),
            people.route("/error", self._explain),
        ]

    def _refuse_program(self, request: HttpRequest, error: Exception) -> HttpResponse:
        answer = token_error(_refused(error), self._incident(request), self.addresses)
        return answer.with_headers(*_RETRY) if isinstance(error, StorageUnavailableError) else answer

    def _refuse_person(self, request: HttpRequest, error: Exception) -> HttpResponse:
        refused = _refused(error)
        values: dict[str, object] = {
            "tenant_name": None,
            "heading": "This cannot be done",
            "words": refused.words[:1].upper() + refused.words[1:],
            "code": refused.code,
            "incident": self._incident(request),
        }
        return self.pages.answer("error.html", values, status=refused.status)

    def _explain(self, request: HttpRequest) -> HttpResponse:
        """Where `error_uri` leads."""
        code = dict(request.query).get("code", "")
        shown = code if code.isascii() and code.isdecimal() and len(code) <= 10 else "?"
        words = "An application was told this number. Your administrator finds the reason in the sign-in log"
        values: dict[str, object] = {"tenant_name": None, "heading": "About this error", "words": words, "code": shown}
        return self.pages.answer("error.html", values | {"incident": None})

    def _incident(self, request: HttpRequest) -> Incident:
        return Incident(request.request_id, request.correlation_id, self.clock())


def _with_preflight(handler: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    def answer(request: HttpRequest) -> HttpResponse:
        return preflight(request) if request.method == "OPTIONS" else handler(request)

    return answer


def _refused(error: Exception) -> RefusedError:
    """What a handler raised, as an answer. What nobody expects goes on."""
    match error:
        case RefusedError():
            return error
        case RequestRefusedError(status=status, detail=detail):
            return RefusedError("invalid_request", 9002313, detail, status=status)
        case StorageUnavailableError():
            words = "the service is busy for a moment; try again"
            return RefusedError("temporarily_unavailable", 90033, words, status=HTTPStatus.SERVICE_UNAVAILABLE)
        case _:
            raise error


def _realm_paths() -> list[str]:
    """Clients differ in the case of this path's middle."""
    return [
        f"/common/{word}{name}" for word in ("userrealm", "UserRealm", "userRealm") for name in ("", "/", "/{name}")
    ]
