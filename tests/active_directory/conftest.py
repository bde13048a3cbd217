"""The running domain as `isthmus.active_directory` sees it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from isthmus.active_directory import Controller, Identity, Mechanism, Page, Replica
from isthmus.lab.domain import DirectoryUser, Domain

LogOn = Callable[..., Identity]


@pytest.fixture
def controller(domain: Domain) -> Controller:
    return Controller(host=domain.first.host, address=domain.first.address)


@pytest.fixture
def krb5_config(domain: Domain, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("kerberos") / "krb5.conf"
    path.write_text(f"""\
[libdefaults]
    default_realm = {domain.names.realm}
    dns_lookup_kdc = false
    dns_canonicalize_hostname = false
    rdns = false
[realms]
    {domain.names.realm} = {{
        kdc = {domain.first.address}
    }}
[domain_realm]
    .{domain.names.directory_domain} = {domain.names.realm}
""")
    return path


@pytest.fixture
def log_on(domain: Domain, krb5_config: Path) -> LogOn:
    """Makes the identity of a user."""

    def made(user: DirectoryUser, mechanism: Mechanism = Mechanism.KERBEROS) -> Identity:
        return Identity(
            username=user.account,
            domain=domain.names.directory_domain,
            password=user.password,
            mechanism=mechanism,
            krb5_config=str(krb5_config),
        )

    return made


@pytest.fixture
def agent_identity(agent_account: DirectoryUser, log_on: LogOn) -> Identity:
    return log_on(agent_account)


@pytest.fixture
def ntlm_identity(agent_identity: Identity) -> Identity:
    return replace(agent_identity, mechanism=Mechanism.NTLM)


@pytest.fixture
def whole_cycle(controller: Controller, agent_identity: Identity, domain: Domain) -> Callable[..., list[Page]]:
    """All pages since a cursor, over a connection of their own."""

    def read(cursor: object = None) -> list[Page]:
        with Replica.connect(controller, agent_identity) as replica:
            return list(replica.changes(domain.names.base_dn, cursor))  # type: ignore[arg-type]

    return read
