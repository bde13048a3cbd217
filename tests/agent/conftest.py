"""A real domain on one side, a real cloud on the other, and the settings of an agent between them."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import tomli_w
from tests.cloud.live_cloud import LiveCloud, running_cloud
from tests.conftest import RunningDomain

from isthmus.agent import wiring
from isthmus.agent.cycle import CycleReport
from isthmus.agent.settings import Settings, read_settings
from isthmus.cloud.accounts.account import Account
from isthmus.cloud.administration import Administration
from isthmus.lab.domain import DirectoryUser, Domain

Content = dict[str, dict[str, object]]
"""A settings file's."""


@dataclass
class Bridge:
    """Everything between which a test's agent works. Each test has a cloud and a state of its own."""

    running: RunningDomain
    live: LiveCloud
    folder: Path

    @property
    def domain(self) -> Domain:
        return self.running.domain

    @property
    def administration(self) -> Administration:
        return Administration(self.live.cloud, self.live.tenant_id, actor="test")

    @property
    def config(self) -> Path:
        return self.folder / "agent.toml"

    def settings(self, change: Callable[[Content], None] = lambda content: None) -> Settings:  # noqa: ARG005 no change
        """Written to the file, and read from it. *change* may alter the content before."""
        password_file = self.folder / "password"
        password_file.write_text(self.running.agent.password)
        password_file.chmod(0o600)
        controller = self.domain.first
        content: Content = {
            "directory": {
                "domain": self.domain.names.directory_domain,
                "controllers": [f"{controller.host}={controller.address}"],
                "account": self.running.agent.account,
                "password_file": str(password_file),
                "krb5_conf": str(self.running.krb5_conf),
            },
            "cloud": {"url": self.live.url, "ca_file": str(self.live.ca_file)},
            "state": {"directory": str(self.folder / "state")},
            "pace": {"heartbeat_seconds": 5},
        }
        change(content)
        self.config.write_text(tomli_w.dumps(content))
        return read_settings(self.config)

    def enrol(self) -> Settings:
        settings = self.settings()
        wiring.enroll(settings, self.administration.create_enrolment_code()[0])
        return settings

    def synchronise(self) -> CycleReport:
        return wiring.synchronise_once(self.settings())

    def account(self, user: DirectoryUser) -> Account | None:
        """As the cloud holds *user*; None if it does not."""
        return self.live.cloud.accounts.find_by_upn(self.live.tenant_id, user.user_principal_name)

    def signs_in(self, user: DirectoryUser, password: str | None = None) -> bool:
        application = self.live.public_application()
        answer = self.live.password_grant(application, user.user_principal_name, password or user.password)
        return answer.status_code == 200


@pytest.fixture
def bridge(running_domain: RunningDomain, tmp_path: Path) -> Iterator[Bridge]:
    # Within the process id's reach, so that workers and engineers do not meet.
    address = f"127.89.{os.getpid() // 250 % 250 + 1}.{os.getpid() % 250 + 1}"
    with running_cloud(tmp_path, address) as live:
        live.cloud.tenants.add_domain(live.tenant_id, running_domain.domain.names.cloud_domain)
        yield Bridge(running_domain, live, tmp_path)
