"""Finds the tenant and the application that a request is about."""

from typing import Protocol
from uuid import UUID

from isthmus.cloud.accounts.application import Application
from isthmus.cloud.accounts.tenant import Tenant, is_domain_name
from isthmus.cloud.oidc.parameters import read_uuid
from isthmus.cloud.oidc.refusal import RefusedError, invalid_request, missing_parameter

ANY_TENANT = frozenset({"common", "organizations"})


class Tenants(Protocol):
    def find(self, name: str) -> Tenant | None: ...


class Applications(Protocol):
    def find(self, tenant_id: UUID, client_id: UUID) -> Application | None: ...

    def find_by_client_id(self, client_id: UUID) -> Application | None: ...

    def all(self, tenant_id: UUID) -> list[Application]: ...


class Directory:
    def __init__(self, tenants: Tenants, applications: Applications) -> None:
        self._tenants = tenants
        self._applications = applications

    def tenant(self, name: str) -> Tenant | None:
        """Of a path's first part: GUID or verified domain; None for `common` and `organizations`."""
        if name.lower() in ANY_TENANT:
            return None
        tenant = self._tenants.find(name) if read_uuid(name) or is_domain_name(name) else None
        if tenant is None:
            raise RefusedError("invalid_tenant", 90002, f"the tenant '{_shown(name)}' is not known here")
        return tenant

    def tenant_of_domain(self, domain: str) -> Tenant | None:
        return self._tenants.find(domain) if is_domain_name(domain) else None

    def application(self, tenant_name: str, client_id: str | None) -> tuple[Tenant, Application]:
        """*client_id* as it was sent. `common` and `organizations` mean the application's own tenant."""
        tenant = self.tenant(tenant_name)
        if client_id is None:
            raise missing_parameter("client_id")
        parsed = read_uuid(client_id)
        application = self._applications.find_by_client_id(parsed) if parsed else None
        if application is None or (tenant is not None and application.tenant_id != tenant.tenant_id):
            raise RefusedError(
                "unauthorized_client", 700016, f"the application '{_shown(client_id)}' is not known in this tenant"
            )
        return tenant or self.own_tenant(application), application

    def own_tenant(self, application: Application) -> Tenant:
        tenant = self._tenants.find(str(application.tenant_id))
        if tenant is None:
            raise invalid_request(90002, "the application's tenant is gone")
        return tenant

    def by_id(self, tenant_id: UUID) -> Tenant | None:
        return self._tenants.find(str(tenant_id))

    def api(self, tenant_id: UUID, client_id: UUID) -> Application | None:
        return self._applications.find(tenant_id, client_id)

    def applications(self, tenant_id: UUID) -> list[Application]:
        return self._applications.all(tenant_id)


def _shown(text: str) -> str:
    return text[:64] if text.isascii() and text.isprintable() else "?"
