"""Every address and name that this door emits, built from the public URL and never from where the server listens."""

from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlsplit
from uuid import UUID

from isthmus.cloud.tokens.claims import Issuers

_MICROSOFT_GRAPH = "https://graph.microsoft.com"


@dataclass(frozen=True)
class Addresses:
    public_url: str
    """Without a slash at the end."""

    @cached_property
    def login_host(self) -> str:
        return urlsplit(self.public_url).netloc

    @cached_property
    def _sibling_domain(self) -> str:
        """What remains when the host's own label is taken off: `contoso.test` of `login.contoso.test`."""
        return self.login_host.removeprefix("login.")

    @cached_property
    def graph(self) -> str:
        return f"https://graph.{self._sibling_domain}"

    @cached_property
    def graph_names(self) -> frozenset[str]:
        """All URIs that mean Microsoft Graph in a scope."""
        return frozenset({_MICROSOFT_GRAPH, self.graph})

    def issuer(self, tenant: str) -> str:
        """*tenant*: its GUID, or the literal `{tenantid}`."""
        return f"{self.public_url}/{tenant}/v2.0"

    def issuers(self, tenant_id: UUID) -> Issuers:
        return Issuers(v2=self.issuer(str(tenant_id)), v1=f"https://sts.{self._sibling_domain}/{tenant_id}/")

    def endpoint(self, tenant: str, path: str) -> str:
        return f"{self.public_url}/{tenant}/{path}"

    def error(self, code: int) -> str:
        return f"{self.public_url}/error?code={code}"
