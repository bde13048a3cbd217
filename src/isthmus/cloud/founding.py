"""Founds a cloud in a folder: settings, master key, database, the first tenant and its administrator."""

import os
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

import tomli_w
from sqlalchemy.engine import make_url

from isthmus.cloud.accounts.account import Account, Role, is_user_principal_name, upn_domain
from isthmus.cloud.accounts.audit import AuditAction, AuditEntry
from isthmus.cloud.accounts.password import SALT_LENGTH, LocalPasswordHash
from isthmus.cloud.accounts.tenant import Tenant, is_domain_name
from isthmus.cloud.settings import SETTINGS_FILE, CloudSettings, SettingsError, check_settings
from isthmus.cloud.storage.master_keys import create_master_key
from isthmus.cloud.storage.schema import migrate
from isthmus.cloud.wiring import Cloud, build_cloud

_FIRST_KEY = 1
_PASSWORD_BYTES = 18
DEFAULT_DATABASE_URL = "sqlite:///cloud.db"


@dataclass(frozen=True, slots=True, kw_only=True)
class Foundation:
    """What is decided before there is a cloud."""

    name: str
    domain: str
    public_url: str
    administrator: str
    """User principal name."""
    database_url: str = DEFAULT_DATABASE_URL


@dataclass(frozen=True, slots=True, kw_only=True)
class Founded:
    folder: Path
    tenant_id: UUID
    administrator: str
    password: str = field(repr=False)
    """The administrator's, generated, told only here."""


def found_cloud(folder: Path, foundation: Foundation, *, now: datetime) -> Founded:
    """`SettingsError` if *folder* holds a cloud already or the foundation has faults."""
    path = folder / SETTINGS_FILE
    if path.exists():
        raise SettingsError(f"{path} exists: {folder} holds a cloud already")
    content = {
        "public_url": foundation.public_url,
        "database_url": foundation.database_url,
        "current_key": _FIRST_KEY,
    }
    settings = check_settings(content, path=path)
    _check_names(foundation)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"the folder {folder} cannot be made: {error.strerror}") from error
    _create_first_key(settings)
    _create_database_file(settings)
    cloud = build_cloud(settings)
    try:
        migrate(cloud.database)
        if cloud.tenants.all():
            raise SettingsError(f"the database {_without_password(foundation.database_url)} holds a cloud already")
        founded = _populate(cloud, foundation, now=now)
    finally:
        cloud.close()
    # Last, so that a founding that broke off can be repeated.
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        tomli_w.dump(content, file)
    return founded


def generated_password() -> str:
    return secrets.token_urlsafe(_PASSWORD_BYTES)


def _check_names(foundation: Foundation) -> None:
    if not is_domain_name(foundation.domain):
        raise SettingsError(f"{foundation.domain!r} is not a domain name such as contoso.example")
    named = is_user_principal_name(foundation.administrator)
    if not named or upn_domain(foundation.administrator) != foundation.domain.lower():
        raise SettingsError(f"the administrator {foundation.administrator!r} must be a name@{foundation.domain}")


def _create_first_key(settings: CloudSettings) -> None:
    if not (settings.keys_folder / f"master-{_FIRST_KEY}.key").exists():
        create_master_key(settings.keys_folder, key_id=_FIRST_KEY)


def _create_database_file(settings: CloudSettings) -> None:
    """For its owner only; SQLite gives the same mode to the files beside it."""
    scheme, _, path = settings.database_address.partition(":///")
    if scheme == "sqlite":
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))


def _without_password(database_url: str) -> str:
    return make_url(database_url).render_as_string(hide_password=True)


def _populate(cloud: Cloud, foundation: Foundation, *, now: datetime) -> Founded:
    tenant = Tenant(uuid4(), foundation.name, (foundation.domain.lower(),))
    password = generated_password()
    administrator = Account(
        tenant_id=tenant.tenant_id,
        account_id=uuid4(),
        user_principal_name=foundation.administrator,
        display_name="Administrator",
        enabled=True,
        roles=frozenset({Role.GLOBAL_ADMINISTRATOR}),
        sessions_valid_from=now,
    )
    credential = LocalPasswordHash.derive(password, salt=secrets.token_bytes(SALT_LENGTH))
    cloud.tenants.create(tenant, now=now)
    cloud.accounts.create_cloud_account(administrator, credential=credential.text, now=now)
    cloud.audit.append(
        AuditEntry(
            tenant_id=tenant.tenant_id,
            at=now,
            actor="operator",
            action=AuditAction.TENANT_CREATED,
            subject=tenant.name,
            detail=f"domain {foundation.domain}, administrator {foundation.administrator}",
        )
    )
    return Founded(
        folder=cloud.settings.folder,
        tenant_id=tenant.tenant_id,
        administrator=foundation.administrator,
        password=password,
    )
