"""Sends the authorization endpoint's answer back to the application, the way that it asked for."""

from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import quote, urlencode

from isthmus.cloud.accounts.application import Application
from isthmus.cloud.accounts.tenant import Tenant
from isthmus.cloud.oidc.addresses import Addresses
from isthmus.cloud.oidc.authorize_request import ResponseMode, Target
from isthmus.cloud.oidc.refusal import Incident, RefusedError, error_description
from isthmus.cloud.web.http import HttpResponse
from isthmus.cloud.web.pages import Pages

Fields = Sequence[tuple[str, str]]


class AuthorizeAnswers:
    def __init__(self, addresses: Addresses, pages: Pages) -> None:
        self._addresses = addresses
        self._pages = pages

    def success(self, target: Target, fields: Fields, *, tenant: Tenant, application: Application) -> HttpResponse:
        return self._send(target, fields, tenant, application)

    def refusal(
        self, target: Target, refused: RefusedError, incident: Incident, *, tenant: Tenant, application: Application
    ) -> HttpResponse:
        fields = (
            ("error", refused.error),
            ("error_description", error_description(refused, incident)),
            ("error_uri", self._addresses.error(refused.code)),
        )
        return self._send(target, fields, tenant, application)

    def _send(self, target: Target, fields: Fields, tenant: Tenant, application: Application) -> HttpResponse:
        if target.state is not None:
            fields = (*fields, ("state", target.state))
        match target.mode:
            case ResponseMode.QUERY:
                mark = "&" if "?" in target.redirect_uri else "?"
                return _redirect(f"{target.redirect_uri}{mark}{_encoded(fields)}", target)
            case ResponseMode.FRAGMENT:
                return _redirect(f"{target.redirect_uri}#{_encoded(fields)}", target)
            case ResponseMode.FORM_POST:
                values: dict[str, object] = {
                    "tenant_name": tenant.name,
                    "application_name": application.name,
                    "target": target.redirect_uri,
                    "fields": fields,
                }
                return self._pages.answer(
                    "form_post.html", values, form_targets=[target.redirect_uri], framable=target.is_silent
                )


def _encoded(fields: Fields) -> str:
    return urlencode(fields, quote_via=quote, safe="")


def _redirect(location: str, target: Target) -> HttpResponse:
    # 303: what brought the person here may have been a form with a password, which must not be sent on.
    framing = (("x-frame-options", ""), ("content-security-policy", "default-src 'none'")) if target.is_silent else ()
    return HttpResponse(HTTPStatus.SEE_OTHER, headers=(("location", location), *framing))
