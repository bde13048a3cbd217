"""Fixtures for everybody: a real Active Directory domain, one for each test worker."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from isthmus.lab.certificates import CertificateAuthority
from isthmus.lab.domain import DirectoryUser, Domain
from isthmus.lab.host_entries import LabMark
from isthmus.lab.hosts_file import claim_block, release_block
from isthmus.lab.names import LabNames, host_addresses


@dataclass(frozen=True, slots=True)
class RunningDomain:
    """What the fixture `domain` offers beside the domain itself."""

    domain: Domain
    agent: DirectoryUser
    """Has exactly the two replication rights."""
    users: list[DirectoryUser]
    """Five residents with known passwords. Tests that change users make their own: `domain.add_user("name")`."""
    folder: Path


@pytest.fixture(scope="session")
def running_domain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDomain]:
    """A domain of one controller, started once for each test worker: about four seconds."""
    if os.geteuid() != 0:
        pytest.skip("a domain controller needs root")
    folder = tmp_path_factory.mktemp("domain")
    names = LabNames(f"t{os.getpid()}")
    mark = LabMark(names.name, str(folder))
    block = claim_block(
        mark, lambda n: host_addresses(names, n, controllers=2, cloud=True), is_stale=lambda other: not _lives(other)
    )
    try:
        authority = CertificateAuthority("Test CA")
        ca_file = authority.write_certificate(folder / "ca.pem")
        domain = Domain.provision(folder, names, block=block, authority=authority, ca_file=ca_file)
        try:
            agent = domain.add_agent_account()
            users = domain.add_residents(5)
            domain.start(tied=True)
            yield RunningDomain(domain, agent, users, folder)
        finally:
            domain.close()
    finally:
        release_block(mark)


@pytest.fixture
def domain(running_domain: RunningDomain) -> Domain:
    """The running domain: `domain.add_user(…)`, `set_password`, `modify`, `delete` change it in milliseconds."""
    return running_domain.domain


@pytest.fixture
def agent_account(running_domain: RunningDomain) -> DirectoryUser:
    return running_domain.agent


def _lives(mark: LabMark) -> bool:
    return Path(mark.folder).exists()
