"""Nothing that a whole lab writes or sends holds a password or an NT hash, in any spelling.

The directory's own database holds the hashes, and lab.json the passwords for scripts: these are not looked into.
"""

import base64
import gzip
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from tests.journeys.eavesdropper import Capture, RecordingProxy
from tests.journeys.journey import Journey, until
from tests.journeys.secrets_in_bytes import spellings, spellings_of_text, with_unpacked

from isthmus.lab.certificates import CertificateFiles
from isthmus.lab.commands import isthmus_command
from isthmus.lab.construction import LabOptions
from isthmus.lab.daemons import start_daemon, stop_daemon
from isthmus.lab.description import LabDescription
from isthmus.lab.lifecycle import bring_up, stop_part, take_down
from isthmus.lab.names import public_address
from isthmus.lab.passwords import random_password, seeded_password
from isthmus.lab.people import residents
from isthmus.passwordhash import NtHash

pytestmark = pytest.mark.lab

_ASIDE_PORT = 8443
_NOT_LOOKED_INTO = ("dc1", "secrets", "lab.json")


def passwords_of(lab: LabDescription) -> list[str]:
    seeded = lab.directory.seeded_users
    assert seeded is not None
    others = [seeded_password(seeded.seed, each.account) for each in residents(seeded.count, start=seeded.first)]
    return [user.password for user in lab.users] + others


def files_of(lab: LabDescription) -> Iterator[tuple[str, bytes]]:
    for path in sorted(lab.folder.rglob("*")):
        if path.is_file() and path.relative_to(lab.folder).parts[0] not in _NOT_LOOKED_INTO:
            yield str(path.relative_to(lab.folder)), path.read_bytes()


@pytest.mark.parametrize("secret", [b"\x00\xff0123456789abcd", "Zürich-7 & more".encode()])
def test_the_search_finds_a_secret_however_it_is_spelled(secret: bytes) -> None:
    hidden = [secret, secret.hex().encode(), base64.b64encode(b"x" + secret + b"y"), secret.hex().upper().encode()]
    for each in hidden:
        assert any(spelling in each for spelling in spellings(secret))
    packed = gzip.compress(b"something before " + secret)
    assert any(secret in haystack for haystack in with_unpacked(b"header" + packed + b"rest"))


def test_no_password_and_no_nt_hash_leaves_its_place(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("a domain controller needs root")
    folder = tmp_path / "lab"
    haystacks: list[tuple[str, bytes]] = []
    capture = Capture()
    try:
        lab = bring_up(LabOptions(name=f"s{os.getpid()}", folder=folder, users=30, agent=False))
        try:
            later_passwords, sent = _live_a_day(lab)
            haystacks += [("what the agent sent and was told", sent), *files_of(lab)]
        finally:
            take_down(folder)
    finally:
        haystacks.append(("loopback traffic", capture.end()))
    assert b"PPH1_MD4" in haystacks[0][1], "nothing was heard"
    for password in [*passwords_of(lab), *later_passwords]:
        hidden = spellings(bytes(NtHash.of_password(password))) | spellings_of_text(password)
        for place, content in haystacks:
            assert not [spelling for spelling in hidden if spelling in content], f"a secret is in {place}"


def _live_a_day(lab: LabDescription) -> tuple[list[str], bytes]:
    """Everybody is synchronised, people sign in, passwords change. The later passwords, and what the agent said."""
    fresh, newcomers = random_password(), random_password()
    with _eavesdropper(lab) as proxy, _agent(lab):
        walked = Journey(lab)
        try:
            user = lab.users[0]
            until(lambda: walked.signs_in(user.upn, user.password))
            assert not walked.signs_in(user.upn, "a wrong one")
            walked.directory.ask("set_password", dn=user.dn, password=fresh)
            _, upn = walked.add_user("newcomer", newcomers)
            until(lambda: walked.signs_in(user.upn, fresh) and walked.signs_in(upn, newcomers))
        finally:
            walked.close()
        streams = [unpacked for stream in proxy.heard() for unpacked in with_unpacked(stream)]
    about_people = [stream for stream in streams if b"grant_type" not in stream and b"access_token" not in stream]
    return [fresh, newcomers], b"\n".join(about_people)


@contextmanager
def _eavesdropper(lab: LabDescription) -> Iterator[RecordingProxy]:
    """The cloud moves to another port, and something stands in its place that hears what is inside TLS."""
    assert lab.cloud is not None
    url, ca_file = lab.cloud.url, lab.cloud.ca_file
    host = url.removeprefix("https://")
    files = CertificateFiles(*(lab.folder / "certificates" / f"{host}{suffix}" for suffix in (".pem", ".key")))
    aside = (public_address(lab.block, "login"), _ASIDE_PORT)
    stop_part(lab.folder, "cloud")
    command = isthmus_command(
        "cloud",
        "serve",
        "--dir",
        str(lab.folder),
        "--listen",
        f"{aside[0]}:{aside[1]}",
        "--certificate",
        str(files.certificate),
        "--private-key",
        str(files.private_key),
    )
    daemon = start_daemon(command, log=lab.folder / "logs" / "cloud.log")
    proxy = RecordingProxy(host, to=aside, files=files, ca_file=ca_file)
    try:
        until(lambda: _answers(url, ca_file))
        yield proxy
    finally:
        proxy.end()
        stop_daemon(daemon)


def _answers(url: str, ca_file: Path) -> bool:
    """Through the eavesdropper, to the cloud's own program."""
    with requests.Session() as session:
        session.trust_env = False
        try:
            return session.get(f"{url}/common/discovery/instance", verify=str(ca_file), timeout=5).status_code < 500
        except requests.RequestException:
            return False


@contextmanager
def _agent(lab: LabDescription) -> Iterator[None]:
    assert lab.agent is not None
    config = str(lab.agent.config)
    code = json.loads(_run("cloud", "agent", "code", "--dir", str(lab.folder)))["code"]
    _run("agent", "enroll", "--config", config, "--code", code)
    daemon = start_daemon(isthmus_command("agent", "run", "--config", config), log=lab.agent.log)
    try:
        yield
    finally:
        stop_daemon(daemon)


def _run(*arguments: str) -> str:
    done = subprocess.run(isthmus_command(*arguments), check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout
