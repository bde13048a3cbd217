"""Fixtures for everybody: a real Active Directory domain, one for each test worker."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import pytest

from isthmus.lab.certificates import CertificateAuthority
from isthmus.lab.claims import AddressClaim
from isthmus.lab.domain import DirectoryUser, Domain
from isthmus.lab.kerberos_settings import kerberos_settings
from isthmus.lab.names import LabNames

# A machine may be slow, or busy: how long an example takes says nothing.
hypothesis.settings.register_profile("isthmus", deadline=None)
hypothesis.settings.load_profile("isthmus")


@dataclass(frozen=True, slots=True)
class RunningDomain:
    """What the fixtures share: the domain, and what was put into it at first."""

    domain: Domain
    agent: DirectoryUser
    """Has exactly the two replication rights."""
    users: list[DirectoryUser]
    """Five residents with known passwords. Tests that change users make their own: `domain.add_user("name")`."""
    krb5_conf: Path
    """For KRB5_CONFIG."""
    folder: Path


@pytest.fixture(scope="session")
def running_domain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDomain]:
    """A domain of one controller, started once for each test worker: about five seconds."""
    folder = tmp_path_factory.mktemp("domain")
    with _new_domain(folder, LabNames(f"t{os.getpid()}")) as founded:
        domain = founded.domain
        agent = domain.add_agent_account()
        users = domain.add_residents(5)
        krb5_conf = folder / "krb5.conf"
        krb5_conf.write_text(kerberos_settings(domain.names, [domain.first.address]))
        domain.start(tied=True)
        yield RunningDomain(domain, agent, users, krb5_conf, folder)


@pytest.fixture(scope="session")
def several_controllers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Domain]:
    """A domain of its own: dc1 and dc2 replicate, dc3 is read-only. About fifteen seconds, so ask only if need be."""
    with _new_domain(tmp_path_factory.mktemp("several"), LabNames(f"several{os.getpid()}"[:15])) as founded:
        domain = founded.domain
        domain.start(tied=True)
        founded.claim.add({domain.peer_name(domain.ask("directory_guid")): domain.first.address})
        for read_only in (False, True):
            controller, guid = domain.join(block=founded.block, authority=founded.authority, read_only=read_only)
            founded.claim.add({domain.peer_name(guid): controller.address})
            domain.start(controller, tied=True)
        yield domain


@pytest.fixture
def domain(running_domain: RunningDomain) -> Domain:
    """The running domain: `domain.add_user(…)`, `set_password`, `modify`, `delete` change it in milliseconds."""
    return running_domain.domain


@pytest.fixture
def agent_account(running_domain: RunningDomain) -> DirectoryUser:
    return running_domain.agent


@dataclass(frozen=True, slots=True)
class _Founded:
    domain: Domain
    claim: AddressClaim
    block: int
    authority: CertificateAuthority


@contextmanager
def _new_domain(folder: Path, names: LabNames) -> Iterator[_Founded]:
    if os.geteuid() != 0:
        pytest.skip("a domain controller needs root")
    claim = AddressClaim(names, folder)
    block = claim.take(controllers=3, cloud=True)
    try:
        authority = CertificateAuthority("Test CA")
        ca_file = authority.write_certificate(folder / "ca.pem")
        domain = Domain.provision(folder, names, block=block, authority=authority, ca_file=ca_file)
        try:
            yield _Founded(domain, claim, block, authority)
        finally:
            domain.close()
    finally:
        claim.release()
