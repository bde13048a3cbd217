"""What an operator does to a tenant, each act written into the audit log. Called by the command line and by labs."""

import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

from isthmus.cloud.accounts.account import Account, is_user_principal_name, upn_domain
from isthmus.cloud.accounts.agent import ENROLMENT_CODE_LIFETIME, EnrolledAgent
from isthmus.cloud.accounts.application import Application, Platform, RedirectUri, redirect_uri_fault
from isthmus.cloud.accounts.audit import AuditAction, AuditEntry
from isthmus.cloud.accounts.errors import DirectoryMasteredError, NotFoundError, RefusedNameError
from isthmus.cloud.accounts.password import SALT_LENGTH, LocalPasswordHash, check_new_password
from isthmus.cloud.accounts.tenant import Tenant, is_domain_name
from isthmus.cloud.signin.lockout import CLEAN
from isthmus.cloud.wiring import Cloud

_CODE_BYTES = 20


def _now() -> datetime:
    return datetime.now(UTC)


def only_tenant(cloud: Cloud, name: str | None = None) -> Tenant:
    """The tenant called *name* (GUID or domain), or the only one. `NotFoundError` if it is not clear which."""
    if name is not None:
        tenant = cloud.tenants.find(name)
        if tenant is None:
            raise NotFoundError(f"there is no tenant {name}")
        return tenant
    tenants = cloud.tenants.all()
    if len(tenants) != 1:
        raise NotFoundError(f"there are {len(tenants)} tenants: say which by --tenant")
    return tenants[0]


