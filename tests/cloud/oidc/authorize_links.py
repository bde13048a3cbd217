"""Authorization requests as applications send them."""

from urllib.parse import parse_qs, urlencode, urlsplit

from tests.cloud.live_cloud import LiveCloud

from isthmus.cloud.accounts.application import Application
from isthmus.cloud.tokens.code import code_challenge

VERIFIER = "verifier-" * 6


def parameters(application: Application, **more: str | None) -> dict[str, str]:
    """None leaves a usual parameter out."""
    usual: dict[str, str | None] = {
        "client_id": str(application.client_id),
        "redirect_uri": application.redirect_uris[0].uri,
        "response_type": "code",
        "scope": "openid profile offline_access User.Read",
        "state": "st=1&x",
        "code_challenge": code_challenge(VERIFIER),
        "code_challenge_method": "S256",
    }
    return {name: value for name, value in (usual | more).items() if value is not None}


def link(live: LiveCloud, application: Application, *, tenant: str | None = None, **more: str | None) -> str:
    query = urlencode(parameters(application, **more))
    return f"{live.url}/{tenant or live.tenant_id}/oauth2/v2.0/authorize?{query}"


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def fragment_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).fragment).items()}
