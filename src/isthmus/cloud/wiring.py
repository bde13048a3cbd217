"""The only file of the cloud that knows real classes: what is built of what, and which door has which routes."""

from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route

from isthmus.cloud.provisioning.agent_check import AgentCheck
from isthmus.cloud.provisioning.door import ProvisioningDoor
from isthmus.cloud.settings import CloudSettings
from isthmus.cloud.storage.accounts import AccountStore
from isthmus.cloud.storage.agents import AgentStore
from isthmus.cloud.storage.applications import ApplicationStore
from isthmus.cloud.storage.audit_log import AuditLog
from isthmus.cloud.storage.database import Database
from isthmus.cloud.storage.master_keys import load_vault
from isthmus.cloud.storage.provisioned import ProvisionedPeople
from isthmus.cloud.storage.tenants import TenantStore
from isthmus.cloud.storage.vault import Vault


@dataclass(frozen=True, slots=True)
class Cloud:
    """Everything that lives as long as the process."""

    settings: CloudSettings
    database: Database
    vault: Vault
    tenants: TenantStore
    accounts: AccountStore
    applications: ApplicationStore
    agents: AgentStore
    people: ProvisionedPeople
    audit: AuditLog

    def close(self) -> None:
        self.database.close()


def build_cloud(settings: CloudSettings) -> Cloud:
    """Opens the master keys; connects to the database when it is first used."""
    database = Database(settings.database_url)
    vault = load_vault(settings.folder / "keys", current=settings.current_key)
    return Cloud(
        settings=settings,
        database=database,
        vault=vault,
        tenants=TenantStore(database),
        accounts=AccountStore(database, vault),
        applications=ApplicationStore(database),
        agents=AgentStore(database),
        people=ProvisionedPeople(database, vault),
        audit=AuditLog(database),
    )


def build_app(cloud: Cloud) -> Starlette:
    """The doors, each with its own routes."""
    routes: list[BaseRoute] = [*_provisioning_routes(cloud)]
    return Starlette(routes=routes)


def _provisioning_routes(cloud: Cloud) -> list[Route]:
    check = AgentCheck(cloud.agents, cloud.audit, audience=cloud.settings.public_url, clock=_now)
    door = ProvisioningDoor(
        check=check,
        people=cloud.people,
        enrolments=cloud.agents,
        tenants=cloud.tenants,
        audit=cloud.audit,
        clock=_now,
    )
    return door.routes()


def _now() -> datetime:
    return datetime.now(UTC)