class Administration:
    """Acts on one tenant in the name of *actor*."""

    def __init__(
        self, cloud: Cloud, tenant_id: UUID, *, actor: str = "operator", clock: Callable[[], datetime] = _now
    ) -> None:
        self._cloud = cloud
        self._tenant_id = tenant_id
        self._actor = actor
        self._clock = clock

    def domains(self) -> tuple[str, ...]:
        return only_tenant(self._cloud, str(self._tenant_id)).domains

    def add_domain(self, domain: str) -> None:
        """Takes the operator's word that the organisation owns it."""
        if not is_domain_name(domain):
            raise RefusedNameError(f"{domain!r} is not a domain name such as contoso.example")
        self._cloud.tenants.add_domain(self._tenant_id, domain)
        self._write_down(AuditAction.DOMAIN_ADDED, domain.lower())

    def create_application(
        self,
        name: str,
        redirect_uris: Sequence[RedirectUri],
        *,
        is_public: bool = False,
        allows_id_token_from_authorize: bool = False,
    ) -> Application:
        application = Application(
            tenant_id=self._tenant_id,
            client_id=uuid4(),
            name=name,
            redirect_uris=tuple(redirect_uris),
            is_public=is_public,
            allows_id_token_from_authorize=allows_id_token_from_authorize,
        )
        self._cloud.applications.create(application, now=self._clock())
        self._write_down(AuditAction.APPLICATION_CREATED, str(application.client_id), name)
        return application

    def add_secret(self, client_id: UUID, *, expires_at: datetime | None = None) -> str:
        secret = self._cloud.applications.add_secret(self._tenant_id, client_id, expires_at=expires_at)
        self._write_down(AuditAction.SECRET_ADDED, str(client_id))
        return secret

    def applications(self) -> Sequence[Application]:
        return self._cloud.applications.all(self._tenant_id)

    def application(self, client_id: UUID) -> Application:
        application = self._cloud.applications.find(self._tenant_id, client_id)
        if application is None:
            raise NotFoundError(f"no application {client_id}")
        return application

    def delete_application(self, client_id: UUID) -> None:
        self._cloud.applications.delete(self._tenant_id, client_id)
        self._write_down(AuditAction.APPLICATION_DELETED, str(client_id))

    def account(self, user_principal_name: str) -> Account:
        account = self._cloud.accounts.find_by_upn(self._tenant_id, user_principal_name)
        if account is None:
            raise NotFoundError(f"no account {user_principal_name}")
        return account

    def accounts(self, *, after: str = "", limit: int = 100) -> Sequence[Account]:
        return self._cloud.accounts.page(self._tenant_id, after=after, limit=limit)

    def create_account(self, user_principal_name: str, password: str, *, display_name: str | None = None) -> Account:
        """An account that no directory masters."""
        check_new_password(password)
        if not is_user_principal_name(user_principal_name):
            raise RefusedNameError(f"{user_principal_name!r} is not a user name such as ann@contoso.example")
        if upn_domain(user_principal_name) not in self.domains():
            raise RefusedNameError(f"{user_principal_name!r} does not end with one of the tenant's domains")
        now = self._clock()
        account = Account(
            tenant_id=self._tenant_id,
            account_id=uuid4(),
            user_principal_name=user_principal_name,
            display_name=display_name,
            enabled=True,
            sessions_valid_from=now,
        )
        self._cloud.accounts.create_cloud_account(account, credential=_argon2(password), now=now)
        self._write_down(AuditAction.ACCOUNT_CREATED, user_principal_name)
        return account

    def set_password(self, user_principal_name: str, password: str) -> None:
        account = self._cloud_mastered(user_principal_name)
        check_new_password(password)
        self._cloud.accounts.set_credential(self._tenant_id, account.account_id, _argon2(password), now=self._clock())
        self._write_down(AuditAction.PASSWORD_SET, user_principal_name)

    def set_enabled(self, user_principal_name: str, *, enabled: bool) -> None:
        account = self._cloud_mastered(user_principal_name)
        self._cloud.accounts.set_enabled(self._tenant_id, account.account_id, enabled=enabled, now=self._clock())
        action = AuditAction.ACCOUNT_ENABLED if enabled else AuditAction.ACCOUNT_DISABLED
        self._write_down(action, user_principal_name)

    def unlock(self, user_principal_name: str) -> None:
        """Forgets the account's failed sign-ins, wherever it is mastered."""
        account = self.account(user_principal_name)
        self._cloud.lockouts.change(self._tenant_id, account.account_id, lambda _held: CLEAN)
        self._write_down(AuditAction.ACCOUNT_UNLOCKED, user_principal_name)

    def create_enrolment_code(self) -> tuple[str, datetime]:
        """A code that enrols one agent once, and when it expires."""
        code = secrets.token_urlsafe(_CODE_BYTES)
        expires_at = self._clock() + ENROLMENT_CODE_LIFETIME
        self._cloud.agents.add_enrolment_code(self._tenant_id, code, expires_at=expires_at)
        self._write_down(AuditAction.ENROLMENT_CODE_CREATED, "agent")
        return code, expires_at

    def agents(self) -> Sequence[EnrolledAgent]:
        return self._cloud.agents.all(self._tenant_id)

    def revoke_agent(self, agent_id: UUID) -> None:
        self._cloud.agents.revoke(self._tenant_id, agent_id, now=self._clock())
        self._write_down(AuditAction.AGENT_REVOKED, f"agent {agent_id}")

    def _cloud_mastered(self, user_principal_name: str) -> Account:
        account = self.account(user_principal_name)
        if account.source_anchor is not None:
            raise DirectoryMasteredError(
                f"{user_principal_name} is mastered in {account.directory_domain or 'a directory'}: change it there"
            )
        return account

    def _write_down(self, action: AuditAction, subject: str, detail: str | None = None) -> None:
        self._cloud.audit.append(
            AuditEntry(
                tenant_id=self._tenant_id,
                at=self._clock(),
                actor=self._actor,
                action=action,
                subject=subject,
                detail=detail,
            )
        )


def redirect_uri(uri: str, *, is_public: bool, is_spa: bool) -> RedirectUri:
    """`RefusedNameError` if no code should ever be sent there, or none could be."""
    platform = Platform.SPA if is_spa else Platform.PUBLIC if is_public else Platform.WEB
    fault = redirect_uri_fault(uri, platform)
    if fault is not None:
        raise RefusedNameError(f"the redirect URI {uri!r} {fault}")
    return RedirectUri(uri, platform)


def _argon2(password: str) -> str:
    return LocalPasswordHash.derive(password, salt=secrets.token_bytes(SALT_LENGTH)).text
