"""From settings to the real peers: the account, the controllers, the cloud."""

import platform
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version

from isthmus.active_directory import Controller, ControllerPool, Identity, find_controllers
from isthmus.agent.enrolment_file import Enrolled
from isthmus.agent.errors import AgentError
from isthmus.agent.settings import CloudSettings, DirectorySettings
from isthmus.uplink import Cloud, Patience, Signer, Transport, Trust


class PasswordFileError(AgentError):
    remedy = "put the account's password into it, and let only the agent's account read it"


def agent_version() -> str:
    return version("isthmus")


def machine_name() -> str:
    return platform.node() or "agent"


def identity_of(settings: DirectorySettings) -> Identity:
    """Who the agent is to the domain. Read anew each time: passwords are changed."""
    password: str | None = None
    if settings.password_file is not None:
        try:
            password = settings.password_file.read_text("utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise PasswordFileError(f"{settings.password_file} cannot be read") from error
        if not password:
            raise PasswordFileError(f"{settings.password_file} is empty")
    return Identity(
        username=account_name(settings) if "\\" in settings.account else settings.account,
        domain=settings.domain,
        password=password,
        keytab=str(settings.keytab) if settings.keytab else None,
        credential_cache=settings.credential_cache,
        mechanism=settings.mechanism,
        krb5_config=str(settings.krb5_conf) if settings.krb5_conf else None,
    )


def account_name(settings: DirectorySettings) -> str:
    """sAMAccountName of the agent's own account."""
    return settings.account.rpartition("\\")[2].partition("@")[0]


def controllers_of(settings: DirectorySettings) -> tuple[Controller, ...]:
    """`ControllerNotFoundError` if there is none."""
    found = find_controllers(settings.domain, given=settings.controllers, name_server=settings.nameserver)
    return tuple(
        replace(
            each,
            drsuapi_port=settings.drs_port or each.drsuapi_port,
            ldap_port=settings.ldap_port if settings.controllers else each.ldap_port,
        )
        for each in found
    )


def pool_of(settings: DirectorySettings) -> ControllerPool:
    return ControllerPool(controllers_of(settings))


def transport_of(settings: CloudSettings, *, connections: int = 4) -> Transport:
    trust = Trust(ca_file=settings.ca_file, certificate_sha256=settings.certificate_sha256)
    return Transport(settings.url, trust, connections=connections)


def cloud_of(
    settings: CloudSettings,
    enrolled: Enrolled,
    *,
    patience: Patience | None = None,
    stopped: Callable[[float], bool] | None = None,
) -> Cloud:
    signer = Signer(key=enrolled.key, agent_id=enrolled.known_as.agent_id, audience=enrolled.known_as.cloud_url)
    return Cloud(transport_of(settings), signer, patience=patience, stopped=stopped)
