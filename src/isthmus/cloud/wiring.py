"""The only file of the cloud that knows real classes: what is built of what, and which door has which routes."""

from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.routing import BaseRoute

from isthmus.cloud.settings import CloudSettings
from isthmus.cloud.storage.accounts import AccountStore
from isthmus.cloud.storage.applications import ApplicationStore
from isthmus.cloud.storage.database import Database
from isthmus.cloud.storage.master_keys import load_vault
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
    )


def build_app(cloud: Cloud) -> Starlette:  # noqa: ARG001 until the first door is mounted
    """The doors, each with its own routes."""
    routes: list[BaseRoute] = []
    return Starlette(routes=routes)
