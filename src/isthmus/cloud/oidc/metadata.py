"""What a client can learn of this cloud before anyone signs in: metadata, keys, instances, realms."""

from collections.abc import Sequence
from typing import Any, Protocol
from urllib.parse import unquote
from uuid import UUID

from isthmus.cloud.accounts.account import upn_domain
from isthmus.cloud.accounts.tenant import Tenant
from isthmus.cloud.oidc.addresses import Addresses
from isthmus.cloud.oidc.directory import Directory
from isthmus.cloud.oidc.parameters import single_values
from isthmus.cloud.oidc.refusal import CORS, json_answer, missing_parameter
from isthmus.cloud.tokens.signing import SigningKey, published
from isthmus.cloud.web.http import HttpRequest, HttpResponse

_CACHED = (*CORS, ("cache-control", "max-age=86400, private"))
_KEYS_CACHED = (*CORS, ("cache-control", "max-age=3600, private"))
_CLAIMS = (
    *("sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "c_hash", "sid", "uti", "ver"),
    *("oid", "tid", "name", "preferred_username", "login_hint", "email"),
)


class Keys(Protocol):
    def published(self, tenant_id: UUID) -> Sequence[SigningKey]: ...


class AllTenants(Protocol):
    def all(self) -> Sequence[Tenant]: ...


class Metadata:
    def __init__(
        self,
        addresses: Addresses,
        directory: Directory,
        tenants: AllTenants,
        keys: Keys,
    ) -> None:
        self._addresses = addresses
        self._directory = directory
        self._tenants = tenants
        self._keys = keys

    def configuration(self, request: HttpRequest) -> HttpResponse:
        """OpenID Connect Discovery. The tenant is named by its GUID, however it was asked for."""
        asked = request.path_params["tenant"]
        tenant = self._directory.tenant(asked)
        if tenant is None:
            document = openid_configuration(self._addresses, segment=asked.lower(), issuer_tenant="{tenantid}")
        else:
            name = str(tenant.tenant_id)
            document = openid_configuration(self._addresses, segment=name, issuer_tenant=name)
        return json_answer(document, headers=_CACHED)

    def keys(self, request: HttpRequest) -> HttpResponse:
        """Of one tenant; under `common` of all, since a client there cannot know whose token it will get."""
        tenant = self._directory.tenant(request.path_params["tenant"])
        of = self._tenants.all() if tenant is None else [tenant]
        entries = [
            published(key, issuer=self._addresses.issuer(str(key.tenant_id)))
            for each in of
            for key in self._keys.published(each.tenant_id)
        ]
        return json_answer({"keys": entries}, headers=_KEYS_CACHED)

    def instance(self, request: HttpRequest) -> HttpResponse:
        """Which hosts are one cloud: this one alone, and whatever authority is asked about leads back to it."""
        authority = single_values(request.query).get("authorization_endpoint")
        if authority is None:
            raise missing_parameter("authorization_endpoint")
        segment = _tenant_of_authority(authority)
        document = {
            "tenant_discovery_endpoint": self._addresses.endpoint(segment, "v2.0/.well-known/openid-configuration"),
            "api-version": "1.1",
            "metadata": [
                {
                    "preferred_network": self._addresses.login_host,
                    "preferred_cache": self._addresses.login_host,
                    "aliases": [self._addresses.login_host],
                }
            ],
        }
        return json_answer(document, headers=_CACHED)

    def realm(self, request: HttpRequest) -> HttpResponse:
        """Who checks a person's password: this cloud, or somebody unknown. Tells of domains, never of people."""
        query = single_values(request.query)
        name = request.path_params.get("name") or query.get("user", "")
        domain = upn_domain(unquote(name))
        tenant = self._directory.tenant_of_domain(domain)
        if query.get("api-version", "1.0").startswith("2"):
            return json_answer(_realm_v2(name, domain, tenant, self._addresses.login_host))
        return json_answer(_realm_v1(domain, tenant, self._addresses.login_host))


def openid_configuration(addresses: Addresses, *, segment: str, issuer_tenant: str) -> dict[str, Any]:
    """*segment*: stands for the tenant in the endpoints."""
    return {
        "token_endpoint": addresses.endpoint(segment, "oauth2/v2.0/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "jwks_uri": addresses.endpoint(segment, "discovery/v2.0/keys"),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token"],
        "grant_types_supported": ["authorization_code", "refresh_token", "password", "implicit"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "code_challenge_methods_supported": ["S256"],
        "issuer": addresses.issuer(issuer_tenant),
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "claims_parameter_supported": False,
        "userinfo_endpoint": f"{addresses.public_url}/oidc/userinfo",
        "authorization_endpoint": addresses.endpoint(segment, "oauth2/v2.0/authorize"),
        "end_session_endpoint": addresses.endpoint(segment, "oauth2/v2.0/logout"),
        "claims_supported": _CLAIMS,
        "cloud_instance_name": addresses.login_host,
        "msgraph_host": addresses.graph.removeprefix("https://"),
        "tenant_region_scope": None,
    }


def _tenant_of_authority(authority: str) -> str:
    path = authority.partition("://")[2].partition("/")[2]
    segment = path.partition("/")[0]
    return segment if segment and all(part.isalnum() for part in segment.replace(".", "-").split("-")) else "common"


def _realm_v1(domain: str, tenant: Tenant | None, login_host: str) -> dict[str, str]:
    realm = {"ver": "1.0", "account_type": "Unknown" if tenant is None else "Managed", "domain_name": domain}
    return realm | {"cloud_instance_name": login_host, "cloud_audience_urn": "urn:federation:MicrosoftOnline"}


def _realm_v2(name: str, domain: str, tenant: Tenant | None, login_host: str) -> dict[str, str]:
    if tenant is None:
        return {"NameSpaceType": "Unknown", "Login": name}
    return {
        "NameSpaceType": "Managed",
        "Login": name,
        "DomainName": domain,
        "FederationBrandName": tenant.name,
        "cloud_instance_name": login_host,
        "cloud_audience_urn": "urn:federation:MicrosoftOnline",
    }
