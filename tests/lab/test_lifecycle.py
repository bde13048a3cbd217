"""Two whole labs side by side, up and down."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from isthmus.lab.construction import LabOptions
from isthmus.lab.daemons import is_alive, start_daemon, stop_daemon
from isthmus.lab.description import LabDescription, read_description
from isthmus.lab.errors import LabError
from isthmus.lab.hosts_file import HOSTS
from isthmus.lab.lifecycle import bring_up, start_part, states, stop_part, take_down
from isthmus.lab.passwords import seeded_password
from isthmus.lab.people import residents

pytestmark = pytest.mark.lab
ISTHMUS = Path(sys.executable).with_name("isthmus")
SAMBAS_FOLDERS = [Path(f"/var/{kind}/samba") for kind in ("lib", "cache", "log")] + [Path("/run/samba")]


@dataclass(frozen=True, slots=True)
class Pair:
    labs: list[LabDescription]
    files_before: set[Path]


def sambas_files() -> set[Path]:
    return {path for folder in SAMBAS_FOLDERS for path in folder.rglob("*")}


def command_lines() -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                found.append((entry / "cmdline").read_text().replace("\0", " "))
            except OSError:
                continue
    return found


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    before = sambas_files()
    folder = tmp_path_factory.mktemp("labs")
    folders = [folder / "a", folder / "b"]
    starts = [
        subprocess.Popen([ISTHMUS, "lab", "up", "--dir", at, "--name", f"{at.name}{os.getpid()}", "--users", users])
        for at, users in zip(folders, ("12", "3"), strict=True)
    ]
    try:
        assert [start.wait() for start in starts] == [0, 0]
        yield Pair([read_description(at) for at in folders], before)
    finally:
        for at in folders:
            if at.exists():
                take_down(at)


def sign_in(lab: LabDescription, upn: str, password: str) -> int:
    assert lab.cloud is not None
    form = {
        "grant_type": "password",
        "client_id": lab.applications[0].client_id,
        "scope": "openid",
        "username": upn,
        "password": password,
    }
    with requests.Session() as session:
        session.trust_env = False
        url = f"{lab.cloud.authority}/oauth2/v2.0/token"
        return session.post(url, data=form, verify=str(lab.cloud.ca_file), timeout=20).status_code


def test_everybody_of_each_lab_can_sign_in_as_soon_as_it_is_up(pair: Pair) -> None:
    for lab in pair.labs:
        assert {sign_in(lab, user.upn, user.password) for user in lab.users} == {200}


def test_loaded_people_sign_in_too(pair: Pair) -> None:
    lab = pair.labs[0]
    seeded = lab.directory.seeded_users
    assert seeded is not None
    (resident, _) = residents(seeded.count, start=seeded.first)
    upn = f"{resident.account}@{lab.directory.upn_suffix}"
    assert sign_in(lab, upn, seeded_password(seeded.seed, resident.account)) == 200


def test_labs_share_no_address(pair: Pair) -> None:
    first, second = pair.labs
    assert first.block != second.block
    assert socket.gethostbyname(f"login.{first.name}.isthmus.test") == f"127.77.{first.block}.10"


@pytest.mark.parametrize("part", ["login", "autologon", "graph", "app"])
def test_every_public_name_answers_on_port_443_with_the_labs_certificate(pair: Pair, part: str) -> None:
    lab = pair.labs[0]
    with requests.Session() as session:
        session.trust_env = False
        url = f"https://{part}.{lab.name}.isthmus.test/"
        assert session.get(url, verify=str(lab.directory.ca_file), timeout=20).status_code < 500


def test_the_description_keeps_its_contract(pair: Pair) -> None:
    """What scripts rely on: docs/lab.md."""
    lab = json.loads((pair.labs[0].folder / "lab.json").read_text())
    assert lab["format"] == 1
    assert set(lab["directory"]) >= {"realm", "base_dn", "controllers", "admin", "krb5_conf", "ca_file"}
    assert set(lab["directory"]["controllers"][0]) >= {"host", "address"}
    assert set(lab["directory"]["admin"]) == {"user", "password"}
    assert set(lab["cloud"]) >= {"url", "authority", "tenant_id", "domain", "ca_file", "admin"}
    assert lab["cloud"]["authority"] == f"{lab['cloud']['url']}/{lab['cloud']['tenant_id']}"
    assert set(lab["cloud"]["admin"]) == {"upn", "password"}
    assert len(lab["users"]) == 10
    assert set(lab["users"][0]) >= {"upn", "sam_account_name", "password"}
    applications = {each["type"]: each for each in lab["applications"]}
    assert set(applications) == {"public", "web", "spa"}
    assert all(each["client_id"] and each["redirect_uris"] for each in applications.values())
    assert [kind for kind, each in applications.items() if "client_secret" in each] == ["web"]
    assert set(lab["agent"]) >= {"config", "state_directory", "log"}
    assert all(Path(lab["agent"][field]).exists() for field in ("config", "state_directory", "log"))
    assert set(lab["processes"]) == {"cloud", "applications", "dc1", "agent"}


def test_secrets_are_for_their_owner_only(pair: Pair) -> None:
    folder = pair.labs[0].folder
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "lab.json").stat().st_mode & 0o777 == 0o600


def test_a_part_that_is_stopped_is_missed_and_comes_back(pair: Pair) -> None:
    folder = pair.labs[1].folder
    for part in ("dc1", "agent"):
        stop_part(folder, part)
        assert {state.name for state in states(read_description(folder)) if not state.alive} == {part}
        start_part(folder, part)
        assert all(state.alive for state in states(read_description(folder)))


def test_a_second_lab_in_the_same_folder_is_refused(pair: Pair) -> None:
    lab = pair.labs[0]
    with pytest.raises(LabError, match="already up"):
        bring_up(LabOptions(name=lab.name, folder=lab.folder))


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("kept")
    with pytest.raises(LabError, match="holds other files"):
        bring_up(LabOptions(name="demo", folder=tmp_path))
    assert (tmp_path / "mine").read_text() == "kept"


def test_down_without_a_lab_says_so(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="no lab is in"):
        take_down(tmp_path)


class InterruptionError(Exception):
    pass


def test_an_interruption_while_coming_up_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "lab"

    def interrupt(done: str, _seconds: float) -> None:
        if "domain controller" in done:
            raise InterruptionError

    with pytest.raises(InterruptionError):
        bring_up(LabOptions(name=f"i{os.getpid()}", folder=folder, users=1), interrupt)
    assert not folder.exists()
    assert str(folder) not in HOSTS.read_text()
    assert not [line for line in command_lines() if str(folder) in line]


def test_what_a_killed_starter_left_is_taken_down(tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    command = ["lab", "up", "--dir", str(folder), "--name", f"k{os.getpid()}", "--users", "1"]
    starter = start_daemon([str(ISTHMUS), *command], log=tmp_path / "log")
    while not any("samba" in line and str(folder) in line for line in command_lines()):
        assert is_alive(starter), (tmp_path / "log").read_text()
    os.kill(starter.pid, 9)
    stop_daemon(starter)
    take_down(folder)
    assert not folder.exists()
    assert str(folder) not in HOSTS.read_text()
    assert not [line for line in command_lines() if str(folder) in line]


def test_down_leaves_nothing_behind(pair: Pair) -> None:
    """The last test of this file: it ends both labs, by the command."""
    for lab in pair.labs:
        subprocess.run([ISTHMUS, "lab", "status", "--dir", lab.folder], check=True, capture_output=True)
        daemons = read_description(lab.folder).daemons.values()
        subprocess.run([ISTHMUS, "lab", "down", "--dir", lab.folder], check=True)
        assert not any(is_alive(daemon) for daemon in daemons)
        assert not lab.folder.exists()
        assert str(lab.folder) not in HOSTS.read_text()
        assert not [line for line in command_lines() if str(lab.folder) in line]
    assert sambas_files() == pair.files_before
