"""The only file of the cloud that knows real classes: what is built of what, and which door has which routes."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Route

from isthmus.cloud.oidc.addresses import Addresses
from isthmus.cloud.oidc.authorize import AuthorizeEndpoint, Authorizing
from isthmus.cloud.oidc.authorize_answer import AuthorizeAnswers
from isthmus.cloud.oidc.browser import Browser
from isthmus.cloud.oidc.directory import Directory
from isthmus.cloud.oidc.door import OidcDoor
from isthmus.cloud.oidc.grants import CodeGrant, PasswordGrant, RefreshGrant
from isthmus.cloud.oidc.issuing import Issuing
from isthmus.cloud.oidc.journal import Journal
from isthmus.cloud.oidc.logout import Home, LogoutEndpoint
from isthmus.cloud.oidc.metadata import Metadata
from isthmus.cloud.oidc.signin_form import SigninForm
from isthmus.cloud.oidc.token import GrantType, TokenEndpoint
from isthmus.cloud.oidc.userinfo import UserinfoEndpoint
from isthmus.cloud.provisioning.agent_check import AgentCheck
from isthmus.cloud.provisioning.door import ProvisioningDoor
from isthmus.cloud.settings import CloudSettings
from isthmus.cloud.signin.lockout import LockoutPolicy
from isthmus.cloud.signin.password import PasswordSignin
from isthmus.cloud.storage.accounts import AccountStore
from isthmus.cloud.storage.agents import AgentStore
from isthmus.cloud.storage.applications import ApplicationStore
from isthmus.cloud.storage.audit_log import AuditLog
from isthmus.cloud.storage.codes import CodeStore
from isthmus.cloud.storage.database import Database
from isthmus.cloud.storage.form_seal import FormSeal
from isthmus.cloud.storage.lockouts import LockoutStore
from isthmus.cloud.storage.master_keys import load_vault
from isthmus.cloud.storage.provisioned import ProvisionedPeople
from isthmus.cloud.storage.refresh_tokens import RefreshTokenStore
from isthmus.cloud.storage.sessions import SessionStore
from isthmus.cloud.storage.signin_log import SigninLogStore
from isthmus.cloud.storage.signing_keys import SigningKeyStore
from isthmus.cloud.storage.tenants import TenantStore
from isthmus.cloud.storage.vault import Vault
from isthmus.cloud.web.http import refuse_route
from isthmus.cloud.web.pages import Pages


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
    signing_keys: SigningKeyStore
    signin_log: SigninLogStore
    lockouts: LockoutStore
    sessions: SessionStore
    codes: CodeStore
    refresh_tokens: RefreshTokenStore

    def sweep(self, *, keep_log: timedelta) -> None:
        """Forgets what has ended, in every tenant: nothing else takes it out of the database."""
        now = _now()
        for tenant in self.tenants.all():
            self.sessions.sweep(tenant.tenant_id, now=now)
            self.codes.sweep(tenant.tenant_id, now=now)
            self.refresh_tokens.sweep(tenant.tenant_id, now=now)
            self.lockouts.sweep(tenant.tenant_id, before=now - LockoutPolicy().forgotten_after)
            self.signin_log.sweep(tenant.tenant_id, before=now - keep_log)

    def close(self) -> None:
        self.database.close()


def build_cloud(settings: CloudSettings) -> Cloud:
    """Opens the master keys; connects to the database when it is first used."""
    database = Database(settings.database_address)
    vault = load_vault(settings.keys_folder, current=settings.current_key)
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
        signing_keys=SigningKeyStore(database, vault, _now),
        signin_log=SigninLogStore(database),
        lockouts=LockoutStore(database),
        sessions=SessionStore(database),
        codes=CodeStore(database),
        refresh_tokens=RefreshTokenStore(database),
    )


def build_app(cloud: Cloud) -> Starlette:
    """The doors, each with its own routes."""
    routes: list[BaseRoute] = [*_oidc_routes(cloud), *_provisioning_routes(cloud)]
    app = Starlette(routes=routes, exception_handlers={HTTPException: refuse_route})
    # It would redirect to whatever host the request names, and by the scheme that a proxy in front speaks.
    app.router.redirect_slashes = False
    return app


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


def _oidc_routes(cloud: Cloud) -> list[Route]:
    addresses, pages, chance = Addresses(cloud.settings.public_url), Pages(), secrets.token_bytes
    directory = Directory(cloud.tenants, cloud.applications)
    issuing = Issuing(addresses, directory, cloud.signing_keys, cloud.refresh_tokens, chance)
    journal, seal = Journal(cloud.signin_log), FormSeal(cloud.vault)
    browser = Browser(cloud.sessions, cloud.accounts, chance)
    passwords = PasswordSignin(
        cloud.accounts,
        cloud.lockouts,
        policy=LockoutPolicy(),
        secret=cloud.vault.secret_for("lockout"),
    )
    grants: dict[str, GrantType] = {
        "password": PasswordGrant(passwords, issuing, journal, chance),
        "authorization_code": CodeGrant(cloud.codes, cloud.accounts, issuing, chance),
        "refresh_token": RefreshGrant(cloud.refresh_tokens, cloud.accounts, issuing, journal),
    }
    answers = AuthorizeAnswers(addresses, pages)
    authorizing = Authorizing(directory, issuing, cloud.codes, answers, pages, random_bytes=chance, clock=_now)
    signin_form = SigninForm(
        authorizing, browser, passwords, cloud.accounts, journal, pages, seal, random_bytes=chance, clock=_now
    )
    door = OidcDoor(
        addresses=addresses,
        pages=pages,
        metadata=Metadata(addresses, directory, cloud.tenants, cloud.signing_keys),
        token=TokenEndpoint(addresses, directory, grants, _now),
        authorize=AuthorizeEndpoint(authorizing, browser, signin_form),
        signin_form=signin_form,
        logout=LogoutEndpoint(browser, directory, cloud.signing_keys, pages, _now),
        userinfo=UserinfoEndpoint(addresses, directory, cloud.accounts, cloud.signing_keys, _now),
        home=Home(browser, directory, pages, seal, _now),
        clock=_now,
    )
    return door.routes()


def _now() -> datetime:
    return datetime.now(UTC)
