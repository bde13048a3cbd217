"""Brings up a lab's agent: its settings, its enrolment, its service."""

import subprocess

import tomli_w

from isthmus.agent.status import read_status
from isthmus.lab.certificates import write_private
from isthmus.lab.cloud_part import RaisedCloud
from isthmus.lab.commands import isthmus_command
from isthmus.lab.construction import Construction
from isthmus.lab.description import AgentAccount, AgentPart, DirectoryPart
from isthmus.lab.directory_part import RaisedDirectory
from isthmus.lab.errors import LabError

_PATIENCE_SECONDS = 60
_SLOWEST_RATE = 100
"""People a second, on the slowest machine that we mean to wait for."""


def raise_agent(lab: Construction, cloud: RaisedCloud, directory: RaisedDirectory) -> AgentPart:
    """Without an agent if none is wanted: then the settings are written for one that is started by hand."""
    part = _write_settings(lab, cloud, directory)
    if not lab.options.agent:
        return part
    with lab.step("enrolled the agent"):
        command = isthmus_command("agent", "enroll", "--config", str(part.config), "--code", cloud.enrolment_code)
        enrolment = subprocess.run(command, capture_output=True, text=True, check=False)
        if enrolment.returncode != 0:
            raise LabError(f"the agent is not enrolled: {enrolment.stderr or enrolment.stdout}")
    with lab.step("started the agent, which has synchronised everybody"):
        patience = _PATIENCE_SECONDS + lab.options.users / _SLOWEST_RATE
        lab.launch(
            "agent",
            *("agent", "run", "--config", str(part.config)),
            ready=lambda: _has_synchronised(part),
            seconds=patience,
        )
    return part


def _has_synchronised(part: AgentPart) -> bool:
    status = read_status(part.state_directory)
    return status is not None and status.cycles > 0 and status.doing == "watching"


def _write_settings(lab: Construction, cloud: RaisedCloud, directory: RaisedDirectory) -> AgentPart:
    account = directory.agent_account
    folder = lab.folder / "agent"
    folder.mkdir(mode=0o700)
    password_file = write_private(lab.folder / "secrets" / "agent-password", account.password.encode())
    settings = {
        "directory": {
            "domain": directory.part.domain,
            **_how_to_find_controllers(directory.part),
            "account": f"{account.account}@{directory.part.realm}",
            "password_file": str(password_file),
            "krb5_conf": str(directory.part.krb5_conf),
        },
        "cloud": {"url": cloud.part.url, "ca_file": str(lab.ca_file)},
        "state": {"directory": str(folder / "state")},
    }
    config = write_private(folder / "agent.toml", tomli_w.dumps(settings).encode())
    return AgentPart(
        config=config,
        state_directory=folder / "state",
        log=lab.log("agent"),
        account=AgentAccount(user=account.account, password_file=password_file),
    )


def _how_to_find_controllers(directory: DirectoryPart) -> dict[str, str | list[str]]:
    """By DNS, as at home; if there are several, by name: the first one, which may be stopped, serves the DNS."""
    if len(directory.controllers) == 1:
        return {"nameserver": directory.nameserver}
    return {"controllers": [f"{each.host}={each.address}" for each in directory.controllers]}
